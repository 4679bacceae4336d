"""Levels and third-octaves against PyOctaveBand, an independent library for measuring sound on a computer.

How the two are made comparable:
- The library's filters are analogue ones brought to the sampling rate by the bilinear transform, its bands moreover at
  a rate just above twice their upper edge. That bends the side towards half the rate: a tone in a band's skirt reads
  1 to 3 dB less than the analogue filter of the standard makes of it, and 16 kHz is off in A. So the library gets the
  sound at several times the rate, where nothing bends. As it comes, it agrees where no tone stands in a skirt: noise.
- Frames are averaged, and half a second of silence follows every sound, for what is still in a filter.
- Compared are the bands within 40 dB of the loudest one: what is weaker the sensor leaves out of a band. With a steady
  tone alone it is 10 dB: further down a skirt, bands with few bins are no analogue filters to the tenth of a dB.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pyoctaveband import OctaveFilterBank, time_weighting, weighting_filter
from scipy import signal

from gateway.virtual.sound import load

Samples = npt.NDArray[np.float64]

SOUNDS = Path(__file__).parents[3] / "shared" / "sounds" / "dev"
RECORDINGS = (
    "backfire/ror_turbo_backfire.flac",
    "car_passby/scr_car_passing.flac",
    "car_rev/us8k_113205_rev.flac",
    "dog/us8k_85665_dog_bark_o0_s0.flac",
    "jackhammer_drilling/osfx_33.flac",
    "motorcycle_passby/scr_motorcycle_passing.flac",
    "motorcycle_rev/glac_motorcycle_rev.flac",
    "rain/blk_rain_0.flac",
    "siren/tux_firetruck.flac",
    "train/osfx_04.flac",
)
FULL_SCALE_DB = 120.0
SINE_DB = 3.0103
MIDDLES_HZ = 10 ** (np.arange(14, 43) / 10)
LIBRARY_ZERO_DB = 20 * np.log10(2e-5)  # it takes samples for pascals
DEPTH_DB = 40.0
TONE_DEPTH_DB = 10.0
OVER_50_HZ = MIDDLES_HZ > 51.0


def mean_db(levels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the energy mean of `levels` (frames, ...) over the frames."""
    return np.asarray(10 * np.log10(np.mean(10 ** (np.asarray(levels) / 10), axis=0)))


def with_silence(x: Samples, rate: int) -> Samples:
    """Return `x` and half a second of silence, as a whole number of frames.

    A noise under the last bit keeps the library's filters from numbers so small that a processor is slow with them.
    """
    frame = rate // 8
    silent = np.concatenate([x, np.zeros(4 * frame + -x.size % frame)])
    return silent + 1e-9 * np.random.default_rng(2).standard_normal(silent.size)


def library_bands(x: Samples, rate: int, times: int) -> npt.NDArray[np.float64]:
    """Return the library's bands of `x` at `times` its rate; 0: as it comes, each band at a rate of its own."""
    bank = OctaveFilterBank(
        rate * max(times, 1),
        fraction=3,
        order=6,
        limits=[25, 16000] if rate == 48000 else [25, 12500],
        resample=times == 0,
    )
    heard = signal.resample_poly(x, times, 1) if times > 1 else x
    levels, middles = bank.filter(heard, detrend=False)
    np.testing.assert_allclose(middles, MIDDLES_HZ[: len(middles)])
    return np.asarray(levels) + LIBRARY_ZERO_DB + SINE_DB + FULL_SCALE_DB


def library_levels(x: Samples, rate: int) -> tuple[float, float]:
    """Return the library's LAeq and LAFmax of `x`, at eight times the rate."""
    weighted = weighting_filter(signal.resample_poly(x, 8, 1), 8 * rate, "A")
    offset_db = SINE_DB + FULL_SCALE_DB
    equivalent = 10 * np.log10(np.mean(weighted**2)) + offset_db
    return float(equivalent), float(
        10 * np.log10(time_weighting(weighted, 8 * rate, mode="fast").max()) + offset_db
    )


def pink_noise(rate: int, seconds: int) -> Samples:
    """Return noise that has the same power in every third-octave."""
    size = rate * seconds
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(size))
    x = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.fft.rfftfreq(size, 1 / rate), 10.0)), size)
    return x * 0.1 / np.std(x)


def tone(hz: float, rate: int = 48000, burst_s: float = 1.5) -> Samples:
    """Return 1.5 s with a tone that begins and ends sharply, somewhere in a frame."""
    t = np.arange(3 * rate // 2) / rate
    start = 0.2137 if burst_s < 1.0 else 0.0
    return 0.3 * np.sin(2 * np.pi * hz * t) * ((t >= start) & (t < start + burst_s))


def recording(name: str) -> Samples:
    """Return up to three seconds of a recording, 10 dB under full scale at its loudest."""
    path = SOUNDS / name
    if not path.exists():
        pytest.skip("the recordings are not beside the project")
    x = load(path)[: 3 * 48000]
    return x * 0.3 / np.abs(x).max()


def assert_bands_agree(found: Samples, expected: Samples, limit_db: float, depth_db: float) -> None:
    """Compare the bands over 50 Hz that are within `depth_db` of the loudest of all."""
    compared = OVER_50_HZ[: expected.size] & (expected > expected.max() - depth_db)
    difference = np.where(compared, found - expected, 0.0)
    worst = int(np.argmax(np.abs(difference)))
    print(f"worst: {difference[worst]:+.2f} dB at {MIDDLES_HZ[worst]:.0f} Hz")
    assert abs(difference[worst]) < limit_db, f"{difference[worst]:+.2f} dB at {MIDDLES_HZ[worst]:.0f} Hz"


def assert_agrees(
    analyse,
    x: Samples,
    *,
    band_db: float = 0.3,
    depth_db: float = DEPTH_DB,
    rate: int = 48000,
    times: int = 2,
) -> None:
    """Compare bands, LAeq and LAFmax of `x`."""
    x = with_silence(x, rate)
    frames = analyse(x, rate)
    expected = library_bands(x, rate, times)
    assert_bands_agree(mean_db([frame.bands for frame in frames]), expected, band_db, depth_db)
    laeq, lafmax = library_levels(x, rate)
    assert mean_db([frame.laeq for frame in frames]) == pytest.approx(laeq, abs=0.1)
    assert max(frame.lafmax for frame in frames) == pytest.approx(lafmax, abs=0.1)


@pytest.mark.parametrize("rate", [48000, 32000])
@pytest.mark.parametrize("times", [0, 2])
def test_pink_noise_reads_as_with_the_library(analyse, rate, times):
    """Bands within 0.05 dB, also with the library as it comes; 25 to 50 Hz within 0.1 dB."""
    x = with_silence(pink_noise(rate, 6), rate)
    found = mean_db([frame.bands for frame in analyse(x, rate)])
    np.testing.assert_allclose(found, library_bands(x, rate, times), atol=0.1)
    assert_agrees(analyse, x, rate=rate, times=times, band_db=0.05)


@pytest.mark.parametrize("hz", [63.1, 70.8, 119.0, 440.0, 1000.0, 1122.0, 2239.0, 2700.0, 8000.0, 14000.0])
def test_tones_read_as_with_the_library(analyse, hz):
    """In the middle of a band, between two, and beside the middle."""
    assert_agrees(analyse, tone(hz), depth_db=TONE_DEPTH_DB, times=2 if hz < 5000.0 else 4)


@pytest.mark.parametrize("hz", [31.5, 40.0, 50.0])
def test_low_tones_read_as_with_the_library(analyse, hz):
    """The bands of 25 to 50 Hz are filtered, not transformed, and agree as the others do."""
    x = with_silence(tone(hz), 48000)
    found = mean_db([frame.bands for frame in analyse(x)])[:6]
    np.testing.assert_allclose(found, library_bands(x, 48000, 2)[:6], atol=0.1)


@pytest.mark.parametrize(
    ("hz", "burst_s"),
    [(63.1, 0.2), (250.0, 0.05), (1000.0, 0.2), (1000.0, 0.01), (4000.0, 0.05), (4000.0, 0.01)],
)
def test_bursts_read_as_with_the_library(analyse, hz, burst_s):
    """Also far shorter than a frame: nothing between two windows is lost or counted twice."""
    assert_agrees(analyse, tone(hz, burst_s=burst_s))


@pytest.mark.recordings
@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_read_as_with_the_library(analyse, name):
    """Bands of the whole recording, LAeq and LAFmax."""
    assert_agrees(analyse, recording(name), times=2)
