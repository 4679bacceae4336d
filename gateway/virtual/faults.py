"""What can be wrong between microphones and board: each fault changes the words of both slots of an I2S bus.

Rules of this file
- A fault is a function from words to words: 32 bits each, little-endian, left and right in turn, as many out as in.
- Faults that draw numbers draw the same ones every time.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Fault = Callable[[bytes], bytes]

FULL_SCALE = 2**31
# What bus and board add up to with 100 kOhm to ground or without: bits for which the line keeps the last one.
HELD_BITS = 5


def swapped(slots: bytes) -> bytes:
    """L/R of each microphone is tied to the other level: what was left is right."""
    return _words(slots)[:, ::-1].tobytes()


def without_resistor(slots: bytes) -> bytes:
    """No resistor pulls the line down: after its 24 bits a slot, and all of an empty slot, shows the last bit held.

    This is no fault yet: figures stay right, and no check may say otherwise.
    """
    words = _words(slots).astype(np.uint32)
    empty = ~words.any(axis=0)
    last = words[:, :] >> 8 & 1
    held = ((1 << HELD_BITS) - 1) << (8 - HELD_BITS)
    words |= last * np.uint32(held)
    if empty.any() and not empty.all():
        driven = int(np.flatnonzero(~empty)[0])
        words[:, 1 - driven] = last[:, driven] * np.uint32(((1 << HELD_BITS) - 1) << (32 - HELD_BITS))
    return words.astype("<u4").tobytes()


def stuck(value: int = 0) -> Fault:
    """Every word is `value` (32 bits): 0 is a microphone without power on a line that is pulled down."""
    return lambda slots: np.full(len(slots) // 4, value, dtype="<u4").tobytes()


def floating(seed: int = 1) -> Fault:
    """The data line is not connected: its input shows whatever it catches, in all 32 bits."""
    source = np.random.default_rng(seed)
    return lambda slots: source.bytes(len(slots))


def offset(part: float) -> Fault:
    """The signal sits `part` of full scale off zero."""

    def shifted(slots: bytes) -> bytes:
        words = _words(slots).astype(np.int64) + (round(part * 2**23) << 8)
        return np.clip(words, -FULL_SCALE, FULL_SCALE - 256).astype("<i4").tobytes()

    return shifted


def clipped(part: float) -> Fault:
    """The microphone cuts the wave off at `part` of full scale."""
    limit = round(part * 2**23) << 8
    return lambda slots: np.clip(_words(slots), -limit, limit).astype("<i4").tobytes()


def faint(decibels: float) -> Fault:
    """Everything arrives `decibels` too low, the microphone's own noise too: bits are lost at the top."""
    factor = 10 ** (-decibels / 20)
    return lambda slots: (np.round(_words(slots) / 256 * factor).astype("<i4") << 8).tobytes()


def _words(slots: bytes) -> npt.NDArray[np.int32]:
    """Return `slots` as (n, 2)."""
    return np.frombuffer(slots, dtype="<i4").reshape(-1, 2)
