"""Coroutines: a machine of four states, each a function that waits for a bit and says what comes next.

Recipe 4.3; c04_03_state_machine.rs is the same job in Rust. Run: python3 c04_03_state_machine.py
"""

import asyncio

BITS = [1, 0, 1, 1, 0]


class Machine:
    """Says whether the number of ones is even."""

    def __init__(self, bits):
        self.bits = bits
        self.seen = 0

    async def step(self, state, zero, one):
        """Waits for a bit, and says where it leads to."""
        bit = await self.bits.get()
        if bit is None:
            return None
        self.seen += 1
        print(f"{state}: {bit}")
        return one if bit == 1 else zero

    async def start(self):
        return await self.step("start", self.even, self.odd)

    async def even(self):
        return await self.step("even", self.even, self.odd)

    async def odd(self):
        return await self.step("odd", self.odd, self.even)


async def throw(bits):
    for bit in BITS:
        await bits.put(bit)
    await bits.put(None)


async def run(bits):
    machine = Machine(bits)
    state, last = machine.start, None
    while state is not None:
        last = state
        state = await state()
    print(f"end after {machine.seen} bits: {last.__name__}")


async def main():
    bits = asyncio.Queue(maxsize=1)
    await asyncio.gather(throw(bits), run(bits))


if __name__ == "__main__":
    asyncio.run(main())
