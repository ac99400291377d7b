"""A condition: a producer waits while the shelf is full, a consumer while it is empty.

Recipe 2.7; c02_07_condition.rs is the same job in Rust. Run: python3 c02_07_condition.py
"""

import threading
from collections import deque

ITEMS = 20
PLACES = 4

shelf = deque()
changed = threading.Condition()


def produce():
    for item in range(1, ITEMS + 1):
        with changed:
            changed.wait_for(lambda: len(shelf) < PLACES)
            shelf.append(item)
            changed.notify_all()


def consume(results):
    total = 0
    for _ in range(ITEMS):
        with changed:
            changed.wait_for(lambda: shelf)
            total += shelf.popleft()
            changed.notify_all()
    results.append(total)


def main():
    results = []
    threads = [threading.Thread(target=produce), threading.Thread(target=consume, args=(results,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"consumed {ITEMS} items, sum {results[0]}")


if __name__ == "__main__":
    main()
