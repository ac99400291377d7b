"""A queue: one producer, three consumers, each item to one of them; all end when there are no more.

Recipe 2.10; c02_10_queue.rs is the same job in Rust. Run: python3 c02_10_queue.py
"""

import queue
import threading

ITEMS = 30
CONSUMERS = 3
NO_MORE = object()


def produce(items):
    for item in range(1, ITEMS + 1):
        items.put(item)
    for _ in range(CONSUMERS):
        items.put(NO_MORE)


def consume(items, consumed):
    while (item := items.get()) is not NO_MORE:
        consumed.append(item)


def main():
    items, consumed = queue.Queue(5), []
    threads = [threading.Thread(target=consume, args=(items, consumed)) for _ in range(CONSUMERS)]
    threads.append(threading.Thread(target=produce, args=(items,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(consumed)} items, sum {sum(consumed)}")


if __name__ == "__main__":
    main()
