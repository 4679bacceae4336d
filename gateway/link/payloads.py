"""What lies in a frame of numbers, as events; and text of a board, as a log can bear it. See docs/protocol.md."""

import struct

from firmware.common import wire
from gateway.errors import RemoteProtocolError
from gateway.link.events import ChunkReceived, FiguresReceived

MAX_LOG_TEXT = 240  # one line of a log; a babbling port fills no disk
UNPRINTABLE = "�"
MAX_UNPRINTABLE = 0.1  # more of it, and it is a damaged frame, not text
# The longest part: 10 s of pictures at 30 frames of 200 KB. More is a fault, and would fill the disk.
MAX_PART_BYTES = 64 * 1024 * 1024


def figures(payload: bytes) -> FiguresReceived:
    """Return the levels (dB) and third-octaves of a frame; `RemoteProtocolError` when they do not fit."""
    sample, *levels, flags, count = struct.unpack_from(wire.FIGURES_HEAD, payload)
    if len(payload) != wire.FIGURES_HEAD_BYTES + 2 * count:
        raise RemoteProtocolError(f"{count} bands do not fit {len(payload)} bytes")
    bands = struct.unpack_from(f"<{count}h", payload, wire.FIGURES_HEAD_BYTES)
    laf, lafmax, laeq, lasmax, lceq, lzeq, lcpeak = (level / 100 for level in levels)
    return FiguresReceived(
        sample=sample,
        laf_db=laf,
        lafmax_db=lafmax,
        laeq_db=laeq,
        lasmax_db=lasmax,
        lceq_db=lceq,
        lzeq_db=lzeq,
        lcpeak_db=lcpeak,
        flags=flags,
        bands=tuple(level / 100 for level in bands),
    )


def chunk(boot: int, payload: bytes) -> ChunkReceived:
    """Return a piece of a clip of `boot`; `RemoteProtocolError` for one that cannot be."""
    clip, part, total, offset = struct.unpack_from(wire.CHUNK_HEAD, payload)
    data = payload[wire.CHUNK_HEAD_BYTES :]
    known = None if total == wire.TOTAL_UNKNOWN else total
    end = offset + len(data)
    if part >= wire.PARTS:
        raise RemoteProtocolError(f"clip {clip} has no part {part}")
    if end > (MAX_PART_BYTES if known is None else known) or (known or 0) > MAX_PART_BYTES:
        raise RemoteProtocolError(f"clip {clip} part {part}: byte {end} of {known} cannot be")
    return ChunkReceived(boot, clip, part, known, offset, data)


def printable(data: bytes) -> str:
    """Return `data` as text that is safe in a log: bounded, without control characters; damage is only counted."""
    text = data[:MAX_LOG_TEXT].decode("utf-8", "replace").strip()
    shown = "".join(character if character.isprintable() else UNPRINTABLE for character in text)
    if shown.count(UNPRINTABLE) > len(shown) * MAX_UNPRINTABLE:
        return f"({len(data)} damaged bytes)"
    return shown + ("…" if len(data) > MAX_LOG_TEXT else "")
