"""`make fuzz`: libFuzzer over every target of the core (`native/core/src/fuzz.rs`), each for its share of the time.

catalogue: K1. The build needs no nightly compiler: the instrumentation is LLVM's own pass, libFuzzer comes as a crate.
What it does not have is AddressSanitizer; overflow checks and debug assertions are on, and a panic is a finding.
The corpus grows under `build/fuzz/corpus` and the next run goes on from it; findings lie in `build/fuzz/findings`, and
`tickwright-fuzz TARGET FILE` runs one again. Exit 0 without findings, 1 with some, 2 for bad input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "fuzz"
# Edge counters, and comparisons seen by the fuzzer: what `cargo fuzz` asks a nightly compiler for.
COVERAGE = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
)
INPUT_S_MAX = 20
MEMORY_MB_MAX = 2048


@dataclass(frozen=True)
class Found:
    """What the run of one target gave: how many inputs were tried, and the files of those that broke it."""

    target: str
    executions: int
    edges: int
    findings: tuple[str, ...]


def build() -> Path:
    """Compiles the targets with coverage and returns the program."""
    triple = next(
        line.split()[1]
        for line in subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout.splitlines()
        if line.startswith("host:")
    )
    command = ["cargo", "build", "--locked", "--manifest-path", "native/Cargo.toml", "-p", "tickwright-fuzz"]
    # A target of its own name, so that the instrumentation is for the program and not for build scripts.
    command += ["--features", "libfuzzer", "--profile", "fuzz", "--target", triple, "--target-dir", "target/fuzz"]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "RUSTFLAGS": " ".join(COVERAGE)})
    return ROOT / "target" / "fuzz" / triple / "fuzz" / "tickwright-fuzz"


def arguments(target: str, seconds: int, place: Path = PLACE) -> list[str]:
    """libFuzzer's arguments for one target; the first folder is the one that grows."""
    corpus = place / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    (place / "findings").mkdir(parents=True, exist_ok=True)
    options = {
        "max_total_time": seconds,
        "timeout": INPUT_S_MAX,
        "rss_limit_mb": MEMORY_MB_MAX,
        "artifact_prefix": f"{place / 'findings' / target}-",
        "print_final_stats": 1,
    }
    return [
        target,
        *(f"-{name}={value}" for name, value in options.items()),
        str(corpus),
        str(place / "seeds" / target),
    ]


def found(target: str, said: str, code: int) -> Found:
    """What libFuzzer's output means. A target that ended badly without a file is a finding too, of its last lines."""
    executions = re.findall(r"^stat::number_of_executed_units:\s*(\d+)", said, re.MULTILINE)
    executions = executions or re.findall(r"^#(\d+)\s", said, re.MULTILINE)
    edges = re.findall(r"\bcov: (\d+)", said)
    files = tuple(re.findall(r"Test unit written to (\S+)", said))
    if code and not files:
        files = (f"exit {code}: {said.strip().splitlines()[-1] if said.strip() else 'no output'}",)
    return Found(target, int(executions[-1]) if executions else 0, int(edges[-1]) if edges else 0, files)


def run(program: Path, target: str, seconds: int) -> Found:
    """Fuzzes one target for its time, or until it breaks."""
    command = [str(program), *arguments(target, seconds)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    log = PLACE / f"{target}.log"
    log.write_text(done.stderr)
    return found(target, done.stderr, done.returncode)


def summary(results: list[Found]) -> dict[str, object]:
    """The last line: how many targets, executions and crashes."""
    crashes = sum(len(result.findings) for result in results)
    executions = sum(result.executions for result in results)
    return {"summary": True, "suite": "fuzz", "targets": len(results), "executions": executions, "crashes": crashes}


def parse(words: list[str]) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="libFuzzer over every target of the core")
    parser.add_argument("--seconds", type=int, default=600, help="in all, shared evenly; at least 1 each is spent")
    parser.add_argument("--targets", default="", help="only these, by name, with commas")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Builds, fuzzes the targets one after another, prints a line for each and the summary."""
    options = parse(words)
    if options.seconds < 1:
        print(f"SECONDS must be at least 1, was {options.seconds}", file=sys.stderr)
        return 2
    program = build()
    known = subprocess.run([program, "list"], capture_output=True, text=True, check=True).stdout.split()
    targets = options.targets.split(",") if options.targets else known
    if unknown := sorted(set(targets) - set(known)):
        print(f"targets must be of {','.join(known)}, was {','.join(unknown)}", file=sys.stderr)
        return 2
    subprocess.run([program, "seeds", PLACE / "seeds"], check=True)
    share = max(1, options.seconds // len(targets))
    results: list[Found] = []
    code = 0
    try:
        for at, target in enumerate(targets):
            print(
                f"{target}: {share} s, then {(len(targets) - at - 1) * share} s of others", file=sys.stderr, flush=True
            )
            results.append(run(program, target, share))
            print(json.dumps(vars(results[-1])), flush=True)
    except KeyboardInterrupt:
        print("interrupted; the corpus is kept, and the next run goes on from it", file=sys.stderr)
        code = 130
    print(json.dumps(summary(results)), flush=True)
    return code or int(any(result.findings for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
