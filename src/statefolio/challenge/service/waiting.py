"""Long polls: requests that wait until a submission has been scored.

All of them share one query every half second, however many they are.
"""

import asyncio
from collections import Counter
from functools import partial

from statefolio.challenge.service.counts import states_of
from statefolio.challenge.service.database import Database
from statefolio.challenge.service.problems import Problem

PAUSE = 0.5
"""Seconds between two looks at the database."""
MOST_WAITING = 2_000
DONE = ("scored", "failed")


class Waiting:
    """The submissions that requests of this process wait for."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._ids: Counter[str] = Counter()
        self._done: set[str] = set()
        self._round = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def until_done(self, submission: str, seconds: float) -> None:
        """Return when a submission has a result, or after some seconds."""
        if seconds <= 0.0 or self._ids.total() >= MOST_WAITING:
            return
        self._ids[submission] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds), self._round:
                await self._round.wait_for(lambda: submission in self._done)
        except TimeoutError:
            pass
        finally:
            self._ids[submission] -= 1
            if not self._ids[submission]:
                del self._ids[submission]
                self._done.discard(submission)

    async def _look(self) -> None:
        while self._ids:
            asked = tuple(self._ids)
            try:
                states = await self.database.read(partial(states_of, ids=asked))
            except Problem:  # the database is away: those who wait may see it return
                states = {}
            async with self._round:
                self._done |= {each for each, state in states.items() if state in DONE and each in self._ids}
                self._round.notify_all()
            await asyncio.sleep(PAUSE)
