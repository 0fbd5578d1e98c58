"""The verb `tickwright config`: `check` tells every fault of a configuration at once, with field path and value.

catalogue: K8.
"""

from __future__ import annotations

import argparse
import os

from pycore import config_load
from pycore.errors import BAD_INPUT, DONE, ConfigError


def register(parser: argparse.ArgumentParser) -> None:
    """Adds `check CONFIG`."""
    parser.description = "Checks a configuration without starting anything."
    parser.epilog = "example:\n  tickwright config check deploy/config/paper.toml"
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="tell every fault at once")
    check.description = "Tells every fault of a configuration: field path, what is wrong, and the value."
    check.epilog = "example:\n  tickwright config check deploy/config/paper.toml"
    check.add_argument("config", metavar="CONFIG", help="a TOML file")
    add_overrides(check)


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Adds `--set section.key=value`, which any verb that reads a configuration takes."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="overrides", help="override one value"
    )


def run(args: argparse.Namespace) -> int:
    """Exit 0 and the digest, or 2 and a line for each fault."""
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
