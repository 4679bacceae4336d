"""Retention: nothing stays over its term, nothing goes before it, and each deletion is shown and told."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.cli import app
from gateway.config import Config, check
from gateway.errors import DurabilityError, StoreError
from gateway.evidence.manifest import sha256
from gateway.link.transfer import Piece
from gateway.service.beginning import must_be_mounted
from gateway.service.forgetting import HERE, PAUSED, RECEIPT, RESUMED, Forgetting
from gateway.service.host_time import SYNCHRONISED, HostTime
from gateway.service.notices import Notice, What
from gateway.store import orders
from gateway.store.audit import Audit
from gateway.store.deletions import PROVED, Deletions
from gateway.store.orders import Order
from gateway.store.records import ClipRecord, Deletion, Sealed, SealedSummary
from gateway.store.retention import LOOK_S
from gateway.store.states import ClipState, Step
from gateway.store.store import FILE_NAME, Store
from gateway.store.thread import StoreThread
from gateway.testing.clock import FakeClock
from gateway.timing import SECOND_NS

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
DAYS = 30
IDLING_DAYS = 5
SOUND = bytes(range(256)) * 8  # what must be nowhere when its clip is gone
CAMERA = "genk-1-cam"


def pieces(number: int) -> list[Piece]:
    """Return a whole small clip whose bytes no other has."""
    parts = (b"{}", number.to_bytes(4, "big") + SOUND, b"t", b"{}")
    return [Piece(1, number, part, 0, data, len(data)) for part, data in enumerate(parts)]


class Cabinet:
    """A store and the task that deletes, in a time that the test makes pass. `clips` of a day come by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.state = SYNCHRONISED
        self.city = folder / "city"
        self.city.mkdir(exist_ok=True)
        self.notices: list[Notice] = []
        self.clips = 0
        self.config: Config = check(
            {
                "site": {"id": "genk", "name": "Genk"},
                "store": {
                    "path": str(folder / "store"),
                    "retention_days": DAYS,
                    "retention_days_by_behaviour": {"idling": IDLING_DAYS},
                },
                "sensors": [{"id": "genk-1", "port": "x"}],
                "cameras": [{"id": CAMERA, "port": "y"}],
                "deliver": {"directory": str(self.city)},
            }
        )

    async def start(self) -> None:
        """Open the store, as the program does when it starts."""
        self.time = HostTime(self.clock, lambda: self.state)
        self.store = await StoreThread.open(self.config.store.path, None, self.clock.monotonic_ns)

        async def changed(_: ClipRecord) -> None:
            pass

        self.forgetting = Forgetting(self.config, self.store, self.time, self.notices.append, changed)
        await self.forgetting.look()

    async def stop(self) -> None:
        """Close it."""
        await self.store.close()

    async def receive(self, board: str = "genk-1", parts: int = 4) -> ClipRecord:
        """Take a clip over, or the first `parts` of its parts."""
        self.clips += 1
        came, now_ns = pieces(self.clips)[:parts], self.clock.wall_ns()
        kind = "camera" if board == CAMERA else "sensor"
        await self.store.do(lambda store: store.keep(board, kind, came, now_ns))
        return (await self.store.do(lambda store: store.clips()))[-1]

    async def seal(self, *, behaviour: str = "revving", missing: tuple[str, ...] = ()) -> ClipRecord:
        """Take a clip over and seal it; the package lies in the store."""
        record = await self.receive()
        now_ns = self.clock.wall_ns()
        content = f"package {record.event_id} ".encode() + SOUND
        name = f"{record.event_id}.zip"
        (self.store.packages / name).write_bytes(content)
        summary = SealedSummary(behaviour=behaviour, missing=missing)
        sealed = Sealed(name, sha256(content), sha256(name.encode()), summary)
        await self.store.do(lambda store: store.seal(record.row, None, sealed, now_ns))
        return await self.clip(record)

    async def clip(self, record: ClipRecord) -> ClipRecord:
        """Return `record` as it is now."""
        return await self.store.do(lambda store: store.clip(record.row))

    async def deletions(self) -> list[Deletion]:
        """Return the tombstones."""
        return await self.store.do(lambda store: store.deletions.all())

    async def here(self) -> list[ClipRecord]:
        """Return the clips that are still here."""
        return await self.store.do(lambda store: store.in_states(HERE))

    def packages(self) -> set[str]:
        """Return the names of the packages in the store."""
        return {path.name for path in (self.folder / "store" / "packages").iterdir()}

    def noted(self, what: str) -> list[dict[str, Any]]:
        """Return the entries of the audit log called `what`."""
        return [entry for entry in Audit(self.folder / "store").entries() if entry["what"] == what]

    def left(self) -> bool:
        """Return whether the sound of any clip is in any file of the store."""
        return any(
            SOUND in path.read_bytes() for path in (self.folder / "store").rglob("*") if path.is_file()
        )


@pytest.fixture
async def cabinet(tmp_path: Path) -> AsyncIterator[Cabinet]:
    """Give a cabinet that is running."""
    made = Cabinet(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def come(cabinet: Cabinet, kind: str) -> tuple[ClipRecord, float]:
    """Let a clip of `kind` come; return it and how long it may stay, in seconds, as the city promised."""
    match kind:
        case "idling":
            return await cabinet.seal(behaviour="idling"), IDLING_DAYS * DAY_S
        case "no picture":
            return await cabinet.seal(missing=("picture.mkv: none",)), DAY_S
        case "no sound":
            return await cabinet.receive(CAMERA), DAY_S
        case "half":
            return await cabinet.receive(parts=2), DAY_S
        case _:
            return await cabinet.seal(), DAYS * DAY_S


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_forty_days_leave_nothing_over_its_term_and_a_tombstone_for_each(cabinet: Cabinet) -> None:
    """Every kind of clip at any time; the clock is set ahead, set back and lost, the program stops and starts.

    After each look of the gateway: what is here is within its term; what is gone was at its end, less one look.
    """
    chance = random.Random(40)
    looks_an_hour = round(HOUR_S / LOOK_S)
    terms: dict[int, float] = {}
    came: dict[int, float] = {}
    gone: dict[int, float] = {}
    now_s = 0.0
    for hour in range(40 * 24):
        if hour in {
            8 * 24: 100.0,
            8 * 24 + 5: -100.0,
            31 * 24: -20.0,
        }:  # somebody sets the clock: it says it is right
            cabinet.clock.set_wall({8 * 24: 100.0, 8 * 24 + 5: -100.0, 31 * 24: -20.0}[hour] * DAY_S)
        cabinet.state = "not synchronised with a time server" if 12 * 24 <= hour < 14 * 24 else SYNCHRONISED
        if hour == 20 * 24:  # switched off for twelve hours
            await cabinet.stop()
            cabinet.clock.advance(12 * HOUR_S)
            now_s += 12 * HOUR_S
            await cabinet.start()
        for look in range(looks_an_hour):
            if look == hour % looks_an_hour and chance.random() < 0.12:
                kind = chance.choice(["whole", "whole", "idling", "no picture", "no sound", "half"])
                clip, terms[clip.row] = await come(cabinet, kind)
                came[clip.row] = now_s
            await cabinet.forgetting.look()
            here = {clip.row for clip in await cabinet.here()}
            for row in came.keys() - gone.keys() - here:
                gone[row] = now_s
                assert now_s - came[row] >= terms[row] - LOOK_S - 60
            if cabinet.state == SYNCHRONISED:
                assert all(now_s - came[row] <= terms[row] for row in here)
            cabinet.clock.advance(LOOK_S)
            now_s += LOOK_S
    deletions = {each.row: each for each in await cabinet.deletions()}
    log = Audit(cabinet.folder / "store").check()

    assert len(gone) > 60
    assert deletions.keys() == gone.keys()
    assert all(each.proved_wall_ns is not None and each.reason and each.who for each in deletions.values())
    assert {entry["event"] for entry in cabinet.noted(PROVED)} == {
        each.event_id for each in deletions.values()
    }
    assert cabinet.packages() == {clip.package for clip in await cabinet.here() if clip.package}
    assert (len(cabinet.noted(PAUSED)), len(cabinet.noted(RESUMED))) == (1, 1)
    assert log.broken is None


async def test_a_clock_set_ahead_deletes_nothing_and_one_set_back_keeps_nothing(cabinet: Cabinet) -> None:
    """The store's own time counts: a year ahead, and the clip stays; a year back, and it goes after its thirty days."""
    early = await cabinet.seal()
    cabinet.clock.set_wall(365 * DAY_S)
    await cabinet.forgetting.look()
    stays = (await cabinet.clip(early)).state
    cabinet.clock.set_wall(-2 * 365 * DAY_S)
    cabinet.clock.advance(DAYS * DAY_S)
    await cabinet.forgetting.look()

    assert stays is ClipState.SEALED
    assert (await cabinet.clip(early)).state is ClipState.EXPIRED


async def test_while_the_clock_is_not_synchronised_nothing_goes_by_age(cabinet: Cabinet) -> None:
    """It is in the audit log when that begins and when it ends; then what is over its term goes at once."""
    clip = await cabinet.seal()
    cabinet.state = "not synchronised with a time server"
    cabinet.clock.advance(2 * DAYS * DAY_S)
    await cabinet.forgetting.look()
    await cabinet.forgetting.look()
    stays = (await cabinet.clip(clip)).state
    cabinet.state = SYNCHRONISED
    await cabinet.forgetting.look()

    assert stays is ClipState.SEALED
    assert (await cabinet.clip(clip)).state is ClipState.EXPIRED
    assert [len(cabinet.noted(what)) for what in (PAUSED, RESUMED)] == [1, 1]


async def test_a_cabinet_that_starts_with_a_wrong_clock_waits_until_it_is_right(cabinet: Cabinet) -> None:
    """Without a battery the clock begins in another year: nothing goes; set right, the time that it was off counts."""
    clip = await cabinet.seal()
    await cabinet.forgetting.look()
    await cabinet.stop()
    cabinet.state = "not synchronised with a time server"
    cabinet.clock.set_wall(20 * 365 * DAY_S)
    await cabinet.start()
    stays = (await cabinet.clip(clip)).state
    cabinet.clock.set_wall((DAYS - 20 * 365) * DAY_S)
    cabinet.state = SYNCHRONISED
    await cabinet.forgetting.look()

    assert stays is ClipState.SEALED
    assert (await cabinet.clip(clip)).state is ClipState.EXPIRED


def keys_in(store: Store) -> int:
    """Return how many keys of clips there are."""
    return store._db.execute("SELECT count(*) FROM clip_keys").get  # pyright: ignore[reportPrivateUsage]


async def test_what_is_deleted_is_nowhere_in_the_store(cabinet: Cabinet) -> None:
    """Neither its package, plain or encrypted, nor half of one, nor a byte or key of it in the database."""
    sealed, half = await cabinet.seal(), await cabinet.receive(parts=2)
    encrypted = cabinet.store.packages / f"{sealed.event_id}.zip.age"
    encrypted.write_bytes(SOUND)
    (cabinet.store.packages / f".{sealed.event_id}.new").write_bytes(SOUND)
    was_there = cabinet.left()
    cabinet.clock.advance(DAYS * DAY_S)
    await cabinet.forgetting.look()
    keys = await cabinet.store.do(keys_in)

    assert was_there
    assert [(await cabinet.clip(each)).state for each in (sealed, half)] == [ClipState.EXPIRED] * 2
    assert not cabinet.left()
    assert cabinet.packages() == set()
    assert keys == 0
    assert [each.reason for each in await cabinet.deletions()] == ["30 days old", "incomplete, and a day old"]
    assert {entry["package"] for entry in cabinet.noted(PROVED)} == {sealed.package_sha256, None}


async def test_a_power_cut_in_the_middle_of_a_deletion_leaves_nothing_for_good(
    cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tombstone is there before the file is gone: the next start takes the file away, and says so only then."""
    clip = await cabinet.seal()

    def dies(*_: object) -> None:
        raise MemoryError

    cabinet.clock.advance(DAYS * DAY_S)
    with monkeypatch.context() as patch:
        patch.setattr(Deletions, "_erase", dies)
        with pytest.raises(MemoryError):
            await cabinet.forgetting.look()
    cut_off = cabinet.packages(), cabinet.noted(PROVED)
    await cabinet.stop()
    await cabinet.start()

    assert cut_off == ({f"{clip.event_id}.zip"}, [])
    assert cabinet.packages() == set()
    assert [entry["event"] for entry in cabinet.noted(PROVED)] == [clip.event_id]


async def test_what_cannot_be_deleted_is_not_said_to_be_and_hinders_no_other(cabinet: Cabinet) -> None:
    """Its tombstone stays open, and the next look tries again; the others go."""
    first, second = await cabinet.seal(), await cabinet.seal()
    stubborn = cabinet.store.packages / f"{first.event_id}.zip"
    stubborn.unlink()
    stubborn.mkdir()
    cabinet.clock.advance(DAYS * DAY_S)
    with pytest.raises(StoreError, match="cannot be deleted"):
        await cabinet.forgetting.look()
    with pytest.raises(StoreError, match="cannot be deleted"):
        await cabinet.forgetting.look()
    shown = [entry["event"] for entry in cabinet.noted(PROVED)]
    stubborn.rmdir()
    await cabinet.forgetting.look()

    assert first.event_id not in shown
    assert {entry["event"] for entry in cabinet.noted(PROVED)} == {first.event_id, second.event_id}


async def test_a_store_that_is_not_there_is_not_read_as_empty(cabinet: Cabinet) -> None:
    """A disk that was taken away while the program runs: nothing is deleted, nothing is said to be, and it ends."""
    await cabinet.seal()
    store, away = cabinet.folder / "store", cabinet.folder / "away"
    store.rename(away)
    (store / "packages").mkdir(parents=True)
    cabinet.clock.advance(DAYS * DAY_S)
    with pytest.raises(DurabilityError, match="the store is away"):
        await cabinet.forgetting.look()
    (store / "packages").rmdir()
    store.rmdir()
    away.rename(store)

    assert await cabinet.deletions() == []
    assert cabinet.packages() == {"genk-1-1-1.zip"}


def test_the_disk_that_is_configured_must_be_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder where it should be is no store; nor is a store beside the disk on it."""

    def at(path: Path) -> Config:
        store = {"path": str(path), "mount": str(tmp_path / "disk")}
        return check(
            {"site": {"id": "a", "name": "A"}, "store": store, "sensors": [{"id": "s", "port": "x"}]}
        )

    with pytest.raises(StoreError, match=r"nothing is mounted there \(store.mount\)"):
        must_be_mounted(at(tmp_path / "disk" / "store"))
    monkeypatch.setattr(os.path, "ismount", (tmp_path / "disk").__eq__)
    must_be_mounted(at(tmp_path / "disk" / "store"))
    with pytest.raises(StoreError, match="is not on the disk"):
        must_be_mounted(at(tmp_path / "store"))


async def test_what_the_city_says_it_has_goes_and_a_wrong_receipt_changes_nothing(cabinet: Cabinet) -> None:
    """The receipt beside the package has its SHA-256, as sha256sum prints it."""
    clips = [await cabinet.seal() for _ in range(3)]
    for clip in clips[:2]:
        await cabinet.store.do(partial(Store.deliver, row=clip.row, now_ns=1))
    digest = clips[0].package_sha256
    for clip in clips[1:]:
        (cabinet.city / f"{clip.package}{RECEIPT}").write_text("0" * 64)
    (cabinet.city / f"{clips[0].package}{RECEIPT}").write_text(f"{digest}  {clips[0].package}\n")
    await cabinet.forgetting.look()
    (deletion,) = await cabinet.deletions()

    assert [(await cabinet.clip(clip)).state for clip in clips] == [
        ClipState.DELETED,
        ClipState.DELIVERED,
        ClipState.SEALED,
    ]
    assert (deletion.who, deletion.reason) == ("the city", "the city has it and says so")
    assert cabinet.packages() == {clip.package for clip in clips[1:]}


def typed(cabinet: Cabinet, event: str, *words: str) -> int:
    """Type the command; return its exit code."""
    site = cabinet.folder / "site.toml"
    site.write_text(
        '[site]\nid = "genk"\nname = "Genk"\n[store]\npath = "store"\n[[sensors]]\nid = "genk-1"\nport = "x"\n'
        f'[[cameras]]\nid = "{CAMERA}"\nport = "y"\n[deliver]\ndirectory = "city"\n'
    )
    line = ["forget", "--config", str(site), "--event", event, "--reason", "a court said so", *words]
    return int(app(line, result_action="return_value"))


async def test_beside_a_running_gateway_the_order_is_left_and_obeyed(
    cabinet: Cabinet, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command waits until the gateway has done it; who and why are with the tombstone."""
    clip, other = await cabinet.seal(), await cabinet.seal()
    command = asyncio.create_task(asyncio.to_thread(typed, cabinet, clip.event_id, "--who", "J. Peeters"))
    while not command.done():
        await cabinet.forgetting.obey()
        await asyncio.sleep(0.01)
    (deletion,) = await cabinet.deletions()

    assert await command == 0
    assert f"{clip.event_id}: deleted; no file, no byte and no key of it is left" in capsys.readouterr().out
    assert (deletion.who, deletion.reason) == ("J. Peeters", "a court said so")
    assert cabinet.packages() == {other.package}
    assert cabinet.notices == [Notice(What.CLIP_FORGOTTEN, clip.event_id, "a court said so")]
    assert [entry["who"] for entry in cabinet.noted("deletion ordered")] == ["J. Peeters"]
    assert list((cabinet.folder / "store" / "orders").iterdir()) == []


async def test_without_a_gateway_the_command_deletes_itself(
    cabinet: Cabinet, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also what was not sealed yet; an event that nobody knows, or that is gone, is said to be that."""
    clip, whole = await cabinet.seal(), await cabinet.receive()
    (cabinet.city / f"{clip.package}").write_bytes(b"delivered")
    await cabinet.stop()
    codes = [typed(cabinet, each.event_id) for each in (clip, whole)]
    said = capsys.readouterr().out
    codes += [typed(cabinet, event) for event in (clip.event_id, "genk-1-9-9")]
    nothing = capsys.readouterr().out
    left = cabinet.left()
    await cabinet.start()

    assert codes == [0, 0, 1, 1]
    assert f"the city has it too, and has to delete it there: {cabinet.city / str(clip.package)}" in said
    assert nothing == (
        f"{clip.event_id}: nothing was deleted: it is deleted\n"
        "genk-1-9-9: nothing was deleted: the store knows no such event\n"
    )
    assert not left


async def test_pictures_that_wait_for_their_sound_go_with_it(cabinet: Cabinet) -> None:
    """By the KEEP edge that both boards stamped; other pictures stay."""
    sound, pictures, others = [await cabinet.receive(board) for board in ("genk-1", CAMERA, CAMERA)]
    for clip, keep_ns in ((sound, SECOND_NS), (pictures, SECOND_NS), (others, 60 * SECOND_NS)):
        note = partial(
            Store.note_event, row=clip.row, keep_ns=keep_ns, keep_uncertainty_ns=1, trigger_wall_ns=None
        )
        await cabinet.store.do(note)
    orders.give(cabinet.folder / "store", Order(event=sound.event_id, who="x", reason="y"))
    await cabinet.forgetting.obey()

    assert [clip.row for clip in await cabinet.here()] == [others.row]


@pytest.mark.parametrize(
    ("event", "why"), [("../x", "--event: write as lists show it"), ("genk-1-1-1", "there is no store")]
)
def test_an_order_that_makes_no_sense_is_one_sentence(tmp_path: Path, event: str, why: str) -> None:
    """And changes nothing."""
    with pytest.raises(StoreError, match=why):
        typed(Cabinet(tmp_path), event)
    assert not (tmp_path / "store").exists()


async def test_a_store_of_before_gets_tombstones_and_its_clips_keep_their_age(tmp_path: Path) -> None:
    """Layout 4 had neither: what it had deleted is shown to be gone, what is here goes when it would have."""
    cabinet = Cabinet(tmp_path)
    await cabinet.start()
    gone, here = await cabinet.seal(), await cabinet.seal()
    await cabinet.store.do(partial(Store.end, row=gone.row, step=Step.EXPIRE, reason="old", now_ns=1))
    await cabinet.stop()
    with apsw.Connection(str(tmp_path / "store" / FILE_NAME)) as old:
        old.execute("DROP TABLE deletions; ALTER TABLE clips DROP COLUMN accepted_at_ns")
        old.execute("DELETE FROM facts WHERE name GLOB '*elapsed*' OR name GLOB '*synced*'")
        old.pragma("user_version", 4)
    old.close()
    await cabinet.start()
    (deletion,) = await cabinet.deletions()
    cabinet.clock.advance(DAYS * DAY_S - 3 * LOOK_S)
    await cabinet.forgetting.look()
    stays = (await cabinet.clip(here)).state
    cabinet.clock.advance(2 * LOOK_S)
    await cabinet.forgetting.look()

    assert (deletion.event_id, deletion.reason) == (gone.event_id, "old")
    assert deletion.proved_wall_ns is not None
    assert stays is ClipState.SEALED
    assert (await cabinet.clip(here)).state is ClipState.EXPIRED
    await cabinet.stop()
