"""Compiles our own Solidity with the compiler that the deployed contracts were made with, from its npm package.

catalogue: S4. solc 0.7.6 (emscripten) runs in node; what it makes stays in memory. The settings are the ones that
`clamm.md` names: optimiser with 800 runs, no hash of the metadata, so that a source is the same bytes everywhere.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sim.contracts import package

CONTRACTS = Path(__file__).parent / "contracts"
PROGRAM = """
const solc = require(process.argv[1] + "/soljson.js");
const compile = solc.cwrap("solidity_compile", "string", ["string", "number", "number"]);
process.stdout.write(compile(require("fs").readFileSync(0, "utf8"), 0, 0));
"""


class SolidityError(Exception):
    """The compiler refused the source; the text is the compiler's."""


def compile_contracts(*names: str, sources: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """The creation code of every contract in `contracts/NAME.sol`, by the contract's name.

    `sources` are the further files that these import, by the path they are imported by.
    """
    files = {f"{name}.sol": (CONTRACTS / f"{name}.sol").read_text() for name in names}
    wanted = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in {**files, **(sources or {})}.items()},
        "settings": {
            "optimizer": {"enabled": True, "runs": 800},
            "metadata": {"bytecodeHash": "none"},
            "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
        },
    }
    command = ["node", "-e", PROGRAM, str(package("solc"))]
    run = subprocess.run(command, input=json.dumps(wanted), capture_output=True, text=True, check=True)
    answer = json.loads(run.stdout)
    errors = [item["formattedMessage"] for item in answer.get("errors", []) if item["severity"] == "error"]
    if errors:
        raise SolidityError("\n".join(errors))
    return {
        name: bytes.fromhex(contract["evm"]["bytecode"]["object"])
        for path, contracts in answer["contracts"].items()
        if path in files
        for name, contract in contracts.items()
    }
