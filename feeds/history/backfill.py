"""Runs jobs of history: the venues at once, the jobs of a venue one after another at its pace, page by page.

catalogue: M7. A page is stored before the checkpoint that says so (see `job`), both between two awaits, so a cancelled
run is never between them; a killed one may be, and asks for one page again. A job that its venue refuses is left where
it is and the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from feeds.history.job import Checkpoint, Job, keep, read
from feeds.history.page import Ends
from feeds.history.pages import BY_CHANNEL
from feeds.history.table import table
from feeds.history.venues import Venue, VenueError
from feeds.ports import Clock
from feeds.store.ports import Store

_MS_NS = 1_000_000


@dataclass
class Outcome:
    """What became of a job: how far it is, and why it went no further."""

    job: Job
    at: Checkpoint
    error: str = ""


class Backfill:
    """Some jobs into one lake. `tick` hears of every page: the job's outcome so far and the share that is done."""

    def __init__(
        self,
        lake: Store,
        clock: Clock,
        tick: Callable[[Outcome, float], None],
        bases: Mapping[str, str],
        key: str | None,
    ) -> None:
        """`bases` are other addresses of venues; `key` is for what a venue tells only those who have one."""
        self._lake = lake
        self._clock = clock
        self._tick = tick
        self._bases = bases
        self._key = key
        self.outcomes: list[Outcome] = []

    async def run(self, jobs: list[Job]) -> None:
        """Brings every job as far as it goes; `outcomes` has them in order, also after a cancellation."""
        self.outcomes = [Outcome(job, read(self._lake, job)) for job in jobs]
        venues: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            outcome.at.complete = False  # `until` may have moved on
            venues.setdefault(outcome.job.venue, []).append(outcome)
        opened = {name: Venue(name, self._bases.get(name), self._key) for name in venues}
        try:
            async with asyncio.TaskGroup() as group:
                for name, outcomes in venues.items():
                    group.create_task(self._venue(opened[name], outcomes), name=f"backfill {name}")
        finally:
            for venue in opened.values():
                await venue.close()

    async def _venue(self, venue: Venue, outcomes: list[Outcome]) -> None:
        try:
            await venue.open()
        except VenueError as why:
            for outcome in outcomes:
                outcome.error = str(why)
            return
        for outcome in outcomes:
            try:
                await self._job(venue, outcome)
            except VenueError as why:
                outcome.error = str(why)

    async def _job(self, venue: Venue, outcome: Outcome) -> None:
        job = outcome.job
        now_ms = self._clock.utc_ns() // _MS_NS
        end_ms = min(job.until_ns // _MS_NS, now_ms)
        if job.channel == "klines":
            end_ms -= end_ms % job.every_ms()
        begin_ms = job.since_ns // _MS_NS
        while outcome.at.reached_ms < end_ms:
            page = await BY_CHANNEL[job.channel](venue, job, outcome.at, Ends(end_ms, now_ms))
            now = replace(outcome.at, cursor=page.cursor, reached_ms=page.reached_ms, pages=outcome.at.pages + 1)
            if page.rows:
                rows = table(job, page.rows, now.rows + now.repeated)
                new = self._lake.write(job.channel, rows, f"{job.id()}-{outcome.at.cursor:015d}")
                now.rows += new
                now.repeated += len(page.rows) - new
            now.missing += page.missing
            now.complete = now.reached_ms >= end_ms
            keep(self._lake, job, now)
            outcome.at = now
            self._tick(outcome, (now.reached_ms - begin_ms) / max(1, end_ms - begin_ms))
        outcome.at.complete = True
