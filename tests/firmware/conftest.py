"""Fixtures of the firmware's tests: the boards' interpreter, with the firmware on its file system."""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from gateway.virtual.interpreter import Interpreter, firmware_files


@pytest.fixture
def interpreter() -> Iterator[Interpreter]:
    """A fresh MicroPython with ulab and the firmware; $STALENSTRAAT_MICROPYTHON chooses another one."""
    with Interpreter(firmware_files()) as running:
        yield running


class Frame(NamedTuple):
    """What Analysis says of 125 ms; bands in dB."""

    laf: float
    lafmax: float
    laeq: float
    score: float
    firing_hz: float
    flags: int
    bands: list[float]


LISTENING = """
import struct
from firmware.sensor.analysis import Analysis
class Settings:
    pass
def start(data):
    global analysis, block
    settings = Settings()
    settings.rate, settings.channels, settings.full_scale_db, calibration_db = struct.unpack("<IIff", data)
    settings.microphone = str(data[16:], "ascii")
    settings.spacing_m = 0.2
    analysis = Analysis(settings, calibration_db)
    block = bytearray(settings.rate // 40 * 4 * settings.channels)
def hear(data):
    found = []
    for at in range(0, len(data), len(block)):
        block[:] = data[at : at + len(block)]
        if analysis.process(block):
            a = analysis
            found.append(struct.pack("<fffffB", a.laf_db, a.lafmax_db, a.laeq_db, a.score, a.firing_hz, a.flags))
            found.append(bytes(a.bands))
    return b"".join(found)
def judged(data):
    return ("%s: %s" % (analysis.behaviour, analysis.evidence)).encode()
"""


def i2s_words(samples: npt.NDArray[np.float64]) -> bytes:
    """Return `samples` (n,) or (channels, n) as the words of a 24-bit microphone."""
    steps = np.clip(np.round(samples * 2**23), -(2**23), 2**23 - 1)
    return (steps.T.astype("<i4") << 8).tobytes()


@pytest.fixture
def analyse(interpreter) -> Callable[..., list[Frame]]:
    """Return a function (samples, rate, calibration_db, microphone) -> frames, of a new Analysis on a board."""
    interpreter.write_files({"listening.py": LISTENING.encode()})
    interpreter.exec("import listening")

    def frames(
        samples: npt.NDArray[np.float64],
        rate: int = 48000,
        *,
        calibration_db: float = 0.0,
        microphone: str = "flat",
    ) -> list[Frame]:
        channels = samples.shape[0] if samples.ndim > 1 else 1
        settings = struct.pack("<IIff", rate, channels, 120.0, calibration_db)
        interpreter.call("listening.start", settings + microphone.encode())
        words = i2s_words(samples)
        frame = rate // 8 * 4 * channels
        found = [
            interpreter.call("listening.hear", words[at : at + 8 * frame])
            for at in range(0, len(words) // frame * frame, 8 * frame)
        ]
        data = b"".join(found)
        size = len(data) // (len(words) // frame)
        return [
            Frame(
                *struct.unpack_from("<fffffB", data, at),
                [level / 100 for level in struct.unpack_from(f"<{(size - 21) // 2}h", data, at + 21)],
            )
            for at in range(0, len(data), size)
        ]

    return frames
