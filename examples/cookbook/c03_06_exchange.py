"""Exchange objects between processes: a producer puts orders into a queue, a consumer answers each through a pipe.

Recipe 3.6; c03_06_exchange.rs is the same job in Rust. Run: python3 c03_06_exchange.py
"""

import multiprocessing

ORDERS = [("tea", 2), ("rice", 5), ("salt", 1)]
PRICES = {"tea": 4, "rice": 3, "salt": 1}
NO_MORE = None


def produce(orders):
    for order in ORDERS:
        orders.put(order)
    orders.put(NO_MORE)


def consume(orders, bills):
    while (order := orders.get()) is not NO_MORE:
        item, count = order
        bills.send((item, count * PRICES[item]))
    bills.close()


def main():
    orders = multiprocessing.Queue()
    received, bills = multiprocessing.Pipe(duplex=False)
    processes = [
        multiprocessing.Process(target=produce, args=(orders,)),
        multiprocessing.Process(target=consume, args=(orders, bills)),
    ]
    for process in processes:
        process.start()
    bills.close()
    try:
        while True:
            item, price = received.recv()
            print(f"{item}: {price}")
    except EOFError:
        pass
    for process in processes:
        process.join()


if __name__ == "__main__":
    main()
