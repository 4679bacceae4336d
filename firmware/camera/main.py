"""main.py of a camera module: build once, then one bounded step after the other.

A fault is printed and the board starts again; Ctrl-C gives the prompt and leaves it there.
"""

import gc
import sys
import time

import machine

LOADING_BYTES = 32768
RESTART_S = 2  # long enough to read the fault and to press Ctrl-C

# While modules are loaded, collect often: live objects stay together, and the rings find whole megabytes.
gc.threshold(LOADING_BYTES)

from firmware.camera.app import build  # noqa: E402  after the threshold, on purpose


def run() -> None:
    """Step until a fault, then restart the board."""
    try:
        module = build()
        while True:
            module.step()
    except Exception as fault:
        sys.print_exception(fault)
        time.sleep(RESTART_S)
        machine.reset()


if __name__ == "__main__":
    run()
else:
    step = build().step
