"""Run a process in the background: one that is waited for, and one that ends with the program.

Recipe 3.3; c03_03_background.rs is the same job in Rust. Run: python3 c03_03_background.py
"""

import multiprocessing
import time


def work(name, started):
    print(f"{name} starts", flush=True)
    started.set()
    time.sleep(3600 if name == "background" else 0.05)
    print(f"{name} exits", flush=True)


def main():
    started = multiprocessing.Event()
    background = multiprocessing.Process(target=work, args=("background", started), daemon=True)
    background.start()
    started.wait()
    foreground = multiprocessing.Process(target=work, args=("foreground", started))
    foreground.start()
    foreground.join()
    print(f"the background still runs: {str(background.is_alive()).lower()}", flush=True)


if __name__ == "__main__":
    main()
