"""The verb `tickwright journal`: `verify`, `ls` and `show` a journal, without changing a byte of it.

catalogue: K4, S9. Exit 0: whole. 1: damaged; segment, offset and sequence of the first bad place are named. 2: not a
journal, or an impossible range.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from native import _core
from pycore.errors import DONE, UNEQUAL

# Records asked from the core in one call: enough that the call is nothing beside it, few enough to print at once.
PAGE = 10_000
SHOWN_BY_DEFAULT = 20


def register(parser: argparse.ArgumentParser) -> None:
    """Adds `verify JOURNAL`, `ls JOURNAL` and `show JOURNAL [--first N] [--last N]`."""
    parser.description = "Looks into a journal: checks it, lists its segments, shows its records."
    parser.epilog = "example:\n  tickwright journal verify runs/demo/journal"
    actions = parser.add_subparsers(dest="action", required=True)
    for name, what in [("verify", "check every bit"), ("ls", "list the segments"), ("show", "show records")]:
        action = actions.add_parser(name, help=what)
        action.description = f"{what.capitalize()} of a journal; nothing is changed."
        action.epilog = f"example:\n  tickwright journal {name} runs/demo/journal"
        action.add_argument("journal", metavar="JOURNAL", help="the journal's directory")
    show = actions.choices["show"]
    show.add_argument("--first", type=_sequence, metavar="SEQ", help="the first number; without it the journal's first")
    show.add_argument("--last", type=_sequence, metavar="SEQ", help=f"the last; without it {SHOWN_BY_DEFAULT} records")


def _sequence(text: str) -> int:
    """A sequence number of the command line; they count from 1."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**63:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, was {text!r}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Runs the action that was asked for; returns 0, or 1 where the journal is damaged."""
    actions = {"verify": _verify, "ls": _list, "show": _show}
    return actions[args.action](args)


def _verify(args: argparse.Namespace) -> int:
    """Says what the journal holds, or where it is damaged."""
    found = _core.journal_verify(args.journal)
    place = found.pop("damage")
    if place is None:
        args.output.summary({"journal": args.journal, "ok": True, **found})
        return DONE
    args.output.say(_sentence(place))
    args.output.summary({"journal": args.journal, "ok": False, **place})
    return UNEQUAL


def _sentence(place: dict[str, Any]) -> str:
    """Where a journal is damaged, as one sentence."""
    return f"{place['segment']} is damaged at offset {place['offset']}, sequence {place['sequence']}: {place['why']}"


def _list(args: argparse.Namespace) -> int:
    """A row for each whole segment; a damaged one ends the list."""
    rows = _core.journal_ls(args.journal)
    for row in rows:
        args.output.row(row)
    place = _core.journal_verify(args.journal)["damage"]
    if place is not None:
        args.output.flush()
        args.output.say(_sentence(place))
    args.output.summary({"segments": len(rows), "records": sum(row["records"] for row in rows), "ok": place is None})
    return DONE if place is None else UNEQUAL


def _show(args: argparse.Namespace) -> int:
    """A row for each record of the range; without a range, the first few."""
    rows = _core.journal_ls(args.journal)
    begin = rows[0]["first_seq"] if rows else 1
    first = begin if args.first is None else args.first
    last = first + SHOWN_BY_DEFAULT - 1 if args.last is None else args.last
    shown = 0
    for record in _pages(args.journal, first, last):
        args.output.row(record if args.output.as_json else _line(record))
        shown += 1
    args.output.summary({"first": first, "last": last, "shown": shown})
    return DONE


def _pages(journal: str, first: int, last: int) -> Iterator[dict[str, Any]]:
    """The records of a range, asked for a page at a time; the first call also refuses an impossible range."""
    at = first
    while True:
        page = _core.journal_show(journal, at, min(last, at + PAGE - 1) if last >= at else last)
        yield from page
        at += PAGE
        if len(page) < PAGE or at > last:
            return


def _line(record: dict[str, Any]) -> dict[str, Any]:
    """A record for the table: what all records have in columns, the kind's own fields in one."""
    common = ("sequence", "kind", "instrument", "stream", "stream_seq", "ts_receive")
    hidden = {*common, "schema", "ts_venue", "ts_mono"}
    own = " ".join(f"{name}={value}" for name, value in record.items() if name not in hidden)
    return {**{name: record[name] for name in common}, "fields": own}
