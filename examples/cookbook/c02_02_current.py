"""The current thread: each says its name, which nobody has told it.

Recipe 2.2; c02_02_current.rs is the same job in Rust. Run: python3 c02_02_current.py
"""

import threading


def greet():
    name = threading.current_thread().name
    print(f"{name} starts")
    print(f"{name} ends")


def main():
    # Who is not named would be called "Thread-1 (greet)".
    for name in ("first", "second", "greet"):
        thread = threading.Thread(target=greet, name=name)
        thread.start()
        thread.join()


if __name__ == "__main__":
    main()
