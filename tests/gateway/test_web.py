"""The page of a running gateway: the status as it is, in three languages, for this computer only."""

import json
import re
from importlib.resources import files

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from gateway.service.board import BoardState
from gateway.service.status import Status, board_status
from gateway.store.states import ClipState
from gateway.web.server import ADDRESS, WebPage, application
from gateway.web.texts import LANGUAGES, load, read

STATUS = Status(
    site="genk-1",
    boards=[board_status(BoardState(id="sensor-1", kind="sensor", port="id:1", baud=115_200))],
    clips=[],
    accepted=0,
    by_state={},
    balance_holds=True,
)


class Still:
    """A gateway in which nothing happens."""

    def status(self):
        """Return always the same."""
        return STATUS


@pytest.fixture
async def client():
    """A browser at the page of a still gateway."""
    async with TestClient(TestServer(application(Still()))) as client:
        yield client


async def test_status_is_served_as_json(client):
    """What the gateway says, nothing added, nothing left out, and never from a cache."""
    answer = await client.get("/api/status")

    assert json.loads(json.dumps(STATUS)) == await answer.json()
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_page_is_served_in_each_language(client, language):
    """?lang= chooses; the page says which language it is in, and no placeholder is left."""
    answer = await client.get("/", params={"lang": language})
    page = await answer.text()

    assert answer.content_type == "text/html"
    assert f'<html lang="{language}">' in page
    assert load()[language].page["title"] in page
    assert "{{" not in page


@pytest.mark.parametrize("query", ["", "?lang=de", "?lang=%3Cscript%3E"])
async def test_any_other_language_is_english(client, query):
    """And nothing of the request comes back in the page."""
    page = await (await client.get(f"/{query}")).text()

    assert '<html lang="en">' in page
    assert "<script>" not in page


async def test_what_the_page_refers_to_is_served_here_and_nothing_is_fetched_from_elsewhere(client):
    """A cabinet without internet shows the whole page."""
    page = await (await client.get("/")).text()
    parts = re.findall(r'(?:src|href)="(/[^"?]+)"', page)

    assert sorted(set(parts)) == ["/icon.svg", "/page.css", "/page.js"]
    for part in parts:
        answer = await client.get(part)
        text = await answer.text()
        assert answer.status == 200
        assert len(text) > 100
        assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) == []
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_request_for_another_host_is_refused(client):
    """A page elsewhere whose name was pointed at 127.0.0.1 learns nothing."""
    answer = await client.get("/api/status", headers={"Host": "evil.example"})

    assert answer.status == 421
    assert "genk-1" not in await answer.text()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_the_page_only_reads(client, method):
    """There is nothing to change through it."""
    assert (await client.request(method, "/api/status")).status == 405


@pytest.mark.parametrize(
    "path", ["/page.html", "/words.py", "/../server.py", "/clips", "/packages", "/x.zip"]
)
async def test_nothing_else_is_served(client, path):
    """Neither files of the program nor anything of a clip."""
    assert (await client.get(path)).status == 404


async def test_a_page_is_started_on_this_computer_and_stopped():
    """At the usual port, and at another when two run side by side."""
    first, second = await WebPage.start(Still()), await WebPage.start(Still())
    try:
        assert first.url != second.url
        async with ClientSession() as session:
            for page in (first, second):
                assert page.url.startswith(f"http://{ADDRESS}:")
                async with session.get(f"{page.url}api/status") as answer:
                    assert (await answer.json())["site"] == "genk-1"
    finally:
        await first.stop()
        await second.stop()
    async with ClientSession() as session:
        with pytest.raises(OSError, match="Cannot connect"):
            await session.get(second.url)


def test_every_state_of_a_clip_that_is_shown_has_a_word():
    """Of the states a sensor clip can be in."""
    of_cameras = {ClipState.JOINED, ClipState.DISCARDED}
    for language in LANGUAGES:
        assert {str(state) for state in set(ClipState) - of_cameras} <= set(load()[language].names["clip"])


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("nl-BE,nl;q=0.9,en;q=0.5", "nl"),
        ("de,fr;q=0.7,en;q=0.3", "fr"),
        ("de", "en"),
        ("", "en"),
        (";;q=x", "en"),
    ],
)
async def test_without_a_choice_the_browser_s_language_is_taken(client, accepted, language):
    """The best of what the browser accepts; English when it knows none of ours."""
    page = await (await client.get("/", headers={"Accept-Language": accepted})).text()

    assert f'<html lang="{language}">' in page


def test_a_text_that_lacks_a_language_is_named():
    """A gap is found when the file is read, not by a visitor."""
    toml = '[page.title]\nen = "Title"\nnl = "Titel"\n[names]\n[[phrases]]\nen = "a"\nnl = "b"\nfr = "c"\n'
    with pytest.raises(ValueError, match=r"page\.title\.fr"):
        read(toml)


def test_every_place_on_the_page_has_its_text_and_every_text_its_place():
    """Every {{name}} of the page has its text, and every text of the page is used by it or by its script."""
    page, script = (
        files("gateway.web").joinpath(name).read_text("utf-8") for name in ("page.html", "page.js")
    )
    named = set(re.findall(r"\{\{(\w+)\}\}", page)) - {"language", *(f"is_{one}" for one in LANGUAGES)}
    texts = set(load()["en"].page)

    assert named <= texts
    assert {text for text in texts - named if text not in script} == set()
