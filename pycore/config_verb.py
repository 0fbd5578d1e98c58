"""The verb `tickwright config`: `check` tells every fault of a configuration at once, `template` prints one to edit.

catalogue: K8. The templates are those of deploy/config, one a mode, explained line by line.
"""

from __future__ import annotations

import argparse
import os
from importlib.resources import files

from pycore import config_load
from pycore.errors import BAD_INPUT, DONE, ConfigError, InputError


def register(parser: argparse.ArgumentParser) -> None:
    """Adds `check CONFIG` and `template NAME`."""
    parser.description = "Checks a configuration without starting anything, or prints one to edit."
    parser.epilog = "example:\n  tickwright config check deploy/config/paper.toml"
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="tell every fault at once")
    check.description = "Tells every fault of a configuration: field path, what is wrong, and the value."
    check.epilog = "example:\n  tickwright config check deploy/config/paper.toml"
    check.add_argument("config", metavar="CONFIG", help="a TOML file")
    add_overrides(check)
    template = actions.add_parser("template", help="print a configuration to edit")
    template.description = "Prints a configuration to edit, explained line by line."
    template.epilog = "example:\n  tickwright config template paper > paper.toml"
    template.add_argument("name", metavar="NAME", help=f"one of {', '.join(templates())}")


def templates() -> dict[str, str]:
    """The text of each template by its name."""
    found = [path for path in files("pycore.templates").iterdir() if path.name.endswith(".toml")]
    return {path.name.removesuffix(".toml"): path.read_text(encoding="utf-8") for path in sorted(found, key=str)}


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Adds `--set section.key=value`, which any verb that reads a configuration takes."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="overrides", help="override one value"
    )


def run(args: argparse.Namespace) -> int:
    """`check`: exit 0 and the digest, or 2 and a line for each fault. `template`: InputError for an unknown name."""
    if args.action == "template":
        return _template(args)
    try:
        config = config_load.load(args.config, os.environ, args.overrides)
    except ConfigError as error:
        for field, why in error.faults:
            args.output.say(f"{args.config}: {field} {why}")
            if args.output.as_json:
                args.output.row({"field": field, "fault": why})
        args.output.summary({"config": args.config, "faults": len(error.faults)})
        return BAD_INPUT
    args.output.summary(
        {"config": args.config, "faults": 0, "mode": config.mode, "digest": config.digest().hex()},
    )
    return DONE


def _template(args: argparse.Namespace) -> int:
    known = templates()
    if args.name not in known:
        raise InputError(f"NAME must be one of {', '.join(known)}, was {args.name}")
    if args.output.as_json:
        args.output.summary({"name": args.name, "text": known[args.name]})
    else:
        print(known[args.name], end="")
    return DONE
