"""Test signals of the conformance command, made on the board: sample for sample what numpy makes of them."""

import json

import numpy as np
import numpy.typing as npt
import pytest

from gateway.conformance.signal import Signal

SOUNDING = """
import json
from firmware.conformance.signals import Tone
def sound(data):
    values = json.loads(bytes(data))
    tone = Tone(values["rate"] // 40, values["step"], values["phase"], values["first"], values["stop"],
                values["amplitude"])
    tone._at = values["at"]
    blocks = b""
    for _ in range(values["blocks"]):
        tone.advance()
        blocks += tone.raw
    return blocks
"""
ROUNDING = 8  # steps of 24 bits, a millionth of full scale: what single precision makes of the sine of a sum


@pytest.fixture
def sound(interpreter):
    """Return a function (signal, rate, blocks, at=0) -> samples (n,) in steps of 24 bits, from sample `at`."""
    interpreter.exec(SOUNDING)

    def made(signal: Signal, rate: int, blocks: int, at: int = 0) -> npt.NDArray[np.int32]:
        request = {"rate": rate, "blocks": blocks, "at": at, **signal.request(rate)}
        words = np.frombuffer(interpreter.call("sound", json.dumps(request).encode()), dtype="<i4")
        assert not np.any(words & 0xFF)
        return words >> 8

    return made


def ideal(signal: Signal, rate: int, samples: int, at: int = 0) -> npt.NDArray[np.float64]:
    """Return the same samples in double precision, before rounding."""
    request = signal.request(rate)
    # The frequency as the phase has it: whole steps of 2**-32 of a period.
    periods = (
        np.array([(request["phase"] + request["step"] * n) % 2**32 for n in range(at, at + samples)]) / 2**32
    )
    t = np.arange(at, at + samples) / rate - signal.start_s
    wave = np.sin(2 * np.pi * periods) * 10 ** ((signal.level_db - 120) / 20) * 2**23
    end = np.inf if signal.duration_s is None else signal.duration_s
    inside = (t > -1e-9) & (t < end - 1e-9)
    return np.clip(np.where(inside, wave, 0), -(2**23), 2**23 - 1)


@pytest.mark.parametrize("rate", [48000, 32000])
@pytest.mark.parametrize("hz", [10.0, 1000.0, 15848.93])
def test_a_tone_is_a_sine_to_the_last_bits(sound, rate, hz):
    """Also over many blocks, at full scale."""
    signal = Signal(hz, 119.9)
    assert sound(signal, rate, 5) == pytest.approx(ideal(signal, rate, rate // 8), abs=ROUNDING)


def test_a_tone_is_as_exact_after_an_hour(sound):
    """The phase is an integer: nothing adds up."""
    signal, at = Signal(1000.0, 114.0), 48000 * 3600
    assert sound(signal, 48000, 2, at) == pytest.approx(ideal(signal, 48000, 2400, at), abs=ROUNDING)


@pytest.mark.parametrize("hz", [10.0, 4000.0, 19952.6])
def test_a_frequency_is_exact_to_a_millionth(hz):
    """So much is lost by counting the phase in parts of 2**32."""
    assert Signal(hz, 94.0).request(48000)["step"] / 2**32 * 48000 == pytest.approx(hz, rel=1e-6)


def test_a_tone_begins_with_phase_zero_wherever_it_begins(sound):
    """A quarter of a sample later, the first sample is what the sine is after three quarters."""
    expected = 10 ** (-6 / 20) * 2**23 * np.sin(2 * np.pi * 1000 * 0.75 / 48000)
    assert sound(Signal(1000.0, 114.0, 100.25 / 48000), 48000, 1)[101] == pytest.approx(
        expected, abs=ROUNDING
    )


@pytest.mark.parametrize("start", [0.0, 100.0, 1199.0, 1200.0, 1200.25, 1999.5])
def test_a_burst_has_exactly_its_samples(sound, start):
    """Wherever it begins, in a block, on a border or between samples; before and after is silence."""
    signal = Signal(4000.0, 110.0, start / 48000, 0.00025)
    samples = sound(signal, 48000, 3)
    assert samples == pytest.approx(ideal(signal, 48000, 3600), abs=ROUNDING)
    # The first of the twelve is zero when the burst begins on a sample, and the seventh.
    assert np.count_nonzero(samples) == (12 if start % 1 else 10)


def test_half_a_period_is_positive_or_negative(sound):
    """The one is the other turned over, to the step."""
    positive, negative = (
        sound(Signal(500.0, 110.0, 0.01, 0.001, negative=down), 48000, 2) for down in (False, True)
    )
    assert positive.min() == 0
    assert negative.max() == 0
    assert positive == pytest.approx(-negative, abs=1)


def test_what_does_not_fit_is_clipped_as_a_converter_does(sound):
    """At both ends of 24 bits, and nothing wraps around."""
    samples = sound(Signal(1000.0, 126.0), 48000, 1)
    assert (samples.min(), samples.max()) == (-(2**23), 2**23 - 1)
    assert samples == pytest.approx(ideal(Signal(1000.0, 126.0), 48000, 1200), abs=ROUNDING * 2)
