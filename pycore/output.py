"""What a verb prints: results on stdout as tables or JSON lines, progress and messages on stderr.

catalogue: K5. Implements the rules for every verb in commands.md: with `--json` one object a result, the last one
carrying `"summary": true`; without it a table that a person reads.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

Row = Mapping[str, object]


def _text(value: object) -> str:
    """A cell of a table: nothing for None, a short float, everything else as it prints."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    return str(value)


def _words(named: Mapping[str, object]) -> str:
    """Named figures as a person reads them: `created 156,889, changed 266`."""
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in named.items()
    )


class Output:
    """Where a verb's results and messages go; one for each run of the command."""

    def __init__(self, *, as_json: bool, out: TextIO | None = None, err: TextIO | None = None) -> None:
        """Writes results to `out` (stdout by default) and everything else to `err` (stderr by default)."""
        self.as_json = as_json
        self._out = out or sys.stdout
        self._err = Console(file=err or sys.stderr, highlight=False, soft_wrap=True)
        self._rows: list[Row] = []

    @property
    def on_terminal(self) -> bool:
        """Whether results go to a person at a terminal (then a live view may be drawn)."""
        return not self.as_json and self._out.isatty()

    def row(self, row: Row) -> None:
        """One result. JSON lines leave at once; rows of a table are kept until `summary` or `flush`."""
        if self.as_json:
            self._line(row)
        else:
            self._rows.append(dict(row))

    def flush(self) -> None:
        """Prints the rows collected so far as one table; named figures, which fit no column, in lines below it."""
        if not self._rows:
            return
        named = dict.fromkeys(key for row in self._rows for key, value in row.items() if isinstance(value, Mapping))
        columns = list(dict.fromkeys(key for row in self._rows for key in row if key not in named))
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            numeric = all(isinstance(row.get(column), int | float | None) for row in self._rows)
            table.add_column(column, justify="right" if numeric else "left", overflow="fold")
        for row in self._rows:
            table.add_row(*(_text(row.get(column)) for column in columns))
        width = None if self._out.isatty() else 200
        Console(file=self._out, highlight=False, markup=False, width=width).print(table)
        for row in self._rows:
            told = [_words(value) for key in named if isinstance(value := row.get(key), Mapping) and value]
            if told and columns:
                print(f"{row.get(columns[0])}: {'; '.join(told)}", file=self._out)
        self._rows.clear()

    def summary(self, row: Row) -> None:
        """The last result: the object with `"summary": true`, or its fields one a line."""
        if self.as_json:
            self._line({**row, "summary": True})
            return
        self.flush()
        width = max((len(key) for key in row), default=0)
        for key, value in row.items():
            print(f"{key:<{width}}  {_text(value)}", file=self._out)
        self._out.flush()

    def say(self, message: str) -> None:
        """A line of progress or a remark, on stderr."""
        self._err.print(message, markup=False)

    @contextmanager
    def progress(self, what: str, total: float) -> Iterator[Progress]:
        """A progress bar with rate and time left on stderr; silent where stderr is not a terminal.

        The bar's only task has the id 0: `bar.update(0, completed=n)`; a total of 0 is an unknown one.
        """
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._err,
            disable=not self._err.is_terminal,
            transient=True,
        )
        with bar:
            bar.add_task(what, total=total or None)
            yield bar

    def _line(self, row: Row) -> None:
        json.dump(row, self._out, default=str, separators=(",", ":"))
        self._out.write("\n")
        self._out.flush()
