"""The `tickwright` command: finds a verb by name, runs it, and turns every outcome into an exit code.

catalogue: K5. Verbs are entry points of the group `tickwright.verbs`; each names a module with
`register(parser: ArgumentParser) -> None` and `run(args: Namespace) -> int`. The command adds `--json` to every verb
and hands it `args.output` (a `pycore.output.Output`) and `args.clock` (a `pycore.clock.Clock`), so a verb in a lower
room prints and tells the time without importing this one.
A verb of two words (`config check`) registers sub-parsers of its own.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NoReturn, Protocol, cast

from native import _core
from pycore.clock import Clock
from pycore.errors import BAD_INPUT, INTERRUPTED, TickwrightError, exit_code
from pycore.output import Output

GROUP = "tickwright.verbs"


class Verb(Protocol):
    """A module that is a verb."""

    def register(self, parser: argparse.ArgumentParser) -> None:
        """Adds the verb's description, example and arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Does it; returns the exit code."""


class _Parser(argparse.ArgumentParser):
    """A parser with `--json` whose complaint is one sentence on stderr and exit code 2; sub-parsers are the same."""

    def __init__(self, **options: Any) -> None:
        """Takes what `argparse.ArgumentParser` takes."""
        super().__init__(**{"formatter_class": argparse.RawDescriptionHelpFormatter, **options})
        self.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON lines; the last is the summary"
        )

    def error(self, message: str) -> NoReturn:
        """Ends the process; the message names the argument and its value."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def verbs() -> dict[str, EntryPoint]:
    """Every installed verb by name."""
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name)}


def build_parser(name: str, verb: Verb) -> argparse.ArgumentParser:
    """The parser of one verb, `--json` included."""
    parser = _Parser(prog=f"tickwright {name}")
    parser.set_defaults(json=False)
    verb.register(parser)
    return parser


def _usage(installed: dict[str, EntryPoint]) -> str:
    """What `tickwright --help` prints."""
    lines = ["usage: tickwright VERB [--json] ...", "", "verbs:"]
    lines += [f"  {name}" for name in installed]
    lines += ["", "`tickwright VERB --help` explains one verb and shows an example."]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command with `argv` (without the program's name) and returns its exit code."""
    _hear_interrupts()
    try:
        code = _main(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of stdout left (`| head`): nothing to say and nobody to say it to, at interpreter exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        # `_run` answers for a verb at work; on a busy machine loading one takes seconds, in which nothing has begun.
        print("tickwright: interrupted before anything began", file=sys.stderr)
        return INTERRUPTED
    return code


def _hear_interrupts() -> None:
    """Undoes that a script's `&` has SIGINT ignored: some verbs would hear `kill -INT` all the same, others not."""
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _main(argv: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    installed = verbs()
    if not words or words[0] in ("-h", "--help"):
        print(_usage(installed))
        return 0 if words else BAD_INPUT
    name, rest = words[0], words[1:]
    if name not in installed:
        known = ", ".join(installed)
        print(f"tickwright: verb is not known, was {name!r}; known verbs: {known}", file=sys.stderr)
        return BAD_INPUT
    verb = cast(Verb, installed[name].load())
    try:
        args = build_parser(name, verb).parse_args(rest)
    except SystemExit as stop:
        return int(stop.code or 0)
    args.output = Output(as_json=args.json)
    args.clock = Clock()
    return _run(name, verb, args)


def _run(name: str, verb: Verb, args: argparse.Namespace) -> int:
    """Runs a verb; a known error becomes one line on stderr and its exit code, never a traceback."""
    try:
        return verb.run(args)
    except KeyboardInterrupt:
        print(f"tickwright {name}: interrupted; everything finished so far is kept", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except (TickwrightError, _core.TickwrightError) as error:
        print(f"tickwright {name}: {error}", file=sys.stderr)
        return exit_code(error)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"tickwright {name}: file {(error.strerror or 'failed').lower()}, was {error.filename}", file=sys.stderr)
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
