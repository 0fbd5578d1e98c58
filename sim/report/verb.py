"""The verb `tickwright report`: one self-contained HTML file about a session, from its journal alone.

catalogue: S7. Exit 0: written. 1: the journal is damaged (segment, offset and sequence are named), or its replay
differs from a checkpoint (the report is written and says so). 2: not a journal, or the file cannot be written.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import TaskID

from pycore.errors import DONE, UNEQUAL, InputError
from pycore.output import Output
from pycore.phases import config_beside
from sim.report import page
from sim.report.figures import Figures, gather
from sim.report.records import read
from sim.report.story import Teller

#: What `tickwright demo` leaves in a run's directory about itself.
SESSION_FILE = "session.json"


def register(parser: argparse.ArgumentParser) -> None:
    """Adds JOURNAL and `-o`."""
    parser.description = "Writes one HTML file about a session: equity, fills, markouts, latency, refusals, risk."
    parser.epilog = "example:\n  tickwright report runs/demo-1 -o report.html"
    parser.add_argument(
        "journal", metavar="JOURNAL|RUN", help="a journal, or the directory of a run with `journal` in it"
    )
    parser.add_argument("-o", "--output-file", metavar="FILE.html", help="where to write (default: beside the journal)")


def run(args: argparse.Namespace) -> int:
    """Writes the report; the summary has its path and the main figures."""
    journal, target = _places(args.journal, args.output_file)
    figures = of_journal(journal, args.output)
    beside = target.with_name(f"{target.name}.part")
    beside.write_text(page.html(figures), encoding="utf-8")
    beside.replace(target)
    for place in figures.story.diverged:
        args.output.say(f"the replay differs from the journal's checkpoint at sequence {place}")
    args.output.summary({"report": str(target), **figures.told()})
    return UNEQUAL if figures.story.diverged else DONE


def of_journal(journal: Path, output: Output | None = None) -> Figures:
    """Reads and replays a journal; raises `DamagedError` naming the place, `InputError` where it is none."""
    with _progress(output, "reading records") as told:
        records = read(str(journal), told)
    with _progress(output, "replaying") as told:
        story = Teller(str(journal), records).tell(told)
    return gather(journal, records, story, _json(config_beside(str(journal))), _json(journal.parent / SESSION_FILE))


@contextmanager
def _progress(output: Output | None, what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr (on a terminal); gives the function that moves it."""
    if output is None:
        yield lambda done, whole: None
        return
    with output.progress(what, 1) as bar:
        yield lambda done, whole: bar.update(TaskID(0), completed=done, total=whole)


def _places(given: str, output_file: str | None) -> tuple[Path, Path]:
    """The journal's directory and the file to write."""
    path = Path(given)
    if not path.is_dir():
        raise InputError(f"journal must be a directory, was {given}")
    inner = path / "journal"
    journal = inner if inner.is_dir() else path
    default = path / "report.html" if inner.is_dir() else path.with_name(f"{path.name}.report.html")
    target = Path(output_file) if output_file else default
    if not target.parent.is_dir() or target.is_dir():
        raise InputError(f"-o must name a file in a directory that exists, was {target}")
    return journal, target


def _json(path: Path) -> dict[str, Any]:
    """A JSON object beside the journal; empty where there is none."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text())
    except ValueError:
        raise InputError(f"{path} must be a JSON object, was not JSON") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} must be a JSON object, was {type(found).__name__}")
    return found
