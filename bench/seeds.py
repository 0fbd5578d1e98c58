"""The demo over many seeds, one after the other: what the maker earns and loses, as a page for docs/results.

catalogue: S7, S1. Each seed is a `tickwright demo` of its own in DIR/seed-N; one that is there already is not run
again, so an interrupted study goes on where it stopped. The figures are those of `tickwright report`.

example: python bench/seeds.py --seeds 20 --seconds 30
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sim.report.figures import Figures  # noqa: E402  # the checkout's own packages, from wherever this is started
from sim.report.verb import of_journal  # noqa: E402  # see above

RESULTS = ROOT / "docs" / "results"
#: Column of the table: its key, its title, decimals.
COLUMNS = (
    ("pnl", "profit, USDT", 2),
    ("fees", "fees, USDT", 2),
    ("gross", "before fees, USDT", 2),
    ("fills", "fills", 0),
    ("orders", "orders", 0),
    ("refusals", "refusals", 0),
    ("markout_0_bp", "markout at the fill, bp", 2),
    ("markout_1_bp", "1 s, bp", 2),
    ("markout_5_bp", "5 s, bp", 2),
)
Row = dict[str, float]


def main(words: Sequence[str] | None = None) -> int:
    """Runs the study; returns 0, or 1 where a session's replay was not equal."""
    args = _arguments(words)
    rows = []
    for seed in range(1, args.seeds + 1):
        journal = _played(args.directory, seed, args.seconds)
        if journal is None:
            return 1
        rows.append(row_of(seed, of_journal(journal)))
        print(json.dumps(rows[-1]), flush=True)
    figure = args.output.with_suffix(".svg")
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(text(rows, args.seconds, figure.name, args.note))
    draw(rows, figure)
    means = {key: _mean_error([row[key] for row in rows]) for key, _, _ in COLUMNS}
    print(json.dumps({"seeds": args.seeds, "seconds": args.seconds, **means, "summary": True}))
    return 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="seeds 1 to N (20)")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S", help="length of each session (30)")
    parser.add_argument("--directory", type=Path, default=ROOT / "runs" / "seeds", help="where the sessions are kept")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "demo_seeds.md", help="the page to write")
    parser.add_argument("--note", default="", help="a sentence about the machine, for the page")
    return parser.parse_args(words)


def _played(directory: Path, seed: int, seconds: float) -> Path | None:
    """The journal of one seed, played now where it is not there yet; None where its replay was not equal."""
    session = directory / f"seed-{seed}"
    summary = directory / f"seed-{seed}.json"
    if not summary.is_file():
        directory.mkdir(parents=True, exist_ok=True)
        print(f"seed {seed}: trading for {seconds:g} s", file=sys.stderr)
        command = [sys.executable, "-m", "pycore.cli", "demo", "--seed", str(seed), "--seconds", f"{seconds:g}"]
        done = subprocess.run(
            [*command, "--dir", str(session), "--json"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            print(f"seed {seed}: the demo ended with {done.returncode}: {done.stderr.strip()}", file=sys.stderr)
            return None
        summary.write_text(done.stdout.splitlines()[-1] + "\n")
    found = json.loads(summary.read_text())
    if found["state_hash"] != found["replay_hash"]:
        print(
            f"seed {seed}: state hash {found['state_hash']} was {found['replay_hash']} in the replay", file=sys.stderr
        )
        return None
    return session / "journal"


def row_of(seed: int, figures: Figures) -> Row:
    """One seed's row; money in USDT, markouts in bp of all fills as maker."""
    told: dict[str, Any] = figures.told()
    parts = figures.story.parts["USDT"]
    unit = 10 ** figures.scale("USDT")
    pnl, fees = figures.story.final["USDT"] / unit, (parts["fees"] + parts["base_fees"]) / unit
    marks = {row.horizon_s: row.mean_bp for row in figures.maker}
    return {
        "seed": seed,
        "pnl": round(pnl, 8),
        "fees": round(fees, 8),
        "gross": round(pnl + fees, 8),
        **{name: told[name] for name in ("fills", "orders", "refusals")},
        **{f"markout_{horizon:g}_bp": round(marks[horizon], 4) for horizon in (0.0, 1.0, 5.0)},
    }


def _mean_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard error of the mean over the seeds; each seed is one independent sample."""
    return round(statistics.fmean(values), 4), round(statistics.stdev(values) / len(values) ** 0.5, 4)


def text(rows: Sequence[Row], seconds: float, figure: str, note: str) -> str:
    """The page: how it was made, the table, the means, and what they say."""
    means = {key: _mean_error([row[key] for row in rows]) for key, _, _ in COLUMNS}
    head = " | ".join(["seed", *(title for _, title, _ in COLUMNS)])
    body = [
        " | ".join([str(int(row["seed"])), *(f"{row[key]:.{digits}f}" for key, _, digits in COLUMNS)]) for row in rows
    ]
    last = " | ".join(f"{means[key][0]:.2f} ± {means[key][1]:.2f}" for key, _, _ in COLUMNS)
    blocks = [
        f"# The demo over {len(rows)} seeds",
        _wrapped(
            f"`python bench/seeds.py --seeds {len(rows)} --seconds {seconds:g}`: {len(rows)} sessions of"
            " `tickwright demo`, seeds 1 and up, one after the other; no seed was left out or run again."
            " Each figure is from the session's journal by `tickwright report`; each session's replay had the state"
            " hash of the live run. The last row is the mean ± its standard error over the seeds. Sessions run in real"
            " time: the market's randomness is the seed's, but when our orders arrive is the machine's, so a second"
            f" study differs. {note}"
        ),
        f"![profit and markouts by seed]({figure})",
        "\n".join(
            [
                f"| {head} |",
                "|" + "--:|" * (len(COLUMNS) + 1),
                *(f"| {line} |" for line in body),
                f"| **mean** | {last} |",
            ]
        ),
        "## What it says",
        "\n".join(f"- {_wrapped(point, indent='  ')}" for point in _meaning(rows, means)),
    ]
    return "\n\n".join(blocks) + "\n"


def _wrapped(paragraph: str, indent: str = "") -> str:
    return textwrap.fill(paragraph.strip(), 116, subsequent_indent=indent, break_long_words=False)


def _meaning(rows: Sequence[Row], means: dict[str, tuple[float, float]]) -> list[str]:
    """What the means say, in words that follow from the numbers."""
    losing = sum(row["pnl"] < 0 for row in rows)
    gross, mark_1, mark_5 = means["gross"], means["markout_1_bp"], means["markout_5_bp"]
    return [
        f"{losing} of {len(rows)} sessions lose money; the mean profit is {_words(means['pnl'])} USDT a session.",
        f"Fees are {_words(means['fees'])} USDT a session. Before fees the maker makes {_words(gross)} USDT, which is"
        f" {_judged(gross)}. The demo quotes well inside what the fees cost (10 bp of a fill's value on spot, 2 bp on"
        " USD-M) on purpose, so that half a minute shows fills; a maker that means to earn must quote wider.",
        f"When the report of a fill arrives, the mid is {_words(means['markout_0_bp'])} bp from the fill's price"
        f" (positive: in our favour). After 1 s it is {_words(mark_1)} bp ({_judged(mark_1)}), after 5 s"
        f" {_words(mark_5)} bp ({_judged(mark_5)}). A quarter of the generated market's takers are informed: they"
        " trade towards where the price will be in two seconds. Quotes that stand still are taken when they are wrong,"
        " and ours stand longer than the model would like, because they move within an order rate.",
        "Markouts within one session overlap (fills of the same second share a move), so a session's own standard error"
        " is too small; the error over the seeds, used here, does not have that fault.",
        "Profit here is simulated and says nothing about a real market.",
    ]


def _words(mean: tuple[float, float]) -> str:
    return f"{mean[0]:.2f} ± {mean[1]:.2f}"


def _judged(mean: tuple[float, float]) -> str:
    """Whether a mean is told apart from 0 by its own error (two standard errors)."""
    if abs(mean[0]) <= 2 * mean[1]:
        return "not told apart from 0"
    return "below 0 by more than two standard errors" if mean[0] < 0 else "above 0 by more than two standard errors"


def draw(rows: Sequence[Row], path: Path) -> None:
    """Profit by seed, split at the fees, and the markouts by horizon of each seed."""
    style: Any = {"svg.fonttype": "path", "svg.hashsalt": "seeds", "font.size": 9, "axes.spines.top": False}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(8, 5.2), layout="constrained", facecolor="white")
        above, below = figure.subplots(2, 1)
        seeds = [row["seed"] for row in rows]
        above.bar(seeds, [row["pnl"] for row in rows], color="#1667b7", label="profit")
        above.plot(seeds, [row["gross"] for row in rows], "o", color="#c2660a", markersize=4, label="before fees")
        above.set(ylabel="USDT a session", xlabel="seed", xticks=seeds)
        for key, colour, label in (
            ("markout_0_bp", "#78828f", "at the fill"),
            ("markout_1_bp", "#1a7f4b", "1 s"),
            ("markout_5_bp", "#c0303b", "5 s"),
        ):
            mean, error = _mean_error([row[key] for row in rows])
            below.plot(seeds, [row[key] for row in rows], "o-", color=colour, markersize=3, linewidth=0.8, label=label)
            below.axhspan(mean - error, mean + error, color=colour, alpha=0.15, linewidth=0)
        below.set(ylabel="maker markout, bp\n(band: mean ± error)", xlabel="seed", xticks=seeds)
        for axes in (above, below):
            axes.axhline(0, color="black", linewidth=0.6)
            axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    sys.exit(main())
