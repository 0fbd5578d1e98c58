"""A chain for the tests: anvil on loopback, with a real Uniswap v3 pool that is minted, swapped and burned through.

The contracts are those of `make clamm-artifacts`; without them the tests that need a chain are skipped, and say so.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from sim.contracts import MissingArtifactError, anvil, contract

_START_S = 30.0
_GAS = hex(12_000_000)
_FOREVER = 2**40
#: The price 1, as its square root times 2^96.
EVEN = 2**96


def word(value: int | str) -> str:
    """One argument of a call, as a word of the ABI: an address in hexadecimal, or a whole number."""
    number = int(value, 16) if isinstance(value, str) else value
    return f"{number % 2**256:064x}"


@dataclass
class Anvil:
    """A node and its first account; blocks are mined when they are asked for (`mine`)."""

    port: int
    process: subprocess.Popen[bytes]
    account: str = ""
    _hashes: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def heads(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def call(self, method: str, *params: object) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            told = json.load(answer)
        assert "error" not in told, f"{method}: {told['error']}"
        return told["result"]

    def signal(self, number: signal.Signals) -> None:
        """It hangs (SIGSTOP) or goes on (SIGCONT)."""
        self.process.send_signal(number)

    def keccak(self, text: str) -> str:
        if text not in self._hashes:
            self._hashes[text] = self.call("web3_sha3", f"0x{text.encode().hex()}")
        return self._hashes[text]

    def send(self, to: str | None, data: str) -> str:
        """Sends a transaction without mining it; its hash."""
        sent = {"from": self.account, "data": data, "gas": _GAS} | ({"to": to} if to else {})
        return str(self.call("eth_sendTransaction", sent))

    def ask(self, to: str, signature: str, *values: int | str) -> str:
        """What a call without a transaction gives, in hexadecimal."""
        return str(self.call("eth_call", {"to": to, "data": self.encoded(signature, *values)}, "latest"))

    def encoded(self, signature: str, *values: int | str) -> str:
        return self.keccak(signature)[:10] + "".join(map(word, values))

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.call("evm_mine")

    def done(self, transaction: str) -> dict[str, Any]:
        """The receipt of a transaction that must have gone well."""
        receipt: dict[str, Any] = self.call("eth_getTransactionReceipt", transaction)
        assert receipt["status"] == "0x1", f"reverted: {receipt}"
        return receipt

    def deploy(self, creation: bytes, *values: int | str) -> str:
        sent = self.send(None, f"0x{creation.hex()}" + "".join(map(word, values)))
        self.mine()
        return str(self.done(sent)["contractAddress"])

    def do(self, to: str, signature: str, *values: int | str) -> dict[str, Any]:
        """Sends, mines one block, and checks."""
        sent = self.send(to, self.encoded(signature, *values))
        self.mine()
        return self.done(sent)

    def number(self) -> int:
        return int(self.call("eth_blockNumber"), 16)

    def logs(self, address: str) -> list[dict[str, Any]]:
        """All logs of a contract that the chain has now, as the node says."""
        found: list[dict[str, Any]] = self.call(
            "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": address}
        )
        return found


@contextlib.contextmanager
def chain(*options: str) -> Iterator[Anvil]:
    """A node of its own on a free port; nothing outlives it."""
    try:
        program = anvil()
    except MissingArtifactError as why:
        pytest.skip(str(why))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [str(program), "--host", "127.0.0.1", "--port", str(port), "--silent", "--no-mining", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        try:
            node = Anvil(port, child)
            end = time.monotonic() + _START_S
            while not node.account:
                assert child.poll() is None, "anvil ended"
                assert time.monotonic() < end, "anvil did not start"
                with contextlib.suppress(OSError):
                    node.account = node.call("eth_accounts")[0]
                time.sleep(0.02)
            yield node
        finally:
            child.kill()


@dataclass
class Pool:
    """A pool of two tokens at fee 0.3 %, its router and its position manager, all real."""

    node: Anvil
    address: str
    tokens: Sequence[str]
    router: str
    positions: str

    def mint(self, lower: int, upper: int, amount: int) -> int:
        """Adds a position of at most `amount` of each token; its id."""
        signature = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        who = self.node.account
        values: tuple[int | str, ...] = (*self.tokens, 3000, lower, upper, amount, amount, 0, 0, who, _FOREVER)
        receipt = self.node.do(self.positions, signature, *values)
        transfer = self.node.keccak("Transfer(address,address,uint256)")
        ids = [log["topics"][3] for log in receipt["logs"] if log["topics"][0] == transfer and len(log["topics"]) == 4]
        return int(ids[0], 16)

    def swap_data(self, zero_for_one: bool, amount: int) -> str:
        """The call of the router that sells `amount`."""
        sold, bought = self.tokens if zero_for_one else reversed(self.tokens)
        signature = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
        return self.node.encoded(signature, sold, bought, 3000, self.node.account, _FOREVER, amount, 0, 0)

    def swap(self, zero_for_one: bool, amount: int) -> None:
        """Sells `amount` in a block of its own."""
        sent = self.node.send(self.router, self.swap_data(zero_for_one, amount))
        self.node.mine()
        self.node.done(sent)

    def burn(self, position: int, liquidity: int) -> None:
        """Takes liquidity out and collects it."""
        self.node.do(
            self.positions,
            "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))",
            position,
            liquidity,
            0,
            0,
            _FOREVER,
        )
        most = 2**128 - 1
        self.node.do(
            self.positions, "collect((uint256,address,uint128,uint128))", position, self.node.account, most, most
        )

    def slot0(self) -> tuple[int, int]:
        """The square root of the price times 2^96, and the tick."""
        told = self.node.ask(self.address, "slot0()")[2:]
        tick = int(told[64:128], 16)
        return int(told[:64], 16), tick - 2**256 if tick >> 255 else tick

    def liquidity(self) -> int:
        """What is active."""
        return int(self.node.ask(self.address, "liquidity()"), 16)


def deployed(node: Anvil) -> Pool:
    """Deploys the factory, two tokens, the router and the position manager, and opens the pool at price 1."""
    factory = node.deploy(contract("UniswapV3Factory").creation)
    supply = 10**30
    made = [node.deploy(contract("TestERC20").creation, supply) for _ in range(2)]
    tokens = sorted(made, key=lambda address: int(address, 16))
    router = node.deploy(contract("SwapRouter").creation, factory, tokens[0])
    positions = node.deploy(contract("NonfungiblePositionManager").creation, factory, tokens[0], tokens[1])
    for token in tokens:
        for spender in (router, positions):
            node.do(token, "approve(address,uint256)", spender, 2**256 - 1)
    signature = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    node.do(positions, signature, *tokens, 3000, EVEN)
    address = "0x" + node.ask(factory, "getPool(address,address,uint24)", *tokens, 3000)[-40:]
    return Pool(node, address, tokens, router, positions)
