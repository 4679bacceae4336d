"""The bytes of clips on their way: nobody reads them on the disk, and what was changed there is named, never used."""

import base64
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from gateway.errors import ChunkChanged, DiskFull, KeyFileError
from gateway.link.transfer import Piece
from gateway.store.machine_key import FILE_NAME as MACHINE_KEY
from gateway.store.records import Sealed, SealedSummary
from gateway.store.schema import CALIBRATIONS, FIRST, MANIFESTS
from gateway.store.states import ClipState, Step
from gateway.store.store import FILE_NAME, Store

SOUND = bytes(os.urandom(5000))
EVENT = b'{"trigger":1}'
TAKEN_FROM = (
    "UPDATE chunks SET data = (SELECT data FROM chunks WHERE part = 1 AND {}) "
    "WHERE clip_id = 1 AND part = 1 AND start = 1000"
)
SEALED = Sealed("genk-1-1-1.zip", "ab" * 32, "cd" * 32, SealedSummary())


def received(folder: Path, clips: int = 1) -> Store:
    """Return a store with so many clips on their way, the sound of each in five pieces."""
    store = Store(folder)
    for clip in range(1, clips + 1):
        store.keep("genk-1", "sensor", [Piece(1, clip, 0, 0, EVENT, len(EVENT))], 1)
        for at in range(0, 5000, 1000):
            store.keep("genk-1", "sensor", [Piece(1, clip, 1, at, SOUND[at : at + 1000], 5000)], 1)
    return store


def spoil(folder: Path, statement: str) -> None:
    """Change the file of the store as another program could."""
    with apsw.Connection(str(folder / FILE_NAME)) as database:
        database.execute(statement)
    database.close()


def on_disk(folder: Path) -> bytes:
    """Return all bytes of all files below `folder`."""
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_bytes_come_back_and_are_not_on_the_disk(tmp_path: Path) -> None:
    """While it is open, and after it was closed; neither sound nor event."""
    store = received(tmp_path)
    open_files = on_disk(tmp_path)
    store.close()
    closed_files = on_disk(tmp_path)
    again = Store(tmp_path)

    assert (again.part_bytes(1, 0), again.part_bytes(1, 1)) == (EVENT, SOUND)
    again.close()
    for piece in (EVENT, *(SOUND[at : at + 16] for at in range(0, 4980, 100))):
        assert piece not in open_files + closed_files


def test_each_clip_has_a_key_of_its_own_and_no_two_rows_look_alike(tmp_path: Path) -> None:
    """The same sound twice is not the same twice on the disk."""
    received(tmp_path, clips=2).close()
    with apsw.Connection(str(tmp_path / FILE_NAME)) as database:
        rows = [bytes(data) for (data,) in database.execute("SELECT data FROM chunks")]
        keys = [bytes(data) for (data,) in database.execute("SELECT wrapped FROM clip_keys")]
    database.close()

    assert len(set(rows)) == len(rows) == 12
    assert len({row[:12] for row in rows}) == 12
    assert len(set(keys)) == len(keys) == 2


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        (
            "UPDATE chunks SET data = CAST(data || x'00' AS BLOB) WHERE clip_id = 1 AND part = 1 AND start = 2000",
            "byte 2000",
        ),
        (
            "UPDATE chunks SET data = zeroblob(length(data)) WHERE clip_id = 1 AND part = 1 AND start = 4000",
            "byte 4000",
        ),
        ("UPDATE chunks SET data = x'' WHERE clip_id = 1 AND part = 1 AND start = 0", "byte 0"),
        ("DELETE FROM chunks WHERE clip_id = 1 AND part = 1 AND start = 3000", "byte 3000"),
        ("DELETE FROM chunks WHERE clip_id = 1 AND part = 1 AND start = 4000", "byte 4000"),
        (TAKEN_FROM.format("clip_id = 1 AND start = 0"), "byte 1000"),
        (TAKEN_FROM.format("clip_id = 2 AND start = 1000"), "byte 1000"),
        ("UPDATE clips SET clip = 7 WHERE id = 1", "byte 0"),
        ("DELETE FROM clip_keys WHERE clip_id = 1", "byte 0"),
        (
            "UPDATE clip_keys SET wrapped = (SELECT wrapped FROM clip_keys WHERE clip_id = 2) WHERE clip_id = 1",
            "byte 0",
        ),
    ],
    ids=[
        "longer",
        "zeros",
        "nothing",
        "a hole",
        "the end",
        "moved",
        "of another",
        "renamed",
        "no key",
        "other key",
    ],
)
def test_bytes_that_were_changed_in_the_store_are_named_and_not_given_out(
    tmp_path: Path, statement: str, where: str
) -> None:
    """Which part and from which byte on; the clip beside it is not touched by that."""
    received(tmp_path, clips=2).close()
    spoil(tmp_path, statement)
    store = Store(tmp_path)

    with pytest.raises(ChunkChanged, match=f"sound or pictures from {where} on is not what was received"):
        store.part_bytes(1, 1)
    assert store.part_bytes(2, 1) == SOUND
    store.close()


def test_every_single_bit_of_a_row_counts(tmp_path: Path) -> None:
    """Nonce, content and tag."""
    store = Store(tmp_path)
    store.keep("genk-1", "sensor", [Piece(1, 1, 1, 0, b"brm!", None)], 1)
    ((whole,),) = list(store._db.execute("SELECT data FROM chunks"))
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        store._db.execute("UPDATE chunks SET data = ?", (bytes(changed),))
        with pytest.raises(ChunkChanged):
            store.part_bytes(1, 1)
    store.close()


def test_with_the_clip_its_key_is_gone_for_good(tmp_path: Path) -> None:
    """Whoever kept an old copy of the rows opens nothing with what is left in the store."""
    store = received(tmp_path)
    rows = list(store._db.execute("SELECT clip_id, part, start, data FROM chunks"))
    ((wrapped,),) = list(store._db.execute("SELECT wrapped FROM clip_keys"))
    store.end(1, Step.EXPIRE, "by order", 2)
    left = on_disk(tmp_path)
    store._db.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?)", rows)
    store._db.execute("UPDATE clips SET state = 'receiving'")

    assert bytes(wrapped) not in left
    with pytest.raises(ChunkChanged):
        store.part_bytes(1, 1)
    store.close()


def test_sealing_destroys_the_keys_of_sound_and_pictures(tmp_path: Path) -> None:
    """From then on there is the package, and nothing else of it."""
    store = Store(tmp_path)
    for board, kind in (("genk-1", "sensor"), ("genk-1-cam", "camera")):
        store.keep(board, kind, [Piece(1, 1, part, 0, b"x", 1) for part in range(4)], 1)
    keys = list(store._db.execute("SELECT count(*) FROM clip_keys"))
    store.seal(1, 2, SEALED, 2)

    assert keys == [(2,)]
    assert list(store._db.execute("SELECT count(*) FROM clip_keys")) == [(0,)]
    store.close()


def test_a_key_that_a_full_disk_kept_from_being_stored_is_never_used(tmp_path: Path) -> None:
    """The next try makes another; what it keeps can be read after a restart."""
    store = Store(tmp_path)
    used = store._db.pragma("page_count")
    store._db.pragma("max_page_count", used)
    with pytest.raises(DiskFull):
        store.keep("genk-1", "sensor", [Piece(1, 1, 1, 0, SOUND * 20, None)], 1)
    store._db.pragma("max_page_count", 100_000)
    store.keep("genk-1", "sensor", [Piece(1, 1, 1, 0, SOUND, None)], 1)
    store.close()
    again = Store(tmp_path)

    assert again.part_bytes(1, 1) == SOUND
    again.close()


def test_the_machine_key_is_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    """With the first clip; a store that is only asked has none."""
    Store(tmp_path).close()
    before = (tmp_path / MACHINE_KEY).exists()
    received(tmp_path).close()
    key = (tmp_path / MACHINE_KEY).read_bytes()
    received(tmp_path / "other").close()

    assert not before
    assert (tmp_path / MACHINE_KEY).stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(key)) == 32
    assert (tmp_path / "other" / MACHINE_KEY).read_bytes() != key


def _gone(path: Path) -> None:
    path.unlink()


def _another(path: Path) -> None:
    path.write_bytes(base64.b64encode(os.urandom(32)))


def _no_key(path: Path) -> None:
    path.write_bytes(b"a key")


def _for_all(path: Path) -> None:
    path.chmod(0o640)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_gone, "2 clips on their way were kept with is not there; put it back"),
        (_another, "2 clips on their way were kept with is not there; put it back"),
        (_no_key, "holds no machine key"),
        (_for_all, "others may read it .*chmod 600"),
    ],
)
def test_without_its_machine_key_a_store_with_clips_is_not_worked_on(
    tmp_path: Path, change: Callable[[Path], None], why: str
) -> None:
    """No new key is made over clips; one sentence with the cure, and with the key back all is as it was."""
    received(tmp_path, clips=2).close()
    shutil.copy2(tmp_path / MACHINE_KEY, tmp_path / "kept")
    change(tmp_path / MACHINE_KEY)
    store = Store(tmp_path)
    with pytest.raises(KeyFileError, match=why):
        store.unlock(2)
    with pytest.raises(KeyFileError, match=why):
        store.keep("genk-1", "sensor", [Piece(1, 3, 1, 0, b"x", None)], 1)
    shutil.copy2(tmp_path / "kept", tmp_path / MACHINE_KEY)
    store.unlock(2)

    assert store.part_bytes(2, 1) == SOUND
    assert [clip.state for clip in store.clips()] == [ClipState.RECEIVING] * 2
    store.close()


def test_what_lies_under_a_lost_machine_key_can_be_given_up(tmp_path: Path) -> None:
    """The cure that the sentence names: without the clips a new key is made."""
    received(tmp_path).close()
    (tmp_path / MACHINE_KEY).unlink()
    store = Store(tmp_path)
    store.end(1, Step.EXPIRE, "by order", 2)
    store.unlock(2)

    assert store.clip(1).state is ClipState.EXPIRED
    assert (tmp_path / MACHINE_KEY).exists()
    store.close()


def test_a_clip_whose_own_key_was_changed_is_lost_and_says_so(tmp_path: Path) -> None:
    """It stops no other."""
    received(tmp_path, clips=2).close()
    spoil(tmp_path, "UPDATE clip_keys SET wrapped = zeroblob(60) WHERE clip_id = 1")
    store = Store(tmp_path)
    store.unlock(2)

    assert [clip.state for clip in store.clips()] == [ClipState.LOST, ClipState.RECEIVING]
    assert "key was changed" in store.clip(1).reason
    assert store.balance().holds
    store.close()


def test_the_key_may_lie_elsewhere(tmp_path: Path) -> None:
    """In the directory of the service manager's credentials, as a rule: then the store opens nothing by itself."""
    key = tmp_path / "credentials" / "machine"
    store = Store(tmp_path / "store", key)
    store.keep("genk-1", "sensor", [Piece(1, 1, 1, 0, SOUND, None)], 1)
    store.close()
    alone = Store(tmp_path / "store")

    assert key.exists()
    with pytest.raises(KeyFileError):
        alone.part_bytes(1, 1)
    alone.close()


def test_a_store_from_before_encryption_keeps_no_byte_that_is_not_encrypted(tmp_path: Path) -> None:
    """What was on its way in it is given up, and said to be; what was sealed stays."""
    database = apsw.Connection(str(tmp_path / FILE_NAME))
    database.pragma("journal_mode", "WAL")
    with database:
        for layout in (FIRST, CALIBRATIONS, MANIFESTS):
            database.execute(layout)
        database.pragma("user_version", 3)
        for row, state in ((1, "receiving"), (2, "delivered")):
            database.execute(
                "INSERT INTO clips (id, board, boot, clip, kind, state, accepted_wall_ns, changed_wall_ns) "
                "VALUES (?, 'genk-1', 1, ?, 'sensor', ?, 1, 1)",
                (row, row, state),
            )
        database.execute("UPDATE facts SET value = '2' WHERE name = 'accepted'")
        database.execute("INSERT INTO chunks VALUES (1, 1, 0, ?)", (SOUND,))
    database.close()
    assert SOUND[:100] in on_disk(tmp_path)
    store = Store(tmp_path)
    left = on_disk(tmp_path)

    assert [clip.state for clip in store.clips()] == [ClipState.LOST, ClipState.DELIVERED]
    assert "not encrypted" in store.clip(1).reason
    assert store.balance().holds
    assert not any(SOUND[at : at + 16] in left for at in range(0, 4980, 16))
    store.close()
