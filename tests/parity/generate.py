"""`python -m tests.parity.generate`: asks the reference EVM again and writes the committed vectors and their manifest.

catalogue: S4. The same seeds give the same files, byte for byte. Needs the npm artifacts (`make clamm-artifacts`).
Options: `--only WORD` writes the scenarios whose name has the word. The last line is a JSON summary.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from typing import Any

from sim.contracts import contract
from tests.parity import claims, libraries
from tests.parity.evm import keccak
from tests.parity.functions import FUNCTIONS, rows
from tests.parity.lives import live
from tests.parity.profiles import profiles
from tests.parity.quotes import SCENARIOS, quotes
from tests.parity.vectors import FUNCTIONS_FILE, MANIFEST, PLACE, QUOTES_FILE, pack, write_scenario

FUNCTION_VECTORS = 1500


def write_functions() -> dict[str, int]:
    """Writes the vectors of all library functions and returns how many there are of each."""
    found = {name: list(rows(name, FUNCTION_VECTORS, seed)) for seed, name in enumerate(FUNCTIONS)}
    FUNCTIONS_FILE.write_bytes(pack(found))
    return {name: len(vectors) for name, vectors in found.items()}


def write_quotes() -> dict[str, int]:
    """Writes what QuoterV2 said in the middle of some scenarios and returns how many answers there are of each."""
    found = {name: list(quotes(PLACE / f"{name}.json.zst", seed)) for seed, name in enumerate(SCENARIOS)}
    QUOTES_FILE.write_bytes(pack(found))
    return {name: len(rows) for name, rows in found.items()}


def write_claims() -> int:
    """Writes the vectors of v4's claims and returns how many there are."""
    found = list(claims.rows())
    claims.FILE.write_bytes(pack(found))
    return len(found)


def main(words: list[str]) -> int:
    """Writes the files, then the manifest; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tests.parity.generate", description=__doc__)
    parser.add_argument("--only", default="", help="write only the scenarios whose name has this word")
    wanted = parser.parse_args(words).only
    PLACE.mkdir(exist_ok=True)
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {"scenarios": {}}
    manifest["engine"] = f"pyrevm {version('pyrevm')}"
    manifest["creation_code"] = {
        name: keccak(contract(name).creation).hex()
        for name in ("UniswapV3Pool", "PancakeV3Pool", "QuoterV2", "UniswapV2Pair", "PoolManager")
    }
    for profile in profiles():
        if wanted in profile.name:
            manifest["scenarios"][profile.name] = row = write_scenario(profile, live(profile))
            print(f"{profile.name:<20} {row['operations']:>6} operations, {row['reverts']:>5} reverts", flush=True)
    if wanted in "libraries":
        written = list(libraries.lines())
        libraries.FILE.write_text("\n".join(written) + "\n")
        manifest["libraries"] = len(written)
    if wanted in "claims":
        manifest["claims"] = write_claims()
    if wanted in "quoter":
        manifest["quoter"] = write_quotes()
    if wanted in "functions":
        manifest["functions"] = write_functions()
    manifest["scenarios"] = dict(sorted(manifest["scenarios"].items()))
    MANIFEST.write_text(json.dumps(manifest, indent=1) + "\n")
    operations = sum(row["operations"] for row in manifest["scenarios"].values())
    functions = sum(manifest["functions"].values())
    asked = sum(manifest["quoter"].values())
    print(
        json.dumps(
            {
                "summary": True,
                "suite": "parity vectors",
                "operations": operations,
                "functions": functions,
                "quotes": asked,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
