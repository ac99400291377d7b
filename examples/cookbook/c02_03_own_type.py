"""A thread of one's own type: it knows how far to count, and has a body.

Recipe 2.3; c02_03_own_type.rs is the same job in Rust. Run: python3 c02_03_own_type.py
"""

import threading


class Countdown(threading.Thread):
    def __init__(self, name, start):
        super().__init__(name=name)
        self.counts_from = start
        self.said = None

    def run(self):
        numbers = "".join(f"{n} " for n in range(self.counts_from, 0, -1))
        self.said = f"{self.name}: {numbers}lift-off"


def main():
    threads = [Countdown("long", 3), Countdown("short", 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(thread.said for thread in threads))


if __name__ == "__main__":
    main()
