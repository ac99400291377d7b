"""Name a process: two child OS processes say what they are called.

Recipe 3.2; c03_02_name.rs is the same job in Rust. Run: python3 c03_02_name.py
"""

import multiprocessing


def work():
    name = multiprocessing.current_process().name
    print(f"starting {name}", flush=True)
    print(f"exiting {name}", flush=True)


def main():
    names = []
    for name in ["indexer", "courier"]:
        child = multiprocessing.Process(name=name, target=work)
        child.start()
        names.append(child.name)
        child.join()
    print(f"the parent calls them {' and '.join(names)}", flush=True)


if __name__ == "__main__":
    main()
