"""Chromium over its DevTools protocol: one process, a fresh profile, a tab for each test.

Nothing but aiohttp is needed: no driver whose version has to match.
"""

import asyncio
import base64
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # a build server is root; the only page it opens is ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)
START_S = 40.0
ANSWER_S = 15.0
LOOK_S = 0.05


class DevToolsError(Exception):
    """The browser refused; so it does, too, when a page goes while it is asked."""


class Tab:
    """One tab. `problems`: what the page's console reports as an error, violations of its policy among it."""

    def __init__(self, browser: "Chromium", session: str) -> None:
        self._browser = browser
        self._session = session
        self.problems: list[str] = []

    async def send(self, method: str, **params: object) -> dict[str, Any]:
        """Return what the browser answers to `method`."""
        return await self._browser.send(method, self._session, **params)

    async def open(self, url: str, *, width: int = 1280, height: int = 900, phone: bool = False) -> None:
        """Show `url` in a window of that many CSS pixels."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        await self.send("Page.navigate", url=url)
        await self.until(f"location.href.startsWith({url!r})")

    async def js(self, expression: str) -> Any:
        """Return the value of `expression` in the page."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression: str, seconds: float = ANSWER_S) -> None:
        """Wait until `expression` is true in the page; fail with the page's text when it does not become so."""
        try:
            async with asyncio.timeout(seconds):
                while not await self._is_true(expression):  # noqa: ASYNC110  it is in another process
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            text = await self.js("document.body.innerText")
            raise AssertionError(f"not within {seconds} s: {expression}\n{text}\n{self.problems}") from None

    async def _is_true(self, expression: str) -> bool:
        """Return whether `expression` is true in a page that has loaded; one that is just going is not it."""
        try:
            return bool(await self.js(f"document.readyState === 'complete' && ({expression})"))
        except DevToolsError:
            return False

    async def screenshot(self) -> bytes:
        """Return the whole page as PNG."""
        answer = await self.send("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def note(self, method: str, params: dict[str, Any]) -> None:
        """Take an event of this tab."""
        if method == "Runtime.exceptionThrown":
            self.problems.append(
                params["exceptionDetails"].get("exception", {}).get("description", "exception")
            )
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append(f"{params['entry']['text']} {params['entry'].get('url', '')}".strip())


class Chromium:
    """A running browser; made by `chromium`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._count = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tabs: dict[str, Tab] = {}

    async def send(self, method: str, session: str | None = None, **params: object) -> dict[str, Any]:
        """Return what the browser answers to `method`."""
        self._count += 1
        number = self._count
        self._answers[number] = asyncio.get_running_loop().create_future()
        message: dict[str, object] = {"id": number, "method": method, "params": params}
        await self._socket.send_json(message | ({"sessionId": session} if session else {}))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._answers[number]
        finally:
            del self._answers[number]

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[Tab]:
        """Give a tab with nothing remembered of any other."""
        context = (await self.send("Target.createBrowserContext"))["browserContextId"]
        target = await self.send("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = self._tabs[attached["sessionId"]] = Tab(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.send(f"{domain}.enable")
        yield tab
        await self.send("Target.disposeBrowserContext", browserContextId=context)

    async def listen(self) -> None:
        """Hand out answers and events until the browser is gone."""
        async for message in self._socket:
            data = message.json()
            if "id" in data:
                answer = self._answers.get(data["id"])
                if answer and not answer.done() and "error" in data:
                    answer.set_exception(DevToolsError(data["error"]["message"]))
                elif answer and not answer.done():
                    answer.set_result(data["result"])
            elif tab := self._tabs.get(data.get("sessionId", "")):
                tab.note(data["method"], data["params"])


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Chromium]:
    """Run Chromium with its profile in the empty folder `profile`."""
    assert PROGRAM is not None
    log = profile / "chromium.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
    try:
        address = await _address(process, profile / "DevToolsActivePort", log)
        async with aiohttp.ClientSession() as client, client.ws_connect(address, max_msg_size=0) as socket:
            browser = Chromium(socket)
            listening = asyncio.create_task(browser.listen())
            yield browser
            listening.cancel()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _address(process: asyncio.subprocess.Process, file: Path, log: Path) -> str:
    """Return the address of the DevTools socket, as soon as there is one."""
    try:
        async with asyncio.timeout(START_S):
            while len(lines := _read(file).split()) < 2:
                if process.returncode is not None:
                    raise AssertionError(f"Chromium ended: {_read(log)}")
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise AssertionError(f"Chromium says nothing: {_read(log)}") from None
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"


def _read(file: Path) -> str:
    """Return what is in `file`; nothing when it is not there yet."""
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
