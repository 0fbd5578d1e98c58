"""A program that is compared: what it needs installed, its process, its rounds and how many of its answers are wrong.

catalogue: S4. Python peers live in environments of their own (`tests/clients/environments.py`), node's package where
`tests.parity.sdk` puts it. Every program gets a home of its own, so that it finds
and leaves nothing in the user's; `config` is what degenbot 0.5 reads there.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.clients import environments
from tests.parity import sdk

ROOT = Path(__file__).resolve().parents[2]
Answer = list[str | None]


class NotMeasuredError(Exception):
    """A program that could not be installed, started or asked; the message says why."""


@dataclass
class Program:
    """One program; `environment` is None where it runs in ours, `compares` False where it gives no answers."""

    name: str
    command: tuple[str, ...]
    environment: str | None = None
    compares: bool = True
    config: str = ""
    ns: dict[str, list[float]] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    failed: str | None = None
    process: subprocess.Popen[str] | None = None

    def start(self, document: Path, home: Path) -> None:
        """Installs what is missing, starts the program and waits until it is ready; remembers why it could not."""
        try:
            words = self._installed()
            variables = {**os.environ, "HOME": str(self._furnished(home)), "NODE_PATH": str(sdk.HOME / "node_modules")}
            first, *rest = [word.format(document=document) for word in words]
            self.process = subprocess.Popen(
                [first, *rest], cwd=ROOT, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._line()
        except (NotMeasuredError, RuntimeError, OSError, subprocess.CalledProcessError) as why:
            self._give_up(why)

    def _installed(self) -> list[str]:
        """The command, with its interpreter."""
        if self.command[0] == "node":
            if shutil.which("npm") is None:
                raise NotMeasuredError("npm is not here (Debian packages nodejs and npm)")
            if not (sdk.HOME / "node_modules" / "@uniswap" / "v3-sdk").is_dir():
                sdk.install()
            return list(self.command)
        python = sys.executable
        if self.environment is not None:
            if not environments.ready(self.environment):
                print(f"building the environment of {self.name} ...", file=sys.stderr)
                environments.build(self.environment)
            python = str(environments.python_of(self.environment))
        return [python, "-m", *self.command]

    def round(self, name: str) -> None:
        """One round over a set of questions."""
        if self.process is None or self.process.stdin is None or self.failed is not None:
            return
        try:
            self.process.stdin.write(json.dumps({"set": name}) + "\n")
            self.process.stdin.flush()
            told = self._line()
        except (NotMeasuredError, OSError) as why:
            self._give_up(why)
            return
        self.ns.setdefault(name, []).append(told["ns"])
        self.answers[name] = told["answers"]

    def median_ns(self, name: str) -> float:
        """CPU time of one quote."""
        return statistics.median(self.ns[name])

    def wrong(self, truth: Program) -> tuple[int, int, int]:
        """(wrong answers, questions that it refused, questions) of all sets, beside the answers of `truth`."""
        wrong = refused = count = 0
        for name, rows in self.answers.items():
            for row, known in zip(rows, truth.answers[name], strict=True):
                pairs = [(own, true) for own, true in zip(row, known, strict=True) if None not in (own, true)]
                count += 1
                refused += not pairs
                wrong += any(own != true for own, true in pairs)
        return wrong, refused, count

    def stop(self) -> None:
        """Ends the program."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait()

    def _give_up(self, why: Exception) -> None:
        self.failed = str(why).strip() or type(why).__name__
        print(f"NOT MEASURED: {self.name}: {self.failed}", file=sys.stderr)

    def _furnished(self, home: Path) -> Path:
        """The home, with the configuration in it that degenbot looks for."""
        if self.config:
            place = home / ".config" / "degenbot"
            place.mkdir(parents=True)
            (home / "empty.db").touch()
            (place / "config.toml").write_text(self.config.format(home=home))
        return home

    def _line(self) -> dict[str, Any]:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise NotMeasuredError(f"it ended with {self.process.wait()}")
        told: dict[str, Any] = json.loads(line)
        return told
