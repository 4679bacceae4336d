"""Matching: pairs by the KEEP edge, and never a guess."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.clips.matching import EDGE_NS, MAX_UNCERTAINTY_NS, Edge, Match, Verdict, match
from gateway.timing import MILLISECOND_NS, SECOND_NS

MS = MILLISECOND_NS


def edge(key: int, at_ms: float, uncertainty_ms: float = 2.0) -> Edge:
    """Return an edge at `at_ms`."""
    return Edge(key, round(at_ms * MS), round(uncertainty_ms * MS))


def test_the_same_edge_seen_by_both_boards_is_a_pair() -> None:
    """A few milliseconds apart, within the uncertainties: paired, each with its own."""
    found = match([edge(1, 1000), edge(2, 20_000)], [edge(11, 20_003), edge(12, 1010)])

    assert found == {1: Match(Verdict.PAIRED, 12), 2: Match(Verdict.PAIRED, 11)}


def test_an_edge_further_away_than_the_uncertainties_allow_is_another_edge() -> None:
    """One millisecond beyond the tolerance is nobody."""
    beyond = EDGE_NS / MS + 4.0 + 1.0

    assert match([edge(1, 0)], [edge(11, beyond)]) == {1: Match(Verdict.NOBODY)}
    assert match([edge(1, 0)], [edge(11, beyond - 2.0)]) == {1: Match(Verdict.PAIRED, 11)}


def test_two_camera_clips_for_one_sound_leave_it_without_pictures() -> None:
    """Two candidates: neither."""
    assert match([edge(1, 0)], [edge(11, 10), edge(12, 20)]) == {1: Match(Verdict.AMBIGUOUS)}


def test_two_sounds_for_one_camera_clip_leave_both_without_pictures() -> None:
    """A picture is never given to two sounds, nor to one of them by chance."""
    found = match([edge(1, 0), edge(2, 30)], [edge(11, 10)])

    assert found == {1: Match(Verdict.AMBIGUOUS), 2: Match(Verdict.AMBIGUOUS)}


def test_an_edge_that_could_be_any_edge_is_no_candidate() -> None:
    """A clock that is not known to a few seconds decides nothing."""
    vague = Edge(11, 0, MAX_UNCERTAINTY_NS + 1)

    assert match([edge(1, 0)], [vague]) == {1: Match(Verdict.UNCERTAIN)}
    assert match([Edge(1, 0, MAX_UNCERTAINTY_NS + 1)], [edge(11, 0)]) == {1: Match(Verdict.UNCERTAIN)}


edges = st.lists(st.tuples(st.integers(0, 60 * SECOND_NS), st.integers(0, SECOND_NS)), max_size=6)


@given(edges, edges)
def test_no_camera_clip_is_ever_in_two_pairs(
    sensors: list[tuple[int, int]], cameras: list[tuple[int, int]]
) -> None:
    """Whatever the edges are, pairs are disjoint."""
    found = match(
        [Edge(number, at, unsure) for number, (at, unsure) in enumerate(sensors)],
        [Edge(100 + number, at, unsure) for number, (at, unsure) in enumerate(cameras)],
    )
    used = [verdict.camera for verdict in found.values() if verdict.camera is not None]

    assert len(used) == len(set(used))
    assert set(found) == set(range(len(sensors)))
