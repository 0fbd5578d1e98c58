"""The structure rules of STYLE.md as pure functions: a file's path and text go in, one sentence a fault comes out.

tests/test_tidy.py applies each rule to the whole repository, and to a made-up bad file that the rule must catch.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

# Who may import whom: a room sees the rooms of a lower level only. The front door sees the live rooms.
LEVELS = {"native": 0, "feeds": 1, "risk": 1, "oms": 2, "pycore": 3, "tickwright": 4, "sim": 4}
OUTSIDE = {"bench", "deploy", "tests", "console"}

LINES_MAX = 600
LINES_USUAL = 300
NOTE_LINES_MAX = 15
NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}

# catalogue.md's rows: the highest number of each letter.
CATALOGUE = {"K": 11, "M": 12, "P": 7, "O": 9, "R": 10, "S": 11, "A": 10, "Q": 5, "W": 2, "H": 9}

CLOCKS = {
    *(f"time.{name}" for name in ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns")),
    *(f"{base}.{name}" for base in ("datetime", "datetime.datetime") for name in ("now", "utcnow", "today")),
}
# Modules that may read the machine's clock, each with its reason.
CLOCK_READERS = {
    "pycore/clock.py": "it is the clock",
    "sim/box/clock.py": "the simulated venue is another process, and a venue has a clock of its own",
}

RANDOM_CALLS = ("random.", "secrets.token", "secrets.rand", "uuid.uuid", "numpy.random.", "np.random.", "os.urandom")
SEEDED = {"random.Random", "numpy.random.default_rng", "np.random.default_rng"}
# Modules that may ask the operating system for randomness, each with its reason.
ENTROPY_READERS: dict[str, str] = {}

# Rooms whose numbers are money: a float is made only in the listed modules, each with its reason.
MONEY_ROOMS = ("oms", "risk")
FLOAT_MAKERS: dict[str, str] = {}

RUST_BANNED = {
    r"\bstd::time::(?:Instant|SystemTime)|\bInstant::now|\bSystemTime\b": "reads a clock; time is an input",
    r"\brand::|\bfastrand::|\bgetrandom": "uses randomness; the core is a function of its stream",
    # A message is blanked before the search, so `expect` with an argument is a method of ours that returns an error.
    r"\.unwrap\(\)|\.expect\(\s*(?:\)|&?format!|$)|\bpanic!|\bunreachable!": "can panic; return a CoreError",
    r"\btodo!|\bunimplemented!": "is a stub",
}
# A line of Rust that cannot panic, though it looks so, says why after this word, on the line or the one above.
RUST_EXCUSE = "invariant:"

UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|NotImplemented" + r"Error")
HOSTS = re.compile(
    "|".join(
        name + r"\." + end
        for name, end in [
            (r"pypi", "org"),
            (r"pythonhosted", "org"),
            (r"crates", "io"),
            (r"registry\.npmjs", "org"),
            (r"deb\.debian", "org"),
            (r"archive\.ubuntu", "com"),
            (r"rust-lang", "org/dist"),
        ]
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|farm|home/\w+|Users/\w+)/")


def imports(path: str, text: str) -> Iterator[str]:
    """Imports go one way: native, then feeds and risk, then oms, pycore, and sim; never bench, deploy or tests."""
    room = path.split("/", maxsplit=1)[0]
    if room not in LEVELS:
        return
    for line, name in _imported(ast.parse(text)):
        other = name.split(".", maxsplit=1)[0]
        if other in OUTSIDE:
            yield f"{path}:{line} imports {name}: nothing that is shipped imports {other}"
        elif other in LEVELS and other != room and LEVELS[other] >= LEVELS[room]:
            yield f"{path}:{line} imports {name}: {room} may only see rooms below it"


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every absolute module name that a file imports, in statements and by literal `import_module` calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module
        elif isinstance(node, ast.Call) and _dotted(node.func).endswith("import_module"):
            names = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            yield from ((node.lineno, name) for name in names if isinstance(name, str))


def _dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute node, or the empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _calls(text: str) -> Iterator[tuple[int, str, ast.Call]]:
    """Every call of a dotted name, with aliases of `import x as y` and `from x import y` resolved."""
    tree = ast.parse(text)
    alias: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            alias.update({item.asname: item.name for item in node.names if item.asname})
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            alias.update({item.asname or item.name: f"{node.module}.{item.name}" for item in node.names})
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _dotted(node.func)):
            head, _, rest = name.partition(".")
            full = alias.get(head, head)
            yield node.lineno, f"{full}.{rest}" if rest else full, node


def clocks(path: str, text: str) -> Iterator[str]:
    """Time is an input: only the listed modules read the machine's clock."""
    if path.split("/", maxsplit=1)[0] in LEVELS and path not in CLOCK_READERS:
        for line, name, _ in _calls(text):
            if name in CLOCKS:
                yield f"{path}:{line} calls {name}: take the time as an argument, or from pycore/clock.py"


def randomness(path: str, text: str) -> Iterator[str]:
    """Reproducible to the bit: random numbers come from a generator that was given its seed."""
    if path.split("/", maxsplit=1)[0] in LEVELS and path not in ENTROPY_READERS:
        for line, name, call in _calls(text):
            seeded = name in SEEDED and bool(call.args or call.keywords)
            if name.startswith(RANDOM_CALLS) and not seeded:
                yield f"{path}:{line} calls {name}: use a generator with an explicit seed"


def floats(path: str, text: str) -> Iterator[str]:
    """No float on a money path: oms and risk make none outside the listed modules."""
    if path.split("/", maxsplit=1)[0] in MONEY_ROOMS and path not in FLOAT_MAKERS:
        for line, name, _ in _calls(text):
            if name == "float":
                yield f"{path}:{line} calls float: money is an integer of ticks, lots or smallest units"


def rust_core(path: str, text: str) -> Iterator[str]:
    """The core reads no clock and no random source, and cannot panic on what it is given."""
    if not path.startswith("native/core/src/"):
        return
    excused = [RUST_EXCUSE in line for line in text.splitlines()]
    for number, line in enumerate(rust_code(text).splitlines(), start=1):
        for pattern, why in RUST_BANNED.items():
            if (found := re.search(pattern, line)) and not any(excused[max(0, number - 2) : number]):
                yield f"{path}:{number} {found.group()} {why}"


def rust_code(text: str) -> str:
    """Rust source with comments, strings and `#[cfg(test)]` items blanked; the lines keep their numbers."""
    blank = re.compile(
        r"//[^\n]*|/\*.*?\*/|b?'(?:\\[^\n']{1,8}|\\'|[^'\\\n])'|" r'b?"(?:\\.|[^"\\])*"|r#".*?"#', re.DOTALL
    )
    text = blank.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    while found := re.search(r"#\[cfg\((?:all\(|any\()?test\b[^\n]*\]", text):
        end = _item_end(text, found.end())
        text = text[: found.start()] + re.sub(r"[^\n]", " ", text[found.start() : end]) + text[end:]
    return text


def _item_end(text: str, start: int) -> int:
    """Where the Rust item that starts here ends: at its `;` or at the brace that closes its first one."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0 and text[at] in "};":
            return at + 1
    return len(text)


def length(path: str, text: str) -> Iterator[str]:
    """A file of more than 600 lines says in its head why it is that long (`Length: ...`)."""
    lines = text.splitlines()
    if len(lines) > LINES_MAX and not any("Length:" in line for line in lines[:15]):
        yield f"{path} has {len(lines)} lines, more than {LINES_MAX}, and its head does not say why (`Length: ...`)"


def first_sentence(path: str, text: str) -> Iterator[str]:
    """A Rust file says what it is in its first line."""
    if path.endswith(".rs") and not text.startswith("//! "):
        yield f"{path} does not begin with `//! ` and a sentence"


def names(path: str, _: str) -> Iterator[str]:
    """A file is called after its subject."""
    if PurePosixPath(path).stem in NAMES_OF_NOTHING:
        yield f"{path} is named after nothing: call it by its subject"


def finished(path: str, text: str) -> Iterator[str]:
    """Nothing unfinished is committed."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := UNFINISHED.search(line):
            yield f"{path}:{number} has {found.group()}: finish it or open an issue"


def suppressions(path: str, text: str) -> Iterator[str]:
    """A suppressed warning says why: behind a second `#`, with `reason = `, or in a comment on the line above."""
    lines = text.splitlines()
    marks = re.compile(r"#\s*type: ignore|#\s*noqa|#\s*pragma: no|#!?\[(?:allow|expect)\(|#\s*nosec")
    for number, line in enumerate(lines, start=1):
        found = marks.search(line)
        if not found:
            continue
        above = lines[number - 2].strip() if number > 1 else ""
        rust = "".join(lines[number - 1 : number + 5]).split("]", maxsplit=1)[0]
        comment = above.startswith(("# ", "// "))
        if not (comment or "# " in line[found.end() :] or "reason =" in rust):
            yield f"{path}:{number} suppresses a warning without a reason"


def addresses(path: str, text: str) -> Iterator[str]:
    """No package registry's host and no path of one machine stands in the repository."""
    if PurePosixPath(path).name == "Cargo.lock":
        return
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern in (HOSTS, MACHINE_PATHS):
            if found := pattern.search(line):
                yield f"{path}:{number} names {found.group()}"


def catalogue(path: str, text: str) -> Iterator[str]:
    """A row that a docstring names exists in the catalogue."""
    for found in re.finditer(r"catalogue: ((?:[A-Z]\d+(?:, | and )?)+)", text):
        for row in re.findall(r"[A-Z]\d+", found.group(1)):
            if not 1 <= int(row[1:]) <= CATALOGUE.get(row[0], 0):
                yield f"{path} names the catalogue row {row}, which does not exist"


def docstrings(path: str, text: str) -> Iterator[str]:
    """Every public module, class and function of a room has a docstring."""
    if path.split("/", maxsplit=1)[0] not in LEVELS:
        return
    tree = ast.parse(text)
    if not ast.get_docstring(tree):
        yield f"{path} has no docstring"
    yield from _undocumented(path, tree)


def _undocumented(path: str, parent: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in parent.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        overload = any(_dotted(item).endswith(("overload", ".setter")) for item in node.decorator_list)
        if not ast.get_docstring(node) and not overload:
            yield f"{path}:{node.lineno} {node.name} has no docstring"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(path, node)


def decision_note(path: str, text: str) -> Iterator[str]:
    """A decision is noted in ten lines or so."""
    if path.startswith("docs/decisions/") and len(text.splitlines()) > NOTE_LINES_MAX:
        yield f"{path} has {len(text.splitlines())} lines, more than {NOTE_LINES_MAX}: keep the decision and its reason"
