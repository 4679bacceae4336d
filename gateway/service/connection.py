"""Keeps one board connected: opens its port, runs a session, stores what comes, acknowledges what is stored.

Rules of this file
- A connection is made anew after every fault, with a new session; what is durable is asked of the store, so
  a restart of this program and a pulled plug are the same thing.
- Reading never waits for the disk: pieces queue, and one commit takes all that have queued since the last.
- `ack` and `done` are written after the commit that they speak of, never before.
- The queue is bounded by the board: it sends no more than WINDOW chunks without an acknowledgement.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import cast

import structlog
from structlog.typing import FilteringBoundLogger

from gateway.config import ClipsConfig
from gateway.errors import DurabilityError, GatewayError, LinkError, PortLost, StoreError
from gateway.link.port import Port
from gateway.service import proofs
from gateway.service.board import BoardState
from gateway.service.conversation import Conversation, Refused, Unproved
from gateway.service.host_time import HostTime
from gateway.service.notices import Notice, Watcher, What
from gateway.store.records import ClipRecord
from gateway.store.thread import StoreThread

BACK_OFF = 1.8
FIRST_WAIT_S = 0.5
MAX_WAIT_S = 60.0
LOOK_S = 1.0  # while waiting: how often to look whether the board is back in its socket
SILENT_S = 10.0  # a board answers the clock every second; ten seconds without a byte and it is gone
TICK_S = 0.05  # how finely the questions below are timed

log: FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connection needs. `find_port` gives the path of a port spec or raises `LinkError`."""

    store: StoreThread
    time: HostTime
    find_port: Callable[[str], str]
    open_port: Callable[[str, int], Port]
    tell: Watcher
    clip_changed: Callable[[ClipRecord], Awaitable[None]]
    clips: ClipsConfig


class Connection:
    """The task of one board; `board` is kept up to date."""

    def __init__(self, board: BoardState, around: Surroundings) -> None:
        self._board = board
        self._around = around
        self._tries = 0
        self._log = log.bind(board=board.id)

    async def run(self) -> None:
        """Connect, and connect again, until cancelled. Raises only `DurabilityError` and mistakes."""
        while True:
            wait_s = await self._once()
            await self._wait(wait_s)

    async def _once(self) -> float:
        """Hold one connection until it ends; return how long to wait before the next, in seconds."""
        board, around = self._board, self._around
        try:
            path = around.find_port(board.port)
            port = around.open_port(path, board.baud)
        except LinkError as error:
            return self._failed(str(error))
        error: Exception | None = None
        conversation = Conversation(board, around.store, around.time, around.clip_changed, around.clips)
        if self._tries == 0:
            board.message = "waiting for the board to say who it is"
        try:
            await self._hold(port, conversation)
        except ExceptionGroup as group:
            error = weightiest(group)
        finally:
            port.close()
            board.connected = False
        if isinstance(error, DurabilityError):
            raise error
        if isinstance(error, Unproved) and not board.refused:
            await self._note_refused()
        if isinstance(error, Refused):
            self._ended(str(error), What.BOARD_REFUSED)
            return MAX_WAIT_S
        if not isinstance(error, GatewayError):
            self._log.error("a mistake in this program", exc_info=error)
            self._ended(f"a mistake in this program: {error!r}; please report it", What.BOARD_LOST)
            return MAX_WAIT_S
        return self._failed(str(error))

    async def _hold(self, port: Port, conversation: Conversation) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(port, conversation))
            group.create_task(self._store(port, conversation))
            group.create_task(self._ask(port, conversation))

    async def _read(self, port: Port, conversation: Conversation) -> None:
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    data = await port.read()
            except TimeoutError:
                raise PortLost(
                    f"{self._board.port}: the board has said nothing for {SILENT_S:.0f} s; "
                    "is its firmware running? flash.py shows it"
                ) from None
            arrived_ns = self._around.time.monotonic_ns()
            greeted = conversation.greeted
            for notice in await conversation.receive(data, arrived_ns):
                self._around.tell(notice)
            if conversation.greeted and not greeted:
                self._connected()
            port.write(conversation.take_lines())

    async def _store(self, port: Port, conversation: Conversation) -> None:
        while True:
            await conversation.pieces_waiting()
            for notice in await conversation.commit():
                self._around.tell(notice)
            port.write(conversation.take_lines())

    async def _ask(self, port: Port, conversation: Conversation) -> None:
        try:
            while True:
                conversation.ask(self._around.time.monotonic_ns())
                port.write(conversation.take_lines())
                await asyncio.sleep(TICK_S)
        except asyncio.CancelledError:
            conversation.bye()
            try:
                port.write(conversation.take_lines())
            except PortLost:
                self._log.debug("gone before bye")
            raise

    async def _note_refused(self) -> None:
        """Put it into the audit log, once until the board proves itself again."""
        around, board = self._around, self._board
        try:
            await proofs.note(
                around.store,
                proofs.BOARD_REFUSED,
                {"board": board.id},
                proofs.BOARD_UNPROVED,
                around.time.wall_ns(),
            )
            board.refused = True
        except StoreError as error:
            self._log.error("not in the audit log", why=str(error))

    def _connected(self) -> None:
        board = self._board
        board.connected = True
        board.refused = False
        board.message = "connected"
        self._tries = 0
        self._log.info("board connected", boot=board.hello.boot if board.hello else None)
        self._around.tell(Notice(What.BOARD_CONNECTED, board.id))

    def _failed(self, why: str) -> float:
        """Say why, the first time loudly; return the wait before the next try."""
        wait_s = min(FIRST_WAIT_S * BACK_OFF**self._tries, MAX_WAIT_S)
        self._ended(why, What.BOARD_LOST, quiet=self._tries > 0)
        self._tries += 1
        return wait_s

    def _ended(self, why: str, what: What, *, quiet: bool = False) -> None:
        repeated = quiet and why == self._board.message
        self._board.connected = False
        self._board.message = why
        if not repeated:
            self._log.warning("no connection", why=why)
            self._around.tell(Notice(what, self._board.id, why))

    async def _wait(self, wait_s: float) -> None:
        """Wait, but not when the port was away and has come back: then the board was just plugged in."""
        was_there = self._there()
        waited = 0.0
        while waited < wait_s:
            step = min(LOOK_S, wait_s - waited)
            await asyncio.sleep(step)
            waited += step
            there = self._there()
            if there and not was_there:
                return
            was_there = there

    def _there(self) -> bool:
        try:
            self._around.find_port(self._board.port)
        except LinkError:
            return False
        return True


def weightiest(group: ExceptionGroup[Exception]) -> Exception:
    """Return the exception in `group` that decides: a disk in doubt, then mistakes, then what is refused."""
    return min(_leaves(group), key=_weight)


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(cast("ExceptionGroup[Exception]", error))
        else:
            yield error


def _weight(error: Exception) -> int:
    if isinstance(error, DurabilityError):
        return 0
    if not isinstance(error, GatewayError):
        return 1
    return 2 if isinstance(error, Refused) else 3
