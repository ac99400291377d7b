"""A re-entrant lock: a crate of items whose operations are made of each other, used by two threads.

Recipe 2.5; c02_05_rlock.rs is the same job in Rust. Run: python3 c02_05_rlock.py
"""

import threading

ITEMS = 100


class Crate:
    def __init__(self):
        self.lock = threading.RLock()
        self.items = []

    def add(self, item):
        with self.lock:
            self.items.append(item)

    def remove(self):
        with self.lock:
            return self.items.pop()

    def replace(self, item):
        with self.lock:  # and again in both that it calls
            old = self.remove()
            self.add(item)
            return old

    def count(self):
        with self.lock:
            return len(self.items)


def pack(shared):
    for item in range(ITEMS):
        shared.add(item)
        shared.replace(item + ITEMS)


def inspect(shared, complete):
    before = 0
    while before < ITEMS:
        now = shared.count()
        if now < before:
            return
        before = now
    complete.append(True)


def main():
    shared, complete = Crate(), []
    threads = [
        threading.Thread(target=pack, args=(shared,)),
        threading.Thread(target=inspect, args=(shared, complete)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{shared.count()} items, {'none' if complete else 'one'} ever missing")


if __name__ == "__main__":
    main()
