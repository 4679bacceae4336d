"""Sound as an I2S microphone puts it on the bus. Pure: arrays in, bytes out.

Words of 32 bits, little-endian, the 24-bit sample in the upper three bytes; left and right alternate.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

FULL_SCALE = 1 << 23


def words(samples: Samples) -> bytes:
    """Return `samples` (channels, n), -1..1, as I2S words; what is beyond full scale is clipped."""
    scaled = np.clip(np.rint(samples.T * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    return (scaled.astype("<i4") << 8).tobytes()


def both_slots(one_or_two: bytes, channels: int) -> bytes:
    """Return the words of both slots of a bus: of one microphone the left one carries them, the right one is empty."""
    if channels > 1:
        return one_or_two
    slots = np.zeros((len(one_or_two) // 4, 2), dtype="<i4")
    slots[:, 0] = np.frombuffer(one_or_two, dtype="<i4")
    return slots.tobytes()


def blocks(sound: Iterable[Samples], size: int, channels: int) -> Iterator[Samples]:
    """Cut `sound` (arrays (n,) or (channels, n) of any length) into (channels, size); the last one is padded.

    One channel is given to both microphones; of two, a single microphone hears the first.
    """
    pending: list[Samples] = []
    have = 0
    for piece in sound:
        pending.append(_with_channels(np.atleast_2d(piece), channels))
        have += pending[-1].shape[1]
        if have < size:
            continue
        joined = np.concatenate(pending, axis=1)
        for start in range(0, have - size + 1, size):
            yield joined[:, start : start + size]
        rest = have % size
        pending = [joined[:, have - rest :]] if rest else []
        have = rest
    if have:
        joined = np.concatenate(pending, axis=1)
        yield np.pad(joined, ((0, 0), (0, size - have)))


def _with_channels(samples: Samples, channels: int) -> Samples:
    return samples[:channels] if samples.shape[0] >= channels else np.repeat(samples[:1], channels, axis=0)
