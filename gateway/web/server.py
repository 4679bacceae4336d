"""Serves the page to this computer: page.html with its words filled in, its script and style, and the status.

Rules of this file
- Only 127.0.0.1 listens, and only requests that name this computer are answered: a foreign page whose name was
  pointed at 127.0.0.1 reads nothing.
- What can be asked for is the table of routes below. All of it is in memory; no path of a request reaches a disk.
- A browser runs nothing but page.js and loads nothing from elsewhere: the headers forbid it.
"""

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Protocol, Self

from aiohttp import web

from gateway.errors import GatewayError
from gateway.service.status import Status
from gateway.web.texts import LANGUAGES, Texts, choose, load

ADDRESS = "127.0.0.1"
PORT = 8765
STOP_S = 1.0  # for answers on their way; a status is ready at once
FOLDER = Path(__file__).parent
FILES = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
HERE = re.compile(r"(?:127\.0\.0\.1|localhost)(?::\d+)?", re.IGNORECASE)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",  # it is here already, and after an update the old script would read the new status
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Source(Protocol):
    """Who says what is going on: a `Gateway`."""

    def status(self) -> Status:
        """Return the gateway's status."""
        ...


class WebPage:
    """A page that is being served; made by `start`. `url` is where."""

    def __init__(self, runner: web.AppRunner, url: str) -> None:
        self._runner = runner
        self.url = url

    @classmethod
    async def start(cls, source: Source, port: int = PORT) -> Self:
        """Serve what `source` says, on `port` or, when that is taken, on a port the system gives."""
        runner = web.AppRunner(application(source), access_log=None, shutdown_timeout=STOP_S)
        await runner.setup()
        try:
            url = await _listen(runner, port)
        except OSError as error:
            await runner.cleanup()
            raise GatewayError(
                f"the page cannot be served on {ADDRESS} ({error.strerror}); is the network of this computer up?"
            ) from None
        return cls(runner, url)

    async def stop(self) -> None:
        """Serve no more. Once is enough, twice does no harm."""
        await self._runner.cleanup()


def application(source: Source) -> web.Application:
    """Return the page as an aiohttp application."""
    texts = load()
    template = (FOLDER / "page.html").read_text(encoding="utf-8")
    pages = {language: _fill(template, texts[language], language) for language in LANGUAGES}

    async def page(request: web.Request) -> web.Response:
        language = choose(request.query.get("lang"), request.headers.get("Accept-Language", ""))
        headers = {"Content-Language": language, "Vary": "Accept-Language"}
        return web.Response(text=pages[language], content_type="text/html", headers=headers)

    async def status(_: web.Request) -> web.Response:
        return web.json_response(source.status())

    async def words(request: web.Request) -> web.Response:
        return web.json_response(asdict(texts[request.match_info["language"]]))

    app = web.Application(middlewares=[_only_this_computer])
    app.on_response_prepare.append(_add_headers)
    app.router.add_get("/", page)
    app.router.add_get("/api/status", status)
    app.router.add_get(f"/texts/{{language:{'|'.join(LANGUAGES)}}}.json", words)
    for name, content_type in FILES.items():
        app.router.add_get(f"/{name}", _file((FOLDER / name).read_text(encoding="utf-8"), content_type))
    return app


async def _listen(runner: web.AppRunner, port: int) -> str:
    """Listen on `port` or, when that is taken, on any; return the address for a browser."""
    try:
        site = web.TCPSite(runner, ADDRESS, port)
        await site.start()
    except OSError:
        site = web.TCPSite(runner, ADDRESS, 0)
        await site.start()
    return f"http://{ADDRESS}:{site.port}/"


def _file(text: str, content_type: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type)

    return answer


def _fill(template: str, texts: Texts, language: str) -> str:
    """Return `template` with each `{{name}}` replaced; `KeyError` for a name that texts.toml does not have."""
    values = {"language": language, **texts.page}
    values |= {f"is_{other}": "true" if other == language else "false" for other in LANGUAGES}
    return re.sub(r"\{\{(\w+)\}\}", lambda match: html.escape(values[match[1]]), template)


@web.middleware
async def _only_this_computer(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not HERE.fullmatch(request.host):
        raise web.HTTPMisdirectedRequest(text=f"This page is served to this computer only: http://{ADDRESS}/")
    return await handler(request)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
