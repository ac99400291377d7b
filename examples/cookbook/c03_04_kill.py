"""Kill a process: one is asked to end and does, one ignores that and is killed when its time is over.

Recipe 3.4; c03_04_kill.rs is the same job in Rust. Run: python3 c03_04_kill.py
"""

import multiprocessing
import signal
import time


def work(started, stubborn):
    if stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    started.set()
    time.sleep(3600)


def start(stubborn):
    started = multiprocessing.Event()
    process = multiprocessing.Process(target=work, args=(started, stubborn))
    process.start()
    started.wait()
    return process


def runs(process):
    return str(process.is_alive()).lower()


def main():
    polite = start(stubborn=False)
    print(f"polite runs: {runs(polite)}", flush=True)
    polite.terminate()
    polite.join()
    print(f"polite has ended with signal {-polite.exitcode}", flush=True)
    print(f"polite runs: {runs(polite)}", flush=True)

    stubborn = start(stubborn=True)
    stubborn.terminate()
    stubborn.join(0.1)
    by_itself = not stubborn.is_alive()
    stubborn.kill()
    stubborn.join()
    print(f"stubborn has ended by itself: {str(by_itself).lower()}", flush=True)
    print(f"stubborn runs: {runs(stubborn)}", flush=True)


if __name__ == "__main__":
    main()
