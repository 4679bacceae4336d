"""From complete clips to sealed packages: find the pictures of a sound, assemble, write, note.

Rules of this file
- What to do is read from the store each time; nothing needs to be remembered over a restart but waiting times.
- A sound waits for its pictures (pairing.py). Then it is sealed without, and says so.
- One clip at a time, in a thread: the chain of manifests has one order.
- Bytes that were changed in the store are never sealed: of a sound nothing, of pictures the sound alone.
- A package counts when it is durable; only then, in one transaction, the clips' bytes are deleted.
- A clip that makes this program fail is left where it is until the next start, and stops no other clip.
- A whole clip that its board should have proved and did not is refused: it is never sealed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from structlog.typing import FilteringBoundLogger

from gateway.clips import weather
from gateway.clips.assemble import assemble
from gateway.clips.calibration import Rules
from gateway.clips.contents import CameraClip, camera_clip, sensor_clip
from gateway.clips.measurement import BoardClock, Circumstances
from gateway.config import Config
from gateway.errors import ChunkChanged, DiskFull, DurabilityError, RemoteProtocolError, StoreError
from gateway.evidence import package
from gateway.evidence.manifest import Place
from gateway.evidence.signer import Signer
from gateway.link.messages import Hello, parse
from gateway.service import trust
from gateway.service.board import BoardState
from gateway.service.edges import Edges
from gateway.service.host_time import HostTime
from gateway.service.notices import Notice, Watcher, What
from gateway.service.pairing import READY, Job, Pairing
from gateway.service.proofs import CLIP_UNPROVED, Proofs, parts_of
from gateway.store.records import ClipRecord, Sealed, SealedSummary
from gateway.store.states import UNSEALED, Step
from gateway.store.thread import StoreThread
from gateway.timing import SECOND_NS, iso_utc

LOOK_S = 0.2  # while a clip waits: how often to look again
# A camera clip that no sound claims within this time belongs to none: the sensor sends its clips at once, and
# gives them up after a minute when their memory is needed.
ORPHAN_NS = 3600 * SECOND_NS

log: FilteringBoundLogger = structlog.get_logger()


class Sealing:
    """The task that seals. `boards` are all boards by id; `clip_changed` is awaited with each clip that changed."""

    def __init__(  # noqa: PLR0913, PLR0917  what the task works with
        self,
        config: Config,
        store: StoreThread,
        signer: Signer,
        boards: dict[str, BoardState],
        edges: Edges,
        time: HostTime,
        tell: Watcher,
        clip_changed: Callable[[ClipRecord], Awaitable[None]],
    ) -> None:
        self._config = config
        self._store = store
        self._signer = signer
        self._boards = boards
        self._edges = edges
        self._time = time
        self._tell = tell
        self._clip_changed = clip_changed
        self._proofs = Proofs(store, boards)
        self._pairing = Pairing(config, boards)
        self._wake = asyncio.Event()
        self._ready_ns: dict[int, int] = {}
        self._given_up: set[int] = set()

    def look(self) -> None:
        """Look again soon: a clip has changed."""
        self._wake.set()

    async def run(self) -> None:
        """Seal what becomes ready, until cancelled. Raises only `DurabilityError` and mistakes of this file."""
        while True:
            self._wake.clear()
            async with self._store.handling:
                waiting = await self._step()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if waiting else None):
                    await self._wake.wait()

    # -- what to do

    async def _step(self) -> bool:
        """Do what can be done; return whether something waits for time to pass."""
        records = await self._unsealed()
        for record in records:
            if record.keep_ns is None and record.state in READY:
                await self._edges.note(record)
        records = [record for record in await self._unsealed() if not await self._refused(record)]
        now_ns = self._time.monotonic_ns()
        ready = [record for record in records if record.state in READY]
        self._ready_ns = {record.row: self._ready_ns.get(record.row, now_ns) for record in ready}
        for record in ready:
            if record.kind == "camera" and now_ns - self._ready_ns[record.row] > ORPHAN_NS:
                await self._end(record, Step.DISCARD, "no sound belongs to it")
        sounds = (record for record in ready if record.kind == "sensor")
        jobs = (self._pairing.job(each, records, self._ready_ns[each.row], now_ns) for each in sounds)
        job = next(filter(None, jobs), None)
        if job is not None:
            await self._seal_or_leave(job)
            return True
        return bool(ready)

    async def _unsealed(self) -> list[ClipRecord]:
        records = await self._store.do(lambda store: store.in_states(UNSEALED))
        return [record for record in records if record.row not in self._given_up]

    # -- doing it

    async def _seal_or_leave(self, job: Job) -> None:
        try:
            await self._seal(job)
        except RemoteProtocolError as error:
            await self._end(job.sensor, Step.LOSE, f"its event cannot be read: {error}")
        except ChunkChanged as error:
            await self._end(job.sensor, Step.LOSE, str(error))
        except DurabilityError:
            raise
        except DiskFull as error:
            log.warning("disk full", why=str(error))
            await asyncio.sleep(self._config.limits.camera_wait_s)
        except Exception:
            self._given_up.add(job.sensor.row)
            log.exception(
                "a mistake in this program; the clip stays until the next start", clip=job.sensor.event_id
            )

    async def _seal(self, job: Job) -> None:
        clip, camera, missing = job.sensor, job.camera, list(job.missing)
        parts = await self._store.do(lambda store: parts_of(store, clip.row))
        sound = sensor_clip(parts)
        if sound.event.labelled:
            await self._end(clip, Step.LOSE, "recorded in a labelled session: never evidence")
            return
        pictures = None
        if camera is not None:
            pictures, camera = await self._pictures(camera, missing)
        about = await self._circumstances(clip, camera, sound.event.first)
        number, previous = await self._store.do(lambda store: store.manifests.newest())
        place = Place(number + 1, previous)
        sealed_at, directory, site = iso_utc(self._time.wall_ns()), self._store.packages, self._config.site.id

        def make() -> tuple[package.Written, tuple[str, ...]]:
            assembly = assemble(about, sound, pictures, missing)
            written = package.write(
                directory,
                assembly.parts,
                event=clip.event_id,
                site=site,
                sealed=sealed_at,
                place=place,
                signer=self._signer,
                missing=assembly.missing,
                recipients=self._config.evidence.recipients,
            )
            return written, assembly.missing

        written, lacking = await asyncio.to_thread(make)
        summary = sound.summary
        sealed = Sealed(
            written.path.name,
            written.sha256,
            written.manifest_sha256,
            SealedSummary(
                lafmax_db=None if summary is None else summary.lafmax,
                behaviour="unknown" if summary is None else summary.behaviour,
                score=None if summary is None else summary.score,
                trigger_time=iso_utc(about.trigger_wall_ns),
                missing=lacking,
            ),
        )
        now_ns = self._time.wall_ns()
        await self._store.do(
            lambda store: store.seal(clip.row, camera.row if camera else None, sealed, now_ns)
        )
        log.info("clip sealed", clip=clip.event_id, evidence=written.evidence, missing=list(lacking))
        await self._changed(clip.row)
        if camera is not None:
            await self._changed(camera.row)
        self._tell(Notice(What.CLIP_SEALED, clip.event_id, "; ".join(lacking)))

    async def _pictures(
        self, camera: ClipRecord, missing: list[str]
    ) -> tuple[CameraClip | None, ClipRecord | None]:
        """Return the pictures of a camera clip and the clip if it is left; `missing` gets what stands in the way."""
        try:
            return camera_clip(await self._store.do(lambda store: parts_of(store, camera.row))), camera
        except RemoteProtocolError as error:
            missing.append(f"picture.mkv: its event cannot be read: {error}")
            return None, camera
        except ChunkChanged as error:
            await self._end(camera, Step.LOSE, str(error))
            missing.append(f"picture.mkv: {error}")
            return None, None

    async def _refused(self, clip: ClipRecord) -> bool:
        """End `clip` and return True when its board should have proved it and did not."""
        try:
            if not await self._proofs.refused(clip, self._time.wall_ns()):
                return False
        except DurabilityError:
            raise
        except StoreError as error:
            log.warning("the clip stays as it is", clip=clip.event_id, why=str(error))
            return True
        await self._end(clip, Step.LOSE, CLIP_UNPROVED)
        return True

    async def _circumstances(self, clip: ClipRecord, camera: ClipRecord | None, first: int) -> Circumstances:
        hello = await self._hello(clip)
        config = self._config
        file = config.weather.file
        return Circumstances(
            event_id=clip.event_id,
            site_id=self._config.site.id,
            site_name=self._config.site.name,
            trigger_wall_ns=clip.accepted_wall_ns if clip.trigger_wall_ns is None else clip.trigger_wall_ns,
            clock_state=self._time.state(),
            sensor_hello=hello,
            sensor_clock=self._clock(clip),
            camera_hello=None if camera is None else await self._hello(camera),
            camera_clock=None if camera is None else self._clock(camera),
            rules=Rules(config.calibration.electronic_check_days, config.calibration.calibrator_days),
            self_check_wall_ns=await trust.last_passed_ns(
                self._boards.get(clip.board), clip.board, self._store
            ),
            weather=None if file is None else await asyncio.to_thread(weather.read, file),
            weather_max_age_s=config.weather.max_age_s,
            background=self._boards[clip.board].before(clip.boot, first)
            if clip.board in self._boards
            else "the board is no longer configured",
            sensor_proved=await self._proofs.proved(clip),
            camera_proved=camera is not None and await self._proofs.proved(camera),
            camera_view_deg=None if camera is None else config.view_of(camera.board),
            mask=() if camera is None else config.mask_of(camera.board),
            speech_attenuated=config.view.speech == "attenuated",
        )

    async def _hello(self, clip: ClipRecord) -> Hello:
        text = await self._store.do(lambda store: store.hello_of(clip.board, clip.boot))
        return parse(Hello, (text or "").encode())

    def _clock(self, clip: ClipRecord) -> BoardClock | None:
        if clip.keep_uncertainty_ns is None:
            return None
        board = self._boards.get(clip.board)
        model = None if board is None else board.clock_for(clip.boot)
        return BoardClock(clip.keep_uncertainty_ns, None if model is None else model.drift_ppm)

    async def _end(self, clip: ClipRecord, step: Step, reason: str) -> None:
        now_ns = self._time.wall_ns()
        await self._store.do(lambda store: store.end(clip.row, step, reason, now_ns))
        log.warning("clip ended without a package", clip=clip.event_id, why=reason)
        await self._changed(clip.row)
        self._tell(Notice(What.CLIP_LOST, clip.event_id, reason))

    async def _changed(self, row: int) -> None:
        await self._clip_changed(await self._store.do(lambda store: store.clip(row)))
