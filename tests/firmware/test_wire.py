"""The wire format, as CPython runs it: properties for any bytes, and the cobs package as the oracle."""

import struct
import zlib

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from firmware.common import wire

payloads = st.binary(max_size=700)
kinds = st.integers(0, 255)
noise = st.binary(max_size=300)
word = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
words = st.lists(word, min_size=1, max_size=6)

Found = list[wire.Frame | wire.Garbage]


def frame(payload: bytes, kind: int = wire.HELLO, seq: int = 0) -> bytes:
    """Return one encoded frame."""
    writer = wire.FrameWriter()
    writer.seq = seq
    return bytes(writer.frame(kind, payload))


def fields(found: Found) -> list[tuple[int, int, int, bytes]]:
    """Return (version, kind, seq, payload) of the frames."""
    return [(f.version, f.kind, f.seq, f.payload) for f in found if isinstance(f, wire.Frame)]


def garbage(found: Found) -> bytes:
    """Return what was no frame, joined."""
    return b"".join(g.data for g in found if isinstance(g, wire.Garbage))


def feed(data: bytes, cuts: list[int] | None = None) -> Found:
    """Return what a new reader finds in `data`, delivered in pieces that end at `cuts`."""
    reader = wire.FrameReader()
    found: Found = []
    start = 0
    for cut in [*sorted(min(c, len(data)) for c in cuts or []), len(data)]:
        found += reader.feed(data[start:cut])
        start = cut
    return found


def shape(found: Found) -> list[tuple[int, bytes]]:
    """Return `found` as something that can be compared; garbage goes by kind -1."""
    return [(f.kind, f.payload) if isinstance(f, wire.Frame) else (-1, f.data) for f in found]


@given(payloads, kinds, st.integers(0, 0xFFFF))
def test_a_frame_comes_back_as_it_was_sent(payload: bytes, kind: int, seq: int) -> None:
    """Version, kind, sequence number and payload survive the wire, and nothing else is found."""
    found = feed(frame(payload, kind, seq))
    assert [(wire.VERSION, kind, seq, payload)] == fields(found)
    assert b"" == garbage(found)


@given(payloads, kinds, st.integers(0, 0xFFFF))
def test_a_frame_is_what_struct_zlib_and_the_cobs_package_make(payload: bytes, kind: int, seq: int) -> None:
    """The encoder gives the very bytes of three implementations that are not ours."""
    body = struct.pack("<BBH", 1, kind, seq) + payload
    expected = b"\0" + cobs.encode(body + struct.pack("<I", zlib.crc32(body))) + b"\0"
    assert expected == frame(payload, kind, seq)


@given(st.binary(max_size=600).map(lambda data: data.replace(b"\0", b"\1")))
def test_any_bytes_are_decoded_or_refused_as_by_the_cobs_package(data: bytes) -> None:
    """Where the oracle raises, the decoder returns None; elsewhere both give the same bytes."""
    try:
        expected = cobs.decode(data)
    except cobs.DecodeError:
        expected = None
    decoded = wire.cobs_decode(data)
    assert expected == (None if decoded is None else bytes(decoded))


@pytest.mark.parametrize("size", [252, 253, 254, 255, 507, 508, 509, 2061])
def test_runs_without_a_zero_round_the_length_of_a_block_come_back(size: int) -> None:
    """254 bytes without a zero is where COBS turns; one less, one more and twice that come back too."""
    assert [b"\xa5" * size] == [payload for *_, payload in fields(feed(frame(b"\xa5" * size, seq=0x0101)))]


@pytest.mark.parametrize("filler", [b"\0", b"\1", b"\xff"])
def test_the_largest_payload_fits_the_buffers_whatever_it_holds(filler: bytes) -> None:
    """MAX_ENCODED is enough for MAX_PAYLOAD bytes: the frame comes back whole."""
    payload = filler * wire.MAX_PAYLOAD
    encoded = frame(payload, seq=0xFFFF)
    assert len(encoded) <= wire.MAX_ENCODED + 2
    assert [payload] == [found for *_, found in fields(feed(encoded))]


def test_a_payload_over_the_limit_is_refused_before_it_is_sent() -> None:
    """One byte over MAX_PAYLOAD is a ValueError that says both numbers."""
    with pytest.raises(ValueError, match=f"{wire.MAX_PAYLOAD + 1} bytes is over {wire.MAX_PAYLOAD}"):
        wire.FrameWriter().frame(wire.CHUNK, bytes(wire.MAX_PAYLOAD + 1))


def test_the_sequence_number_counts_frames_and_wraps() -> None:
    """After 65535 comes 0, so a gap can be told from the end of the range."""
    writer = wire.FrameWriter()
    writer.seq = 0xFFFE
    sent = b"".join(bytes(writer.frame(wire.CLOCK, b"")) for _ in range(4))
    assert [0xFFFE, 0xFFFF, 0, 1] == [seq for _, _, seq, _ in fields(feed(sent))]


@given(st.lists(payloads, max_size=5), noise, st.lists(st.integers(0, 4000), max_size=20))
def test_cutting_the_stream_anywhere_changes_nothing(sent: list[bytes], text: bytes, cuts: list[int]) -> None:
    """Frames and garbage are the same however the port delivers the bytes."""
    data = text + text.join(frame(payload) for payload in sent) + b"\0"
    assert shape(feed(data)) == shape(feed(data, cuts))


@given(st.lists(payloads, min_size=1, max_size=3), noise)
def test_byte_by_byte_is_the_same_as_all_at_once(sent: list[bytes], text: bytes) -> None:
    """A port that gives one byte a read gives the same frames."""
    data = text.join(frame(payload) for payload in sent)
    assert shape(feed(data)) == shape(feed(data, list(range(len(data)))))


@given(st.lists(st.tuples(noise, payloads), max_size=6), noise)
def test_garbage_before_and_between_costs_no_frame(sent: list[tuple[bytes, bytes]], tail: bytes) -> None:
    """Every frame arrives, in order, and every byte of the noise is handed on as garbage."""
    data = b"".join(text + frame(payload) for text, payload in sent) + tail + b"\0"
    found = feed(data)
    assert [payload for _, payload in sent] == [payload for *_, payload in fields(found)]
    expected = b"".join(text for text, _ in sent) + tail
    assert expected.replace(b"\0", b"") == garbage(found)


def flipped(data: bytes, bit: int) -> bytes:
    """Return `data` with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_bit_of_a_frame_of_figures_can_flip_unseen() -> None:
    """All bits, delimiters included: the damaged frame is never accepted, its neighbours always are."""
    figures = struct.pack("<QhhhBB29h", 48_000_000, 6120, 6300, -50, 0, 29, *range(-1400, 1500, 100))
    before, middle, after = frame(b"before", seq=1), frame(figures, wire.FIGURES, 2), frame(b"after", seq=3)
    for bit in range(8 * len(middle)):
        found = fields(feed(before + flipped(middle, bit) + after))
        assert [b"before", b"after"] == [payload for *_, payload in found], f"bit {bit}"


@given(st.binary(min_size=1, max_size=wire.MAX_PAYLOAD), st.data())
def test_a_flipped_bit_in_any_frame_is_never_accepted(payload: bytes, data: st.DataObject) -> None:
    """As above, for frames of any content and size."""
    middle = frame(payload, wire.CHUNK, 2)
    bit = data.draw(st.integers(0, 8 * len(middle) - 1), label="bit")
    found = fields(feed(frame(b"before", seq=1) + flipped(middle, bit) + frame(b"after", seq=3)))
    assert [b"before", b"after"] == [payload for *_, payload in found]


@given(st.binary(min_size=1, max_size=400), st.data())
def test_a_frame_that_lost_bytes_is_not_accepted_and_the_next_one_is(
    payload: bytes, data: st.DataObject
) -> None:
    """A hole anywhere, as a full buffer leaves it, costs that frame and, at its end, no other."""
    damaged = frame(payload, wire.CHUNK, 2)
    start = data.draw(st.integers(1, len(damaged) - 2), label="start")
    stop = data.draw(st.integers(start + 1, len(damaged) - 1), label="stop")
    found = fields(feed(damaged[:start] + damaged[stop:] + frame(b"after", seq=3)))
    assert [b"after"] == [payload for *_, payload in found]


@given(st.lists(st.binary(max_size=3000), max_size=6))
def test_no_bytes_at_all_raise_or_get_lost(pieces: list[bytes]) -> None:
    """Whatever comes, the reader goes on, and what is between two delimiters is handed on once."""
    reader = wire.FrameReader()
    found: Found = []
    for piece in [*pieces, b"\0"]:
        found += reader.feed(piece)
    if not fields(found):  # 2**-32 by chance
        assert b"".join(pieces).replace(b"\0", b"") == garbage(found)


def test_a_babbling_port_costs_no_memory() -> None:
    """A megabyte without a delimiter is handed on in pieces; the next frame is found all the same."""
    reader = wire.FrameReader()
    sizes: list[int] = []
    for _ in range(1024):
        found = reader.feed(b"x" * 1024)
        sizes += [len(g.data) for g in found if isinstance(g, wire.Garbage)]
    assert wire.MAX_PENDING == max(sizes)
    assert sum(sizes) > 1024 * 1024 - wire.MAX_PENDING
    assert [b"still here"] == [payload for *_, payload in fields(reader.feed(frame(b"still here")))]


def test_a_frame_of_another_version_is_handed_on_with_its_version() -> None:
    """The session, not the codec, decides what to do with a board that speaks a newer version."""
    body = struct.pack("<BBH", 9, wire.HELLO, 0)
    data = b"\0" + cobs.encode(body + struct.pack("<I", zlib.crc32(body))) + b"\0"
    assert [(9, wire.HELLO, 0, b"")] == fields(feed(data))


@given(words)
def test_a_line_comes_back_as_words_and_as_checked(sent: list[str]) -> None:
    """What `line` makes, `parse_line` reads, with the line's end or without it."""
    data = wire.line(" ".join(sent))
    assert data.endswith(b"\n")
    assert (sent, True) == wire.parse_line(data)
    assert (sent, True) == wire.parse_line(data[:-1])


@given(words)
def test_a_line_typed_by_a_person_is_read_and_is_not_checked(sent: list[str]) -> None:
    """Without a check the words are there, and the board may refuse to forget for them."""
    assert (sent, False) == wire.parse_line(wire.line(" ".join(sent), checked=False))


@given(words, st.data())
def test_a_line_with_a_flipped_bit_never_passes_its_check(sent: list[str], data: st.DataObject) -> None:
    """It is refused, or, where the mark of the check itself is hit, it counts as unchecked."""
    line = wire.line(" ".join(sent))[:-1]
    bit = data.draw(st.integers(0, 8 * len(line) - 1), label="bit")
    parsed = wire.parse_line(flipped(line, bit))
    assert parsed is None or not parsed[1]


@given(st.binary(max_size=200))
def test_no_line_raises(data: bytes) -> None:
    """Whatever a host sends, the board reads words or nothing."""
    parsed = wire.parse_line(data)
    assert parsed is None or all(isinstance(word, str) for word in parsed[0])


def test_a_line_over_the_limit_is_refused_before_it_is_sent() -> None:
    """The limit holds for the line with its check: a board's buffer is that long."""
    assert wire.MAX_LINE + 1 == len(wire.line("x" * (wire.MAX_LINE - 6)))
    with pytest.raises(ValueError, match=f"over {wire.MAX_LINE}"):
        wire.line("x" * (wire.MAX_LINE - 5))
