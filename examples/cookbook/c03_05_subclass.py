"""A process as a class of one's own: what it is given are its attributes, what it does is a method that runs in a child.

Recipe 3.5; c03_05_subclass.rs is the same job in Rust. Run: python3 c03_05_subclass.py
"""

import multiprocessing


class Greeter(multiprocessing.Process):
    def __init__(self, number):
        super().__init__(name=f"greeter {number}")
        self.number = number

    def run(self):
        print(f"hello from {self.name}", flush=True)


def main():
    for number in range(3):
        greeter = Greeter(number)
        greeter.start()
        greeter.join()


if __name__ == "__main__":
    main()
