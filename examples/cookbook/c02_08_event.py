"""An event: three runners wait for the shot, and run.

Recipe 2.8; c02_08_event.rs is the same job in Rust. Run: python3 c02_08_event.py
"""

import threading
import time

shot = threading.Event()
ran = [None] * 3


def start():
    print("on your marks")
    time.sleep(0.005)
    print("go")
    shot.set()


def run(number):
    shot.wait()
    ran[number - 1] = f"runner {number} runs"


def main():
    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2, 3)]
    threads.append(threading.Thread(target=start))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(ran))


if __name__ == "__main__":
    main()
