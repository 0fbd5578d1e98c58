"""The verb `tickwright chain`: follows a chain's pools into a store, a Redis stream, or onto the screen.

catalogue: M6, M7. Exit 0: the stream is whole to the last row shown; 1: the chain took another way before all that is
remembered. Interrupted, the same command goes on where it was: behind the store's last final block, or the topic's last
event. A store is behind a topic by what is not final, so each has a command of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence

import aiohttp
import uvloop

from feeds.chain.archive import Archive
from feeds.chain.events import ChainEvent, What
from feeds.chain.follow import FINAL_DEPTH, Begin, DeepReorgError, Follower
from feeds.chain.pool_logs import KINDS, topics_of
from feeds.chain.rpc import Node, Wanted, address_of
from feeds.chain.source import POLL_S, ChainSource, Sink
from feeds.chain.topic import TOPIC, Topic
from feeds.live import until_ended
from feeds.ports import Results
from feeds.store.open import open_store
from native._core import InputError


def register(parser: argparse.ArgumentParser) -> None:
    """Describes the verb's arguments."""
    parser.description = "Follows pools on a chain."
    parser.epilog = "example:\n  tickwright chain follow --node http://127.0.0.1:8545 --from 0 --once --store lake"
    actions = parser.add_subparsers(dest="action", required=True, metavar="follow")
    follow = actions.add_parser(
        "follow",
        description="Follows pools on a chain by a node's JSON-RPC, through reorganisations and gaps; a row a block.",
        epilog=(
            "example:\n  tickwright chain follow --node http://127.0.0.1:8545 --from 0 --once "
            "--store lake --pool 0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    follow.add_argument("--node", required=True, metavar="URL", help="a node's JSON-RPC over HTTP")
    follow.add_argument("--heads", metavar="URL", help="its WebSocket: new heads are told, not only asked for")
    follow.add_argument("--pool", action="append", default=[], metavar="ADDRESS", help="a pool; again for more (all)")
    follow.add_argument("--kind", action="append", choices=KINDS, help="which pools; again for more (v3)")
    into = follow.add_mutually_exclusive_group()
    into.add_argument("--store", metavar="STORE", help="archive final logs there, as `tickwright data` reads them")
    into.add_argument("--redis", metavar="URL", help=f"push every event to the stream {TOPIC} there")
    follow.add_argument("--from", dest="start", type=int, metavar="BLOCK", help="begin there (near the head)")
    follow.add_argument("--final", type=int, default=FINAL_DEPTH, metavar="N", help=f"final so deep ({FINAL_DEPTH})")
    follow.add_argument("--poll", type=float, default=POLL_S, metavar="SECONDS", help=f"between two asks ({POLL_S})")
    follow.add_argument("--once", action="store_true", help="stop at the head")
    follow.add_argument("--seconds", type=float, help="stop after this long")


def run(args: argparse.Namespace) -> int:
    """Follows until the end that was asked for; 130 after SIGINT."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_follow(args))


class _Shown:
    """A row for each block with logs and each reorganisation; a sink of `ChainSource`."""

    def __init__(self, output: Results) -> None:
        self.blocks = self.logs = self.undone = 0
        self._output = output
        self._waiting = 0

    async def __call__(self, events: Sequence[ChainEvent]) -> None:
        for event in events:
            if event.what is What.LOG:
                self._waiting += 1
                continue
            if event.what is What.UNDONE:
                self.undone += len(event.undone)
                self._row(event, undone=len(event.undone))
                continue
            self.blocks += 1
            self.logs += self._waiting
            if self._waiting:
                self._row(event, logs=self._waiting)
            self._waiting = 0

    def _row(self, event: ChainEvent, logs: int = 0, undone: int = 0) -> None:
        name = f"0x{event.header.hash.hex()}"
        row = {"seq": event.seq, "block": event.header.number, "hash": name, "logs": logs, "undone": undone}
        self._output.row({**row, "last_sync_block": event.last_sync_block})
        self._output.flush()


async def _follow(args: argparse.Namespace) -> int:
    addresses = [address_of(text) for text in args.pool]
    wanted = Wanted(addresses, topics_of(args.kind or ["v3"], transfers=bool(addresses)))
    if args.seconds is not None and args.seconds <= 0:
        raise InputError(f"--seconds must be above 0, was {args.seconds}")
    shown = _Shown(args.output)
    sinks: list[Sink] = [shown]
    topic = None if args.redis is None else Topic(args.redis)
    async with aiohttp.ClientSession() as http:
        node = Node(args.node, http)
        chain_id = await node.chain_id()
        archive = None
        if args.store is not None:
            archive = Archive(open_store(args.store, os.environ), chain_id, args.clock, final_depth=args.final)
            sinks.append(archive)
        begin = await _begin(args, node, archive, topic, chain_id)
        if topic is not None:
            sinks.append(topic)
        follower = Follower(chain_id, begin, final_depth=args.final)
        source = ChainSource(node, follower, wanted, sinks, args.clock, args.heads, args.poll, args.once)
        code = 0
        try:
            code = await until_ended(args.seconds, source)
        except DeepReorgError as why:
            args.output.say(str(why))
            code = 1
        finally:
            if topic is not None:
                await topic.close()
    told = {"chain_id": chain_id, "blocks": shown.blocks, "logs": shown.logs, "undone": shown.undone}
    kept = {"archived": archive.rows if archive else None, "last_sync_block": follower.last_sync_block}
    args.output.summary({**told, **kept, "next_seq": follower.seq, "node_failures": source.failures})
    return code


async def _begin(
    args: argparse.Namespace, node: Node, archive: Archive | None, topic: Topic | None, chain_id: int
) -> Begin:
    """Where to begin: behind what the store or the topic has, else at `--from`, else below the head."""
    after = archive.next_block if archive is not None else None
    if after is not None:
        return Begin(max(after, args.start or 0))
    start = args.start if args.start is not None else max(0, (await node.head()).number - args.final)
    return Begin(start) if topic is None else await topic.begin(chain_id, start)
