"""The one thread that owns the store, for use from asyncio.

A call is a function of the `Store`; calls run in the order they were made.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from gateway.store.store import Store

T = TypeVar("T")


class StoreThread:
    """`await StoreThread.open(path)`, then `await thread.do(lambda store: store.keep(...))`."""

    def __init__(self, executor: ThreadPoolExecutor, store: Store) -> None:
        self._executor = executor
        self._store = store
        self.handling = asyncio.Lock()  # held by whoever seals, delivers or deletes: no two at once

    @classmethod
    async def open(
        cls, path: Path, key: Path | None = None, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> "StoreThread":
        """Open the store in its own thread; arguments as for `Store`. `StoreError` when that cannot be."""
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            store = await asyncio.get_running_loop().run_in_executor(executor, Store, path, key, monotonic_ns)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(executor, store)

    @property
    def path(self) -> Path:
        """Return the directory of the store."""
        return self._store.path

    @property
    def packages(self) -> Path:
        """Return the directory of the sealed packages."""
        return self._store.packages

    async def do(self, call: Callable[[Store], T]) -> T:
        """Run `call` in the thread of the store and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, self._store)

    async def close(self) -> None:
        """Finish what was asked for, then close the store."""
        await self.do(lambda store: store.close())
        self._executor.shutdown()
