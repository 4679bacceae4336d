"""`sound.flac`: the sound of a clip, sample for sample as the board heard it."""

import io
from typing import Any

import av
import av.codec.context
import numpy as np
import numpy.typing as npt

from gateway.clips.contents import SensorClip
from gateway.errors import ClipError

NAME = "sound.flac"
BLOCK = 4096  # samples a FLAC frame holds, the encoder's own choice at these rates
WORD_BITS = 32
BITS_24 = 24


def pcm_words(clip: SensorClip) -> npt.NDArray[np.int32]:
    """Return the sound as int32 of shape (samples, channels), in the upper bits: full scale is 2**31."""
    bits, channels = clip.event.bits, clip.event.channels
    if bits == BITS_24:
        raw = np.frombuffer(clip.pcm, dtype=np.uint8).reshape(-1, 3)
        words = np.zeros((len(raw), 4), dtype=np.uint8)
        words[:, 1:] = raw
        whole = words.view("<i4").reshape(-1)
    else:
        whole = np.frombuffer(clip.pcm, dtype="<i2").astype(np.int32) << (WORD_BITS - bits)
    return whole.reshape(-1, channels)


def flac(clip: SensorClip) -> bytes:
    """Return the file. `ClipError` when there is no sample."""
    words = pcm_words(clip)
    if not len(words):
        raise ClipError("no sample of the sound has arrived")
    layout = "mono" if clip.event.channels == 1 else "stereo"
    wide = clip.event.bits == BITS_24
    samples: npt.NDArray[Any] = words if wide else (words >> (WORD_BITS - clip.event.bits)).astype(np.int16)
    target = io.BytesIO()
    with av.open(target, "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=clip.event.rate)
        stream.codec_context.layout = layout
        stream.codec_context.format = "s32" if wide else "s16"
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for start in range(0, len(samples), BLOCK):
            piece = np.ascontiguousarray(samples[start : start + BLOCK]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, format="s32" if wide else "s16", layout=layout)
            frame.sample_rate = clip.event.rate
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()
