"""The trading day: which day a moment belongs to, and the event that begins the next one.

catalogue: R1, K6. A day runs from the configured time of UTC to the same time of the next. Its roll is a command of the
stream (`roll_day`, the day's number as its value), so a replay rolls at the same event. It makes daily losses begin at
the equity of that moment; the peak and the deepest fall, which drawdown is measured from, stay.
"""

from __future__ import annotations

import logging

from pycore.session import Session

log = logging.getLogger(__name__)

_MINUTE_NS = 60_000_000_000
_DAY_NS = 24 * 60 * _MINUTE_NS


def number(utc_ns: int, roll_utc: str) -> int:
    """The trading day of a moment, counted from 1 January 1970: the day in whose calendar date it began."""
    hours, _, minutes = roll_utc.partition(":")
    return (utc_ns - (int(hours) * 60 + int(minutes)) * _MINUTE_NS) // _DAY_NS


def begin(session: Session) -> None:
    """Takes up the day of the journal's last event; a day that began while no engine ran is rolled now."""
    began = session.core.recovered_at if session.core.recovered else session.clock.utc_ns()
    session.day = number(began, session.config.trading_day.roll_utc)
    roll(session)


def roll(session: Session) -> None:
    """Rolls the day where a new one has begun; called with every tick. A clock that goes back rolls nothing."""
    today = number(session.clock.utc_ns(), session.config.trading_day.roll_utc)
    if today > session.day:
        log.info("trading day %d begins at %s UTC", today, session.config.trading_day.roll_utc)
        session.port.command("roll_day", value=today)
        session.day = today
