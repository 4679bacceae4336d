"""The audit log: only ever added to, on the disk before anything is done, with a name and a reason, and chained."""

import json
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from gateway.cli import app
from gateway.errors import StoreError
from gateway.store.audit import FILE_NAME, Audit, Chain, check

OLD = b'{"reason":"y","time":"1970-01-01T00:00:00.000Z","what":"old","who":"x"}\n'


def log_of(folder: Path, *names: str) -> bytes:
    """Return the bytes of a log with an entry for each of `names`."""
    for name in names:
        Audit(folder).note(name, who="x", reason="y", now_ns=0)
    return (folder / FILE_NAME).read_bytes()


def broken(data: bytes, noted: str = "") -> str:
    """Return where the chain of `data` is broken."""
    found = check(data, noted).broken
    assert found is not None
    return found


def test_entries_are_added_in_order_and_are_there_for_the_next_program(tmp_path: Path) -> None:
    """Who, why, when, what, and its particulars; the store's directory is made when it is not there."""
    Audit(tmp_path / "store").note(
        "a", who=" J.  Peeters ", reason="why\nnot", now_ns=0, about={"board": "genk-1"}
    )
    Audit(tmp_path / "store").note("b", who="x", reason="y", now_ns=1_000_000_000)
    entries = Audit(tmp_path / "store").entries()

    assert [{**entry, "previous": ""} for entry in entries] == [
        {
            "what": "a",
            "who": "J. Peeters",
            "reason": "why not",
            "time": "1970-01-01T00:00:00.000Z",
            "board": "genk-1",
            "previous": "",
        },
        {"what": "b", "who": "x", "reason": "y", "time": "1970-01-01T00:00:01.000Z", "previous": ""},
    ]


def test_a_line_that_a_power_cut_left_half_written_spoils_no_other(tmp_path: Path) -> None:
    """It stays where it is, unread, and the next entry covers it: it can neither be changed nor taken away."""
    whole = log_of(tmp_path, "a")
    (tmp_path / FILE_NAME).write_bytes(whole + whole[:20])
    data = log_of(tmp_path, "b")

    assert [entry["what"] for entry in Audit(tmp_path).entries()] == ["a", "b"]
    assert data.startswith(whole + whole[:20] + b"\n")
    assert check(data).broken is None
    assert (check(data).entries, check(data).torn) == (2, 1)
    assert "before line 2 (b, " in broken(data.replace(b"\n" + whole[:20], b""))


def test_a_log_of_before_there_was_a_chain_is_covered_by_the_first_entry_that_has_one(tmp_path: Path) -> None:
    """It goes on where it is, and nothing of what it says can be changed from then on."""
    (tmp_path / FILE_NAME).write_bytes(OLD * 3)
    data = log_of(tmp_path, "new")

    assert [entry["what"] for entry in Audit(tmp_path).entries()] == ["old", "old", "old", "new"]
    assert (check(data).entries, check(data).before, check(data).broken) == (1, 3, None)
    assert "before line 4 (new, " in broken(data.replace(b'"who":"x"', b'"who":"z"', 1))
    assert "before line 3 (new, " in broken(data[len(OLD) :])


def test_every_changed_byte_before_the_newest_entry_is_found(tmp_path: Path) -> None:
    """Whatever the byte, and whatever it becomes: a letter, a line break, nothing."""
    data = log_of(tmp_path, "a", "b", "c", "d")
    newest = data.rstrip(b"\n").rfind(b"\n") + 1

    for at in range(newest):
        for spoilt in (
            data[:at] + b"~" + data[at + 1 :],
            data[:at] + data[at + 1 :],
            data[:at] + b"\n" + data[at:],
        ):
            assert check(spoilt).broken is not None, at


SPOILT: list[tuple[Callable[[list[bytes]], list[bytes]], str]] = [
    (lambda lines: [*lines[:1], *lines[2:]], "before line 2 (c, "),
    (lambda lines: [lines[1], lines[0], *lines[2:]], "before line 1 (b, "),
    (lambda lines: [*lines[:2], lines[1], *lines[2:]], "before line 3 (b, "),
    (lambda lines: [*lines, OLD], "line 5 was put in"),
    (lambda lines: [*lines[:2], OLD, *lines[2:]], "line 3 was put in"),
    (lambda lines: lines[1:], "before line 1 (b, "),
    (
        lambda lines: [*lines[:3], lines[3].replace(b":", b": ", 1)],
        "line 4 is not as this program writes it",
    ),
]


@pytest.mark.parametrize(
    ("spoil", "said"),
    SPOILT,
    ids=["removed", "swapped", "twice", "added", "put in", "beheaded", "spelt"],
)
def test_where_the_chain_breaks_is_said(
    tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    """The number of the line, and what the entry there announces."""
    lines = log_of(tmp_path, "a", "b", "c", "d").splitlines(keepends=True)

    assert said in broken(b"".join(spoil(lines)))


def test_entries_taken_from_the_end_are_missed_by_who_noted_the_newest(tmp_path: Path) -> None:
    """The chain alone cannot show it; what an earlier check printed can, however much was added since."""
    log_of(tmp_path, "a", "b")
    noted = Audit(tmp_path).check().newest
    data = log_of(tmp_path, "c", "d")
    lines = data.splitlines(keepends=True)

    assert check(data, noted).broken is None
    assert check(lines[0]).broken is None
    assert f"no entry has the SHA-256 {noted}" in broken(lines[0], noted)


def test_a_log_longer_than_is_looked_back_goes_on(tmp_path: Path) -> None:
    """The newest entry is found behind any half-written rest, however long."""
    data = log_of(tmp_path, "a", "b")
    (tmp_path / FILE_NAME).write_bytes(data + b"x" * 300_000)

    assert check(log_of(tmp_path, "c", "d")) == Chain(4, 0, 1, check(log_of(tmp_path)).newest, None)


def _write(folder: Path, name: str) -> None:
    for number in range(25):
        Audit(folder).note(f"{name}{number}", who="x", reason="y", now_ns=0)


def test_two_programs_that_write_at_once_keep_one_chain(tmp_path: Path) -> None:
    """The running gateway, and a command beside it."""
    context = get_context("fork")
    writers = [context.Process(target=_write, args=(tmp_path, name)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = Audit(tmp_path).check()

    assert (found.entries, found.broken) == (50, None)


@pytest.mark.parametrize(("who", "reason"), [("", "y"), (" ", "y"), ("x", ""), ("x" * 201, "y")])
def test_nobody_and_nothing_are_no_entry(tmp_path: Path, who: str, reason: str) -> None:
    """One sentence; nothing is written."""
    with pytest.raises(StoreError, match="write 1 to 200 characters"):
        Audit(tmp_path).note("a", who=who, reason=reason, now_ns=0)
    assert Audit(tmp_path).entries() == []


def test_a_log_that_cannot_be_written_says_that_nothing_is_done(tmp_path: Path) -> None:
    """Who announces something must not do it then."""
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(StoreError, match="nothing is done that is not in it"):
        Audit(tmp_path).note("a", who="x", reason="y", now_ns=0)


def typed(*words: object) -> int:
    """Type the command; return its exit code."""
    return int(app([str(word) for word in words], result_action="return_value"))


def test_the_command_says_in_words_whether_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 and the hash to note, or 1 and where it breaks; `show` prints when, what, who and why."""
    data = log_of(tmp_path, "clip sealed", "clip deleted")
    log = tmp_path / FILE_NAME
    codes = [typed("audit", "verify", log)]
    good = capsys.readouterr().out
    codes.append(typed("audit", "show", log))
    shown = capsys.readouterr().out
    log.write_bytes(data.replace(b"sealed", b"hidden"))
    codes.append(typed("audit", "verify", log))
    bad = capsys.readouterr().out
    codes.append(typed("audit", "verify", log, "--json"))
    told = json.loads(capsys.readouterr().out)

    assert codes == [0, 0, 1, 1]
    assert good.startswith("holds: 2 entries")
    assert f"newest: {check(data).newest}" in good
    assert "1970-01-01T00:00:00.000Z clip sealed: x, y\n" in shown
    assert bad.startswith("does not hold: before line 2 (clip deleted, ")
    assert (told["holds"], told["entries"]) == (False, 1)


def test_without_a_log_nothing_is_said_to_hold(tmp_path: Path) -> None:
    """A store that is not mounted has no log: that is no empty one."""
    with pytest.raises(StoreError, match="is the store mounted"):
        typed("audit", "verify", tmp_path / FILE_NAME)
    with pytest.raises(StoreError, match="which audit log"):
        typed("audit", "verify")
