"""Tasks: a factorial, a Fibonacci number and a binomial coefficient, side by side.

Recipe 4.4; c04_04_tasks.rs is the same job in Rust. Run: python3 c04_04_tasks.py
"""

import asyncio


async def turn():
    await asyncio.sleep(0)


async def factorial(n):
    product = 1
    for i in range(2, n + 1):
        product *= i
        await turn()
    return product


async def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
        await turn()
    return a


async def binomial(n, k):
    result = 1
    for i in range(1, k + 1):
        result = result * (n - i + 1) // i
        await turn()
    return result


async def main():
    async with asyncio.TaskGroup() as group:
        f = group.create_task(factorial(10))
        g = group.create_task(fibonacci(10))
        b = group.create_task(binomial(20, 10))
    print(f"factorial(10) is {f.result()}\nfibonacci(10) is {g.result()}\nbinomial(20, 10) is {b.result()}")


if __name__ == "__main__":
    asyncio.run(main())
