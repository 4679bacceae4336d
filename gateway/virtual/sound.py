"""Sound for the microphone of a virtual board: recordings, a pipe, set at a level in a street.

Rules of this file
- A source is an iterator of float64 arrays (channels, n) at 48 kHz; full scale is -1..1 and is
  120 dB SPL for a sine. It may be longer than +-1: the microphone stand-in clips, as a real one.
- Whatever a user can get wrong with a file is a SoundError that says what is wrong and what to do.
- A recording has no calibrated level: one is chosen when it is played (`at_level`).
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Literal

import av
import av.error
import numpy as np

from gateway.errors import GatewayError
from gateway.virtual.level import (
    LevelError,
    Samples,
    a_weighted_fast_db,
    a_weighted_fast_max_db,
    at_level,
)
from gateway.virtual.street.background import RATE, quiet_street

__all__ = [
    "RATE",
    "LevelError",
    "Playlist",
    "Samples",
    "SoundError",
    "a_weighted_fast_db",
    "a_weighted_fast_max_db",
    "at_level",
    "in_quiet_street",
    "load",
    "pipe",
    "quiet_street",
]

LONGEST_S: Final = 1800
"""Half an hour of samples is 700 MB; more is a mistake, not a street event."""

SET_S: Final = 15.0
"""A recording shorter than this is set into this much quiet street."""

_FADE_S: Final = 0.03
_BLOCK: Final = RATE // 40


class SoundError(GatewayError):
    """A file that cannot be played, with the reason and the cure."""


def load(path: str | Path) -> Samples:
    """Return the sound of the file at `path`: (n,) float64, mono, 48 kHz, without its DC offset.

    Any container, rate and channel count FFmpeg reads. Of several channels the one with the most
    energy is taken: a street microphone is one point, and a sum of two would comb. Raises SoundError.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"{path} is not a file: give the path of a sound recording (WAV, FLAC, MP3, ...)"
        raise SoundError(msg)
    if path.stat().st_size == 0:
        msg = f"{path} is empty: copy or record it again"
        raise SoundError(msg)
    channels = _decode(path)
    if not np.isfinite(channels).all():
        msg = f"{path} holds samples that are not numbers (NaN or infinity): export it again"
        raise SoundError(msg)
    channels -= channels.mean(axis=1, keepdims=True)
    return np.ascontiguousarray(channels[int(np.argmax((channels**2).sum(axis=1)))])


def _decode(path: Path) -> Samples:
    pieces: list[Samples] = []
    # Opened here and handed over as a file object, so that a name is never taken for an address.
    try:
        with path.open("rb") as file, av.open(file, "r") as container:
            if not container.streams.audio:
                msg = f"{path} has no sound in it: give a sound recording (WAV, FLAC, MP3, ...)"
                raise SoundError(msg)
            resampler: av.AudioResampler | None = None
            length = 0
            for frame in container.decode(container.streams.audio[0]):
                resampler = resampler or av.AudioResampler(format="dblp", layout=frame.layout.name, rate=RATE)
                for resampled in resampler.resample(frame):
                    pieces.append(np.asarray(resampled.to_ndarray(), np.float64))
                    length += pieces[-1].shape[1]
                if length > LONGEST_S * RATE:
                    msg = f"{path} is longer than {LONGEST_S // 60} minutes: cut out the part to be played"
                    raise SoundError(msg)
            if resampler is not None:
                pieces.extend(
                    np.asarray(frame.to_ndarray(), np.float64) for frame in resampler.resample(None)
                )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"{path} cannot be read as sound ({reason}): convert it, for instance to WAV or FLAC"
        raise SoundError(msg) from error
    if not pieces or not sum(piece.shape[1] for piece in pieces):
        msg = f"{path} has a sound track of no length: copy or record it again"
        raise SoundError(msg)
    return np.concatenate(pieces, axis=1)


def in_quiet_street(x: Samples, *, seconds: float = SET_S, seed: int) -> Samples:
    """Return `x` (n,) in the middle of `seconds` of quiet street (about 47 dB(A)), faded at its seams.

    An `x` of `seconds` or more is returned as it is.
    """
    total = round(seconds * RATE)
    if x.size >= total:
        return x
    street = quiet_street(total, seed=seed)
    start = (total - x.size) // 2
    street[start : start + x.size] += faded(x)
    return street


def faded(x: Samples) -> Samples:
    """Return `x` (n,) with 30 ms raised-cosine fades at both ends (shorter for a very short `x`)."""
    length = min(int(_FADE_S * RATE), x.size // 2)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length))
    y = x.copy()
    y[:length] *= ramp
    y[y.size - length :] *= ramp[::-1]
    return y


class Playlist:
    """Recordings played one after the other, each at `level_dba` (LAFmax) in quiet street.

    `lead_s` of quiet street come first, so that the ring of the board is full when the first sound
    comes; `tail_s` come last, so that what follows a trigger at the very end is still heard.
    All files are read when the playlist is made: a bad one is a SoundError before anything starts.
    Iterates arrays (1, n) of 25 ms. `starts_s` tells when each file's stretch begins.
    """

    def __init__(
        self,
        files: Sequence[str | Path],
        level_dba: float,
        *,
        seed: int = 1,
        lead_s: float = 5.0,
        tail_s: float = 8.0,
    ) -> None:
        self.files = [Path(file) for file in files]
        self.starts_s: list[float] = []
        stretches = [quiet_street(round(lead_s * RATE), seed=seed)]
        at = stretches[0].size
        for number, file in enumerate(self.files, start=1):
            try:
                played = at_level(load(file), level_dba)
            except LevelError as error:
                msg = f"{file}: {error}"
                raise SoundError(msg) from error
            stretches.append(in_quiet_street(played, seed=seed + number))
            self.starts_s.append(at / RATE)
            at += stretches[-1].size
        stretches.append(quiet_street(round(tail_s * RATE), seed=seed + len(self.files) + 1))
        self._samples = np.concatenate(stretches)

    @property
    def seconds(self) -> float:
        """Length of the whole, in seconds."""
        return self._samples.size / RATE

    def __iter__(self) -> Iterator[Samples]:
        """Yield (1, n) arrays, n = 1,200 but for the last."""
        for start in range(0, self._samples.size, _BLOCK):
            yield self._samples[np.newaxis, start : start + _BLOCK]


def pipe(stream: BinaryIO, *, sample: Literal["f32", "s16"] = "f32", channels: int = 1) -> Iterator[Samples]:
    """Yield (channels, n) arrays from raw little-endian samples at 48 kHz, interleaved, until the end.

    `stream` is a pipe, a named pipe or a file, opened in binary. A last, broken sample is left out.
    Samples that are not numbers become silence, as from a microphone that is cut off.
    """
    kind = np.dtype("<f4" if sample == "f32" else "<i2")
    full_scale = 1.0 if sample == "f32" else 32768.0
    wanted = _BLOCK * channels * kind.itemsize
    while data := _read(stream, wanted):
        whole = len(data) // (channels * kind.itemsize) * channels
        if whole == 0:
            return
        values = np.frombuffer(data, kind, count=whole).astype(np.float64) / full_scale
        yield np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).reshape(-1, channels).T


def _read(stream: BinaryIO, wanted: int) -> bytes:
    """Read `wanted` bytes, fewer only at the end: a pipe hands over what it has."""
    data = bytearray()
    with contextlib.suppress(BrokenPipeError):
        while len(data) < wanted and (more := stream.read(wanted - len(data))):
            data += more
    return bytes(data)
