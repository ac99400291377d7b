"""A pool: a function over many inputs, on four processes, the results in order.

Recipe 3.9; c03_09_pool.rs is the same job in Rust. Run: python3 c03_09_pool.py
"""

import multiprocessing


def square(n):
    return n * n


def main():
    with multiprocessing.Pool(processes=4) as pool:
        squares = pool.map(square, range(100))
    print(f"{len(squares)} squares, the last {squares[-1]}, the sum {sum(squares)}")


if __name__ == "__main__":
    main()
