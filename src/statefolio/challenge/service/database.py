"""Runs the store's functions in threads, so that the event loop never waits for the database.

SQLite has one writer at a time. Writes therefore queue in this process, in the order of their arrival, instead of
polling for the lock of the file; reads run beside them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from statefolio.challenge.service.problems import Problem, database_unavailable
from statefolio.challenge.store.errors import DatabaseUnavailable
from statefolio.challenge.store.store import Store

READERS = 4
POSTGRES_WRITERS = 4
MOST_WAITING = 2_000
"""Requests that may wait for a thread; more are asked to come back."""
T = TypeVar("T")
Work = Callable[[Connection], T]


class Database:
    """The store behind two pools of threads.

    Parameters
    ----------
    store : Store
        The open store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        writers = 1 if store.sqlite else POSTGRES_WRITERS
        self._readers = ThreadPoolExecutor(READERS, "reader")
        self._writers = ThreadPoolExecutor(writers, "writer")
        self._waiting = 0

    async def read(self, work: Work[T]) -> T:
        """Run a function that changes nothing, in a transaction.

        Raises
        ------
        Problem
            With status 503 if the database does not answer.
        """
        return await self._run(self._readers, lambda: self._read(work))

    async def write(self, work: Work[T]) -> T:
        """Run a function in a transaction that is committed before this returns, or not at all.

        Raises
        ------
        Problem
            With status 503 if the database does not answer.
        """
        return await self._run(self._writers, lambda: self._write(work))

    def close(self) -> None:
        """End the threads after their current work."""
        self._readers.shutdown()
        self._writers.shutdown()
        self.store.close()

    def _read(self, work: Work[T]) -> T:
        with self.store.reading() as connection:
            return work(connection)

    def _write(self, work: Work[T]) -> T:
        with self.store.transaction() as connection:
            return work(connection)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Problem(
                503, "overloaded", "Too many requests wait. Try again in a second.", headers={"Retry-After": "1"}
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except DatabaseUnavailable as error:
            raise database_unavailable() from error
        finally:
            self._waiting -= 1
