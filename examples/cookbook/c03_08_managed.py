"""Managed state: several processes write into one dictionary that a manager keeps.

Recipe 3.8; c03_08_managed.rs is the same job in Rust. Run: python3 c03_08_managed.py
"""

import multiprocessing

WORKERS = 5


def work(squares, total, lock, n):
    squares[n] = n * n
    with lock:
        total.value += n


def main():
    with multiprocessing.Manager() as manager:
        squares, total, lock = manager.dict(), manager.Value("i", 0), manager.Lock()
        processes = [
            multiprocessing.Process(target=work, args=(squares, total, lock, n)) for n in range(WORKERS)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        print(", ".join(f"{n}: {square}" for n, square in sorted(squares.items())))
        print(f"total {total.value}")


if __name__ == "__main__":
    main()
