"""The state of a chain at one block, asked from a node: what an `EvmState` loads lazily.

catalogue: S10. The block is pinned by its hash (EIP-1898), so that a reorganisation is an error and never a mixture of
two states. Blocking on purpose: the simulator asks in the middle of an instruction.
"""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from feeds.chain.rpc import NodeError
from native._core import EvmBlock, InputError

#: An answer longer than this is none of ours: the longest code has 24,576 bytes.
_ANSWER_BYTES_MAX = 8 * 1024 * 1024


class NodeState:
    """Accounts, code and storage at one block of a node's chain, over JSON-RPC (http or https).

    `block` is a number, or None for the newest. Every question raises `NodeError` where the node gives no answer within
    `timeout_s`, or does not have the block any more.
    """

    def __init__(self, url: str, block: int | None = None, *, timeout_s: float = 10.0) -> None:
        """Asks which block it is."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise InputError(f"url must be http://host:port or https://host, was {url!r}")
        self._path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        secure = parts.scheme == "https"
        kind = HTTPSConnection if secure else HTTPConnection
        self._http: HTTPConnection = kind(parts.hostname, parts.port, timeout=timeout_s)
        self._sent = 0
        told = self._ask("eth_getBlockByNumber", "latest" if block is None else hex(block), False)
        if told is None:
            raise NodeError(f"eth_getBlockByNumber: the node does not have block {block}")
        self.block_number = int(told["number"], 16)
        self.hash = str(told["hash"])
        #: What a call at this block sees; its time is the block's own.
        self.block = EvmBlock(
            number=self.block_number,
            timestamp=int(told["timestamp"], 16),
            base_fee=int(told.get("baseFeePerGas", "0x0"), 16),
            coinbase=told["miner"],
            prevrandao=told.get("mixHash"),
        )

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Closes the connection."""
        self.close()

    def close(self) -> None:
        """Closes the connection; a later question opens it again."""
        self._http.close()

    def account(self, address: str) -> tuple[int, int, str] | None:
        """(balance in wei, nonce, code) of an account; None where there is none."""
        balance = int(self._ask_at("eth_getBalance", address), 16)
        nonce = int(self._ask_at("eth_getTransactionCount", address), 16)
        code = str(self._ask_at("eth_getCode", address))
        return (balance, nonce, code) if balance or nonce or code != "0x" else None

    def slot(self, address: str, key: int) -> int:
        """The value of one storage slot."""
        return int(self._ask_at("eth_getStorageAt", address, f"0x{key:064x}"), 16)

    def block_hash(self, number: int) -> str:
        """The hash of an earlier block."""
        told = self._ask("eth_getBlockByNumber", hex(number), False)
        if told is None:
            raise NodeError(f"eth_getBlockByNumber: the node does not have block {number}")
        return str(told["hash"])

    def _ask_at(self, method: str, *words: str) -> Any:
        return self._ask(method, *words, {"blockHash": self.hash, "requireCanonical": True})

    def _ask(self, method: str, *parameters: object) -> Any:
        self._sent += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self._sent, "method": method, "params": parameters})
        try:
            self._http.request("POST", self._path, body, {"Content-Type": "application/json"})
            raw = self._http.getresponse().read(_ANSWER_BYTES_MAX)
            answer = json.loads(raw)
        except (OSError, HTTPException, ValueError) as error:
            self._http.close()
            raise NodeError(f"{method}: the node gave no answer ({error!r})") from error
        if not isinstance(answer, dict) or "result" not in answer:
            refusal = answer.get("error") if isinstance(answer, dict) else answer
            raise NodeError(f"{method}: the node refused: {refusal}")
        return answer["result"]
