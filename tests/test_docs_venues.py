"""The table of docs/venues.md is what the code gives, and what is not proved stays out of live trading (M1)."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from feeds.binance import VENUES
from feeds.public import FEEDS
from feeds.venue import SESSIONS
from native._core import BookSurvey, InputError
from pycore.config import Venue
from tests.venue_table import DOCUMENT_ONLY, PAGE, feeds, tables, written

NAMES = {feed for _, _, feed in FEEDS}


def test_the_tables_are_those_of_the_code() -> None:
    text = PAGE.read_text()
    assert all(table in text for table in tables()), "write it anew: python -m tests.venue_table"
    assert written(text) == text


def test_every_feed_of_the_core_has_a_row() -> None:
    with pytest.raises(InputError) as refused:
        BookSurvey("none")
    known = set(re.findall(r"[a-z]+(?:-[a-z0-9]+)*", str(refused.value).partition("must be ")[2].partition(", was")[0]))
    assert known - {"or"} == NAMES
    assert {feed.name for feed in feeds()} == NAMES | set(VENUES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_no_public_feed_can_be_traded_and_an_experimental_one_not_be_recorded(name: str) -> None:
    with pytest.raises(ValidationError, match="binance"):
        Venue.model_validate({"name": name})
    [shown] = [feed for feed in feeds() if feed.name == name]
    session = SESSIONS.get(name)
    assert (session is None, shown.live == "record") == (
        shown.live == "no",
        session is not None and not session.experimental,
    )


def test_what_no_recording_proves_says_so() -> None:
    documented = {"bybit-inverse", "gate-spot", "gate-linear", "gate-inverse", "kraken-spot-v2"}
    documented |= {"bitget-spot-v2", "bitget-mix-v2", "bitfinex", "bitmex", "dydx", "kucoin-futures"}
    assert {feed.name for feed in feeds() if feed.proof == DOCUMENT_ONLY} == documented
