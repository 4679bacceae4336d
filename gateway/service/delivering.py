"""Hands sealed packages over: a task over the store.

Rules of this file
- A package is delivered when the target has it durably; only then its state changes.
- What fails in a way that may pass is tried again with back-off; what a person must look at is said once,
  and tried again at the next start.
- What was deleted meanwhile is not delivered: `handling` of the store is held.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from structlog.typing import FilteringBoundLogger

from gateway.config import Config
from gateway.deliver.directory import Directory
from gateway.errors import Rejected, Retryable
from gateway.service.host_time import HostTime
from gateway.service.notices import Notice, Watcher, What
from gateway.store.records import ClipRecord
from gateway.store.states import ClipState
from gateway.store.store import Store
from gateway.store.thread import StoreThread

BACK_OFF = 1.8
FIRST_WAIT_S = 2.0
MAX_WAIT_S = 60.0
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
                async with self._store.handling:
                    if (
                        await self._store.do(partial(Store.clip, row=clip.row))
                    ).state is not ClipState.SEALED:
                        continue  # it was deleted meanwhile
                    where = await asyncio.to_thread(target.deliver, path, clip.package_sha256)
                    now_ns = self._time.wall_ns()
                    await self._store.do(partial(Store.deliver, row=clip.row, now_ns=now_ns))
            except Rejected as error:
                self._rejected.add(clip.row)
                self._failed(clip, str(error))
                continue
            except Retryable as error:
                if not quiet:
                    self._failed(clip, str(error))
                return False
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
