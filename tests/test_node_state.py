"""A state asked from a node: calls over it give the node's own answers, at one block; its failures are named."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from feeds.chain.node_state import NodeState
from feeds.chain.rpc import NodeError
from native._core import EvmState, InputError
from tests.chain_node import Pool, chain, deployed


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with chain() as node:
        pool = deployed(node)
        pool.mint(-600, 600, 10**18)
        yield pool


def test_a_swap_over_the_nodes_state_is_what_the_node_then_does(pool: Pool) -> None:
    node, data = pool.node, pool.swap_data(True, 10**15)
    with NodeState(node.url) as source:
        state = EvmState(source=source, chain_id=31_337)
        told = state.call(pool.router, data, sender=node.account, block=source.block)
        asked = {"from": node.account, "to": pool.router, "data": data}
        assert f"0x{told.output.hex()}" == node.call("eth_call", asked, "latest")
        sent = node.send(pool.router, data)
        node.mine()
        receipt = node.done(sent)
        logs = [(log["address"], log["topics"], log["data"]) for log in receipt["logs"]]
        ours = [(at, [f"0x{topic.hex()}" for topic in topics], f"0x{data.hex()}") for at, topics, data in told.logs]
        assert ours == logs
        # The block is the one that was asked for, whatever has come after it.
        again = EvmState(source=source, chain_id=31_337).call(
            pool.router, data, sender=node.account, block=source.block
        )
        assert (again.output, again.changes) == (told.output, told.changes)


def test_an_earlier_block_has_its_own_state(pool: Pool) -> None:
    before = pool.node.number()
    pool.swap(True, 10**16)
    with NodeState(pool.node.url, before) as earlier, NodeState(pool.node.url) as now:
        assert earlier.slot(pool.address, 0) != now.slot(pool.address, 0)
        assert (earlier.block_number, now.block_number) == (before, before + 1)
        assert now.block_hash(before) == earlier.hash


def test_an_account_that_is_not_there_is_none_and_a_persons_has_no_code(pool: Pool) -> None:
    with NodeState(pool.node.url) as source:
        assert source.account("0x" + "5a" * 20) is None
        balance, nonce, code = source.account(pool.node.account) or (0, 0, "")
        assert balance > 0
        assert nonce > 0
        assert code == "0x"


def test_a_block_that_a_reorganisation_took_away_is_an_error(pool: Pool) -> None:
    pool.swap(False, 10**14)
    with NodeState(pool.node.url) as source:
        pool.node.call("anvil_reorg", 1, [])
        with pytest.raises(NodeError, match="eth_getStorageAt: the node refused"):
            source.slot(pool.address, 0)


def test_a_block_that_is_not_there_yet_is_an_error(pool: Pool) -> None:
    with pytest.raises(NodeError, match="the node does not have block 4000000000"):
        NodeState(pool.node.url, 4_000_000_000)


@pytest.mark.parametrize("url", ["ftp://here", "localhost:8545", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"url must be http://host:port or https://host, was '"):
        NodeState(url)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"no json", "gave no answer"),
        (b"[]", "the node refused"),
        (b'{"error":{"code":-32000,"message":"pruned"}}', "refused: .*pruned"),
    ],
)
def test_an_answer_that_is_none_names_the_method(answer: bytes, told: str) -> None:
    class Wrong(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Wrong) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(NodeError, match=f"eth_getBlockByNumber: .*{told}"):
            NodeState(f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()


def test_a_node_that_is_not_there_names_the_method() -> None:
    with pytest.raises(NodeError, match="eth_getBlockByNumber: the node gave no answer"):
        NodeState("http://127.0.0.1:1", timeout_s=1.0)
