"""Progress of a clip: bytes are taken once, in order; acknowledgements speak of durable bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RemoteProtocolError
from gateway.link.events import ChunkReceived
from gateway.link.transfer import ClipProgress

DATA = bytes(range(256)) * 8


def chunk(offset: int, size: int, *, total: int | None = len(DATA)) -> ChunkReceived:
    """Return a chunk of part 1 with the true bytes."""
    return ChunkReceived(1, 1, 1, total, offset, DATA[offset : offset + size])


@given(st.lists(st.tuples(st.integers(0, len(DATA)), st.integers(0, 300)), max_size=60))
def test_whatever_is_lost_repeated_or_disordered_the_bytes_are_the_true_ones(
    cuts: list[tuple[int, int]],
) -> None:
    """Pieces joined are always a beginning of the part, without holes and without doubles."""
    progress = ClipProgress()
    joined = b""
    for offset, size in cuts:
        piece = progress.accept(chunk(offset, size))
        if piece is not None:
            assert piece.offset == len(joined)
            joined += piece.data

    assert joined == DATA[: len(joined)]
    assert progress.parts[1].taken == len(joined)


def test_a_part_is_whole_only_when_its_last_byte_is_durable() -> None:
    """Taken is not durable."""
    progress = ClipProgress()
    piece = progress.accept(chunk(0, len(DATA)))
    assert piece is not None

    assert not progress.parts[1].whole
    progress.committed(piece)
    assert progress.parts[1].whole


def test_an_empty_chunk_that_says_the_total_is_new_once() -> None:
    """The end of a part that is known late arrives without a byte."""
    progress = ClipProgress()
    progress.accept(chunk(0, len(DATA), total=None))
    end = ChunkReceived(1, 1, 1, len(DATA), len(DATA), b"")

    assert progress.accept(end) is not None
    assert progress.accept(end) is None
    assert progress.parts[1].total == len(DATA)


@pytest.mark.parametrize(
    "second", [chunk(0, 10, total=5000), ChunkReceived(1, 1, 1, 4, 0, b"")], ids=["grows", "shrinks"]
)
def test_a_total_that_changes_is_the_boards_mistake(second: ChunkReceived) -> None:
    """A part has one length."""
    progress = ClipProgress()
    progress.accept(chunk(0, 10))

    with pytest.raises(RemoteProtocolError):
        progress.accept(second)
