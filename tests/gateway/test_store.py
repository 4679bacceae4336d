"""The store: what it returned from is durable, nothing vanishes, nothing is stored twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.errors import StoreError
from gateway.link.transfer import Piece
from gateway.store.records import Sealed, SealedSummary
from gateway.store.states import FINAL, TRANSITIONS, ClipState, Step, after
from gateway.store.store import FILE_NAME, Store

SEALED = Sealed("genk-1-1-1.zip", "ab" * 32, "cd" * 32, SealedSummary(lafmax_db=90.0))
PARTS = (b'{"event":1}', b"sound" * 1000, b"trace", b"{}")


def pieces(clip: int = 1, boot: int = 1) -> list[Piece]:
    """Return a whole small clip."""
    return [Piece(boot, clip, part, 0, data, len(data)) for part, data in enumerate(PARTS)]


def complete(store: Store, clip: int = 1, kind: str = "sensor", board: str = "genk-1") -> int:
    """Put a whole clip into the store and return its row."""
    (record,) = store.keep(board, kind, pieces(clip), 1)
    return record.row


def test_a_clip_is_complete_with_its_last_byte_and_not_before(tmp_path: Path) -> None:
    """All four parts, all bytes."""
    store = Store(tmp_path)
    first = store.keep("genk-1", "sensor", pieces()[:3], 1)
    last = store.keep("genk-1", "sensor", pieces()[3:], 2)

    assert first == []
    assert [record.state for record in last] == [ClipState.COMPLETE]
    assert tuple(store.part_bytes(last[0].row, part) for part in range(4)) == PARTS


def test_pieces_of_one_commit_are_joined_and_must_follow_each_other(tmp_path: Path) -> None:
    """A hole is a mistake of the caller, and stores nothing."""
    store = Store(tmp_path)
    store.keep("genk-1", "sensor", [Piece(1, 1, 1, 0, b"ab", None), Piece(1, 1, 1, 2, b"cd", None)], 1)

    with pytest.raises(StoreError):
        store.keep("genk-1", "sensor", [Piece(1, 1, 1, 5, b"f", None)], 1)
    assert store.part_bytes(1, 1) == b"abcd"


def test_a_new_boot_cuts_what_the_old_one_had_not_sent(tmp_path: Path) -> None:
    """A board's memory does not survive a reset: the old clip is partial, the new boot's clip is another."""
    store = Store(tmp_path)
    store.keep("genk-1", "sensor", pieces()[:2], 1)
    cut = store.board_seen("genk-1", 2, "sensor", "{}", 2)
    complete_row = store.keep("genk-1", "sensor", pieces(boot=2), 3)[0].row

    assert [clip.event_id for clip in cut] == ["genk-1-1-1"]
    assert store.clip(cut[0].row).state is ClipState.PARTIAL
    assert store.clip(complete_row).event_id == "genk-1-2-1"


def test_sealing_deletes_the_bytes_of_both_clips_and_zeroes_them_on_the_disk(tmp_path: Path) -> None:
    """After the package is durable no street sound is in the files of the store."""
    store = Store(tmp_path)
    sound, pictures = complete(store), complete(store, kind="camera", board="genk-1-cam")
    store.seal(sound, pictures, SEALED, 5)
    left = [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]

    assert store.clip(sound).state is ClipState.SEALED
    assert store.clip(pictures).state is ClipState.JOINED
    assert store.part_bytes(sound, 1) == b""
    assert store.manifests.newest() == (1, "cd" * 32)
    assert not any(b"soundsound" in data for data in left)


def test_a_second_gateway_on_the_same_store_is_refused(tmp_path: Path) -> None:
    """Two writers would race; the message says what to stop."""
    first = Store(tmp_path)
    first.balance()

    with pytest.raises(StoreError, match="another gateway"):
        Store(tmp_path)
    first.close()


def test_a_layout_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    """It is never guessed what a newer program meant."""
    Store(tmp_path).close()
    with apsw.Connection(str(tmp_path / FILE_NAME)) as connection:
        connection.pragma("user_version", 99)
    connection.close()

    with pytest.raises(StoreError, match="layout 99"):
        Store(tmp_path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """Somebody else's file is not written over."""
    (tmp_path / FILE_NAME).write_bytes(b"holiday pictures" * 100)

    with pytest.raises(StoreError, match="not a store"):
        Store(tmp_path)


def test_an_illegal_step_says_that_this_program_is_wrong() -> None:
    """A sealed clip cannot become complete."""
    with pytest.raises(StoreError, match="mistake of the gateway"):
        after(ClipState.SEALED, Step.LAST_BYTE)


def test_nothing_leads_out_of_a_final_state() -> None:
    """A tombstone stays a tombstone, and every other state has a way out."""
    assert {state for state, _ in TRANSITIONS} == set(ClipState) - FINAL


WRITER = """
import sys
from pathlib import Path
from gateway.link.transfer import Piece
from gateway.store.store import Store
store = Store(Path(sys.argv[1]))
have = 0
while True:
    data = bytes([have % 251]) * 1500
    store.keep("genk-1", "sensor", [Piece(1, 1, 1, have, data, None)], 1)
    have += len(data)
    print(have, flush=True)
"""


def test_what_was_said_to_be_durable_is_there_after_kill_9(tmp_path: Path) -> None:
    """A process that is killed while it writes has lost nothing that it had been told was kept."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(25)][-1]
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split()
    said = int(rest[-1]) if rest else said
    store = Store(tmp_path)
    kept = store.part_bytes(1, 1)

    assert len(kept) >= said
    assert kept == b"".join(bytes([at % 251]) * 1500 for at in range(0, len(kept), 1500))


class Life(RuleBasedStateMachine):
    """Any order of steps, with the store closed and opened between: every clip is in exactly one state."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(os.environ["LIFE_FOLDER"]) / os.urandom(6).hex()
        self.store = Store(self.folder)
        self.model: dict[int, ClipState] = {}
        self.clips = 0

    def teardown(self) -> None:
        """Give the file back."""
        self.store.close()

    def _pick(self, data: st.DataObject, states: set[ClipState]) -> int | None:
        rows = [row for row, state in self.model.items() if state in states]
        return data.draw(st.sampled_from(rows)) if rows else None

    @rule(whole=st.booleans())
    def receive(self, whole: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """A clip arrives, whole or not."""
        self.clips += 1
        self.store.keep("genk-1", "sensor", pieces(self.clips)[: 4 if whole else 2], 1)
        self.model[self.clips] = ClipState.COMPLETE if whole else ClipState.RECEIVING

    @rule(data=st.data())
    def cut(self, data: st.DataObject) -> None:
        """The board gives one up."""
        row = self._pick(data, {ClipState.RECEIVING})
        if row is not None:
            self.store.note_lost("genk-1", 1, row, "sensor", "memory", 1)
            self.model[row] = ClipState.PARTIAL

    @rule(data=st.data())
    def seal_and_deliver(self, data: st.DataObject) -> None:
        """One is sealed, or delivered when it is sealed."""
        row = self._pick(data, {ClipState.COMPLETE, ClipState.PARTIAL})
        if row is not None:
            self.store.seal(row, None, SEALED, 1)
            self.model[row] = ClipState.SEALED
        row = self._pick(data, {ClipState.SEALED})
        if row is not None and data.draw(st.booleans()):
            self.store.deliver(row, 1)
            self.model[row] = ClipState.DELIVERED

    @precondition(lambda self: self.clips > 0)
    @rule()
    def start_again(self) -> None:
        """The program is started again."""
        self.store.close()
        self.store = Store(self.folder)

    @invariant()
    def nothing_vanishes(self) -> None:
        """The balance holds, and the store agrees with the model."""
        balance = self.store.balance()

        assert balance.holds
        assert balance.accepted == len(self.model)
        assert {clip.row: clip.state for clip in self.store.clips()} == self.model


@pytest.mark.slow
def test_nothing_vanishes_in_any_order_of_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips accepted are the sum over all states, after every step."""
    monkeypatch.setenv("LIFE_FOLDER", str(tmp_path))
    machine = Life.TestCase()
    machine.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
    machine.runTest()
