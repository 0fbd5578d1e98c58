"""The verb `tickwright box`: serves the venue in a box until SIGTERM (catalogue: S1)."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

import uvloop

from native._core import InputError
from sim.box.accounts import AccountsError, default_accounts, load_accounts
from sim.box.faults_file import FaultsError
from sim.box.replay import CaptureError
from sim.box.server import BoxServer, Options
from sim.box.tls import TlsError


def register(parser: argparse.ArgumentParser) -> None:
    """Describes the verb's arguments."""
    parser.description = "A venue on loopback that speaks Binance's spot and USD-M protocols; the first line names it."
    parser.epilog = "example:\n  tickwright box --port 0 --seed 7"
    parser.add_argument("--port", type=int, default=0, help="spot's port, USD-M takes the next; 0 takes free ones")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--seed", type=int, default=1, help="seed of the generated market and the keys")
    source.add_argument("--market", type=Path, nargs="+", default=[], help="recorded captures that drive the books")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the market's time runs")
    parser.add_argument("--accounts", type=Path, help="TOML or JSON file of accounts, keys and balances")
    parser.add_argument("--faults", type=Path, help="TOML file of scripted faults")
    parser.add_argument("--tls", type=Path, metavar="DIR", help="serve https and wss; DIR gets ca.pem to trust")
    parser.add_argument("--limits", type=float, default=1.0, help="factor on the venue's request limits")


def run(args: argparse.Namespace) -> int:
    """Serves until SIGTERM (0) or an interrupt (130); InputError names a bad argument."""
    if not 0 <= args.port <= 65_534:
        raise InputError(f"--port must lie in 0..65534, was {args.port}")
    for name in ("speed", "limits"):
        value = getattr(args, name)
        if not 0 < value <= 1_000_000:
            raise InputError(f"--{name} must be positive and at most a million, was {value}")
    if not 0 <= args.seed < 2**63:
        raise InputError(f"--seed must lie in 0..2^63, was {args.seed}")
    options = Options(args.seed, args.port, args.speed, args.limits, args.faults, tuple(args.market), args.tls)
    try:
        accounts = load_accounts(args.accounts, args.seed) if args.accounts else default_accounts(args.seed)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(BoxServer(accounts, options)))
    except (AccountsError, CaptureError, FaultsError, TlsError) as why:
        raise InputError(str(why)) from None


async def _serve(server: BoxServer) -> int:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    code = 0

    def end(status: int) -> None:
        nonlocal code
        code = status
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, end, 0)
    loop.add_signal_handler(signal.SIGINT, end, 130)
    try:
        first = await server.start()
    except OSError as why:
        raise InputError(f"--port is not free: {why}") from None
    print(json.dumps(first), flush=True)
    failed = asyncio.create_task(server.failed())
    waiting = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({failed, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            failed.result()
    finally:
        failed.cancel()
        waiting.cancel()
        await server.stop()
    return code
