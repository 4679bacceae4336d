"""Modes, hours and maxima: what is not to be kept is not taken over, and the audit log says so."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import hours
from gateway.config import ClipsConfig, Config
from gateway.link.transfer import Piece
from gateway.service.admission import why_not
from gateway.service.notices import What
from gateway.store.audit import Audit
from gateway.store.store import Store
from gateway.testing.clock import FakeClock
from gateway.timing import SECOND_NS
from tests.gateway.test_service import Street

NIGHTS = ("mo-th 22:00-06:00", "fr-su 20:00-08:00")
BRUSSELS = "Europe/Brussels"


@pytest.mark.parametrize(
    ("utc", "inside"),
    [
        ("2026-11-23T20:59", False),  # a Monday in winter: 21:59
        ("2026-11-23T21:00", True),
        ("2026-11-24T04:59", True),  # Tuesday 05:59, of the night that began on Monday
        ("2026-11-24T05:00", False),
        ("2026-11-28T06:30", True),  # Saturday 07:30, of Friday's night
        ("2026-11-23T05:30", True),  # Monday 06:30, of Sunday's night
        ("2026-11-23T07:30", False),
        ("2026-07-20T20:00", True),  # a Monday in summer: 22:00
        ("2026-07-20T19:59", False),
    ],
)
def test_hours_are_of_the_week_and_of_the_place(utc: str, inside: bool) -> None:  # noqa: FBT001
    """A night goes on into the next day; summer time moves with the place; without hours it is always."""
    wall_ns = round(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()) * SECOND_NS

    assert hours.within(NIGHTS, BRUSSELS, wall_ns) is inside
    assert hours.within((), BRUSSELS, wall_ns)


@pytest.mark.parametrize(
    "text", ["", "mo", "mo 22-06", "xx 22:00-06:00", "mo 24:00-06:00", "mo 22:60-06:00", "mo 1:00-2:00"]
)
def test_what_is_no_span_is_refused(text: str) -> None:
    """One sentence that shows how it is written."""
    with pytest.raises(ValueError, match="mo-fr 22:00-06:00"):
        hours.read(text)


def take(store: Store, number: int, board: str = "genk-1") -> None:
    """Let `store` take over the beginning of a clip."""
    store.keep(
        board, "camera" if board.endswith("cam") else "sensor", [Piece(1, number, 0, 0, b"{", None)], 0
    )


def test_no_more_sounds_are_taken_over_than_the_maximum_in_any_hour_and_any_day(tmp_path: Path) -> None:
    """Over the last hour and the last day of the store's own time; pictures of those that were are not counted."""
    clock = FakeClock()
    store = Store(tmp_path, None, clock.monotonic_ns)
    clips = ClipsConfig(max_per_hour=3, max_per_day=5)
    taken: list[float] = []
    now_s = 0.0
    while now_s < 3 * 24 * 3600:
        if why_not(clips, store, "sensor", 0) is None:
            take(store, len(taken) + 1)
            taken.append(now_s)
        assert why_not(clips, store, "camera", 0) is None
        clock.advance(600.0)
        now_s += 600.0
    store.close()

    assert len(taken) == 15
    for span_s, most in ((3600.0, 3), (24 * 3600.0, 5)):
        assert max(sum(at <= each < at + span_s for each in taken) for at in taken) == most


@pytest.mark.parametrize("mode", ["observe", "dialogue"])
def test_without_mode_evidence_nothing_is_taken_over_of_any_board(tmp_path: Path, mode: str) -> None:
    """Neither sound nor pictures."""
    store = Store(tmp_path)
    clips = ClipsConfig.model_validate({"mode": mode})

    assert [f"mode {mode}" in str(why_not(clips, store, kind, 0)) for kind in ("sensor", "camera")] == [
        True,
        True,
    ]
    store.close()


class Site(Street):
    """A street whose site has a section [clips]."""

    def __init__(self, folder: Path, **clips: object) -> None:
        super().__init__(folder)
        self.clips = ClipsConfig.model_validate(clips)

    @property
    def config(self) -> Config:
        """Return the configuration of the cabinet."""
        return super().config.model_copy(update={"clips": self.clips})


@pytest.mark.slow
async def test_beyond_the_maximum_the_board_is_told_to_forget_and_the_audit_log_counts_it(
    tmp_path: Path,
) -> None:
    """Not a byte of it is kept; the board goes on with the next."""
    site = Site(tmp_path, max_per_hour=1)
    async with site.gateway():
        await site.until(lambda: len(site.said(What.BOARD_CONNECTED)) == 2)
        site.event(1)
        await site.until(lambda: site.said(What.CLIP_DELIVERED))
        site.event(2, with_camera=False)
        await site.until(lambda: site.sensor.done == [1, 2])
    store = Store(tmp_path / "store")
    (refused,) = [clip for clip in store.clips() if clip.clip == 2]
    parts = store.parts(refused.row)
    store.close()
    noted = [entry for entry in Audit(tmp_path / "store").entries() if entry.get("event") == "genk-1-1-2"]

    assert (str(refused.state), parts) == ("lost", [])
    assert "clip lost" in [entry["what"] for entry in noted]
    assert "no more than 1 sounds are taken over within any hour" in str([entry["reason"] for entry in noted])


@pytest.mark.slow
async def test_outside_the_hours_nothing_is_taken_over_and_the_board_forgets_it(tmp_path: Path) -> None:
    """Neither sound nor pictures; the figures go on."""
    site = Site(tmp_path, hours=("mo 00:00-00:01",))
    async with site.gateway() as gateway:
        await site.until(lambda: len(site.said(What.BOARD_CONNECTED)) == 2)
        site.event(1)
        await site.until(lambda: site.sensor.done == [1] and site.camera.done == [1])
        laf_db = gateway.status()["boards"][0]["laf_db"]

    assert laf_db is not None
    assert site.packages() == []
    assert all("outside the hours" in notice.text for notice in site.said(What.CLIP_LOST))


@pytest.mark.slow
async def test_a_board_that_could_make_clips_where_none_may_be_is_refused(tmp_path: Path) -> None:
    """It is said how it is put into the mode of the site; until then nothing of it is believed."""
    site = Site(tmp_path, mode="dialogue")
    async with site.gateway():
        site.event(1)
        await site.until(lambda: site.said(What.BOARD_REFUSED))
        await site.until(lambda: site.camera.done == [1])

    assert "flash.py --set mode=dialogue" in site.said(What.BOARD_REFUSED)[0].text
    assert site.packages() == []
    assert site.sensor.done == []
