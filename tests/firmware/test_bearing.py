"""The bearing of what two microphones hear, in the interpreter."""

import struct

import numpy as np
import pytest

from gateway.virtual import i2s

LISTENING = """
import struct
from ulab import numpy as np
from firmware.common.blocks import BLOCKS_PER_FRAME, block_samples
from firmware.sensor.bearing import Bearing
from firmware.sensor.microphone import unpack
from firmware.sensor.transform import Transform
def start(data):
    global bearing, block, words
    rate, spacing_m = struct.unpack("<If", data)
    block = 8 * block_samples(rate)
    words = np.zeros(block // 4)
    bearing = Bearing(words, rate, spacing_m, Transform())
def hear(data):
    found = []
    for at in range(0, len(data), block):
        unpack(data[at : at + block], words)
        bearing.block()
        if at // block % BLOCKS_PER_FRAME == BLOCKS_PER_FRAME - 1:
            bearing.end()
            found.append(
                struct.pack(
                    "<ffff", bearing.degrees, bearing.height, bearing.other_degrees, bearing.other_height
                )
            )
    return b"".join(found)
"""


@pytest.fixture
def bearings(interpreter):
    """Return a function (samples (2, n), rate, spacing_m) -> (frames, 4): bearing, height, and both of the other."""
    interpreter.write_files({"bearings.py": LISTENING.encode()})
    interpreter.exec("import bearings")

    def found(samples, rate=48000, spacing_m=0.2):
        interpreter.call("bearings.start", struct.pack("<If", rate, spacing_m))
        data = interpreter.call("bearings.hear", i2s.words(samples))
        return np.frombuffer(data, "<f4").reshape(-1, 4)

    return found


def from_afar(degrees, rate=48000, spacing_m=0.2, seconds=0.25, seed=1):
    """Return (2, n) of noise that comes from `degrees`, negative from the left."""
    noise = 0.05 * np.random.default_rng(seed).standard_normal(round(seconds * rate))
    late_s = spacing_m * np.sin(np.radians(degrees)) / 343.0
    hz = np.fft.rfftfreq(noise.size, 1 / rate)
    spectrum = np.fft.rfft(noise)
    return np.stack(
        [np.fft.irfft(spectrum * np.exp(sign * 1j * np.pi * hz * late_s), noise.size) for sign in (-1, 1)]
    )


@pytest.mark.parametrize(("rate", "spacing_m"), [(48000, 0.2), (32000, 0.2), (48000, 0.5), (48000, 0.1)])
def test_a_source_is_found_where_it_is(bearings, rate, spacing_m):
    """Within a degree up to 60, and within four at 80, where a sample is nine degrees; the right side is positive."""
    for degrees in (-80, -60, -20, 0, 7, 45, 60):
        for found, height, _, other in bearings(from_afar(degrees, rate, spacing_m), rate, spacing_m):
            assert found == pytest.approx(degrees, abs=1 if abs(degrees) < 80 else 4)
            assert height > 0.9
            assert other < 0.25


def test_the_place_does_not_depend_on_the_colour_of_the_sound(bearings):
    """An engine's deep orders are 40 dB over the rest: each frequency counts the same, so the peak stays narrow."""
    sound = from_afar(30)
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(sound.shape[1], 1 / 48000)
    coloured = np.fft.irfft(spectrum / (1 + (hz / 150.0) ** 2), sound.shape[1])
    assert bearings(coloured)[:, 0] == pytest.approx(30, abs=1)


def test_two_sources_are_two_peaks(bearings):
    """Equally loud, from the left and from the right: both are found, in either order."""
    sound = from_afar(-40) + from_afar(50, seed=2)
    for first, height, second, other in bearings(sound):
        assert sorted([first, second]) == pytest.approx([-40, 50], abs=5)
        assert other > 0.5 * height


def test_what_comes_from_everywhere_has_no_peak(bearings):
    """Two noises that have nothing to do with each other: wind at each microphone, rain on each housing."""
    apart = 0.05 * np.random.default_rng(3).standard_normal((2, 48000))
    assert bearings(apart)[:, 1].max() < 0.25


def test_digital_silence_comes_from_nowhere(bearings):
    """No division by nothing: a height of 0."""
    found = bearings(np.zeros((2, 12000)))
    assert np.isfinite(found).all()
    assert (found[:, [1, 3]] == 0).all()


def test_with_one_microphone_nothing_of_it_exists(interpreter, analyse):
    """No object, no array; with two there is one, and a frame has its bearing."""
    analyse(from_afar(30)[0])
    assert "None" == interpreter.exec("print(listening.analysis.bearing)").strip()
    analyse(from_afar(30))
    assert float(interpreter.exec("print(listening.analysis.bearing.degrees)")) == pytest.approx(30, abs=1)
