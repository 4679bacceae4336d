"""The task that has packages timestamped: every so often one question to the service about all that are new.

Rules of this file
- Sealing never waits for it. While the service cannot be reached the manifests wait in the store, and are asked
  about together when it can: a timestamp says "at the latest", so a late one is still true.
- The file is durable in the store before the store says that it covers anything.
"""

import asyncio
from collections.abc import Callable

import aiohttp
import structlog
from structlog.typing import FilteringBoundLogger

from gateway.config import Config
from gateway.errors import PackageError
from gateway.evidence import timestamp
from gateway.evidence.durably import replace_durably
from gateway.evidence.manifest import sha256
from gateway.store.store import Store
from gateway.store.thread import StoreThread

ANSWER_S = 60.0  # a service that takes longer is asked again next time
MAX_ANSWER = 1 << 20  # bytes; an answer has some thousands

log: FilteringBoundLogger = structlog.get_logger()


class Timestamping:
    """`look` is called when a timestamp is there to be delivered."""

    def __init__(self, config: Config, store: StoreThread, look: Callable[[], None]) -> None:
        self._url = config.evidence.timestamp_url
        self._every_s = config.evidence.timestamp_every_s
        self._site = config.site.id
        self._store = store
        self._look = look

    async def run(self) -> None:
        """Ask now and every so often, until cancelled; nothing without a service."""
        while self._url is not None:
            failed = False
            try:
                while await self._ask(self._url):
                    pass
            except (aiohttp.ClientError, TimeoutError, PackageError) as error:
                failed = True
                log.warning("no timestamp", service=self._url, why=str(error) or type(error).__name__)
            await asyncio.sleep(min(self._every_s, 600.0) if failed else self._every_s)

    async def _ask(self, url: str) -> bool:
        """Have the oldest manifests without a timestamp covered; return whether there may be more."""
        waiting = await self._store.do(lambda store: store.manifests.unstamped(timestamp.MOST))
        if not waiting:
            return False
        first = waiting[0][0]
        asked = timestamp.ask(self._site, first, [digest for _, digest in waiting])
        batch = timestamp.answered(asked, await _post(url, asked.body))
        content = timestamp.to_bytes(batch)
        await asyncio.to_thread(replace_durably, self._store.packages / batch.name, content)
        numbers = [number for number, _ in waiting]

        def note(store: Store) -> None:
            store.manifests.stamp(batch.name, sha256(content), numbers)

        await self._store.do(note)
        log.info("packages timestamped", first=first, last=numbers[-1], file=batch.name)
        self._look()
        return len(waiting) == timestamp.MOST


async def _post(url: str, body: bytes) -> bytes:
    # RFC 3161, section 3.4
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(url, data=body, headers=headers) as response,
    ):
        response.raise_for_status()
        return await response.content.read(MAX_ANSWER)
