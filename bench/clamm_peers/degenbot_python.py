"""degenbot 0.5: its `UniswapV3Pool`, whose swap is Python.

catalogue: S4. Its constructor reads a chain, so the pool is given its state by its attributes; what is timed is its
public `calculate_tokens_out_from_tokens_in`, with the cache of whole steps that it keeps. It tells what is got and
nothing else. Runs in an environment of its own.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from degenbot.uniswap.v3_liquidity_pool import UniswapV3Pool
from degenbot.uniswap.v3_types import UniswapV3BitmapAtWord, UniswapV3LiquidityAtTick, UniswapV3PoolState

from bench.clamm_peers.serve import Question, Ready, Told, document, refusing, serve


def pool_of(pool: dict[str, Any]) -> Any:
    """The pool with a complete tick map."""
    ticks = {
        tick: UniswapV3LiquidityAtTick(liquidity_gross=int(gross), liquidity_net=int(net))
        for tick, gross, net in pool["ticks"]
    }
    words: dict[int, int] = {}
    for tick in ticks:
        place, bit = divmod(tick // pool["spacing"], 256)
        words[place] = words.get(place, 0) | 1 << bit
    made = UniswapV3Pool.__new__(UniswapV3Pool)
    made.token0, made.token1 = object(), object()
    made.fee, made.tick_spacing, made.sparse_liquidity_map = pool["fee"], pool["spacing"], False
    made._swap_step_cache, made._swap_step_cache_lock = {}, Lock()
    made._state = UniswapV3PoolState(
        address="0x" + "33" * 20,
        liquidity=int(pool["liquidity"]),
        sqrt_price_x96=int(pool["price"]),
        tick=pool["tick"],
        tick_bitmap={place: UniswapV3BitmapAtWord(bitmap=bits) for place, bits in words.items()},
        tick_data=ticks,
        block=0,
    )
    return made


def main() -> None:
    """Serves quotes, one call each."""
    pool = pool_of(document()["pool"])

    def quote(question: Question) -> Told:
        way, amount = question
        return None, pool.calculate_tokens_out_from_tokens_in(pool.token0 if way else pool.token1, amount), None

    ask = refusing(quote)

    def prepare(questions: list[Question]) -> Ready:
        return lambda: [ask(question) for question in questions], lambda found: found

    serve(prepare)


if __name__ == "__main__":
    main()
