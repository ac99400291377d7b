"""Synchronise processes: two meet at a barrier before either goes on, two others do not wait.

Recipe 3.7; c03_07_barrier.rs is the same job in Rust. Run: python3 c03_07_barrier.py
"""

import multiprocessing


def with_barrier(name, barrier, log):
    log.put(f"{name} has arrived")
    barrier.wait()
    log.put(f"{name} goes on")


def without_barrier(name, log):
    log.put(f"{name} goes on at once")


def main():
    barrier, log = multiprocessing.Barrier(2), multiprocessing.SimpleQueue()
    processes = [
        multiprocessing.Process(target=with_barrier, args=("p1", barrier, log)),
        multiprocessing.Process(target=with_barrier, args=("p2", barrier, log)),
        multiprocessing.Process(target=without_barrier, args=("p3", log)),
        multiprocessing.Process(target=without_barrier, args=("p4", log)),
    ]
    for process in processes:
        process.start()
    lines = [log.get() for _ in range(6)]
    for process in processes:
        process.join()
    last_arrival = max(lines.index(line) for line in lines if line.endswith("arrived"))
    first_to_go = min(lines.index(line) for line in lines if line.endswith("goes on"))
    print("\n".join(sorted(lines)))
    print(f"nobody went on before both had arrived: {str(last_arrival < first_to_go).lower()}")


if __name__ == "__main__":
    main()
