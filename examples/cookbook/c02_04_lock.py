"""A lock: two threads change one balance at the same time, and no change is lost.

Recipe 2.4; c02_04_lock.rs is the same job in Rust. Run: python3 c02_04_lock.py
"""

import threading

CHANGES = 10_000

balance = 0
balance_lock = threading.Lock()


def change(by):
    global balance
    for _ in range(CHANGES):
        with balance_lock:
            balance += by


def main():
    threads = [threading.Thread(target=change, args=(by,)) for by in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"balance: {balance}")


if __name__ == "__main__":
    main()
