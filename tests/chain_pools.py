"""A real v2 pair and a real v4 pool on anvil, for tests of who follows their logs; `chain_node` has v3's."""

from __future__ import annotations

from dataclasses import dataclass

from sim.contracts import contract
from tests.chain_node import EVEN, Anvil, word

_SUPPLY = 10**30
_KEY = "(address,address,uint24,int24,address)"
LOWEST, HIGHEST = 4295128740, 1461446703485210103287273052203988822378723970341


def _tokens(node: Anvil) -> list[str]:
    made = [node.deploy(contract("TestERC20").creation, _SUPPLY) for _ in range(2)]
    return sorted(made, key=lambda address: int(address, 16))


@dataclass
class Pair:
    """A pair of two tokens, all real; the account itself pays and is paid."""

    node: Anvil
    address: str
    tokens: list[str]

    def mint(self, amount: int) -> None:
        """Adds `amount` of both tokens."""
        for token in self.tokens:
            self.node.do(token, "transfer(address,uint256)", self.address, amount)
        self.node.do(self.address, "mint(address)", self.node.account)

    def burn(self, shares: int) -> None:
        """Takes shares out."""
        self.node.do(self.address, "transfer(address,uint256)", self.address, shares)
        self.node.do(self.address, "burn(address)", self.node.account)

    def swap_data(self, amount: int) -> str:
        """The call that takes `amount` of token 1 for what was paid in before."""
        head = self.node.encoded("swap(uint256,uint256,address,bytes)", 0, amount, self.node.account)
        return head + word(128) + word(0)

    def swap(self, paid: int, amount: int) -> None:
        """Pays token 0 in, and takes token 1 out, in two blocks."""
        self.node.do(self.tokens[0], "transfer(address,uint256)", self.address, paid)
        sent = self.node.send(self.address, self.swap_data(amount))
        self.node.mine()
        self.node.done(sent)

    def reserves(self) -> tuple[int, ...]:
        """Both reserves, and when they were written."""
        told = self.node.ask(self.address, "getReserves()")[2:]
        return tuple(int(told[at : at + 64], 16) for at in (0, 64, 128))

    def shares(self) -> int:
        """What the account holds."""
        return int(self.node.ask(self.address, "balanceOf(address)", self.node.account), 16)


def pair_on(node: Anvil) -> Pair:
    """Deploys the factory, two tokens, and the pair."""
    factory = node.deploy(contract("UniswapV2Factory").creation, node.account)
    tokens = _tokens(node)
    node.do(factory, "createPair(address,address)", *tokens)
    address = "0x" + node.ask(factory, "getPair(address,address)", *tokens)[-40:]
    return Pair(node, address, tokens)


@dataclass
class PoolV4:
    """A v4 pool at fee 0.3 % without hooks, its manager, and the routers of v4-core's own tests."""

    node: Anvil
    manager: str
    tokens: list[str]
    routers: dict[str, str]
    id: bytes

    @property
    def key(self) -> tuple[int | str, ...]:
        """What names the pool."""
        return (*self.tokens, 3000, 60, 0)

    def _do(self, router: str, signature: str, *values: int | str) -> None:
        data = self.node.encoded(signature, *self.key, *values) + word((6 + len(values)) * 32) + word(0)
        sent = self.node.send(self.routers[router], data)
        self.node.mine()
        self.node.done(sent)

    def modify(self, lower: int, upper: int, liquidity: int) -> None:
        """Changes the router's position."""
        signature = f"modifyLiquidity({_KEY},(int24,int24,int256,bytes32),bytes)"
        self._do("PoolModifyLiquidityTest", signature, lower, upper, liquidity, 0)

    def swap_data(self, zero_for_one: bool, amount: int) -> str:
        """The router's call that pays `amount` (negative), to no price limit."""
        limit = LOWEST if zero_for_one else HIGHEST
        signature = f"swap({_KEY},(bool,int256,uint160),(bool,bool),bytes)"
        values = (*self.key, int(zero_for_one), amount, limit, 0, 0, 11 * 32, 0)
        return self.node.encoded(signature, *values)

    def swap(self, zero_for_one: bool, amount: int) -> None:
        """Swaps in a block of its own."""
        sent = self.node.send(self.routers["PoolSwapTest"], self.swap_data(zero_for_one, amount))
        self.node.mine()
        self.node.done(sent)

    def donate(self, amount0: int, amount1: int) -> None:
        """Gives to the liquidity in range."""
        self._do("PoolDonateTest", f"donate({_KEY},uint256,uint256,bytes)", amount0, amount1)

    def slot0(self) -> int:
        """The square root of the price, from the manager's storage (`pools` lies at slot 6)."""
        place = self.node.call("web3_sha3", f"0x{self.id.hex()}{word(6)}")
        return int(self.node.ask(self.manager, "extsload(bytes32)", place), 16) % 2**160


def pool_v4_on(node: Anvil) -> PoolV4:
    """Deploys the manager, two tokens and the routers, and opens the pool at price 1."""
    manager = node.deploy(contract("PoolManager").creation, node.account)
    tokens = _tokens(node)
    names = ("PoolModifyLiquidityTest", "PoolSwapTest", "PoolDonateTest")
    routers = {name: node.deploy(contract(name).creation, manager) for name in names}
    for token in tokens:
        for router in routers.values():
            node.do(token, "approve(address,uint256)", router, 2**256 - 1)
    key: tuple[int | str, ...] = (*tokens, 3000, 60, 0)
    node.do(manager, f"initialize({_KEY},uint160)", *key, EVEN)
    hashed = node.call("web3_sha3", "0x" + "".join(map(word, key)))
    return PoolV4(node, manager, tokens, routers, bytes.fromhex(hashed[2:]))
