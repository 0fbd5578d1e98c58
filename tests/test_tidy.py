"""The structure of the repository: each rule of tidy_rules.py is held on every file, and shown to be able to fail."""

from __future__ import annotations

import importlib
import re
import subprocess
import tomllib
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests import run, tidy_rules

ROOT = Path(__file__).resolve().parents[1]
Rule = Callable[[str, str], Iterator[str]]


@cache
def tracked(*endings: str) -> list[str]:
    """The paths of the repository's files with one of these endings (all without), links and deleted files left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    paths = [path for path in listed if path and (ROOT / path).is_file() and not (ROOT / path).is_symlink()]
    return sorted(path for path in paths if path.endswith(endings or ("",)))


# A module that only tests bring in, with the file that it names or else its own name.
TEST_MODULE = re.compile(
    r"#\[cfg\((?:all\(|any\()?test\b.*\]\n"
    r"(?:#\[path = \"(?P<file>[\w/]+)\.rs\"\]\n)?(?:pub(?:\(\w+\))? )?mod (?P<name>\w+);"
)


@cache
def rust_test_files() -> set[str]:
    """The Rust files that only `#[cfg(test)] mod ...;` brings in."""
    found = set()
    for path in tracked(".rs"):
        folder = Path(path).parent if Path(path).stem in {"mod", "lib"} else Path(path).with_suffix("")
        for module in TEST_MODULE.finditer(text_of(path)):
            name = module["name"]
            beside = f"{Path(path).parent / module['file']}.rs" if module["file"] else f"{folder / name}.rs"
            found |= {beside, *(below for below in tracked(".rs") if below.startswith(f"{folder / name}/"))}
    return found


def faults(rule: Rule, *endings: str) -> list[str]:
    """What a rule says about every file with one of these endings."""
    left_out = rust_test_files() if rule is tidy_rules.rust_core else set()
    paths = [path for path in tracked(*endings) if path not in left_out]
    return [fault for path in paths for fault in rule(path, text_of(path))]


@cache
def text_of(path: str) -> str:
    """A file's text."""
    return (ROOT / path).read_text(errors="replace")


CODE = (".py", ".rs", ".pyx", ".pxd", ".pyi", ".sh", ".c", ".h")
PYTHON = (".py", ".pyi")

# Each rule, the files it reads, and a file that it must refuse.
RULES: list[tuple[Rule, tuple[str, ...], str, str]] = [
    (tidy_rules.imports, PYTHON, "oms/gateway.py", "from sim import box\n"),
    (tidy_rules.imports, PYTHON, "risk/limits.py", "import feeds.binance\n"),
    (tidy_rules.imports, PYTHON, "pycore/engine.py", 'import importlib\nimportlib.import_module("bench.latency")\n'),
    (tidy_rules.clocks, (".py",), "oms/gateway.py", "import time\nnow = time.time()\n"),
    (tidy_rules.clocks, (".py",), "sim/box.py", "from time import perf_counter as now\nnow()\n"),
    (tidy_rules.clocks, (".py",), "feeds/a.py", "from datetime import datetime as d\nd.now()\n"),
    (tidy_rules.randomness, (".py",), "sim/flow.py", "import numpy as np\nrng = np.random.default_rng()\n"),
    (tidy_rules.randomness, (".py",), "sim/flow.py", "from random import random\nrandom()\n"),
    (tidy_rules.floats, (".py",), "oms/account.py", 'balance = float("1.5")\n'),
    (tidy_rules.rust_core, (".rs",), "native/core/src/order/table.rs", "fn f() { let x = g().unwrap(); }\n"),
    (tidy_rules.rust_core, (".rs",), "native/core/src/step.rs", 'fn f() { g().expect("never"); }\n'),
    (tidy_rules.rust_core, (".rs",), "native/core/src/step.rs", "use std::time::Instant;\n"),
    (tidy_rules.rust_core, (".rs",), "native/core/src/step.rs", "#[cfg(test)]\nmod tests { }\nfn f() { panic!() }\n"),
    (tidy_rules.length, CODE, "feeds/long.py", "x = 1\n" * 601),
    (tidy_rules.first_sentence, (".rs",), "native/core/src/step.rs", "use crate::event;\n"),
    (tidy_rules.names, CODE, "oms/utils.py", ""),
    (tidy_rules.finished, CODE, "oms/a.py", "# TO" + "DO: later\n"),
    (tidy_rules.suppressions, CODE, "oms/a.py", "x = y  # type: " + "ignore[attr-defined]\n"),
    (tidy_rules.suppressions, CODE, "native/core/src/step.rs", "#" + "[allow(dead_code)]\nfn f() {}\n"),
    (tidy_rules.addresses, ("",), "requirements.lock", "--index-url https://py" + "pi.org/simple\n"),
    (tidy_rules.addresses, ("",), "docs/a.md", "see /ro" + "ot/notes\n"),
    (tidy_rules.catalogue, CODE, "oms/a.py", '"""Orders.\n\ncatalogue: O1, {}\n"""\n'.format("O77")),
    (
        tidy_rules.docstrings,
        (".py",),
        "oms/a.py",
        '"""Orders."""\n\nclass Order:\n    """One."""\n    def fill(self): ...\n',
    ),
    (tidy_rules.decision_note, (".md",), "docs/decisions/0009-long.md", "why\n" * 16),
]


@pytest.mark.parametrize("rule", {entry[0]: None for entry in RULES}, ids=lambda rule: rule.__name__)
def test_the_repository_keeps_the_rule(rule: Rule) -> None:
    endings = next(entry[1] for entry in RULES if entry[0] is rule)
    assert not faults(rule, *endings)


@pytest.mark.parametrize(("rule", "_", "path", "text"), RULES, ids=[f"{e[0].__name__}-{e[2]}" for e in RULES])
def test_each_rule_can_fail(rule: Rule, _: tuple[str, ...], path: str, text: str) -> None:
    assert list(rule(path, text))


GOOD = [
    (tidy_rules.imports, "sim/box.py", "import native._core, feeds, risk, oms, pycore\nfrom . import venue\n"),
    (tidy_rules.clocks, "pycore/clock.py", "import time\ntime.time_ns()\n"),
    (tidy_rules.randomness, "sim/flow.py", "import numpy as np\nrng = np.random.default_rng(7)\nrng.normal()\n"),
    (tidy_rules.rust_core, "native/core/src/step.rs", "#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }\n"),
    (
        tidy_rules.rust_core,
        "native/core/src/step.rs",
        '// .unwrap()\nlet s = ".unwrap()"; let c = \'"\'; let d = "";\n',
    ),
    (tidy_rules.rust_core, "native/core/src/step.rs", "// invariant: 4 bytes were sliced\nlet x = y.expect();\n"),
    (tidy_rules.length, "feeds/long.py", '"""Long. Length: one table."""\n' + "x = 1\n" * 601),
    (tidy_rules.suppressions, "oms/a.py", "x = y  # noqa: PLR0913  # one field each\n"),
    (tidy_rules.suppressions, "a.rs", '#[expect(dead_code, reason = "the C table reads it")]\n'),
    (tidy_rules.addresses, "docs/a.md", "see docs/work/notes and ../shared\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), GOOD, ids=[f"{e[0].__name__}-{e[1]}" for e in GOOD])
def test_each_rule_can_pass(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(path, text))


def test_most_files_are_short() -> None:
    lines = {path: len((ROOT / path).read_text().splitlines()) for path in tracked(*CODE)}
    long = {path: count for path, count in lines.items() if count > tidy_rules.LINES_USUAL}
    if long:
        listed = ", ".join(f"{path} {count}" for path, count in sorted(long.items(), key=lambda item: -item[1]))
        warnings.warn(f"{len(long)} of {len(lines)} files have more than 300 lines: {listed}", stacklevel=1)
    assert len(long) <= len(lines) * 0.2


@pytest.mark.parametrize("room", run.ROOMS)
def test_each_room_is_imported_from_this_checkout(room: str) -> None:
    where = importlib.import_module(room).__file__
    assert where == str(ROOT / room / "__init__.py"), "a foreign package shadows ours"


def test_setup_names_every_package() -> None:
    rooms = {path for path in tracked("/__init__.py") if path.split("/")[0] in run.ROOMS and "bind" not in path}
    named = re.search(r"^PACKAGES = (\[.*?\])", (ROOT / "setup.py").read_text(), re.DOTALL | re.MULTILINE)
    assert named is not None
    assert {name.replace(".", "/") + "/__init__.py" for name in re.findall(r'"([\w.]+)"', named.group(1))} == rooms


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    workspace = tomllib.loads((ROOT / "native/Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert project == workspace
    assert f"## {project}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_lock_holds_every_dependency_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    entries = re.split(r"\n(?=[a-z])", (ROOT / "requirements.lock").read_text())
    hashed = {entry.split("==")[0] for entry in entries if "--hash=sha256:" in entry}
    missing = {re.split(r"[^\w-]", name)[0].lower().replace("_", "-") for name in wanted} - hashed
    assert not missing, "run `make lock`"
    assert [entry for entry in entries if "==" in entry and "--hash" not in entry] == []


def test_the_readme_lists_the_verbs_that_are_installed() -> None:
    verbs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["tickwright.verbs"]
    listed = re.findall(r"^\| `tickwright ([\w-]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(verbs)


def test_the_architecture_names_every_folder_and_every_core_file() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    folders = {path.split("/")[0] for path in tracked() if "/" in path and not path.startswith(".")}
    assert not [folder for folder in folders if f"`{folder}/`" not in text]
    core = [path.removeprefix("native/core/src/") for path in tracked(".rs") if path.startswith("native/core/src/")]
    files = [
        path
        for path in core
        if f"native/core/src/{path}" not in rust_test_files() and not path.endswith(("lib.rs", "mod.rs"))
    ]
    assert not [path for path in files if f"`{path.removesuffix('.rs')}`" not in text]


def test_each_style_rule_names_a_check_that_exists() -> None:
    rows = [line for line in (ROOT / "STYLE.md").read_text().splitlines() if re.match(r"\| \d+ ", line)]
    assert len(rows) > 10
    known = {step.name for step in run.steps()}
    for row in rows:
        checks = re.findall(r"`([^`]+)`", row.split("|")[-2])
        assert checks, f"no check: {row}"
        for check in checks:
            assert check in known or _is_test(check), f"`{check}` is no step of `make test` and no test: {row}"


def _is_test(check: str) -> bool:
    """Whether `path::name` is a test function, or a rule of tidy_rules.py, or a Rust test of that file."""
    path, _, name = check.partition("::")
    if not (ROOT / path).is_file() or not name:
        return False
    return re.search(rf"\b(?:def|fn) {re.escape(name)}\b", (ROOT / path).read_text()) is not None
