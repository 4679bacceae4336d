"""Serves the page and the status of a running gateway, on this computer alone.

Rules of this file
- It listens on 127.0.0.1 and answers nobody who asks for another host: a web page elsewhere cannot
  make a browser in the cabinet read it (DNS rebinding).
- It only reads: GET, no form, no cookie, no state. Neither sound nor picture nor package is served.
- The page needs nothing from elsewhere; a cabinet may have no internet.

    GET /              the page; ?lang=nl, ?lang=fr, else English
    GET /api/status    the gateway's status as JSON (`gateway.service.status.Status`)
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from string import Template
from typing import Final, Protocol, Self

from aiohttp import web

from gateway.errors import GatewayError
from gateway.web.words import LANGUAGES, WORDS

HOST: Final = "127.0.0.1"
PORT: Final = 8047
"""The page's usual place, so that it can be bookmarked; another one is taken when it is in use."""

_STOP_S: Final = 1.0
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_KINDS: Final = {"page.js": "text/javascript", "page.css": "text/css", "icon.svg": "image/svg+xml"}

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StatusSource(Protocol):
    """Who says what is going on: the gateway."""

    def status(self) -> Mapping[str, object]:
        """Return what is going on now, in values JSON has."""
        ...


class WebPage:
    """A page that is being served; `url` is where. Made by `start`, ended by `stop`."""

    def __init__(self, runner: web.AppRunner, url: str) -> None:
        self._runner = runner
        self.url = url

    @classmethod
    async def start(cls, source: StatusSource, *, port: int | None = None) -> Self:
        """Serve the status of `source` at `port`; without one at the usual port, or any free one.

        `GatewayError` when `port` was asked for and is in use.
        """
        runner = web.AppRunner(application(source), access_log=None, shutdown_timeout=_STOP_S)
        await runner.setup()
        try:
            return cls(runner, await _listen(runner, port))
        except BaseException:
            await runner.cleanup()
            raise

    async def stop(self) -> None:
        """Serve no longer."""
        await self._runner.cleanup()


async def _listen(runner: web.AppRunner, port: int | None) -> str:
    """Listen on `port`, or on the usual one, or on any free one; return the address of the page."""
    for candidate in [PORT, 0] if port is None else [port]:
        site = web.TCPSite(runner, HOST, candidate)
        try:
            await site.start()
        except OSError as error:
            if candidate == PORT and port is None:
                continue
            raise GatewayError(
                f"the page cannot be served at port {candidate} ({error.strerror}): give another port"
            ) from error
        break
    return f"http://{HOST}:{runner.addresses[0][1]}/"


def application(source: StatusSource) -> web.Application:
    """Return the page and the status of `source` as a web application."""
    pages = {language: _page(language) for language in LANGUAGES}

    async def page(request: web.Request) -> web.Response:
        return web.Response(
            text=pages.get(request.query.get("lang", ""), pages["en"]), content_type="text/html"
        )

    async def status(_: web.Request) -> web.Response:
        return web.json_response(dict(source.status()))

    async def part(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.Response(text=_text(name), content_type=_KINDS[name])

    app = web.Application(middlewares=[_guard])
    app.router.add_get("/", page)
    app.router.add_get("/api/status", status)
    app.router.add_get(f"/{{name:{'|'.join(_KINDS)}}}", part)
    return app


@web.middleware
async def _guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refuse requests for another host; say to the browser what the page may do."""
    if request.url.host not in {HOST, "localhost"}:
        raise web.HTTPMisdirectedRequest(text="this page is served to this computer only\n")
    response = await handler(request)
    response.headers.update(_HEADERS)
    return response


def _page(language: str) -> str:
    words = WORDS[language]
    # "<" cannot end the script element that holds the words.
    script = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    current = ' aria-current="true"'
    links = " ".join(
        f'<a href="?lang={other}" lang="{other}"{current if other == language else ""}>{name}</a>'
        for other, name in LANGUAGES.items()
    )
    return Template(_text("page.html")).substitute(words, lang=language, words=script, languages=links)


def _text(name: str) -> str:
    return files("gateway.web").joinpath(name).read_text(encoding="utf-8")
