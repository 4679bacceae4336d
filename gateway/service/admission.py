"""Whether a clip that a board begins to send is taken over at all; and what is known of those that were.

Rules of this file
- Outside mode evidence none is, of no board. Outside the hours none is. Beyond the maximum per hour and per day no
  sound is: what is kept stays in proportion to what it is kept for.
- What is not taken over is noted with the reason, in the store and in the audit log, before a byte of it is kept; the
  board is told to forget it.
"""

import hashlib

from firmware.common import wire
from gateway import hours
from gateway.config import ClipsConfig
from gateway.link import events
from gateway.link.transfer import ClipProgress
from gateway.store.records import ClipRecord
from gateway.store.retention import DAY_NS, HOUR_NS
from gateway.store.states import ClipState
from gateway.store.store import Store


def why_not(clips: ClipsConfig, store: Store, kind: str, wall_ns: int) -> str | None:
    """Return why a clip of a board of `kind` is not taken over at `wall_ns`; None when it is."""
    if clips.mode != "evidence":
        return f"this site is in mode {clips.mode}: no clip may come into being"
    if not hours.within(clips.hours, clips.time_zone, wall_ns):
        return "outside the hours in which clips are kept"
    if kind == "sensor":
        now_ns = store.elapsed.now_ns()
        for span_ns, most, name in (
            (HOUR_NS, clips.max_per_hour, "hour"),
            (DAY_NS, clips.max_per_day, "day"),
        ):
            if store.taken_since(now_ns - span_ns) >= most:
                return f"no more than {most} sounds are taken over within any {name}"
    return None


def event_digest(chunk: events.ChunkReceived) -> str | None:
    """Return the SHA-256 of the event part when the chunk holds all of it, which it does up to 2 KiB."""
    if chunk.part == wire.PART_EVENT and chunk.offset == 0 and chunk.total == len(chunk.data):
        return hashlib.sha256(chunk.data).hexdigest()
    return None


def progress_of(store: Store, board: str, boot: int) -> tuple[list[ClipRecord], dict[int, ClipProgress]]:
    """Return the clips of a boot, and how far those that are still coming have come."""
    clips = store.clips(board=board, boot=boot)
    transfers: dict[int, ClipProgress] = {}
    for clip in clips:
        if clip.state is not ClipState.RECEIVING:
            continue
        progress = transfers[clip.clip] = ClipProgress()
        for part in store.parts(clip.row):
            reached = progress.parts[part.part]
            reached.taken = reached.durable = part.have
            reached.total = part.total
    return clips, transfers
