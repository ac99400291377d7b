"""A semaphore: eight guests, two seats; never more than two sit at a time.

Recipe 2.6; c02_06_semaphore.rs is the same job in Rust. Run: python3 c02_06_semaphore.py
"""

import threading
import time

GUESTS = 8
SEATS = 2

seats = threading.Semaphore(SEATS)
lock = threading.Lock()
now = most = total = 0


def guest():
    global now, most, total
    with seats:
        with lock:
            now += 1
            most = max(most, now)
            total += 1
        time.sleep(0.002)
        with lock:
            now -= 1


def main():
    guests = [threading.Thread(target=guest) for _ in range(GUESTS)]
    for thread in guests:
        thread.start()
    for thread in guests:
        thread.join()
    print(f"{total} guests sat, at most {SEATS} at a time: {str(most <= SEATS).lower()}")


if __name__ == "__main__":
    main()
