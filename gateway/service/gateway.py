"""The gateway: wires the boards, the store, sealing and delivering together, and shows what is going on.

Use: `gateway = Gateway(config)`, then `await gateway.run()` in a task; `gateway.stop()` ends it.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger

from gateway import board_key
from gateway.config import Config
from gateway.evidence import signer
from gateway.evidence.package import SUFFIX, remove_leftovers
from gateway.link.discovery import find_port
from gateway.link.port import Port, SerialPort
from gateway.service.beginning import must_be_mounted, note_start
from gateway.service.board import BoardState
from gateway.service.connection import Connection, Surroundings, weightiest
from gateway.service.delivering import Delivering
from gateway.service.edges import Edges
from gateway.service.forgetting import Forgetting
from gateway.service.host_time import HostTime
from gateway.service.notices import Notice, Watcher
from gateway.service.sealing import Sealing
from gateway.service.status import Status, board_status, clip_status
from gateway.service.timestamping import Timestamping
from gateway.store.records import ClipRecord
from gateway.store.states import GONE, UNSEALED, ClipState
from gateway.store.thread import StoreThread
from gateway.timing import Clock, SystemClock

log: FilteringBoundLogger = structlog.get_logger()

MAX_SHOWN = 200  # clips that status() lists; the store knows them all


class Gateway:
    """The service for `config`. Time comes from `clock`, ports from `find_port` and `open_port`."""

    def __init__(
        self,
        config: Config,
        clock: Clock | None = None,
        *,
        find_port: Callable[[str], str] = find_port,
        open_port: Callable[[str, int], Port] = SerialPort,
    ) -> None:
        self.config = config
        self._time = HostTime(clock or SystemClock())
        self._find_port = find_port
        self._open_port = open_port
        self._boards: dict[str, BoardState] = {}
        for kind, boards in (("sensor", config.sensors), ("camera", config.cameras)):
            for board in boards:
                key = None if board.key is None else board_key.read(signer.located(board.key))
                self._boards[board.id] = BoardState(board.id, kind, board.port, board.baud, key)
        self._watchers: list[Watcher] = []
        self._clips: dict[int, ClipRecord] = {}
        self._by_state: dict[str, int] = {}
        self._accepted = 0
        self._balance_holds = True
        self._stop = asyncio.Event()
        self._sealing: Sealing | None = None
        self._delivering: Delivering | None = None

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with every notice from now on, on the event loop's thread; it must not block."""
        self._watchers.append(watcher)

    def stop(self) -> None:
        """Make `run` return; what is durable stays, everything else is sent again."""
        self._stop.set()

    async def run(self) -> None:
        """Work until `stop`. `StoreError` when the store cannot be opened, `DurabilityError` when the disk fails."""
        key = self.config.store.machine_key
        must_be_mounted(self.config)
        path = None if key is None else signer.located(key)
        store = await StoreThread.open(self.config.store.path, path, self._time.monotonic_ns)
        try:
            await store.do(lambda opened: note_start(opened, self.config, self._time.wall_ns()))
            await store.do(lambda opened: opened.unlock(self._time.wall_ns()))
            await asyncio.to_thread(remove_leftovers, store.packages)
            if readable := self._readable(store.packages):
                log.warning(
                    "whoever has the disk reads these packages, older than the recipients", names=readable
                )
            await self._run(store)
        finally:
            await store.close()

    @property
    def busy(self) -> bool:
        """True while a clip is on its way, or sealed and not yet delivered."""
        waiting = UNSEALED
        if self.config.deliver.directory is not None:
            waiting |= {ClipState.SEALED}
        return any(self._by_state.get(str(state), 0) for state in waiting)

    def status(self) -> Status:
        """Return what is going on now."""
        clips = [clip for clip in self._clips.values() if clip.kind == "sensor"]
        return Status(
            site=self.config.site.id,
            boards=[board_status(board) for board in self._boards.values()],
            clips=[clip_status(clip, self._package(clip)) for clip in clips],
            accepted=self._accepted,
            by_state=dict(self._by_state),
            balance_holds=self._balance_holds,
        )

    async def _run(self, store: StoreThread) -> None:
        async def changed(clip: ClipRecord) -> None:
            await edges.note(clip)
            await self._clip_changed(store, clip)

        sealer = await self._open_signer(store)
        edges = Edges(store, self._boards, self._time)
        sealing = Sealing(self.config, store, sealer, self._boards, edges, self._time, self._tell, changed)
        delivering = Delivering(self.config, store, self._time, self._tell, changed)
        timestamping = Timestamping(self.config, store, delivering.look)
        forgetting = Forgetting(self.config, store, self._time, self._tell, changed)
        self._sealing, self._delivering = sealing, delivering
        around = Surroundings(
            store, self._time, self._find_port, self._open_port, self._tell, changed, self.config.clips
        )
        for clip in (await store.do(lambda opened: opened.clips()))[-MAX_SHOWN:]:
            self._remember(clip)
        await self._count(store)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(sealing.run(), name="sealing"),
                    group.create_task(delivering.run(), name="delivering"),
                    group.create_task(timestamping.run(), name="timestamping"),
                    group.create_task(forgetting.run(), name="forgetting"),
                    *(
                        group.create_task(Connection(board, around).run(), name=board.id)
                        for board in self._boards.values()
                    ),
                ]
                await self._stop.wait()
                for task in tasks:
                    task.cancel()
        except ExceptionGroup as error:
            raise weightiest(error) from error

    def _readable(self, packages: Path) -> list[str]:
        """Return the packages that were sealed before there were recipients; none while there are none."""
        return (
            sorted(path.name for path in packages.glob(f"*{SUFFIX}"))
            if self.config.evidence.recipients
            else []
        )

    async def _open_signer(self, store: StoreThread) -> signer.Signer:
        """Return what packages are signed with: the key of the configuration, made now if nothing was sealed yet."""
        path = signer.path_of(self.config)
        number, _ = await store.do(lambda opened: opened.manifests.newest())
        found, made = await asyncio.to_thread(signer.open_or_create, path, sealed=number > 0)
        if made:
            log.info("signing key made", path=str(path), public=found.public)
        return found

    async def _clip_changed(self, store: StoreThread, clip: ClipRecord) -> None:
        self._remember(await store.do(lambda opened: opened.clip(clip.row)))
        await self._count(store)
        if self._sealing is not None:
            self._sealing.look()
        if self._delivering is not None:
            self._delivering.look()

    def _remember(self, clip: ClipRecord) -> None:
        self._clips[clip.row] = clip
        while len(self._clips) > MAX_SHOWN:
            del self._clips[min(self._clips)]

    async def _count(self, store: StoreThread) -> None:
        balance = await store.do(lambda opened: opened.balance())
        self._by_state = {str(state): count for state, count in balance.by_state.items()}
        self._accepted = balance.accepted
        self._balance_holds = balance.holds

    def _package(self, clip: ClipRecord) -> str | None:
        if clip.package is None or clip.state in GONE:
            return None
        delivered = clip.state is ClipState.DELIVERED and self.config.deliver.directory is not None
        directory = self.config.deliver.directory if delivered else self.config.store.path / "packages"
        return None if directory is None else str(Path(directory) / clip.package)

    def _tell(self, notice: Notice) -> None:
        for watcher in self._watchers:
            watcher(notice)
