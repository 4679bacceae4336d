"""Deletes what the city promised to delete: by age, because the city has it, because somebody ordered it.

Rules of this file
- By age only while the clock is synchronised, and by the store's own time (store/elapsed.py): late rather than early.
- Nothing is deleted, and nothing is said to be, when the store is not where it was: a disk that was taken away holds no
  clip, and its clips are not gone.
- Who deletes holds `handling` of the store: nobody seals or delivers meanwhile.
- What is deleted is deleted on the disk and shown to be (store/deletions.py); what could not be is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from gateway.config import Config
from gateway.deliver.directory import TEMPORARY
from gateway.errors import DurabilityError, StoreError
from gateway.service.host_time import HostTime
from gateway.service.notices import Notice, Watcher, What
from gateway.service.pairing import Pairing
from gateway.store import orders, recordings
from gateway.store.audit import Audit
from gateway.store.deletions import GATEWAY
from gateway.store.orders import Order
from gateway.store.records import ClipRecord
from gateway.store.retention import LOOK_S, Terms, too_old
from gateway.store.states import FINAL, UNSEALED, ClipState, Step
from gateway.store.store import Store
from gateway.store.thread import StoreThread

ORDERS_S: Final = 2.0  # how often to look for orders: somebody waits
RECEIPT: Final = ".receipt"
MAX_RECEIPT: Final = 4096  # bytes
HERE: Final = UNSEALED | {ClipState.SEALED, ClipState.DELIVERED}
CITY: Final = "the city"
PAUSED: Final = "deletion by age paused"
RESUMED: Final = "deletion by age resumed"
NOTHING: Final = "nothing to delete"

log: FilteringBoundLogger = structlog.get_logger()


class Forgetting:
    """The task that deletes."""

    def __init__(
        self,
        config: Config,
        store: StoreThread,
        time: HostTime,
        tell: Watcher,
        clip_changed: Callable[[ClipRecord], Awaitable[None]],
    ) -> None:
        self._config = config
        self._terms = Terms(config.store.retention_days, {**config.store.retention_days_by_behaviour})
        self._store = store
        self._time = time
        self._tell = tell
        self._clip_changed = clip_changed
        self._paused = False
        self._wrong: set[str] = set()  # receipts that were complained about

    async def run(self) -> None:
        """Look now and every so often, until cancelled. Raises only `DurabilityError` and mistakes of this file."""
        while True:
            await self._try(self.look)
            for _ in range(round(LOOK_S / ORDERS_S)):
                await self._try(self.obey)
                await asyncio.sleep(ORDERS_S)

    async def look(self) -> None:
        """Delete what is over its term, what the city has, and what was left of a deletion before."""
        await self._there()
        wall_ns, synchronised = self._time.wall_ns(), self._time.synchronised
        await self._store.do(lambda store: store.elapsed.look(wall_ns, synchronised=synchronised))
        async with self._store.handling:
            await self._store.do(lambda store: store.deletions.finish(wall_ns))
        await self._received()
        await self._note_pause(wall_ns, paused=not synchronised)
        if not synchronised:
            return
        believed_ns = await self._store.do(lambda store: store.elapsed.believed_wall_ns(wall_ns))
        if believed_ns is not None:
            await asyncio.to_thread(_forget_recordings, self._config.store.path, believed_ns)
        for clip in await self._store.do(lambda store: store.in_states(HERE)):
            now_ns = await self._store.do(lambda store: store.elapsed.now_ns())
            why = too_old(clip, self._terms, now_ns)
            if why is not None:
                await self._delete(clip, Step.EXPIRE, why, GATEWAY)

    async def obey(self) -> None:
        """Carry out the orders that were given."""
        for order in await asyncio.to_thread(orders.given, self._config.store.path):
            await self._there()
            wall_ns = self._time.wall_ns()
            async with self._store.handling:
                gone = await self._store.do(
                    partial(carry_out, config=self._config, order=order, now_ns=wall_ns)
                )
            for clip in gone:
                await self._told(clip, order.reason)

    async def _try(self, what: Callable[[], Awaitable[None]]) -> None:
        try:
            await what()
        except DurabilityError:
            raise
        except StoreError as error:
            log.error("not deleted, and tried again", why=str(error))  # noqa: TRY400  the text says it

    async def _there(self) -> None:
        await self._store.do(lambda store: store.must_be_there())

    async def _received(self) -> None:
        """Delete what the city says that it has."""
        directory = self._config.deliver.directory
        if directory is None:
            return
        for clip in await self._store.do(lambda store: store.in_states([ClipState.DELIVERED])):
            digest = await asyncio.to_thread(_receipt, directory / f"{clip.package}{RECEIPT}")
            if digest is not None and digest == clip.package_sha256:
                await self._delete(clip, Step.DELETE, "the city has it and says so", CITY)
            elif digest is not None and clip.event_id not in self._wrong:
                self._wrong.add(clip.event_id)
                log.error(
                    "the receipt is not of this package", clip=clip.event_id, sha256=clip.package_sha256
                )

    async def _note_pause(self, now_ns: int, *, paused: bool) -> None:
        if paused:
            log.warning("nothing is deleted by age", clock=self._time.state())
        if paused == self._paused:
            return
        reason = f"the clock is {self._time.state()}"
        audit = Audit(self._config.store.path)
        await asyncio.to_thread(
            audit.note, PAUSED if paused else RESUMED, who=GATEWAY, reason=reason, now_ns=now_ns
        )
        self._paused = paused

    async def _delete(self, clip: ClipRecord, step: Step, reason: str, who: str) -> None:
        async with self._store.handling:
            if (await self._store.do(partial(Store.clip, row=clip.row))).state is not clip.state:
                return  # it went on meanwhile; the next look sees it
            now_ns = self._time.wall_ns()
            await self._store.do(
                partial(
                    _end, config=self._config, clip=clip, step=step, reason=reason, who=who, now_ns=now_ns
                )
            )
        await self._told(clip, reason)

    async def _told(self, clip: ClipRecord, reason: str) -> None:
        log.warning("clip deleted", clip=clip.event_id, why=reason, sha256=clip.package_sha256)
        await self._clip_changed(await self._store.do(partial(Store.clip, row=clip.row)))
        self._tell(Notice(What.CLIP_FORGOTTEN, clip.event_id, reason))


def carry_out(store: Store, config: Config, order: Order, now_ns: int) -> list[ClipRecord]:
    """Obey `order` in `store`; return the clips that were deleted: the sound, and pictures not in its package yet.

    When this returns nothing of them is left, and the order is gone. `StoreError` when something is left.
    """
    known = [clip for clip in store.clips() if clip.event_id == order.event]
    gone = [clip for clip in known if clip.state not in FINAL]
    for clip in list(gone):
        if clip.kind == "sensor" and clip.state in UNSEALED:
            gone += Pairing(config, {}).pictures(clip, store.in_states(UNSEALED))
    for clip in gone:
        _end(store, config, clip, Step.DELETE, order.reason, order.who, now_ns)
    store.deletions.finish(now_ns)
    if not gone:
        why = f"it is {known[0].state}" if known else "the store knows no such event"
        store.audit.note(
            NOTHING,
            who=GATEWAY,
            reason=why,
            now_ns=now_ns,
            about={"event": order.event, "ordered": order.who},
        )
    orders.obeyed(store.path, order)
    return gone


def _end(
    store: Store, config: Config, clip: ClipRecord, step: Step, reason: str, who: str, now_ns: int
) -> None:
    """End `clip`, also where its delivery was cut off by a power cut."""
    directory = config.deliver.directory
    if directory is not None and clip.package is not None:
        half = directory / f".{clip.package}{TEMPORARY}"
        try:
            half.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{half}: cannot be deleted ({error.strerror}); mend the rights there") from None
    store.end(clip.row, step, reason, now_ns, who)


def _receipt(path: Path) -> str | None:
    """Return the SHA-256 that the city wrote into a receipt, as sha256sum prints it; None without one."""
    try:
        with path.open("rb") as file:
            words = file.read(MAX_RECEIPT).decode(errors="replace").split()
    except OSError:
        return None
    return words[0].lower() if words else ""


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
                    who=GATEWAY,
                    reason=f"older than {recordings.MAX_RETENTION_DAYS} days",
                    now_ns=now_ns,
                    about={"folder": str(folder), "files": expired},
                )
            kept.forget_expired(now_ns)
        except StoreError:
            log.exception("recordings not deleted", folder=str(folder))
