"""The session: bytes in, events out, whatever the bytes are."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.common import wire
from gateway.errors import LocalProtocolError
from gateway.link import events
from gateway.link.payloads import MAX_PART_BYTES, printable
from gateway.link.session import TRANSITIONS, Session, State, Step

HELLO: dict[str, object] = {"v": 1, "kind": "sensor", "id": "genk-1", "boot": 12, "clock_hz": 48000}


def hello(**changes: object) -> bytes:
    """Return the payload of a HELLO."""
    return json.dumps({**HELLO, **changes}).encode()


def chunk(
    clip: int = 1, part: int = 1, total: int = 10, offset: int = 0, data: bytes = b"0123456789"
) -> bytes:
    """Return the payload of a CHUNK."""
    return struct.pack(wire.CHUNK_HEAD, clip, part, total, offset) + data


class Talk:
    """Makes the bytes of a board: frames with running numbers."""

    def __init__(self) -> None:
        self.writer = wire.FrameWriter()

    def frame(self, kind: int, payload: bytes) -> bytes:
        """Return a frame."""
        return bytes(self.writer.frame(kind, payload))

    def skip(self, count: int) -> None:
        """Let `count` frames be lost."""
        self.writer.seq = (self.writer.seq + count) & 0xFFFF


def opened(talk: Talk) -> Session:
    """Return a session whose board has said who it is."""
    session = Session("genk-1")
    session.receive(talk.frame(wire.HELLO, hello()))
    session.take_lines()
    return session


def a_conversation() -> bytes:
    """Return one frame of each kind, with log text between."""
    talk = Talk()
    figures = struct.pack(
        wire.FIGURES_HEAD, 6000, 6123, 6200, 6001, 6150, 6500, 6600, 7400, 1, 2
    ) + struct.pack("<2h", 4000, -100)
    return b"".join(
        [
            talk.frame(wire.HELLO, hello()),
            talk.frame(wire.FIGURES, figures),
            b"a line of the board\r\n",
            talk.frame(wire.SECOND, b'{"n":48000,"laeq":61.2,"state":"idle"}'),
            talk.frame(wire.CLOCK, struct.pack(wire.CLOCK_BODY, 7, 2**40)),
            talk.frame(wire.CHUNK, chunk()),
            talk.frame(wire.LOST, struct.pack("<I", 3) + b"memory was needed"),
        ]
    )


def test_a_conversation_becomes_one_event_a_frame_in_order() -> None:
    """Each frame is one typed event; levels are in dB; the text between is log text."""
    kinds = [type(event) for event in Session("genk-1").receive(a_conversation())]
    found = Session("genk-1").receive(a_conversation())

    assert kinds == [
        events.HelloReceived,
        events.FiguresReceived,
        events.LogText,
        events.SecondReceived,
        events.ClockReceived,
        events.ChunkReceived,
        events.ClipLost,
    ]
    assert found[1] == events.FiguresReceived(
        sample=6000,
        laf_db=61.23,
        lafmax_db=62.0,
        laeq_db=60.01,
        lasmax_db=61.5,
        lceq_db=65.0,
        lzeq_db=66.0,
        lcpeak_db=74.0,
        flags=1,
        bands=(40.0, -1.0),
    )
    assert found[4] == events.ClockReceived(7, 2**40)
    assert found[5] == events.ChunkReceived(12, 1, 1, 10, 0, b"0123456789")
    assert found[6] == events.ClipLost(12, 3, "memory was needed")


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_it_does_not_matter_where_the_bytes_are_cut(sizes: list[int]) -> None:
    """In pieces of any size the same events come, in the same order."""
    data = a_conversation()
    session = Session("genk-1")
    found: list[events.Event] = []
    at = 0
    while at < len(data):
        size = sizes[at % len(sizes)]
        found += session.receive(data[at : at + size])
        at += size

    assert found == Session("genk-1").receive(data)


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_garbage_before_and_between_frames_is_survived(before: bytes, between: bytes) -> None:
    """Whatever comes first and in between, the frames after the next 0x00 are found."""
    talk = Talk()
    session = Session("genk-1")
    first, second = (
        talk.frame(wire.HELLO, hello()),
        talk.frame(wire.CLOCK, struct.pack(wire.CLOCK_BODY, 1, 2)),
    )
    found = session.receive(before + first + between + second)

    assert events.ClockReceived(1, 2) in found


@given(st.data())
def test_a_frame_with_any_bit_flipped_is_never_believed(data: st.DataObject) -> None:
    """A damaged chunk gives no event but log text, and the next good frame is found."""
    talk = Talk()
    session = opened(talk)
    frame = bytearray(talk.frame(wire.CHUNK, chunk(data=b"abcdefghij")))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    found = session.receive(bytes(frame))
    after = session.receive(
        b"\x00" + talk.frame(wire.HELLO, hello()) + talk.frame(wire.CHUNK, chunk(offset=0))
    )

    believed = [event for event in found if isinstance(event, events.ChunkReceived)]
    # A flip in the 0x00 before or after only joins the frame to nothing: the frame itself is whole.
    assert all(event.data == b"abcdefghij" for event in believed)
    assert any(isinstance(event, events.ChunkReceived) for event in after)


@given(st.binary(max_size=2061), st.integers(0, 255))
def test_a_frame_with_a_good_check_and_any_content_raises_nothing(payload: bytes, kind: int) -> None:
    """Nonsense of a board with wrong firmware is an event and a count, never an exception."""
    talk = Talk()
    session = opened(talk)
    session.receive(talk.frame(kind, payload))

    assert session.state in (State.OPEN, State.REFUSED)


def test_chunks_before_hello_are_dropped_because_their_boot_is_not_known() -> None:
    """A chunk belongs to a boot; without HELLO there is none."""
    session = Session("genk-1")
    found = session.receive(Talk().frame(wire.CHUNK, chunk()))

    assert found == []
    assert session.counters.dropped_chunks == 1


def test_a_gap_in_the_numbers_may_hide_a_reset_so_the_board_is_asked_again() -> None:
    """After missed frames chunks are dropped until HELLO says which boot speaks."""
    talk = Talk()
    session = opened(talk)
    talk.skip(3)
    found = session.receive(talk.frame(wire.CHUNK, chunk()))

    assert found == [events.FramesMissed(3)]
    assert session.state is State.CONFIRMING
    assert session.take_lines() == wire.line("hello 1")

    found = session.receive(talk.frame(wire.HELLO, hello()) + talk.frame(wire.CHUNK, chunk()))

    assert [type(event) for event in found] == [events.HelloReceived, events.ChunkReceived]


def test_a_board_that_restarted_is_recognised_by_its_boot() -> None:
    """HELLO with another boot says so; chunks then carry the new boot."""
    session = opened(Talk())
    talk = Talk()
    found = session.receive(talk.frame(wire.HELLO, hello(boot=13)) + talk.frame(wire.CHUNK, chunk()))

    assert isinstance(found[0], events.FramesMissed)
    assert isinstance(found[1], events.HelloReceived)
    assert found[1].rebooted
    assert isinstance(found[2], events.ChunkReceived)
    assert found[2].boot == 13


def test_another_board_on_the_port_is_refused_and_both_names_are_said() -> None:
    """Two boards with one id, or swapped cables: nothing of it is believed."""
    talk = Talk()
    session = Session("genk-2")
    found = session.receive(talk.frame(wire.HELLO, hello()) + talk.frame(wire.CHUNK, chunk()))

    assert [type(event) for event in found] == [events.BoardRefused]
    assert isinstance(found[0], events.BoardRefused)
    assert '"genk-1"' in found[0].reason
    assert '"genk-2"' in found[0].reason
    assert session.state is State.REFUSED


def test_another_version_of_the_wire_is_refused_with_both_numbers() -> None:
    """A board with newer firmware gets a reason that says what to do."""
    found = Session().receive(Talk().frame(wire.HELLO, hello(v=2)))

    assert isinstance(found[0], events.BoardRefused)
    assert "version 2" in found[0].reason


def test_a_part_that_is_too_long_is_refused_before_it_fills_the_disk() -> None:
    """A total or an offset beyond the bound is malformed, not stored."""
    talk = Talk()
    session = opened(talk)
    found = session.receive(talk.frame(wire.CHUNK, chunk(total=MAX_PART_BYTES + 1)))
    found += session.receive(talk.frame(wire.CHUNK, chunk(total=wire.TOTAL_UNKNOWN, offset=MAX_PART_BYTES)))

    assert [type(event) for event in found] == [events.Malformed, events.Malformed]


def test_an_acknowledgement_for_another_boot_is_a_mistake_of_this_program() -> None:
    """Lines speak of the boot that is there."""
    session = opened(Talk())

    with pytest.raises(LocalProtocolError):
        session.acknowledge(11, 1, 1, 10)


def test_lines_are_checked_and_parse_on_the_board() -> None:
    """What the session writes is what the board's parser reads, with its check."""
    session = opened(Talk())
    session.acknowledge(12, 1, 2, 2048)
    session.done(12, 1)
    lines = session.take_lines().split(b"\n")

    assert wire.parse_line(lines[0]) == (["ack", "12", "1", "2", "2048"], True)
    assert wire.parse_line(lines[1]) == (["done", "12", "1"], True)
    assert session.take_lines() == b""


def test_the_table_of_transitions_covers_every_state_but_the_last() -> None:
    """No step can happen that the table does not know; REFUSED takes none."""
    expected = {(state, step) for state in State if state is not State.REFUSED for step in Step}

    assert set(TRANSITIONS) == expected


@given(st.binary(max_size=500))
def test_log_text_is_bounded_and_has_no_control_characters(data: bytes) -> None:
    """What a board prints cannot write into the log more than a line."""
    text = printable(data)

    assert len(text) <= 241
    assert text.isprintable()


def test_text_of_the_board_is_shown_and_a_damaged_frame_is_only_counted() -> None:
    """A log is for people."""
    damaged = a_conversation()[1:60]

    assert printable(b"overrun at 3\r\n") == "overrun at 3"
    assert printable(damaged.replace(b"\x00", b"\x01") + bytes(range(128, 255))).endswith("damaged bytes)")
