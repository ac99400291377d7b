"""Threads: three of them count vowels, each in a word of its own.

Recipe 2.1; c02_01_thread.rs is the same job in Rust. Run: python3 c02_01_thread.py
"""

import threading

WORDS = ["concurrency", "rendezvous", "rhythm"]

counted = [None] * len(WORDS)


def count(place, word):
    vowels = sum(letter in "aeiou" for letter in word)
    counted[place] = f"{word} has {vowels} vowels"


def main():
    threads = [threading.Thread(target=count, args=(place, word)) for place, word in enumerate(WORDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(counted))


if __name__ == "__main__":
    main()
