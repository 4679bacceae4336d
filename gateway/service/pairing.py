"""Which clip can be sealed now: a sound with its pictures, or without, when none will come.

Rules of this file
- A sound waits for its pictures `camera_wait_s` from when it was whole, longer while its camera is sending.
- Why there are none is said in words: they end in the package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.clips.matching import Match, Verdict, match
from gateway.config import Config
from gateway.service.board import BoardState
from gateway.service.edges import edge_of
from gateway.store.records import ClipRecord
from gateway.store.states import ClipState
from gateway.timing import SECOND_NS

READY = frozenset({ClipState.COMPLETE, ClipState.PARTIAL})


@dataclass(frozen=True, slots=True)
class Job:
    """A sensor clip to seal, its camera clip if it has one, and what is known to be missing."""

    sensor: ClipRecord
    camera: ClipRecord | None
    missing: tuple[str, ...]


class Pairing:
    """Pairs clips as `config` wires sensors and cameras; `boards` are all boards by id."""

    def __init__(self, config: Config, boards: Mapping[str, BoardState]) -> None:
        self._config = config
        self._boards = boards

    def job(self, clip: ClipRecord, records: Sequence[ClipRecord], ready_ns: int, now_ns: int) -> Job | None:
        """Return how to seal the sensor clip `clip` now, or None when its pictures may still come.

        `records` are all clips that are not sealed; `clip` was whole at `ready_ns`, on the same clock as `now_ns`.
        """
        camera_id = self._config.camera_of(clip.board)
        missing = (clip.reason,) if clip.state is ClipState.PARTIAL else ()
        if camera_id is None:
            return Job(clip, None, (*missing, "picture.mkv: no camera is configured for this sensor"))
        found = self._match(clip, camera_id, records)
        camera = next((record for record in records if record.row == found.camera), None)
        if camera is not None and camera.state in READY:
            cut = (f"picture.mkv: {camera.reason}",) if camera.state is ClipState.PARTIAL else ()
            return Job(clip, camera, missing + cut)
        state = self._boards.get(camera_id)
        progress_ns = state.progress_ns if state is not None and state.connected else 0
        if now_ns - max(ready_ns, progress_ns) < self._config.limits.camera_wait_s * SECOND_NS:
            return None
        return Job(clip, None, (*missing, f"picture.mkv: {self._why_none(camera_id, found.verdict)}"))

    def pictures(self, clip: ClipRecord, records: Sequence[ClipRecord]) -> list[ClipRecord]:
        """Return the camera clip of the sensor clip `clip` among `records`, as far as the clocks tell."""
        camera_id = self._config.camera_of(clip.board)
        found = None if camera_id is None else self._match(clip, camera_id, records).camera
        return [record for record in records if record.row == found]

    def _match(self, clip: ClipRecord, camera_id: str, records: Sequence[ClipRecord]) -> Match:
        sensors = [
            edge
            for record in records
            if record.kind == "sensor" and self._config.camera_of(record.board) == camera_id
            if (edge := edge_of(record)) is not None
        ]
        cameras = [
            edge for record in records if record.board == camera_id if (edge := edge_of(record)) is not None
        ]
        return match(sensors, cameras).get(clip.row, Match(Verdict.UNCERTAIN))

    def _why_none(self, camera_id: str, verdict: Verdict) -> str:
        state = self._boards[camera_id]
        if verdict is Verdict.PAIRED:
            return f'camera "{camera_id}" began to send its pictures and stopped'
        if verdict is Verdict.NOBODY and not state.connected:
            return f'camera "{camera_id}" does not answer ({state.message})'
        if verdict is Verdict.NOBODY:
            return f'camera "{camera_id}" has no pictures of this event'
        return f"pictures could not be assigned: {verdict.value}"
