"""With: what is taken is given back at the end of the block, however it ends.

Recipe 2.9; c02_09_with.rs is the same job in Rust. Run: python3 c02_09_with.py
"""

import threading

till = {"money": 20}
till_lock = threading.Lock()
counters = threading.BoundedSemaphore(2)
refused = {}


def pay(amount):
    with counters, till_lock:
        if amount > till["money"]:
            raise ValueError(f"no change for {amount}")  # Till and counter are free again.
        till["money"] += amount


def customer(amount):
    try:
        pay(amount)
    except ValueError as error:
        refused[threading.current_thread().name] = error


def run(name, amount):
    thread = threading.Thread(target=customer, args=(amount,), name=name)
    thread.start()
    thread.join()


def main():
    run("careful", 10)
    with till_lock:
        print(f"the till has {till['money']}")
    run("hasty", 100)
    print(f"hasty was refused: {refused['hasty']}")
    with counters, counters, till_lock:
        print(f"both counters are free, and the till has {till['money']}")


if __name__ == "__main__":
    main()
