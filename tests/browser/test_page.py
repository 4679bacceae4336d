"""What a person sees of the page, in a real Chromium: figures that live, words in three languages, silence said."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from firmware.common import flags as flag
from gateway.testing.status import FakeGateway, clip, transfer
from gateway.web.server import WebPage
from tests.browser.chromium import PROGRAM, Chromium, Tab, chromium

PHONE = 360
DESKTOP = 1280

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine: apt install chromium"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chromium]:
    """Run one browser for all tests of this file."""
    async with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Chromium) -> AsyncIterator[Tab]:
    """Give a tab of its own."""
    async with browser.tab() as opened:
        yield opened


@pytest.fixture
def gateway() -> FakeGateway:
    """Give a gateway that says what the test wants."""
    return FakeGateway()


@pytest_asyncio.fixture(loop_scope="module")
async def page(gateway: FakeGateway) -> AsyncIterator[WebPage]:
    """Serve its page."""
    served = await WebPage.start(gateway, port=0)
    yield served
    await served.stop()


def shows(text: str) -> str:
    """Return the expression that is true when the page shows `text`."""
    return f"document.body.innerText.includes({text!r})"


def bar(name: str) -> str:
    """Return the expression of the bar called `name` of the first board."""
    return f"document.querySelector('[data-is={name}]')"


async def test_a_level_and_its_bar_follow_the_board(tab: Tab, page: WebPage, gateway: FakeGateway) -> None:
    """The number, the bar's width and what a screen reader is told change together, without a reload."""
    await tab.open(f"{page.url}?lang=en")
    await tab.until(shows("48.3 dB(A)"))
    gateway.sensor["laf_db"], gateway.sensor["score"] = 90.0, 0.93
    await tab.until(shows("90.0 dB(A)"))
    assert "90" == await tab.js(f"{bar('laf-bar')}.getAttribute('aria-valuenow')")
    assert "90.0 dB(A)" == await tab.js(f"{bar('laf-bar')}.getAttribute('aria-valuetext')")
    assert "75%" == await tab.js(f"{bar('laf-bar')}.firstElementChild.style.width")
    assert "93%" == await tab.js(f"{bar('score-bar')}.firstElementChild.style.width")
    assert [] == tab.problems


async def test_a_microphone_that_is_not_heard_has_no_level(
    tab: Tab, page: WebPage, gateway: FakeGateway
) -> None:
    """What a dead or floating line makes is no sound level; the self-check says why in the page's language."""
    await tab.open(f"{page.url}?lang=fr")
    await tab.until(shows("48,3 dB(A)"))
    gateway.sensor["flags"] = flag.FLOATING
    gateway.sensor["checks"] = {
        "microphone": "noise of a line that nobody drives: check the data wire, and 100 kOhm from it to ground"
    }
    await tab.until(shows("100 kΩ entre ce fil et la masse"))
    assert "\N{EN DASH}" == await tab.js("document.querySelector('[data-is=laf]').innerText")
    assert "aucune valeur" == await tab.js(f"{bar('score-bar')}.getAttribute('aria-valuetext')")
    gateway.sensor["flags"] = flag.UNDER_RANGE
    gateway.sensor["checks"] = {}
    await tab.until(shows("48,3 dB(A)"))


async def test_the_background_and_the_levels_exceeded_are_there_once_a_minute_was_heard(
    tab: Tab, page: WebPage, gateway: FakeGateway
) -> None:
    """Before that the page says when; of a camera it says nothing."""
    hour, minutes = gateway.sensor["hour"], gateway.sensor["ten_minutes"]
    gateway.sensor["hour"] = gateway.sensor["ten_minutes"] = None
    await tab.open(f"{page.url}?lang=en")
    await tab.until(shows("known after a minute of listening"))
    gateway.sensor["hour"], gateway.sensor["ten_minutes"] = hour, minutes
    await tab.until(shows("exceeded for 95 % of the last 30 min (LA95)"))
    text = await tab.js("document.body.innerText")
    assert "43.7 dB(A)" in text
    assert "58.2 / 49.6 / 44.9 dB(A)" in text
    assert 1 == text.count("Background")
    assert [] == tab.problems


async def test_the_table_takes_a_clip_as_it_comes_and_says_what_became_of_it(
    tab: Tab, page: WebPage, gateway: FakeGateway
) -> None:
    """First no table, then a row that changes in its place; the newest is on top."""
    await tab.open(f"{page.url}?lang=en")
    await tab.until(shows("No clip yet"))
    gateway.now["clips"] = [clip(1, "receiving")]
    await tab.until(shows("being received"))
    await tab.js("window.row = document.querySelector('tbody tr'); 0")
    gateway.now["clips"] = [clip(1)]
    await tab.until(shows("delivered"))
    assert await tab.js("window.row === document.querySelector('tbody tr')")
    for text in ("91.7 dB(A)", "revving", "0.93", "nothing", "yes"):
        assert text in await tab.js("window.row.innerText")
    gateway.now["clips"] = [clip(1), clip(2, missing=("picture.mkv: 3 frames cannot be decoded",))]
    await tab.until("document.querySelectorAll('tbody tr').length === 2")
    top = await tab.js("document.querySelector('tbody tr').innerText")
    assert "genk-1-1-2" in top
    assert "picture.mkv: 3 frames cannot be decoded" in top
    assert "no" in top.split()
    assert [] == tab.problems


async def test_a_transfer_is_shown_until_it_is_over(tab: Tab, page: WebPage, gateway: FakeGateway) -> None:
    """How much of how much, as a bar with a name; then nothing is on its way."""
    await tab.open(f"{page.url}?lang=en")
    gateway.sensor["transfers"] = [transfer(3, 600_000, 1_440_000)]
    await tab.until(shows("clip 3: 0.6 of 1.4 MB"))
    assert "clip 3: 0.6 of 1.4 MB" == await tab.js(
        "document.querySelector('progress:not([hidden])').getAttribute('aria-label')"
    )
    gateway.sensor["transfers"] = [transfer(3, 1_440_000, 1_440_000)]
    await tab.until("!document.querySelector('progress:not([hidden])')")
    assert await tab.js(shows("nothing on its way"))


async def test_dutch_words_come_with_dutch_numbers_and_sentences(
    tab: Tab, page: WebPage, gateway: FakeGateway
) -> None:
    """A browser set to Dutch gets it unasked; what boards and gateway say is translated too, inside as well."""
    gateway.sensor["checks"] = {"i2s": "12 overruns: samples were lost"}
    missing = 'picture.mkv: camera "genk-1-cam" does not answer (not seen yet)'
    gateway.now["clips"] = [clip(1, missing=(missing,))]
    await tab.send("Network.setExtraHTTPHeaders", headers={"Accept-Language": "nl-BE,nl;q=0.9,en;q=0.5"})
    await tab.open(page.url)
    await tab.until(shows("48,3 dB(A)"))
    for text in (
        "luistert naar een luide uitlaat",
        "microfoonbus (I2S): 12 keer overgelopen: er gingen monsters verloren",
        'beeld: camera "genk-1-cam" antwoordt niet (nog niet gezien)',
        "motor opjagen",
        "geen geluid, geen beeld en geen pakket",
    ):
        assert await tab.js(shows(text)), text
    assert "nl" == await tab.js("document.documentElement.lang")


async def test_another_language_is_one_press_away(tab: Tab, page: WebPage) -> None:
    """From Dutch to French by the link on the page, which then is marked as the current one."""
    await tab.open(f"{page.url}?lang=nl")
    await tab.until(shows("Toestellen"))
    await tab.js("document.querySelector('nav [hreflang=fr]').click()")
    await tab.until(shows("Appareils"))
    assert "FR" == await tab.js("document.querySelector('nav [aria-current=true]').innerText")


async def test_what_has_no_translation_is_shown_as_it_is_and_marked_as_english(
    tab: Tab, page: WebPage, gateway: FakeGateway
) -> None:
    """And a board that writes HTML gets it shown as text."""
    gateway.camera |= {"connected": False, "message": "<b>something new</b>"}
    await tab.open(f"{page.url}?lang=nl")
    await tab.until(shows("<b>something new</b>"))
    assert "en" == await tab.js("document.querySelectorAll('[data-is=message]')[1].lang")
    assert await tab.js(shows("niet verbonden"))


async def test_a_board_that_is_gone_shows_no_old_level(tab: Tab, page: WebPage, gateway: FakeGateway) -> None:
    """A dash and the reason instead of the last figure."""
    await tab.open(f"{page.url}?lang=en")
    await tab.until(shows("48.3 dB(A)"))
    gateway.sensor |= {"connected": False, "message": "genk-1: unplugged"}
    await tab.until(shows("\N{EN DASH} dB(A)"))
    assert "no value" == await tab.js(f"{bar('laf-bar')}.getAttribute('aria-valuetext')")
    assert await tab.js(shows("genk-1: unplugged"))
    assert not await tab.js(shows("listens for a loud exhaust"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The gateway does not answer."),
        ("nl", "De gateway antwoordt niet."),
        ("fr", "La passerelle ne répond pas."),
    ],
)
async def test_a_gateway_that_stops_is_said_in_words_and_its_return_is_seen(
    language: str, words: str, tab: Tab, gateway: FakeGateway
) -> None:
    """The message stands in an alert, says from when the figures are, and goes away by itself."""
    served = await WebPage.start(gateway, port=0)
    port = int(served.url.rstrip("/").rpartition(":")[2])
    await tab.open(f"{served.url}?lang={language}")
    await tab.until("document.querySelectorAll('.board').length === 2")
    await served.stop()
    await tab.until(shows(words))
    assert await tab.js("document.getElementById('silent').closest('[role=alert]') !== null")
    assert await tab.js("/\\d:\\d\\d:\\d\\d/.test(document.getElementById('since').innerText)")
    assert await tab.js("document.getElementById('live').hidden")
    served = await WebPage.start(gateway, port)
    try:
        await tab.until(f"!{shows(words)}")
        assert not await tab.js("document.getElementById('live').hidden")
    finally:
        await served.stop()


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("language", ["en", "nl", "fr"])
async def test_nothing_sticks_out_and_every_number_has_its_heading(
    language: str, width: int, tab: Tab, page: WebPage, gateway: FakeGateway
) -> None:
    """On a phone and on a desk: no sideways scrolling; each cell belongs to a heading, each bar has a name."""
    gateway.camera |= {"connected": False, "message": "/dev/serial/by-id/usb-" + "x" * 60}
    gateway.now["clips"] = [clip(1), clip(2, "lost", reason="not fetched in time; its memory was needed")]
    await tab.open(f"{page.url}?lang={language}", width=width, phone=width == PHONE)
    await tab.until("document.querySelectorAll('tbody tr').length === 2")
    assert await tab.js("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    headings = await tab.js("[...document.querySelectorAll('thead th')].slice(1).map(e => e.textContent)")
    labels = await tab.js(
        "[...document.querySelector('tbody tr').querySelectorAll('td')].map(e => e.dataset.label)"
    )
    assert headings == labels
    assert len(headings) == 6
    tree = (await tab.send("Accessibility.getFullAXTree"))["nodes"]
    named = {
        role: [node["name"]["value"] for node in tree if node.get("role", {}).get("value") == role]
        for role in ("meter", "columnheader", "table", "heading", "image", "link")
    }
    assert len(named["meter"]) == 2
    assert len(named["columnheader"]) == 7
    assert all(name for names in named.values() for name in names), named
    assert [] == tab.problems
