"""`python -m tests.parity.sdk`: @uniswap/v3-sdk on node answers the questions that QuoterV2 was asked.

catalogue: S4. A third implementation, by other people in another language, on the same pools: the states of the
committed scenarios and the unlimited questions of the quoter's vectors. The package and all that it needs are pinned in
`sdk_peer/package-lock.json` and installed into `build/parity/sdk`. Exit 0 without a difference, 1 with some; the last
line is a JSON summary.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.parity.vectors import PLACE, QUOTES_FILE, read_scenario, unpack

PEER = Path(__file__).parent / "sdk_peer"
HOME = Path(__file__).resolve().parents[2] / "build" / "parity" / "sdk"


def install() -> None:
    """Brings the package as its lock pins it."""
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "ask.js"):
        shutil.copy(PEER / name, HOME / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=HOME, check=True)


def questions() -> Iterator[tuple[str, dict[str, Any], list[int]]]:
    """Where, what is asked, and what QuoterV2 answered: exact amounts without a limit that it did not refuse."""
    for name, rows in unpack(QUOTES_FILE.read_bytes()).items():
        profile, steps = read_scenario(PLACE / f"{name}.json.zst")
        states = [step.state for step in steps]
        for (lived, zero_for_one, exact_input, amount, limit), answer in rows:
            state = states[lived - 1]
            if limit or isinstance(answer, str) or not state["ticks"]:
                continue
            asked = {
                "fee": profile["fee"],
                "price": str(state["slot0"][0]),
                "liquidity": str(state["liquidity"]),
                "tick": state["slot0"][1],
                "ticks": [[tick, str(row[0]), str(row[1])] for tick, row in sorted(state["ticks"].items())],
                "zeroForOne": zero_for_one,
                "exactInput": exact_input,
                "amount": str(amount),
            }
            yield f"{name} after {lived}", asked, answer


def main() -> int:
    """Installs, asks, compares."""
    install()
    asked = list(questions())
    lines = "".join(json.dumps(question) + "\n" for _, question, _ in asked)
    run = subprocess.run(["node", "ask.js"], cwd=HOME, input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    differences = 0
    for (where, question, quoter), answer in zip(asked, answers, strict=True):
        expected = [str(quoter[0]), str(quoter[1])]
        if answer != expected:
            differences += 1
            print(f"{where}: {question} sdk {answer}, QuoterV2 {expected}")
    row = {"summary": True, "suite": "parity sdk", "compared": len(asked), "differences": differences}
    print(json.dumps(row))
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main())
