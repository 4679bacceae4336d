"""`speech = "attenuated"`: the vehicle stays, what makes speech intelligible goes, sound.flac stays as it was heard."""

import io
import json
from dataclasses import replace

import av
import numpy as np
import numpy.typing as npt
import pytest

from gateway.clips import measurement, sound, speech, view
from gateway.clips.assemble import assemble
from gateway.clips.contents import SensorClip, camera_clip, sensor_clip
from gateway.clips.measurement import Circumstances
from gateway.link.messages import Hello
from gateway.testing.clips import camera_parts, sensor_parts
from gateway.timing import SECOND_NS

Samples = npt.NDArray[np.float64]
RATE = 16_000
SECONDS = 10
FIRING_HZ = 80.0
END_S = np.arange(1, 8 * SECONDS + 1) / 8
# Octaves that carry most of what is understood (ANSI S3.5), and how fast their level changes in speech.
SPEECH_BANDS = ((250, 500), (500, 1000), (1000, 2000), (2000, 4000))
SYLLABLES_HZ = (2.0, 16.0)
ABOUT = Circumstances(
    event_id="genk-1-3-1",
    site_id="genk",
    site_name="Genk",
    trigger_wall_ns=1_795_000_000 * SECOND_NS,
    clock_state="synchronised",
    sensor_hello=Hello(v=1, kind="sensor", id="genk-1", boot=3, clock_hz=RATE, code="abc"),
    sensor_clock=None,
    camera_hello=Hello(v=1, kind="camera", id="genk-1-cam", boot=9, clock_hz=1_000_000),
)


def band(samples: Samples, low: float, high: float) -> Samples:
    """Return what lies between two frequencies."""
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return np.fft.irfft(np.where((hz >= low) & (hz < high), spectrum, 0), len(samples))


def level_db(samples: Samples) -> float:
    """Return the level re full scale."""
    return float(10 * np.log10(np.mean(samples**2) + 1e-20))


def envelope(samples: Samples) -> Samples:
    """Return the amplitude in steps of 20 ms."""
    step = RATE // 50
    return np.sqrt(np.mean(samples[: len(samples) // step * step].reshape(-1, step) ** 2, axis=1))


def syllables(samples: Samples) -> float:
    """Return how deep the level changes at the rate of syllables, re its mean: the modulation that speech lives by."""
    course = envelope(samples)
    spectrum = np.abs(np.fft.rfft(course * np.hanning(len(course)))) / np.hanning(len(course)).sum()
    hz = np.fft.rfftfreq(len(course), 0.02)
    inside = (hz >= SYLLABLES_HZ[0]) & (hz <= SYLLABLES_HZ[1])
    return float(2 * np.sqrt(np.sum(spectrum[inside] ** 2)) / course.mean())


def talk(seed: int = 1) -> Samples:
    """Return noise in four bands, each with syllables of its own, four a second: speech, as hearing takes it."""
    dice = np.random.default_rng(seed)
    made = np.zeros(RATE * SECONDS)
    for low, high in SPEECH_BANDS:
        loudness = np.repeat(dice.exponential(1.0, 8 * SECONDS) * (dice.random(8 * SECONDS) < 0.5), RATE // 8)
        made += loudness * band(dice.standard_normal(len(made)), low, high)
    return 0.05 * made / np.std(made)


def engine() -> Samples:
    """Return fifty orders of FIRING_HZ, falling by 4 dB an octave."""
    time_s = np.arange(RATE * SECONDS) / RATE
    dice = np.random.default_rng(2)
    made = sum(
        np.cos(2 * np.pi * (FIRING_HZ * order * time_s + dice.random())) / order**0.7
        for order in range(1, 51)
    )
    return 0.05 * np.asarray(made) / np.std(made)


def attenuated(samples: Samples, firing_hz: float = FIRING_HZ) -> Samples:
    """Return one channel, attenuated."""
    return speech.attenuated(samples[np.newaxis], RATE, np.full(len(END_S), firing_hz), END_S)[0]


@pytest.mark.parametrize("firing_hz", [0.0, FIRING_HZ])
@pytest.mark.parametrize("octave", SPEECH_BANDS, ids=str)
def test_the_syllables_of_speech_are_gone_from_every_octave(
    octave: tuple[float, float], firing_hz: float
) -> None:
    """What is left changes no more than steady noise of the same band does, with an engine and without."""
    mixed = talk() if not firing_hz else talk() + engine()
    steady = band(np.random.default_rng(5).standard_normal(len(mixed)), *octave)

    assert syllables(band(talk(), *octave)) > 3 * syllables(steady)
    assert syllables(band(attenuated(mixed, firing_hz), *octave)) < 1.7 * syllables(steady)


@pytest.mark.parametrize("octave", SPEECH_BANDS, ids=str)
def test_the_levels_of_the_result_do_not_follow_those_of_what_was_said(octave: tuple[float, float]) -> None:
    """Two sentences cannot be told apart: the sound goes along with the one said no more than with another."""
    heard = envelope(band(attenuated(talk(1) + engine()), *octave))
    said, unsaid = (envelope(band(talk(seed), *octave)) for seed in (1, 7))
    fast = heard - np.convolve(heard, np.ones(25) / 25, "same")

    assert abs(np.corrcoef(fast[25:-25], said[25:-25])[0, 1]) < 0.15
    assert abs(np.corrcoef(fast[25:-25], unsaid[25:-25])[0, 1]) < 0.15


def test_the_engine_keeps_its_orders_and_their_levels() -> None:
    """Each order up to 2 kHz is within 2 dB of what it was, and stands out of what is between."""
    before, after = engine(), attenuated(engine() + 0.1 * talk())
    middle = slice(2 * RATE, -2 * RATE)
    for order in (2, 5, 10, 20, 25):
        hz = order * FIRING_HZ
        there = level_db(band(after, hz - 4, hz + 4)[middle])
        between = level_db(band(after, hz + 36, hz + 44)[middle])

        assert there == pytest.approx(level_db(band(before, hz - 4, hz + 4)[middle]), abs=2.0), (
            f"order {order}"
        )
        assert there - between > 10.0, f"order {order}"


def test_each_octave_keeps_its_level() -> None:
    """The street sounds as loud as it was: nothing is made quieter, it is made unintelligible."""
    mixed = talk() + engine() + 0.01 * np.random.default_rng(4).standard_normal(RATE * SECONDS)
    after = attenuated(mixed)

    for low, high in ((50, 200), *SPEECH_BANDS, (4000, 8000)):
        assert level_db(band(after, low, high)) == pytest.approx(level_db(band(mixed, low, high)), abs=1.5)


def test_below_200_hz_the_sound_is_the_recorded_one() -> None:
    """There are the loudest orders of an exhaust, and no speech."""
    mixed = talk() + engine()
    left = band(attenuated(mixed), 0, 190) - band(mixed, 0, 190)

    assert level_db(left) < level_db(band(mixed, 0, 190)) - 40


def test_an_engine_that_is_revved_is_followed() -> None:
    """The third order of a sweep from 60 to 120 Hz lies where the track says, at every second."""
    time_s = np.arange(RATE * SECONDS) / RATE
    firing_hz = 60 + 6 * time_s
    swept = sum(np.cos(2 * np.pi * order * np.cumsum(firing_hz) / RATE) / order for order in range(1, 30))
    heard = speech.attenuated(0.02 * np.asarray(swept)[np.newaxis], RATE, 60 + 6 * (END_S - 0.0625), END_S)[0]
    for second in (3, 5, 7):
        piece = heard[second * RATE : (second + 1) * RATE] * np.hanning(RATE)
        middle_hz = 5 * (60 + 6 * (second + 0.5))
        spectrum = np.abs(np.fft.rfft(piece))
        near = slice(int(middle_hz - 30), int(middle_hz + 30))

        assert near.start + int(np.argmax(spectrum[near])) == pytest.approx(middle_hz, abs=16)


def test_the_same_clip_gives_the_same_sound_in_every_channel_its_own() -> None:
    """A clip that is sealed again after a power cut is the same package; two microphones stay two."""
    both = np.stack([talk(1) + engine(), talk(2)])
    first, again = (speech.attenuated(both, RATE, np.full(len(END_S), 80.0), END_S) for _ in range(2))

    assert first.shape == both.shape
    assert np.array_equal(first, again)
    assert np.abs(np.corrcoef(first)[0, 1]) < 0.9


@pytest.mark.parametrize("samples", [1, 100, 5000])
def test_a_sound_that_was_cut_short_stops_nothing(samples: int) -> None:
    """Of a clip that broke off there may be a few samples, and no trace."""
    nothing = np.zeros(0)

    assert speech.attenuated(np.ones((1, samples)), RATE, nothing, nothing).shape == (1, samples)


def spoken() -> SensorClip:
    """Return a clip whose sound is speech and an engine."""
    parts = sensor_parts(rate=RATE, bits=16)
    words = np.round((talk() + engine()) * 2**15).astype("<i2")
    return sensor_clip((parts[0], words.tobytes(), parts[2], parts[3]))


def heard_in(mp4: bytes) -> Samples:
    """Return the sound of view.mp4."""
    with av.open(io.BytesIO(mp4), mode="r") as opened:
        return np.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)]).astype(float)


def test_people_hear_no_speech_in_the_view_and_the_sealed_sound_is_what_was_heard() -> None:
    """The setting changes view.mp4 alone; measurement.json says so; full is the default."""
    clip, camera = spoken(), camera_clip(camera_parts())
    full = assemble(ABOUT, clip, camera)
    quiet = assemble(replace(ABOUT, speech_attenuated=True), clip, camera)
    octave = (1000, 2000)

    assert syllables(band(heard_in(full.parts[view.NAME]), *octave)) > 0.3
    assert syllables(band(heard_in(quiet.parts[view.NAME]), *octave)) < 0.15
    assert full.parts[sound.NAME] == quiet.parts[sound.NAME]
    assert json.loads(full.parts[measurement.NAME])["view"] == {"speech": "full"}
    assert json.loads(quiet.parts[measurement.NAME])["view"] == {"speech": "attenuated"}
