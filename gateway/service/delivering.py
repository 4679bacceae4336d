"""Hands sealed packages over, and deletes what is too old. Two tasks over the store.

Rules of this file
- A package is delivered when the target has it durably; only then its state changes.
- What fails in a way that may pass is tried again with back-off; what a person must look at is said once,
  and tried again at the next start.
- Nothing stays longer than `retention_days`, delivered or not; a deletion is logged with the hash.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger

from gateway.config import Config
from gateway.deliver.directory import Directory
from gateway.errors import Rejected, Retryable, StoreError
from gateway.service.host_time import HostTime
from gateway.service.notices import Notice, Watcher, What
from gateway.store import recordings
from gateway.store.audit import Audit
from gateway.store.records import ClipRecord
from gateway.store.states import UNSEALED, ClipState, Step
from gateway.store.store import Store
from gateway.store.thread import StoreThread
from gateway.timing import SECOND_NS

BACK_OFF = 1.8
FIRST_WAIT_S = 2.0
MAX_WAIT_S = 60.0
AGE_CHECK_S = 3600.0
DAY_NS = 24 * 3600 * SECOND_NS
Changed = Callable[[ClipRecord], Awaitable[None]]

log: FilteringBoundLogger = structlog.get_logger()


class Delivering:
    """The task that delivers; without a directory in the configuration it has nothing to do."""

    def __init__(
        self, config: Config, store: StoreThread, time: HostTime, tell: Watcher, clip_changed: Changed
    ) -> None:
        directory = config.deliver.directory
        self._target = None if directory is None else Directory(directory)
        self._store = store
        self._time = time
        self._tell = tell
        self._clip_changed = clip_changed
        self._rejected: set[int] = set()
        self._wake = asyncio.Event()
        self._wake.set()

    @property
    def configured(self) -> bool:
        """True when there is a target."""
        return self._target is not None

    def look(self) -> None:
        """Look again soon: a package was sealed."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled. Raises only `DurabilityError` and mistakes."""
        tries = 0
        while self._target is not None:
            await self._wake.wait()
            self._wake.clear()
            if await self._all(self._target, quiet=tries > 0):
                tries = 0
                continue
            await asyncio.sleep(min(FIRST_WAIT_S * BACK_OFF**tries, MAX_WAIT_S))
            tries += 1
            self._wake.set()

    async def _all(self, target: Directory, *, quiet: bool) -> bool:
        """Deliver everything that is sealed; return False when something has to be tried again."""
        if not await self._timestamps(target):
            return False
        clips = await self._store.do(lambda store: store.in_states([ClipState.SEALED]))
        for clip in clips:
            if clip.row in self._rejected or clip.package is None or clip.package_sha256 is None:
                continue
            path = self._store.packages / clip.package
            try:
                where = await asyncio.to_thread(target.deliver, path, clip.package_sha256)
            except Rejected as error:
                self._rejected.add(clip.row)
                self._failed(clip, str(error))
                continue
            except Retryable as error:
                if not quiet:
                    self._failed(clip, str(error))
                return False
            now_ns = self._time.wall_ns()
            await self._store.do(partial(Store.deliver, row=clip.row, now_ns=now_ns))
            log.info("clip delivered", clip=clip.event_id, where=str(where))
            await self._clip_changed(await self._store.do(partial(Store.clip, row=clip.row)))
            self._tell(Notice(What.CLIP_DELIVERED, clip.event_id, str(where)))
        return True

    async def _timestamps(self, target: Directory) -> bool:
        """Deliver the timestamps that lie beside the packages; return False when one has to be tried again."""
        for name, digest in await self._store.do(lambda store: store.manifests.undelivered()):
            try:
                await asyncio.to_thread(target.deliver, self._store.packages / name, digest)
            except Retryable:
                return False
            except Rejected as error:
                log.error("not delivered", timestamp=name, why=str(error))  # noqa: TRY400  the text says it
            await self._store.do(partial(_deliver_timestamp, name=name))
        return True

    def _failed(self, clip: ClipRecord, why: str) -> None:
        log.error("not delivered", clip=clip.event_id, why=why)
        self._tell(Notice(What.DELIVERY_FAILED, clip.event_id, why))


def _deliver_timestamp(store: Store, *, name: str) -> None:
    store.manifests.deliver(name)


class Forgetting:
    """The task that deletes by age."""

    def __init__(
        self, config: Config, store: StoreThread, time: HostTime, tell: Watcher, clip_changed: Changed
    ) -> None:
        self._days = config.store.retention_days
        self._store_path = config.store.path
        self._store = store
        self._time = time
        self._tell = tell
        self._clip_changed = clip_changed

    async def run(self) -> None:
        """Look now and every hour, until cancelled."""
        while True:
            await self.forget()
            await asyncio.sleep(AGE_CHECK_S)

    async def forget(self) -> None:
        """Delete whatever was accepted more than the allowed days ago, and recordings that have expired."""
        now_ns = self._time.wall_ns()
        await asyncio.to_thread(_forget_recordings, self._store_path, now_ns)
        states = UNSEALED | {ClipState.SEALED, ClipState.DELIVERED}
        for clip in await self._store.do(lambda store: store.in_states(states)):
            if now_ns - clip.accepted_wall_ns < self._days * DAY_NS:
                continue
            if clip.package is not None:
                (self._store.packages / clip.package).unlink(missing_ok=True)
            reason = f"older than {self._days} days"
            await self._store.do(
                partial(Store.end, row=clip.row, step=Step.EXPIRE, reason=reason, now_ns=now_ns)
            )
            log.warning("clip deleted by age", clip=clip.event_id, sha256=clip.package_sha256)
            await self._clip_changed(await self._store.do(partial(Store.clip, row=clip.row)))
            self._tell(Notice(What.CLIP_FORGOTTEN, clip.event_id, reason))


def _forget_recordings(store: Path, now_ns: int) -> None:
    """Delete the recordings of labelled sessions that have expired, in every folder that can be reached."""
    for folder in recordings.folders(store):
        if not folder.is_dir():
            continue
        try:
            kept = recordings.Recordings(folder)
            expired = kept.expired(now_ns)
            if expired:
                Audit(store).note(
                    "recordings deleted",
                    who="the gateway",
                    reason=f"older than {recordings.MAX_RETENTION_DAYS} days",
                    now_ns=now_ns,
                    about={"folder": str(folder), "files": expired},
                )
            kept.forget_expired(now_ns)
        except StoreError:
            log.exception("recordings not deleted", folder=str(folder))
