"""A session that knows the board's key: who forges, replays or injects is not believed; the board itself is."""

import itertools
import json
import struct
from collections.abc import Callable

import pytest

from firmware.common import wire
from firmware.common.proof import Key, Prover
from gateway.link import events
from gateway.link.proof import NONCES, Challenges, clip_proved, untagged
from gateway.link.session import MAX_UNASKED, Session, State
from gateway.testing.clips import FakeClip, sensor_parts

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
HELLO: dict[str, object] = {"v": 1, "kind": "sensor", "id": "genk-1", "boot": 12, "clock_hz": 48000}
CLOCK = struct.pack(wire.CLOCK_BODY, 1, 48_000)
CHUNK = struct.pack(wire.CHUNK_HEAD, 1, 1, 10, 0) + b"0123456789"


class Board:
    """What says frames on the port: the board with `key`, or another device; None: without a key."""

    def __init__(self, key: bytes | None = KEY, boot: int = 12) -> None:
        self.prover = None if key is None else Prover(key.hex(), "genk-1", boot)
        self.boot = boot
        self.writer = wire.FrameWriter()

    def frame(self, kind: int, payload: bytes) -> bytes:
        """Return a frame as firmware/common/link.py makes it."""
        if self.prover is not None and kind != wire.CHUNK:
            kind |= wire.TAGGED
            payload = self.prover.tagged(kind, self.writer.seq, payload)
        return bytes(self.writer.frame(kind, payload))

    def hello(self, **changes: object) -> bytes:
        """Return HELLO."""
        values = {**HELLO, "boot": self.boot}
        if self.prover is not None:
            values["nonce"] = self.prover.nonce.hex()
        return self.frame(wire.HELLO, json.dumps({**values, **changes}).encode())

    def hear(self, session: Session) -> None:
        """Read what the gateway writes."""
        for line in session.take_lines().split(b"\n"):
            parsed = wire.parse_line(line)
            if parsed is not None and parsed[0][:1] == ["nonce"] and parsed[1] and self.prover is not None:
                self.prover.take_nonce(parsed[0][1:])


def counted() -> Callable[[], bytes]:
    """Return a maker of nonces that are easily told apart."""
    numbers = itertools.count(1)
    return lambda: next(numbers).to_bytes(16, "big")


def new_session() -> Session:
    """Return a session that wants proof of KEY."""
    return Session("genk-1", KEY, counted())


def opened(board: Board) -> Session:
    """Return a session in which `board` has proved itself."""
    session = new_session()
    board.hear(session)
    assert [type(event) for event in session.receive(board.hello())] == [events.HelloReceived]
    return session


def test_the_board_with_the_key_is_believed() -> None:
    """The nonce goes before the question; HELLO, and what is said after it, arrives as from any board."""
    session = new_session()
    lines = session.take_lines()
    board = Board()
    assert board.prover is not None
    board.prover.take_nonce(["00" * 15 + "01"])

    assert lines == b"\n" + wire.line("nonce " + "00" * 15 + "01") + wire.line("hello 1")
    found = session.receive(board.hello() + board.frame(wire.CLOCK, CLOCK) + board.frame(wire.CHUNK, CHUNK))
    assert [type(event) for event in found] == [
        events.HelloReceived,
        events.ClockReceived,
        events.ChunkReceived,
    ]
    assert session.state is State.OPEN
    assert session.counters.unproved == 0


@pytest.mark.parametrize(
    ("board", "words"),
    [(Board(OTHER_KEY), "its key is not the one in the configuration"), (Board(None), "has no key")],
    ids=["another-key", "no-key"],
)
def test_whoever_has_not_the_key_is_refused_for_good(board: Board, words: str) -> None:
    """The text says what to do; nothing that follows is heard."""
    session = new_session()
    board.hear(session)

    (refused,) = session.receive(board.hello() + board.frame(wire.CHUNK, CHUNK))
    assert isinstance(refused, events.BoardRefused)
    assert refused.unproved
    assert words in refused.reason
    assert "flash.py --key" in refused.reason
    assert session.state is State.REFUSED


def test_a_tag_cut_off_or_changed_is_no_proof() -> None:
    """Each byte of a proved HELLO counts: the same with another boot, and without its tag, is refused."""
    for forge in ("boot", "untagged", "tag"):
        board = Board()
        session = new_session()
        board.hear(session)
        (frame,) = wire.FrameReader().feed(board.hello())
        assert isinstance(frame, wire.Frame)
        kind, payload = frame.kind, frame.payload
        if forge == "boot":
            payload = payload.replace(b'"boot": 12', b'"boot": 13')
        elif forge == "untagged":
            kind, payload = kind & ~wire.TAGGED, payload[:-16]
        else:
            payload = payload[:-1] + bytes([payload[-1] ^ 1])
        (event,) = session.receive(bytes(wire.FrameWriter().frame(kind, payload)))

        assert isinstance(event, events.BoardRefused), forge
        assert event.unproved


def test_a_hello_of_an_earlier_session_proves_nothing() -> None:
    """It is not refused, for a board says HELLO by itself when it starts: nothing is believed until it answers."""
    board = Board()
    earlier = new_session()
    board.hear(earlier)
    recorded = board.hello()
    session = Session("genk-1", KEY)  # its nonces are drawn by lot

    assert session.receive(recorded + board.frame(wire.CHUNK, CHUNK)) == []
    assert session.hello is None
    assert session.state is State.GREETING
    assert session.counters.dropped_chunks == 1


def test_a_recording_that_is_played_for_ever_is_refused() -> None:
    """It never answers what it is asked; a board that starts again now and then, and answers, is never refused."""
    earlier = new_session()
    board = Board()
    board.hear(earlier)
    recorded = [board.hello() for _ in range(MAX_UNASKED + 1)]
    session = Session("genk-1", KEY)

    assert session.receive(b"".join(recorded[:-1])) == []
    (refused,) = session.receive(recorded[-1])
    assert isinstance(refused, events.BoardRefused)
    assert refused.unproved
    assert "as a recording does" in refused.reason

    again = new_session()
    for boot in range(1, 2 * MAX_UNASKED):
        board = Board(boot=boot)
        again.receive(board.hello() + board.hello())
        again.greet()
        board.hear(again)
        assert isinstance(again.receive(board.hello())[-1], events.HelloReceived)


def test_two_sessions_never_ask_with_the_same_nonce() -> None:
    """What `Session` uses when nobody gives it nonces."""
    lines = {Session("genk-1", KEY).take_lines() for _ in range(20)}

    assert len(lines) == 20


def test_a_board_that_starts_again_is_asked_again() -> None:
    """Its HELLO answers nobody: the clips of whoever speaks are not believed until the board has proved itself."""
    session = opened(Board())
    again = Board(boot=13)

    assert [type(event) for event in session.receive(again.hello())] == [events.FramesMissed]
    assert session.state is State.CONFIRMING
    assert session.receive(again.frame(wire.CHUNK, CHUNK)) == []
    session.greet()
    again.hear(session)
    (proved,) = session.receive(again.hello())
    assert isinstance(proved, events.HelloReceived)
    assert (proved.rebooted, proved.hello.boot) == (True, 13)


def test_an_answer_to_a_question_that_was_asked_twice_counts() -> None:
    """The board is slow, the gateway asks again: the answer to one of the newest questions is a proof, no older one."""
    board = Board()
    session = new_session()
    board.hear(session)
    for _ in range(NONCES - 1):
        session.greet()
    in_time = board.hello()
    session.greet()
    too_late = board.hello()

    assert session.receive(too_late) == []
    assert session.state is State.GREETING
    other = new_session()
    for _ in range(NONCES - 1):
        other.greet()
    assert [type(event) for event in other.receive(in_time)] == [events.HelloReceived]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (wire.CLOCK, CLOCK),
        (wire.LOST, struct.pack("<I", 1) + b"not fetched"),
        (wire.SECOND, b'{"n":1}'),
        (wire.FIGURES, struct.pack(wire.FIGURES_HEAD, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0)),
    ],
    ids=["clock", "lost", "second", "figures"],
)
def test_what_another_device_says_in_between_is_not_believed(kind: int, payload: bytes) -> None:
    """Untagged, and tagged with another key: a sentence for the log, counted; the board itself says it and is heard."""
    for injector in (Board(None), Board(OTHER_KEY)):
        board = Board()
        session = opened(board)
        injector.writer.seq = board.writer.seq
        (event,) = session.receive(injector.frame(kind, payload))

        assert isinstance(event, events.Malformed)
        assert "another device" in event.reason
        assert session.counters.unproved == 1
        board.writer.seq = injector.writer.seq
        (said,) = session.receive(board.frame(kind, payload))
        assert not isinstance(said, events.Malformed)


def test_a_frame_said_again_by_another_device_is_not_believed() -> None:
    """A recording of this very session: its number is not that of the frame that is due."""
    board = Board()
    session = opened(board)
    recorded = board.frame(wire.CLOCK, CLOCK)
    assert len(session.receive(recorded)) == 1
    (frame,) = wire.FrameReader().feed(recorded)
    assert isinstance(frame, wire.Frame)
    again = wire.FrameWriter()
    again.seq = board.writer.seq

    (event,) = session.receive(bytes(again.frame(frame.kind, frame.payload)))
    assert isinstance(event, events.Malformed)


def test_a_gateway_without_the_key_hears_a_board_with_one() -> None:
    """Commands that speak with one board have no key: tags are cut off, and nothing is asked for."""
    board = Board()
    session = Session()

    assert session.take_lines() == b"\n" + wire.line("hello 1")
    found = session.receive(board.hello() + board.frame(wire.CLOCK, CLOCK))
    assert [type(event) for event in found] == [events.HelloReceived, events.ClockReceived]
    assert found[1] == events.ClockReceived(1, 48_000)


def test_a_tagged_frame_shorter_than_a_tag_is_nonsense() -> None:
    """Nothing raises for what is on a wire."""
    session = Session("genk-1", KEY)
    (event,) = session.receive(bytes(wire.FrameWriter().frame(wire.HELLO | wire.TAGGED, b"{}")))

    assert isinstance(event, events.Malformed)


def test_a_nonce_has_sixteen_bytes() -> None:
    """A board takes no other; so a tag's message has one reading only."""
    with pytest.raises(ValueError, match="16 bytes"):
        Challenges(KEY).add(b"short")


def sent(clip: int = 1, *, key: bytes = KEY, board: str = "genk-1", boot: int = 12) -> list[bytes]:
    """Return the parts of a clip as a board with `key` sends them."""
    event, sound, trace, summary = sensor_parts(seconds=1.0, first=48_000 * clip)
    held = FakeClip(clip, (event, bytes([clip]) + sound[1:], trace, summary))
    proved = Prover(key.hex(), board, boot).proved(held)
    parts = [bytearray(proved.total(part)) for part in range(wire.PARTS)]
    for part, data in enumerate(parts):
        proved.read(part, 0, memoryview(data))
    return [bytes(data) for data in parts]


def test_a_clip_is_proved_by_the_board_that_made_it_under_its_own_number() -> None:
    """Right: this key, board, boot and number. One of them another, and it is not."""
    parts = sent()

    assert clip_proved(KEY, "genk-1", 12, 1, parts)
    assert not clip_proved(OTHER_KEY, "genk-1", 12, 1, parts)
    assert not clip_proved(KEY, "genk-2", 12, 1, parts)
    assert not clip_proved(KEY, "genk-1", 13, 1, parts)
    assert not clip_proved(KEY, "genk-1", 12, 2, parts)
    assert not clip_proved(KEY, "genk-1", 12, 1, sent(key=OTHER_KEY))


def test_a_clip_with_anything_changed_is_not_proved() -> None:
    """A byte of each part, one less, one that moved to the next part, a part of another event, no proof at all."""
    parts, other = sent(), sent(2)
    forged: list[list[bytes]] = []
    for part in range(wire.PARTS):
        middle = len(parts[part]) // 2
        flipped = bytearray(parts[part])
        flipped[middle] ^= 1
        forged.append([*parts[:part], bytes(flipped), *parts[part + 1 :]])
        forged.append([*parts[:part], parts[part][1:], *parts[part + 1 :]])
        forged.append([*parts[:part], other[part], *parts[part + 1 :]])
    forged.append([parts[0], parts[1][:-1], parts[1][-1:] + parts[2], parts[3]])
    forged.append([*parts[:3], parts[3] + b" "])
    forged.append([*parts[:3], untrusted(parts[3])])
    forged.append([*parts[:3], b""])

    assert not any(clip_proved(KEY, "genk-1", 12, 1, case) for case in forged)


def untrusted(summary: bytes) -> bytes:
    """Return a summary without its proof."""
    return summary.partition(b', "proof"')[0] + b"}"


def test_a_tag_is_cut_off_once() -> None:
    """An untagged frame stays as it is."""
    plain = wire.Frame(1, wire.CLOCK, 5, CLOCK)
    tagged = wire.Frame(
        1, wire.CLOCK | wire.TAGGED, 5, CLOCK + Key(KEY).tag(bytes(16), wire.CLOCK | wire.TAGGED, 5, CLOCK)
    )

    assert untagged(plain) is plain
    assert (untagged(tagged).kind, untagged(tagged).payload) == (wire.CLOCK, CLOCK)
