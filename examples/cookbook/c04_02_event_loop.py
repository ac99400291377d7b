"""An event loop: three jobs call each other by turns, each a little later, until it is time to stop.

Recipe 4.2; c04_02_event_loop.rs is the same job in Rust. Run: python3 c04_02_event_loop.py
"""

import asyncio

TURNS = 5
PAUSE = 0.002

shown = 0


def show(loop, colour, following):
    global shown
    shown += 1
    print(f"{shown}: {colour}")
    if shown == TURNS:
        loop.stop()
    else:
        loop.call_later(PAUSE, following, loop)


def red(loop):
    show(loop, "red", amber)


def amber(loop):
    show(loop, "amber", green)


def green(loop):
    show(loop, "green", red)


def main():
    loop = asyncio.new_event_loop()
    loop.call_soon(red, loop)
    try:
        loop.run_forever()
    finally:
        loop.close()
    print("the loop has stopped")


if __name__ == "__main__":
    main()
