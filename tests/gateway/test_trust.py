"""What the gateway remembers of calibrations and self-checks, over restarts and whatever happens to clips."""

import json

import apsw
import pytest

from gateway.link.calibration import CalibrationRecord
from gateway.link.messages import Hello, Second, SensorEvent, parse
from gateway.link.transfer import Piece
from gateway.service import trust
from gateway.service.board import BoardState
from gateway.store.schema import FIRST
from gateway.store.states import Step
from gateway.store.store import FILE_NAME, Store
from gateway.store.thread import StoreThread
from gateway.testing.clips import sensor_parts
from gateway.timing import SECOND_NS

RECORD = CalibrationRecord(
    kind="calibration",
    time="2026-03-01T12:00:00Z",
    offset_db=-0.4,
    deviation_db=0.4,
    level_db=94.0,
    frequency_hz=1000.0,
    spread_db=0.02,
    uncertainty_db=0.37,
    calibrator="Brüel & Kjær 4231",
)
CHECK = RECORD.model_copy(update={"kind": "check", "time": "2026-04-01T12:00:00Z", "drift_db": 0.1})
HELLO = Hello(
    v=1,
    kind="sensor",
    id="genk-1",
    uid="e661",
    boot=3,
    clock_hz=48000,
    calibration=RECORD,
    calibration_check=CHECK,
)
HOUR_NS = 3600 * SECOND_NS


async def test_what_a_board_shows_is_kept_once(tmp_path):
    """Shown again and again, and by a new start of the gateway: two records, oldest first."""
    for start in range(2):
        store = await StoreThread.open(tmp_path)
        for second in range(3):
            await trust.note_records(HELLO, store, (10 * start + second) * SECOND_NS)
        known = await store.do(lambda opened: opened.calibrations.all())
        await store.close()

        assert [(each.board, each.uid, each.record) for each in known] == [
            ("genk-1", "e661", RECORD),
            ("genk-1", "e661", CHECK),
        ]


async def test_another_board_under_the_same_name_has_its_own_records(tmp_path):
    """A board that was replaced: same id, other serial number, other microphone."""
    store = await StoreThread.open(tmp_path)
    await trust.note_records(HELLO, store, 0)
    await trust.note_records(HELLO.model_copy(update={"uid": "9999"}), store, 0)
    await trust.note_records(HELLO.model_copy(update={"id": "genk-2"}), store, 0)
    known = await store.do(lambda opened: opened.calibrations.all("genk-1"))
    await store.close()

    assert sorted({each.uid for each in known}) == ["9999", "e661"]
    assert len(known) == 4


async def test_the_history_outlives_every_clip(tmp_path):
    """A clip that is deleted by its age takes no record with it."""
    store = await StoreThread.open(tmp_path)
    await trust.note_records(HELLO, store, 0)
    piece = Piece(boot=3, clip=1, part=0, offset=0, data=b"{}", total=2)
    await store.do(lambda opened: opened.keep("genk-1", "sensor", [piece], 0))
    await store.do(lambda opened: opened.end(1, Step.EXPIRE, "too old", 1))
    known = await store.do(lambda opened: opened.calibrations.all())
    await store.close()

    assert len(known) == 2


@pytest.mark.parametrize(
    ("found", "passes"),
    [
        ((), True),
        (("range", "i2s", "calibration"), True),
        (("microphone",), False),
        (("offset",), False),
        (("noise_floor",), False),
        (("right_microphone", "range"), False),
    ],
)
async def test_a_second_without_a_fault_is_a_self_check_that_passed(tmp_path, found, passes):
    """Too loud is the street; stuck, floating, noisy or offset is the microphone."""
    store = await StoreThread.open(tmp_path)
    board = BoardState("genk-1", "sensor", "port", 921600)
    await trust.note_second(
        board, Second(n=48000, checks=dict.fromkeys(found, "words")), store, 7 * SECOND_NS
    )
    last_ns = await trust.last_passed_ns(board, "genk-1", store)
    after_restart_ns = await trust.last_passed_ns(None, "genk-1", store)
    await store.close()

    assert last_ns == after_restart_ns == (7 * SECOND_NS if passes else None)


async def test_a_passed_self_check_is_written_down_once_an_hour(tmp_path):
    """Memory knows the second, the disk the hour: it is asked for days."""
    store = await StoreThread.open(tmp_path)
    board = BoardState("genk-1", "sensor", "port", 921600)
    for now_ns in (0, 100 * SECOND_NS, HOUR_NS):
        await trust.note_second(board, Second(n=0), store, now_ns)
    in_memory_ns, on_disk_ns = board.passed_wall_ns, await trust.last_passed_ns(None, "genk-1", store)
    await trust.note_second(board, Second(n=0), store, HOUR_NS + SECOND_NS)
    later_ns = await trust.last_passed_ns(None, "genk-1", store)
    await store.close()

    assert (in_memory_ns, on_disk_ns, later_ns) == (HOUR_NS, 0, HOUR_NS + SECOND_NS)


def test_a_store_of_the_first_layout_is_brought_up_to_date(tmp_path):
    """Nothing in it is lost; opening it again changes nothing."""
    old = apsw.Connection(str(tmp_path / FILE_NAME))
    old.execute(FIRST)
    old.execute("UPDATE facts SET value = '41' WHERE name = 'accepted'")
    old.pragma("user_version", 1)
    old.close()
    for _ in range(2):
        store = Store(tmp_path)
        store.calibrations.note("genk-1", "e661", [RECORD], 0)
        found = (store.fact("accepted"), len(store.calibrations.all()))
        store.close()

        assert found == ("41", 1)


@pytest.mark.parametrize(
    "nonsense", [17, "calibrated", {"kind": "calibration"}, {**RECORD.model_dump(), "time": "once"}, []]
)
def test_a_record_that_makes_no_sense_is_no_record(nonsense):
    """The board is heard all the same; it counts as never calibrated."""
    text = {**HELLO.model_dump(), "calibration": nonsense}
    event = {**json.loads(sensor_parts()[0]), "calibration": nonsense}

    assert parse(Hello, json.dumps(text).encode()).calibration is None
    assert parse(Hello, json.dumps(text).encode()).calibration_check == CHECK
    assert parse(SensorEvent, json.dumps(event).encode()).calibration is None


def test_single_precision_is_rounded_away():
    """0.8700001 is 0.87: the same record is the same text in the history."""
    noisy = {
        **RECORD.model_dump(),
        "offset_db": -0.40000001,
        "frequency_hz": 999.99998,
        "spread_db": 0.01999998,
    }
    assert CalibrationRecord.model_validate(noisy) == RECORD
