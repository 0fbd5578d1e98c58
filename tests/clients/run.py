"""`make test-clients`: builds the clients' environments, lets each play its round against a box, prints the table.

Usage: `python -m tests.clients.run [--json] [--seed N] [CLIENT...]`, clients by the names of CLIENTS, all without any.
stdout has the table (with `--json` one object a check and the summary), stderr the progress. Exit 0 when every check of
every chosen client passed or is not offered, 1 when one failed, 2 for an unknown client.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pycore.output import Output
from tests.box_process import running_box
from tests.clients import environments
from tests.clients.checks import CHECKS, FAILED, MARKETS, NOT_OFFERED, PASSED, RESULTS

ROOT = Path(__file__).resolve().parents[2]
LOGS = environments.HOME / "logs"
ROUND_S = 400.0
SIGNS = {PASSED: "ok", FAILED: "FAILED", NOT_OFFERED: "-"}


@dataclass(frozen=True)
class Client:
    """One round: the module that plays it, the environment that it plays in, and the markets that it must report."""

    module: str
    environment: str
    markets: tuple[str, ...] = MARKETS


CLIENTS = {
    "ccxt": Client("ccxt_round", "ccxt"),
    "sdk": Client("sdk_round", "sdk"),
    "connector_spot": Client("connector_spot_round", "connector_spot", ("spot",)),
    "connector_usdm": Client("connector_usdm_round", "connector_usdm", ("usdm",)),
    "python_binance": Client("python_binance_round", "python_binance"),
    "nautilus": Client("nautilus_round", "nautilus"),
    "freqtrade": Client("freqtrade_round", "freqtrade"),
}
Row = dict[str, Any]


def play(name: str, client: Client, seed: int) -> Iterator[Row]:
    """The lines of one client's round against a box of its own; a check that it did not report has failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    owed = {(market, check) for market in client.markets for check in CHECKS}
    with running_box("--seed", str(seed), "--json") as first, log.open("w") as errors:
        command = [str(environments.python_of(client.environment)), "-m", f"tests.clients.{client.module}"]
        # A session of its own, so that whatever the round has started (bots) ends with it.
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        deadline = threading.Timer(ROUND_S, end, [process])
        deadline.start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(first) + "\n")
            process.stdin.close()
            for line in process.stdout:
                row: Row = json.loads(line)
                owed.discard((row["market"], row["check"]))
                yield row
            code = process.wait()
        finally:
            deadline.cancel()
            end(process)
    for market, check in sorted(owed):
        yield failure(name, market, check, f"the round ended with {code} before this check; see {log.name}")


def end(process: subprocess.Popen[str]) -> None:
    """Ends a round and everything in its session, if any of it still runs."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def failure(name: str, market: str, check: str, detail: str) -> Row:
    """The line of a check that could not even begin."""
    return {
        "client": name, "version": "", "market": market, "check": check,
        "result": FAILED, "detail": detail, "seconds": 0.0,
    }  # fmt: skip


def play_all(names: list[str], seed: int, output: Output) -> Iterator[Row]:
    """Builds what is missing and plays the rounds one after the other, with a word on stderr about each."""
    for number, name in enumerate(names, start=1):
        client, start = CLIENTS[name], time.monotonic()
        if not environments.ready(client.environment):
            output.say(f"[{number}/{len(names)}] {name}: building its environment")
            try:
                environments.build(client.environment)
            except RuntimeError as why:
                yield from (failure(name, market, check, str(why)) for market in client.markets for check in CHECKS)
                continue
            output.say(f"[{number}/{len(names)}] {name}: environment built in {time.monotonic() - start:.0f} s")
        start = time.monotonic()
        counts = dict.fromkeys(RESULTS, 0)
        try:
            for row in play(name, client, seed):
                counts[row["result"]] += 1
                yield row
        except (AssertionError, ValueError) as why:
            # The box printed no first line, or ended with another code than 0; its own words are on stderr.
            yield from (failure(name, market, "markets", f"the box failed: {why!r}") for market in client.markets)
        told = ", ".join(f"{count} {result}" for result, count in counts.items() if count)
        output.say(f"[{number}/{len(names)}] {name}: {told} ({time.monotonic() - start:.0f} s)")


def cell(signs: Mapping[str, str]) -> str:
    """One client's sign for one check, by market where its markets differ."""
    if len(set(signs.values())) == 1:
        return next(iter(signs.values()))
    return ", ".join(f"{market} {sign}" for market, sign in signs.items())


def by_check(rows: list[Row]) -> list[Row]:
    """The table as it is printed: one row a check, one column a client."""
    signs: dict[str, dict[str, dict[str, str]]] = {check: {row["client"]: {} for row in rows} for check in CHECKS}
    for row in rows:
        signs[row["check"]][row["client"]][row["market"]] = SIGNS[row["result"]]
    return [
        {"check": check, **{client: cell(told) if told else "" for client, told in clients.items()}}
        for check, clients in signs.items()
    ]


def remarks(rows: list[Row]) -> list[str]:
    """Why checks failed or are not offered: each reason of a client once, with the checks and markets it stands for."""
    reasons: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for row in rows:
        if row["result"] != PASSED:
            key = (SIGNS[row["result"]], row["client"], row["detail"])
            reasons.setdefault(key, {}).setdefault(row["check"], []).append(row["market"])
    lines = []
    for (sign, client, why), checks in sorted(reasons.items()):
        named = ", ".join(f"{check} ({' '.join(markets)})" for check, markets in checks.items())
        lines.append(f"{sign} {client}: {named}: {why}")
    return lines


def main(argv: list[str]) -> int:
    """Plays, prints and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients.run", description=__doc__.splitlines()[0])
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=f"of {', '.join(CLIENTS)}; all without any")
    parser.add_argument("--seed", type=int, default=5, help="the box's seed")
    parser.add_argument("--json", action="store_true", help="one JSON object a check, the last one the summary")
    args = parser.parse_args(argv)
    unknown = [name for name in args.clients if name not in CLIENTS]
    if unknown:
        print(f"no client is named {unknown}; known: {list(CLIENTS)}", file=sys.stderr)
        return 2
    output, rows, start = Output(as_json=args.json), list[Row](), time.monotonic()
    for row in play_all(args.clients or list(CLIENTS), args.seed, output):
        rows.append(row)
        if args.json:
            output.row(row)
    if not args.json:
        for line in by_check(rows):
            output.row(line)
        output.flush()
        for remark in remarks(rows):
            print(remark)
    counts = {result.replace(" ", "_"): sum(row["result"] == result for row in rows) for result in RESULTS}
    clients = len({row["client"] for row in rows})
    output.summary({"clients": clients, "checks": len(rows), **counts, "seconds": round(time.monotonic() - start, 1)})
    return int(counts[FAILED] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
