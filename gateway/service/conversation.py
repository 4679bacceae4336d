"""One conversation with one board: what the session says, put into the store and answered.

Rules of this file
- No port here: bytes come in by `receive`, lines go out by `take_lines`.
- Whatever is answered rests on the store; memory only knows how far this conversation has come.
- A clip the gateway has already, or has noted as lost, is answered with `done`, and nothing changes. A board
  that sends another clip under a number that was used is not believed: its boot count went back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from structlog.typing import FilteringBoundLogger

from firmware.common import wire
from gateway.config import ClipsConfig
from gateway.errors import LinkError, RemoteProtocolError
from gateway.link import events
from gateway.link.clock import ClockModel
from gateway.link.messages import Hello
from gateway.link.session import Session, State
from gateway.link.transfer import ClipProgress, Piece
from gateway.service import trust
from gateway.service.admission import event_digest, progress_of, why_not
from gateway.service.beginning import note_board
from gateway.service.board import BoardState
from gateway.service.host_time import HostTime
from gateway.service.notices import Notice, What
from gateway.service.percentiles import Percentiles
from gateway.store.records import ClipRecord
from gateway.store.states import ClipState
from gateway.store.store import Store
from gateway.store.thread import StoreThread
from gateway.timing import MILLISECOND_NS, SECOND_NS

# Klipper's period: an unusual time, so that the question does not beat with anything periodic on the board.
CLOCK_PERIOD_NS = 983_900_000
GREET_PERIOD_NS = SECOND_NS
MAX_QUESTIONS = 16  # clock questions without an answer that are remembered
RESOLUTION_NS = MILLISECOND_NS  # a board stamps its counter within a millisecond of answering

log: FilteringBoundLogger = structlog.get_logger()


class Refused(LinkError):
    """This board will not be spoken with; the text says why and what to do."""


class Unproved(Refused):
    """What is on the port did not prove that it is the board of the configuration."""


class Conversation:
    """Over one connection. `clip_changed` is awaited with each clip whose state or event became known."""

    def __init__(
        self,
        board: BoardState,
        store: StoreThread,
        time: HostTime,
        clip_changed: Callable[[ClipRecord], Awaitable[None]],
        clips: ClipsConfig = ClipsConfig(),  # noqa: B008  it is frozen
    ) -> None:
        self._board = board
        self._clips = clips
        self._store = store
        self._time = time
        self._clip_changed = clip_changed
        self._session = Session(board.id, board.key)
        board.counters = self._session.counters
        board.transfers = {}
        self._boot: int | None = None
        self._finished: dict[int, str | None] = {}
        self._events: dict[int, str | None] = {}
        self._pending: list[Piece] = []
        self._again: set[tuple[int, int]] = set()
        self._wake = asyncio.Event()
        self._committing = asyncio.Lock()
        self._questions: dict[int, int] = {}
        self._labelling = False  # a session that its gateway left behind: nothing of it is believed or kept
        self._next_clock_ns = 0
        self._next_greet_ns = time.monotonic_ns() + GREET_PERIOD_NS
        self._log = log.bind(board=board.id)

    @property
    def greeted(self) -> bool:
        """True once the board has said who it is."""
        return self._boot is not None

    def take_lines(self) -> bytes:
        """Return the lines to write now."""
        return self._session.take_lines()

    def bye(self) -> None:
        """Take leave of the board."""
        self._session.bye()

    def ask(self, now_ns: int) -> None:
        """Ask what is due: who the board is, or its clock."""
        if self._session.state is not State.OPEN:
            if now_ns >= self._next_greet_ns:
                self._next_greet_ns = now_ns + GREET_PERIOD_NS
                self._session.greet()
        elif now_ns >= self._next_clock_ns:
            self._next_clock_ns = now_ns + CLOCK_PERIOD_NS
            if len(self._questions) >= MAX_QUESTIONS:
                del self._questions[next(iter(self._questions))]
            self._questions[self._session.ask_clock()] = now_ns

    async def receive(self, data: bytes, arrived_ns: int) -> list[Notice]:
        """Take bytes that arrived at `arrived_ns`. `Refused` ends the conversation for good."""
        notices: list[Notice] = []
        for event in self._session.receive(data):
            match event:
                case events.ChunkReceived():
                    if not await self._turned_away(event, notices):
                        self._chunk(event, arrived_ns, notices)
                case events.HelloReceived():
                    notices += await self._hello(event.hello)
                case events.ClipLost():
                    notices += await self._lost(event)
                case events.BoardRefused():
                    raise (Unproved if event.unproved else Refused)(event.reason)
                case events.ClockReceived():
                    self._clock(event, arrived_ns)
                case events.SecondReceived():
                    self._end_labelling(event.second.label_s)
                    self._board.second = event.second
                    await trust.note_second(self._board, event.second, self._store, self._time.wall_ns())
                case _:
                    self._note(event)
        if self._again:
            self._wake.set()
        return notices

    async def pieces_waiting(self) -> None:
        """Return when there is something for `commit`."""
        await self._wake.wait()

    async def commit(self) -> list[Notice]:
        """Make durable what waits, then acknowledge it."""
        async with self._committing:
            self._wake.clear()
            pieces, self._pending = self._pending, []
            again, self._again = self._again, set()
            boot = self._boot
            if boot is None:
                return []
            board = self._board
            now_ns = self._time.wall_ns()
            complete: list[ClipRecord] = []
            if pieces:
                complete = await self._store.do(
                    lambda store: store.keep(board.id, board.kind, pieces, now_ns)
                )
            for piece in pieces:
                board.transfers[piece.clip].committed(piece)
                again.add((piece.clip, piece.part))
            for clip, part in sorted(again):
                self._answer(boot, clip, part)
            return await self._completed(boot, pieces, complete)

    # -- what the board says

    async def _hello(self, hello: Hello) -> list[Notice]:
        board = self._board
        if hello.kind != board.kind:
            raise Refused(
                f'"{board.id}" is a {hello.kind}, the configuration says {board.kind}; correct one of them'
            )
        if hello.mode == "evidence" and self._clips.mode != "evidence":
            raise Refused(
                f'"{board.id}" is in mode evidence, and this site in mode {self._clips.mode}: no clip may come into '
                f"being here; put that mode on the board with flash.py --set mode={self._clips.mode}"
            )
        board.hello = hello
        self._end_labelling(hello.label_s)
        await trust.note_records(hello, self._store, self._time.wall_ns())
        if hello.boot == self._boot:
            return []
        await self.commit()  # what an earlier boot sent belongs to that boot
        if board.clock is None or board.clock_boot != hello.boot:
            board.clock = ClockModel(hello.clock_hz, resolution_ns=RESOLUTION_NS)
            board.clock_boot = hello.boot
            board.percentiles = Percentiles(hello.clock_hz)
            self._questions.clear()
        self._next_clock_ns = 0
        text, now_ns = hello.model_dump_json(), self._time.wall_ns()
        await self._store.do(lambda store: note_board(store, hello, now_ns))
        cut = await self._store.do(
            lambda store: store.board_seen(board.id, hello.boot, board.kind, text, now_ns)
        )
        clips, transfers = await self._store.do(lambda store: progress_of(store, board.id, hello.boot))
        self._boot = hello.boot
        board.transfers = transfers
        receiving = {clip.clip: clip.event_sha256 for clip in clips if clip.state is ClipState.RECEIVING}
        self._events = {clip.clip: clip.event_sha256 for clip in clips}
        self._finished = {clip.clip: clip.event_sha256 for clip in clips if clip.clip not in receiving}
        notices: list[Notice] = []
        for clip in cut:
            await self._clip_changed(await self._store.do(partial(Store.clip, row=clip.row)))
            notices.append(Notice(What.CLIP_CUT, clip.event_id, "the board restarted before it was all sent"))
        return notices

    def _end_labelling(self, left_s: int) -> None:
        self._labelling = left_s > 0
        if self._labelling:
            self._session.label(0)

    def _clock(self, answer: events.ClockReceived, arrived_ns: int) -> None:
        asked_ns = self._questions.pop(answer.token, None)
        if asked_ns is not None and self._board.clock is not None:
            self._board.clock.feed(asked_ns, arrived_ns, answer.ticks)

    def _chunk(self, chunk: events.ChunkReceived, arrived_ns: int, notices: list[Notice]) -> None:
        if self._labelling:
            return
        digest = event_digest(chunk)
        if digest is not None and self._events.get(chunk.clip) not in (None, digest):
            self._board.message = (
                f"clip {chunk.clip} of boot {chunk.boot} is another one than before: the board's boot count went "
                "back, or another device on its cable used the number; write a higher count into boot.txt on the "
                "board, then restart it"
            )
            self._log.error("clip not believed", why=self._board.message)
            return
        if chunk.clip in self._finished:
            if digest is not None or chunk.part != wire.PART_EVENT:
                self._session.done(chunk.boot, chunk.clip)
            return
        progress = self._board.transfers.get(chunk.clip)
        if progress is None:
            progress = self._board.transfers[chunk.clip] = ClipProgress()
            notices.append(Notice(What.CLIP_STARTED, f"{self._board.id}-{chunk.boot}-{chunk.clip}"))
        self._board.progress_ns = arrived_ns
        try:
            piece = progress.accept(chunk)
        except RemoteProtocolError as error:
            self._session.counters.malformed += 1
            self._log.warning("chunk makes no sense", why=str(error))
            return
        if piece is not None:
            self._pending.append(piece)
            self._wake.set()
        else:
            self._again.add((chunk.clip, chunk.part))
        if digest is not None:
            self._events[chunk.clip] = digest

    async def _turned_away(self, chunk: events.ChunkReceived, notices: list[Notice]) -> bool:
        """Note a clip that is not to be taken over, which begins with `chunk`; return whether it is one."""
        if self._labelling or chunk.clip in self._finished or chunk.clip in self._board.transfers:
            return False
        kind, now_ns = self._board.kind, self._time.wall_ns()
        why = await self._store.do(lambda store: why_not(self._clips, store, kind, now_ns))
        if why is not None:
            notices += await self._lost(events.ClipLost(chunk.boot, chunk.clip, why))
        return why is not None

    async def _lost(self, lost: events.ClipLost) -> list[Notice]:
        board = self._board
        new = lost.clip not in self._finished
        if new:
            await self.commit()
            now_ns = self._time.wall_ns()
            record = await self._store.do(
                lambda store: store.note_lost(board.id, lost.boot, lost.clip, board.kind, lost.reason, now_ns)
            )
            self._finished[lost.clip] = record.event_sha256
            board.transfers.pop(lost.clip, None)
            await self._clip_changed(record)
        self._session.done(lost.boot, lost.clip)
        return [Notice(What.CLIP_LOST, f"{board.id}-{lost.boot}-{lost.clip}", lost.reason)] if new else []

    def _note(self, event: events.Event) -> None:
        """Keep or log what needs no answer."""
        match event:
            case events.FiguresReceived():
                self._board.figures = event
                if self._board.percentiles is not None:
                    self._board.percentiles.add(event.sample, event.laf_db, event.flags)
            case events.LogText():
                self._log.info("board says", text=event.text)
            case events.FramesMissed():
                self._log.info("frames missed", count=event.count)
            case events.Malformed():
                self._log.warning("frame makes no sense", why=event.reason)
                if not self.greeted:
                    self._board.message = event.reason
            case _:
                self._log.debug("nothing to do", event_kind=type(event).__name__)

    # -- what is answered

    def _answer(self, boot: int, clip: int, part: int) -> None:
        progress = self._board.transfers.get(clip)
        if progress is None or self._session.hello is None or self._session.hello.boot != boot:
            return
        reached = progress.parts[part]
        if reached.durable or reached.whole:
            self._session.acknowledge(boot, clip, part, reached.durable)

    async def _completed(self, boot: int, pieces: list[Piece], complete: list[ClipRecord]) -> list[Notice]:
        notices: list[Notice] = []
        described = {piece.clip for piece in pieces if piece.part == wire.PART_EVENT}
        if described:
            clips = await self._store.do(lambda store: store.clips(board=self._board.id, boot=boot))
            for clip in clips:
                if clip.clip in described and clip.event_sha256 is not None:
                    await self._clip_changed(clip)
        for clip in complete:
            self._finished[clip.clip] = clip.event_sha256
            self._board.transfers.pop(clip.clip, None)
            if self._session.hello is not None and self._session.hello.boot == boot:
                self._session.done(boot, clip.clip)
            notices.append(Notice(What.CLIP_COMPLETE, clip.event_id))
            await self._clip_changed(clip)
        return notices
