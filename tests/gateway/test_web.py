"""The page as a browser asks for it: what is served, to whom, with which headers, in which language."""

import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.states import ClipState
from gateway.testing.status import FakeGateway, clip
from gateway.web.server import HEADERS, PORT, WebPage, application
from gateway.web.texts import FILE, LANGUAGES, Texts, choose, load, read

ROOT = Path(__file__).parents[2]
WEB = FILE.parent


@pytest.fixture
def gateway() -> FakeGateway:
    """Give a gateway that says what the test wants."""
    return FakeGateway()


@pytest.fixture
async def client(gateway: FakeGateway) -> AsyncIterator[TestClient]:
    """Give a client of its page."""
    async with TestClient(TestServer(application(gateway))) as opened:
        yield opened


# -- what is served


async def test_the_status_is_what_the_gateway_says_and_nothing_more(
    client: TestClient, gateway: FakeGateway
) -> None:
    """As JSON, at the moment of asking."""
    gateway.now["clips"].append(clip(1))
    assert gateway.status() == await (await client.get("/api/status")).json()
    gateway.sensor["laf_db"] = 83.2
    answer = await client.get("/api/status")
    assert 83.2 == (await answer.json())["boards"][0]["laf_db"]
    assert "application/json" == answer.content_type


@pytest.mark.parametrize(
    "path",
    [
        "/packages/genk-1-1-1.zip",
        "/api",
        "/api/clips",
        "/texts/de.json",
        "/texts.toml",
        "/server.py",
        "/page.html",
        "/..%2fserver.py",
        "/%2e%2e/texts.toml",
    ],
)
async def test_nothing_else_can_be_asked_for(path: str, client: TestClient, gateway: FakeGateway) -> None:
    """No sound, picture or package, and no file of the program: not even one the status names."""
    gateway.now["clips"].append(clip(1))
    assert 404 == (await client.get(path)).status


async def test_every_address_in_the_page_is_served_by_it(client: TestClient) -> None:
    """It works without any other computer: nothing it names is elsewhere, and all of it is there."""
    text = await (await client.get("/")).text()
    named = re.findall(r'(?:src|href)="([^"#?][^"]*)"', text)
    assert {"/page.js", "/page.css", "/icon.svg"} == set(named)
    for path in named:
        assert 200 == (await client.get(path)).status
    for name in ("page.html", "page.css", "page.js"):
        assert [] == re.findall(r"https?:|@import|url\(", (WEB / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_it_can_only_be_looked_at(method: str, client: TestClient) -> None:
    """There is nothing to change."""
    assert 405 == (await client.request(method, "/api/status")).status


# -- to whom, with which headers


@pytest.mark.parametrize("path", ["/", "/api/status", "/page.js", "/texts/nl.json", "/not-there"])
async def test_every_answer_forbids_what_the_page_does_not_need(path: str, client: TestClient) -> None:
    """Scripts in the page, other computers, frames and guesses of content types; also where nothing is."""
    headers = (await client.get(path)).headers
    for name, value in HEADERS.items():
        assert value == headers[name]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


async def test_no_script_and_no_style_stands_in_the_page(client: TestClient) -> None:
    """The policy forbids them; the page does not try."""
    text = await (await client.get("/")).text()
    assert [] == re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", text)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "192.0.2.7"]
)
async def test_a_foreign_name_for_this_computer_reads_nothing(host: str, client: TestClient) -> None:
    """A page elsewhere may point its own name at 127.0.0.1; the browser then believes them to be one."""
    answer = await client.get("/api/status", headers={"Host": host})
    assert 421 == answer.status
    assert "genk" not in await answer.text()


async def test_localhost_is_this_computer(client: TestClient) -> None:
    """By either name, with the port or without."""
    for host in ("localhost", "localhost:8765", "127.0.0.1:9000"):
        assert 200 == (await client.get("/api/status", headers={"Host": host})).status


async def test_a_mistake_in_the_gateway_is_an_error_without_its_inside() -> None:
    """The page then says that the gateway does not answer."""

    class Broken(FakeGateway):
        def status(self) -> None:
            raise RuntimeError("secret inside")

    async with TestClient(TestServer(application(Broken()))) as client:
        answer = await client.get("/api/status")
        assert 500 == answer.status
        assert "secret" not in await answer.text()


# -- languages


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        (None, "de-DE, fr-BE;q=0.7, nl;q=0.3", "fr"),
        (None, "fr;q=0, nl;q=0.1", "nl"),
        (None, "*", "en"),
        (None, "en;q=0.2,FR;q=0.9", "fr"),
        ("fr", "nl", "fr"),
        ("de", "nl", "nl"),
        ("", "nl", "nl"),
    ],
)
def test_a_visitor_gets_the_language_asked_for_or_the_browsers_or_english(
    asked: str | None, accepted: str, language: str
) -> None:
    """`?lang=` comes first; among the browser's languages the heaviest that there is."""
    assert language == choose(asked, accepted)


@given(st.one_of(st.none(), st.text()), st.text(alphabet="nlfrde-;=q.,*019 \t") | st.text())
def test_any_header_gives_a_language(asked: str | None, accepted: str) -> None:
    """Whatever a browser sends."""
    assert choose(asked, accepted) in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_is_in_the_language_asked_for(language: str, client: TestClient) -> None:
    """In its words, its `lang`, its header; every name in it is filled in."""
    answer = await client.get("/", params={"lang": language})
    text = await answer.text()
    assert language == answer.headers["Content-Language"]
    assert "Accept-Language" == answer.headers["Vary"]
    assert f'<html lang="{language}">' in text
    assert "{{" not in text
    assert f'hreflang="{language}" aria-current="true"' in text
    texts = await (await client.get(f"/texts/{language}.json")).json()
    assert texts["page"]["clips"] in text
    assert {field.name for field in fields(Texts)} == set(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_lacks_a_language_is_refused_by_name(language: str) -> None:
    """No gap reaches the page: the file is read as a whole or not at all."""
    whole = FILE.read_text(encoding="utf-8")
    text = next(match for match in re.finditer(rf"^{language} = .*\n", whole, re.MULTILINE))
    with pytest.raises(ValueError, match=rf"page\.title\.{language}"):
        read(whole[: text.start()] + whole[text.end() :])


def test_the_languages_differ() -> None:
    """A text copied and not translated is found: few words are the same in two languages."""
    texts = load()
    for language in ("nl", "fr"):
        same = {
            key
            for key, text in texts["en"].page.items()
            if len(text) > 9 and text == texts[language].page[key]
        }
        assert same <= {"Signature"}
        assert [] == [en for en, own in texts[language].phrases if en == own]


def test_a_phrase_keeps_what_varies_in_every_language() -> None:
    """The same `{name}`s, or a number would get lost."""

    def names(text: str) -> list[str]:
        return sorted(re.findall(r"\{\w+\}", text))

    for texts in load().values():
        for english, translation in texts.phrases:
            assert names(english) == names(translation)
        assert ["{clip}", "{received}", "{total}"] == names(texts.names["word"]["transfer"])


def test_everything_the_page_names_is_used_and_everything_it_uses_is_named() -> None:
    """In page.html, and the words that page.js chooses."""
    texts = load()["en"]
    used = set(re.findall(r"\{\{(\w+)\}\}", (WEB / "page.html").read_text(encoding="utf-8")))
    assert used - {"language", "is_en", "is_nl", "is_fr"} == set(texts.page)
    script = (WEB / "page.js").read_text(encoding="utf-8")
    assert set(re.findall(r"names\.word\.(\w+)", script)) <= set(texts.names["word"])
    assert [] == [name for name in texts.names["word"] if name not in script]


def test_what_the_boards_and_the_store_call_things_has_words() -> None:
    """States, behaviours and self-checks as they stand in the source: a new one has to be translated."""
    names = load()["en"].names
    sensor = (ROOT / "firmware/sensor/app.py").read_text(encoding="utf-8")
    camera = (ROOT / "firmware/camera/app.py").read_text(encoding="utf-8")
    behaviour = (ROOT / "firmware/sensor/behaviour.py").read_text(encoding="utf-8")
    states = re.findall(
        r"[\"'](\w+)[\"'] if|else [\"'](\w+)[\"']|return \"(\w+)\"", _method(sensor, "_state")
    )
    states += re.findall(r"\"(keep|armed|off)\"", camera)
    said = {"".join(found) for found in states}
    assert {"idle", "watching", "clip", "hold_off", "armed"} <= said
    assert said <= set(names["state"])
    behaviours = set(re.findall(r'return "(\w+)"', behaviour))
    assert "revving" in behaviours
    assert behaviours <= set(names["behaviour"])
    assert {str(state) for state in ClipState} == set(names["clip"])
    phrases = [english for english, _ in load()["en"].phrases]
    selfcheck = (ROOT / "firmware/sensor/selfcheck.py").read_text(encoding="utf-8")
    checks = set(re.findall(r'found\["(\w+)"\]', sensor + selfcheck + camera))
    assert {"i2s", "camera", "microphone", "right_microphone", "range", "offset", "noise_floor"} <= checks
    assert checks <= set(names["check"])
    said_of_microphones = set(re.findall(r'"([^"\n]+: [^"\n]+)"', _method(selfcheck, "texts")))
    said_of_microphones |= set(re.findall(r'"([^"\n]+)"', _method(selfcheck, "_why_silent")))
    said_of_microphones |= set(re.findall(r'"([^"\n]+: [^"\n]+)"', _method(selfcheck, "_why_noise")))
    assert len(said_of_microphones) >= 11
    patterns = [re.sub(r"\\{\w+\\}", ".+", re.escape(phrase)) for phrase in phrases]
    for sentence in said_of_microphones:
        shown = re.sub(r"%\.?\d?[df]", "7", sentence).replace("%%", "%")
        assert any(re.fullmatch(pattern, shown) for pattern in patterns), sentence


def test_sentences_that_are_translated_are_still_said() -> None:
    """A phrase whose English nobody says any more would be dead: the longest fixed piece of each is in the source."""
    folders = ("gateway/service", "gateway/clips", "gateway/store", "firmware")
    source = "".join(
        re.sub(r'"\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    )
    source = source.replace("%%", "%")
    for english, _ in load()["en"].phrases:
        longest = max(re.split(r"\{\w+\}", english), key=len)
        assert longest.strip() in source, english


def _method(source: str, name: str) -> str:
    """Return the body of method `name`."""
    match = re.search(rf"    def {name}\(.*?(?=\n    def |\n\n\n|\Z)", source, re.DOTALL)
    assert match is not None
    return match[0]


# -- start and stop


async def test_a_page_is_served_until_it_is_stopped(gateway: FakeGateway) -> None:
    """`url` is a whole address on this computer only; afterwards nobody listens there."""
    page = await WebPage.start(gateway, port=0)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", page.url)
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{page.url}api/status") as answer:
            assert gateway.status() == json.loads(await answer.text())
        await page.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(page.url)
    await page.stop()


async def test_a_port_in_use_is_left_to_whoever_has_it(gateway: FakeGateway) -> None:
    """The page takes another, and says so by its `url`; a second gateway on one computer is no error."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = other.getsockname()[1]
        page = await WebPage.start(gateway, port=taken)
        try:
            assert f":{taken}/" not in page.url
            async with aiohttp.ClientSession() as client, client.get(page.url) as answer:
                assert 200 == answer.status
        finally:
            await page.stop()


async def test_two_pages_at_once_have_two_ports(gateway: FakeGateway) -> None:
    """By default as well, whatever else runs on this machine."""
    first, second = await WebPage.start(gateway), await WebPage.start(gateway)
    try:
        assert first.url != second.url
        assert f":{PORT}/" not in second.url
    finally:
        await first.stop()
        await second.stop()
