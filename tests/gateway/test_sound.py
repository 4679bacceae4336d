"""Sound loading and levels: held against figures worked out by hand and the tables of IEC 61672-1:2013."""

import io
import math
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from gateway.virtual import sound
from gateway.virtual.level import Samples, a_weighted, a_weighted_equivalent_db

RATE = 48_000


def sine(hz: float, seconds: float, amplitude: float = 1.0, rate: int = RATE) -> Samples:
    """Return a sine (n,)."""
    return np.asarray(amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate))


def write_wav(path: Path, channels: Samples, rate: int) -> Path:
    """Write `channels` (n,) or (channels, n) as 16-bit WAV."""
    rows = np.atleast_2d(channels)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(rows.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(rows.T * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(
    ("hz", "a_weighting_db"),
    [(31.623, -39.4), (100.0, -19.1), (251.19, -8.6), (1000.0, 0.0), (3981.1, 1.0), (15848.9, -6.6)],
)
def test_a_full_scale_sine_reads_full_scale_plus_its_a_weighting(hz: float, a_weighting_db: float) -> None:
    """A sine of amplitude 1 is 120 dB SPL; LAFmax adds the weighting of IEC 61672-1:2013, table 3."""
    measured = sound.a_weighted_fast_max_db(sine(hz, 3), RATE)
    assert measured == pytest.approx(120.0 + a_weighting_db, abs=0.06)


def test_a_tenth_of_the_amplitude_reads_twenty_decibels_less() -> None:
    """Levels are logarithmic in the amplitude, with the full scale given."""
    assert sound.a_weighted_fast_max_db(sine(1000, 2, 0.1), RATE, full_scale_db=130.0) == pytest.approx(
        110.0, abs=0.02
    )


@pytest.mark.parametrize(
    ("milliseconds", "relative_db"),
    [(1000, 0.0), (200, -1.0), (50, -4.8), (10, -11.1), (1, -21.0), (0.25, -27.0)],
)
def test_toneburst_reads_as_the_standard_says(milliseconds: float, relative_db: float) -> None:
    """4 kHz tonebursts against IEC 61672-1:2013, table 4, LAFmax."""
    steady = sine(4000, 2)
    burst = np.zeros(2 * RATE)
    length = round(milliseconds * RATE / 1000)
    burst[RATE // 2 : RATE // 2 + length] = steady[:length]
    difference = sound.a_weighted_fast_max_db(burst, RATE) - sound.a_weighted_fast_max_db(steady, RATE)
    assert difference == pytest.approx(relative_db, abs=0.15)


def test_fast_falls_by_its_time_constant_after_the_sound_stops() -> None:
    """After a tone stops, LAF falls 10 log10(e) / 0.125 = 34.7 dB a second, across the joints of the sum."""
    x = np.concatenate([sine(1000, 2), np.zeros(3 * RATE)])
    trace = sound.a_weighted_fast_db(x, RATE)
    assert trace[int(2.5 * RATE)] - trace[int(4.5 * RATE)] == pytest.approx(2 * 34.74, abs=0.02)


def test_weighting_in_pieces_equals_weighting_at_once() -> None:
    """A recording longer than one piece has no step at the joint: a steady tone keeps its level."""
    trace = sound.a_weighted_fast_db(sine(100, 65), RATE)[5 * RATE :]
    assert float(np.ptp(trace)) == pytest.approx(0.0, abs=0.2)  # 200 Hz ripple of Fast at 100 Hz
    assert a_weighted(np.zeros(0), RATE).size == 0


def test_at_level_gives_the_level_asked_for() -> None:
    """Any sound with a level can be set at another."""
    noise = np.random.default_rng(3).standard_normal(4 * RATE)
    assert sound.a_weighted_fast_max_db(sound.at_level(noise, 92.0), RATE) == pytest.approx(92.0, abs=1e-6)


def test_silence_cannot_be_set_at_a_level() -> None:
    """All-zero input has no level, and the error says so."""
    with pytest.raises(sound.LevelError, match="digital silence"):
        sound.at_level(np.zeros(RATE), 92.0)
    with pytest.raises(sound.LevelError, match="not a level"):
        sound.at_level(sine(1000, 1), math.nan)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_any_rate_is_brought_to_48_khz_with_level_and_pitch_kept(tmp_path: Path, rate: int) -> None:
    """A 1 kHz tone keeps its length, level and frequency."""
    x = sound.load(write_wav(tmp_path / "tone.wav", sine(1000, 2, 0.5, rate), rate))
    assert x.shape == (pytest.approx(2 * RATE, abs=50),)
    assert sound.a_weighted_fast_max_db(x, RATE) == pytest.approx(120 - 6.02, abs=0.05)
    spectrum = np.abs(np.fft.rfft(x[:RATE] * np.hanning(RATE)))
    assert int(spectrum.argmax()) == 1000
    # Nothing mirrored above the old half rate.
    assert spectrum[1100:].max() < spectrum.max() * 1e-3


def test_the_louder_of_two_channels_is_heard(tmp_path: Path) -> None:
    """Channels are not summed: opposite channels would cancel and two microphones would comb."""
    left, right = sine(1000, 1, 0.1), -sine(1000, 1, 0.5)
    x = sound.load(write_wav(tmp_path / "stereo.wav", np.stack([left, right]), RATE))
    assert x.shape == (RATE,)
    assert float(np.abs(x).max()) == pytest.approx(0.5, abs=0.001)


def test_dc_offset_of_a_recording_is_taken_away(tmp_path: Path) -> None:
    """An offset is no sound, and would clip once the recording is set louder."""
    x = sound.load(write_wav(tmp_path / "offset.wav", sine(1000, 1, 0.1) + 0.4, RATE))
    assert float(np.abs(x).max()) == pytest.approx(0.1, abs=0.001)


def test_compressed_sound_is_read_too(tmp_path: Path) -> None:
    """FLAC and Opus in Matroska go through the same door."""
    for codec, name in (("flac", "a.flac"), ("libopus", "a.mkv")):
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream(codec, rate=RATE, layout="mono")
            frame = av.AudioFrame.from_ndarray(
                np.round(sine(1000, 2, 0.5)[np.newaxis] * 32767).astype(np.int16), format="s16", layout="mono"
            )
            frame.rate = RATE
            container.mux([*stream.encode(frame), *stream.encode(None)])
        assert sound.a_weighted_fast_max_db(sound.load(tmp_path / name), RATE) == pytest.approx(
            114.0, abs=0.5
        )


def test_what_is_no_sound_is_an_error_with_cause_and_cure(tmp_path: Path) -> None:
    """Text, noise bytes, a picture, an empty file, a folder, a missing file, a track of no length."""
    (tmp_path / "text.wav").write_text("this is no sound\n" * 50)
    (tmp_path / "bytes.flac").write_bytes(np.random.default_rng(1).bytes(5000))
    (tmp_path / "empty.wav").write_bytes(b"")
    Image.new("RGB", (32, 32)).save(tmp_path / "picture.jpg")
    write_wav(tmp_path / "short.wav", np.zeros(0), RATE)
    for name, words in {
        "text.wav": "cannot be read as sound",
        "bytes.flac": "cannot be read as sound",
        "empty.wav": "is empty",
        "picture.jpg": "has no sound in it",
        "short.wav": "no length",
        "missing.wav": "is not a file",
        ".": "is not a file",
    }.items():
        with pytest.raises(sound.SoundError, match=words) as caught:
            sound.load(tmp_path / name)
        assert ":" in str(caught.value)


def test_samples_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    """A float WAV with a NaN in it would poison every filter after it."""
    data = np.full(4800, 0.1, "<f4")
    data[100] = np.nan
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, RATE, RATE * 4, 4, 32)
    body = head + b"data" + struct.pack("<I", data.nbytes) + data.tobytes()
    (tmp_path / "nan.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(sound.SoundError, match="not numbers"):
        sound.load(tmp_path / "nan.wav")


def test_short_sound_is_set_in_the_middle_of_quiet_street() -> None:
    """15 s in all, the sound in the middle, 45 - 50 dB(A) before it, no click at its seams."""
    x = sound.at_level(np.random.default_rng(5).standard_normal(3 * RATE), 92.0)
    y = sound.in_quiet_street(x, seed=7)
    trace = sound.a_weighted_fast_db(y, RATE)
    assert y.shape == (15 * RATE,)
    assert 45.0 < trace[RATE : 6 * RATE].min() < trace[RATE : 6 * RATE].max() < 50.0
    assert sound.a_weighted_fast_max_db(y, RATE) == pytest.approx(92.0, abs=0.3)
    assert int(trace.argmax()) / RATE == pytest.approx(7.5, abs=1.6)
    step = np.abs(np.diff(y[6 * RATE - 10 : 6 * RATE + 20])).max()
    assert step < 0.1 * np.abs(np.diff(y[7 * RATE : 8 * RATE])).max()


def test_sound_of_fifteen_seconds_is_played_as_it_is() -> None:
    """Long recordings bring their own street."""
    x = sine(440, 15)
    assert sound.in_quiet_street(x, seed=1) is x


def test_quiet_street_is_the_same_for_the_same_seed() -> None:
    """Seeded: the same to the bit, and another seed another street, at the same level."""
    one, again, other = (sound.quiet_street(2 * RATE, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert a_weighted_equivalent_db(other, RATE) == pytest.approx(47.0, abs=1e-6)


def test_playlist_plays_each_file_at_its_level(tmp_path: Path) -> None:
    """Quiet street first, then every file in its own fifteen seconds, then quiet street."""
    files = [
        write_wav(tmp_path / "a.wav", sine(500, 2, 0.01), RATE),
        write_wav(tmp_path / "b.wav", sine(1000, 1, 0.9, 22_050), 22_050),
    ]
    playlist = sound.Playlist(files, 88.0, lead_s=4.0, tail_s=3.0)
    blocks = list(playlist)
    x = np.concatenate(blocks, axis=1)
    assert {block.shape for block in blocks} == {(1, 1200)}
    assert playlist.starts_s == [4.0, 19.0]
    assert x.shape == (1, 37 * RATE)
    assert playlist.seconds == 37.0
    for start in playlist.starts_s:
        part = x[0, round(start * RATE) : round((start + 15) * RATE)]
        assert sound.a_weighted_fast_max_db(part, RATE) == pytest.approx(88.0, abs=0.1)


def test_playlist_names_the_silent_file(tmp_path: Path) -> None:
    """A file of zeros has no level to set; the error names it."""
    silent = write_wav(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    with pytest.raises(sound.SoundError, match=r"silent\.wav.*digital silence"):
        sound.Playlist([silent], 92.0)


@pytest.mark.parametrize(("sample", "kind", "scale"), [("f32", "<f4", 1.0), ("s16", "<i2", 32768.0)])
def test_pipe_reads_raw_samples_in_whatever_pieces_they_come(sample: str, kind: str, scale: float) -> None:
    """Interleaved samples come out by channel; the broken sample at the end is left out."""

    class Dribble(io.RawIOBase):
        """Hands over at most 333 bytes at a time, as a pipe may."""

        def __init__(self, data: bytes) -> None:
            self.data = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            piece = self.data.read(min(333, len(buffer)))
            buffer[: len(piece)] = piece
            return len(piece)

    left, right = sine(100, 0.11, 0.5), sine(300, 0.11, 0.25)
    raw = (np.stack([left, right], axis=1) * scale).astype(kind).tobytes() + b"\x01"
    assert sample in {"f32", "s16"}
    blocks = list(sound.pipe(Dribble(raw), sample=sample, channels=2))  # type: ignore[arg-type]
    assert [block.shape for block in blocks] == [(2, 1200)] * 4 + [(2, 480)]
    heard = np.concatenate(blocks, axis=1)
    assert np.abs(heard - np.stack([left, right])).max() < 1e-4


def test_pipe_turns_what_is_no_number_into_silence() -> None:
    """NaN and infinity from a broken sender do not reach the filters."""
    raw = np.array([0.5, math.nan, math.inf, -0.5], "<f4").tobytes()
    (block,) = sound.pipe(io.BytesIO(raw))
    assert block.tolist() == [[0.5, 0.0, 0.0, -0.5]]
