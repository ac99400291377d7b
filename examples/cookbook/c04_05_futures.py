"""Futures: what will be known, with what is done once it is.

Recipe 4.5; c04_05_futures.rs is the same job in Rust. Run: python3 c04_05_futures.py
"""

import asyncio
import math

said = {}


async def find_sum(future, n):
    future.set_result(sum(range(1, n + 1)))


async def find_product(future, n):
    future.set_result(math.prod(range(1, n + 1)))


def say(what):
    """The callback: turns what a future comes to into words."""

    def callback(future):
        said[what] = f"the {what} numbers is {future.result()}"

    return callback


async def main():
    loop = asyncio.get_running_loop()
    jobs = {"sum of the first 100": (find_sum, 100), "product of the first 10": (find_product, 10)}
    finders = []
    for what, (find, n) in jobs.items():
        future = loop.create_future()
        future.add_done_callback(say(what))
        finders.append(find(future, n))
    await asyncio.gather(*finders)
    await asyncio.sleep(0)  # Callbacks are called in the next turn of the loop.
    print("\n".join(said[what] for what in jobs))


if __name__ == "__main__":
    asyncio.run(main())
