"""Everything that `make test` checks, in order: each step runs whatever the ones before it said, and a summary ends it.

Usage: `python -m tests.run [NAME...]` runs all steps, or those whose name contains one of the given words.
Exit 0 when every step that ran exited 0, else 1; 2 when no step has such a name.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sim.accept import evidence

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("native", "pycore", "feeds", "oms", "risk", "sim", "tickwright")
COVERAGE_PERCENT_MIN = 80
COVERAGE_FILE = ROOT / "build" / "coverage.json"


@dataclass(frozen=True)
class Step:
    """One check: the name that the summary prints, and the command that exits 0 when it holds."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What one step said: its exit code and how long it took."""

    name: str
    code: int
    seconds: float


def cargo(*words: str) -> tuple[str, ...]:
    """A cargo command on the workspace under native/, with the lock as committed."""
    return ("cargo", words[0], "--manifest-path", "native/Cargo.toml", *words[1:])


def python(*words: str) -> tuple[str, ...]:
    """A Python module run by the interpreter that runs this."""
    return (sys.executable, "-m", *words)


def compiled_modules(root: Path = ROOT) -> list[str]:
    """The compiled modules whose stubs are compared with the runtime: the Rust core and every Cython kernel."""
    return ["native._core", *(f"native.{path.stem}" for path in sorted((root / "native").glob("*.pyx")))]


def steps() -> list[Step]:
    """The checks, cheapest first."""
    coverage = [*(f"--cov={room}" for room in ROOMS), "--cov-report=term", f"--cov-report=json:{COVERAGE_FILE}"]
    allowed = ("--allowlist", "tests/stubs.allow", "--ignore-unused-allowlist")
    return [
        Step("cargo fmt", cargo("fmt", "--all", "--check")),
        Step("ruff check", python("ruff", "check", ".")),
        Step("ruff format", python("ruff", "format", "--check", ".")),
        Step("mypy --strict", python("mypy")),
        Step("stubs", python("mypy.stubtest", "--concise", *allowed, *compiled_modules())),
        Step("bandit", python("bandit", "-q", "-r", "-lll", *ROOMS)),
        Step("clippy", cargo("clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings")),
        Step("cargo test", cargo("test", "--locked", "--workspace", "--quiet")),
        Step("pytest", python("pytest", "-m", "not wheels", *coverage, f"--cov-fail-under={COVERAGE_PERCENT_MIN}")),
        Step("wheels", python("pytest", "-m", "wheels")),
    ]


def run(step: Step) -> Outcome:
    """Runs one step from the checkout's root, its output going where ours goes."""
    print(f"\n=== {step.name}: {' '.join(step.command)}", flush=True)
    start = time.perf_counter()
    code = subprocess.run(step.command, cwd=ROOT, check=False).returncode
    return Outcome(step.name, code, time.perf_counter() - start)


def summary(outcomes: list[Outcome]) -> str:
    """The short table that ends the run: one line a step, failures named once more in the last line."""
    lines = [f"{'ok' if o.code == 0 else 'FAILED':<8}{o.name:<16}{o.seconds:>7.1f} s" for o in outcomes]
    failed = [o.name for o in outcomes if o.code != 0]
    total = sum(o.seconds for o in outcomes)
    verdict = f"{len(failed)} of {len(outcomes)} failed: {', '.join(failed)}" if failed else f"all {len(outcomes)} hold"
    return "\n".join(["", "=== summary", *lines, f"{verdict} ({total:.0f} s)"])


def coverage_percent() -> float | None:
    """The share of the Python lines that the tests of this run covered; None where they wrote no report."""
    try:
        return float(json.loads(COVERAGE_FILE.read_text())["totals"]["percent_covered"])
    except (OSError, ValueError, LookupError):
        return None


def keep_record(outcomes: list[Outcome]) -> None:
    """Leaves what a whole run found for `tickwright accept`, with the digest of the sources that it found it in."""
    evidence.keep({outcome.name: outcome.code for outcome in outcomes}, coverage_percent())


def main(words: list[str]) -> int:
    """Runs the steps that the words name (all without words), prints the summary, returns the exit code."""
    chosen = [step for step in steps() if not words or any(word in step.name for word in words)]
    if not chosen:
        print(f"no step is named like {words}; known: {[step.name for step in steps()]}", file=sys.stderr)
        return 2
    COVERAGE_FILE.parent.mkdir(exist_ok=True)
    COVERAGE_FILE.unlink(missing_ok=True)
    outcomes = [run(step) for step in chosen]
    if not words:
        keep_record(outcomes)
    print(summary(outcomes), flush=True)
    return int(any(outcome.code != 0 for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
