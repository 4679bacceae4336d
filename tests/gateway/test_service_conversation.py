"""A conversation with a board: what is answered rests on the store, and on nothing else."""

import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware.common import wire
from gateway.errors import DiskFull, DurabilityError
from gateway.service.board import BoardState
from gateway.service.conversation import Conversation, Refused
from gateway.service.host_time import HostTime
from gateway.store.records import ClipRecord
from gateway.store.states import ClipState
from gateway.store.store import Store
from gateway.store.thread import StoreThread
from gateway.testing.clock import FakeClock

HELLO = {"v": 1, "kind": "sensor", "id": "genk-1", "boot": 12, "clock_hz": 48000}
PARTS = (b'{"trigger":1}', b"sound" * 100, b"trace", b"{}")


class Desk:
    """A conversation with a board that is played by the test."""

    def __init__(self, store: StoreThread) -> None:
        self.store = store
        self.clock = FakeClock()
        self.board = BoardState("genk-1", "sensor", "port", 921600)
        self.changed: list[ClipRecord] = []
        self.writer = wire.FrameWriter()
        self.talk = self.begin()

    def begin(self) -> Conversation:
        """Return a new conversation over the same store, as after a reconnection."""

        async def note(clip: ClipRecord) -> None:
            self.changed.append(clip)

        return Conversation(self.board, self.store, HostTime(self.clock), note)

    async def say(self, kind: int, payload: bytes) -> None:
        """Let the board say a frame."""
        await self.talk.receive(bytes(self.writer.frame(kind, payload)), self.clock.monotonic_ns())

    async def hello(self, **values: object) -> None:
        """Let the board say who it is."""
        await self.say(wire.HELLO, json.dumps({**HELLO, **values}).encode())
        self.talk.take_lines()

    async def chunk(self, part: int, *, clip: int = 1, start: int = 0, stop: int | None = None) -> None:
        """Let the board send bytes of a part."""
        data = PARTS[part][start:stop]
        await self.say(wire.CHUNK, struct.pack(wire.CHUNK_HEAD, clip, part, len(PARTS[part]), start) + data)

    def lines(self) -> list[str]:
        """Return what would be written to the board now, without the checks."""
        lines = self.talk.take_lines().decode().split("\n")
        return [line.partition(" *")[0] for line in lines if line]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Return a desk with an empty store."""
    store = await StoreThread.open(tmp_path)
    yield Desk(store)
    await store.close()


async def test_nothing_is_acknowledged_before_it_is_committed(desk: Desk) -> None:
    """Bytes that have arrived are not yet answered; bytes in the store are."""
    await desk.hello()
    await desk.chunk(1)
    before = desk.lines()
    await desk.talk.commit()
    kept = await desk.store.do(lambda store: store.part_bytes(1, 1))

    assert before == []
    assert desk.lines() == ["ack 12 1 1 500"]
    assert kept == PARTS[1]


@pytest.mark.parametrize("fault", [DiskFull("full"), DurabilityError("the disk failed")])
async def test_what_could_not_be_stored_is_not_acknowledged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """The error is passed on, and the board hears nothing; a new conversation takes the bytes again."""

    def fail(*_: object) -> None:
        raise fault

    await desk.hello()
    await desk.chunk(1)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "keep", fail)
        with pytest.raises(type(fault)):
            await desk.talk.commit()
    heard = desk.lines()
    desk.talk = desk.begin()
    await desk.hello()
    await desk.chunk(1)
    await desk.talk.commit()

    assert heard == []
    assert desk.lines() == ["ack 12 1 1 500"]


async def test_done_is_said_with_the_last_byte_and_said_again_when_asked(desk: Desk) -> None:
    """A whole clip is `done`; a board that sends it once more hears `done` once more and nothing is stored."""
    await desk.hello()
    for part in range(4):
        await desk.chunk(part)
    await desk.talk.commit()
    first = desk.lines()
    await desk.chunk(0)
    await desk.talk.commit()

    assert first[-1] == "done 12 1"
    assert desk.lines() == ["done 12 1"]
    assert [clip.state for clip in desk.changed][-1] is ClipState.COMPLETE
    assert (await desk.store.do(lambda store: store.balance())).accepted == 1


async def test_a_new_conversation_goes_on_where_the_store_is(desk: Desk) -> None:
    """After a reconnection the part begins at what is durable, and repeated bytes are only acknowledged."""
    await desk.hello()
    await desk.chunk(1, stop=200)
    await desk.talk.commit()
    desk.talk = desk.begin()
    await desk.hello()
    await desk.chunk(1, stop=200)
    await desk.talk.commit()
    repeated = desk.lines()
    await desk.chunk(1, start=200)
    await desk.talk.commit()

    assert repeated == ["ack 12 1 1 200"]
    assert desk.lines() == ["ack 12 1 1 500"]


async def test_a_chunk_after_a_hole_waits_for_the_board_to_go_back(desk: Desk) -> None:
    """Bytes that do not follow are not kept and not acknowledged."""
    await desk.hello()
    await desk.chunk(1, start=100)
    await desk.talk.commit()

    assert desk.lines() == []
    assert (await desk.store.do(lambda store: store.balance())).accepted == 0


async def test_the_clock_is_asked_about_once_a_second_and_the_answer_is_used(desk: Desk) -> None:
    """The question is due after 0.9839 s of the gateway's clock, not before."""
    await desk.hello()
    asked: list[str] = []
    for _ in range(30):
        desk.talk.ask(desk.clock.monotonic_ns())
        asked += desk.lines()
        desk.clock.advance(0.1)
    await desk.say(wire.CLOCK, struct.pack(wire.CLOCK_BODY, 3, 96_000))

    assert asked == ["clock 1", "clock 2", "clock 3"]
    assert desk.board.clock is not None
    assert desk.board.clock.known


async def test_a_camera_where_a_sensor_should_be_is_refused(desk: Desk) -> None:
    """The configuration and the board disagree: a person has to correct one of them."""
    with pytest.raises(Refused, match="correct one of them"):
        await desk.hello(kind="camera")
