"""Spawn a process: five child OS processes, one after another, each calls a function with its number.

Recipe 3.1; c03_01_spawn.rs is the same job in Rust. Run: python3 c03_01_spawn.py
"""

import multiprocessing


def call(number):
    print(f"called in child process {number}", flush=True)


def main():
    for number in range(5):
        child = multiprocessing.Process(target=call, args=(number,))
        child.start()
        child.join()
        print(f"child {number} ended with exit status: {child.exitcode}", flush=True)


if __name__ == "__main__":
    main()
