"""degenbot 0.6 alpha: its pool in Rust, asked by `Pool.simulate`, the call below its Python classes.

catalogue: S4. Those classes copy the whole tick map for every quote; the call does not, so it is the faster way.
Runs in an environment of its own.
"""

from __future__ import annotations

from typing import Any

from degenbot._ffi import Bot

from bench.clamm_peers.serve import Question, Ready, Told, document, refusing, serve


def pool_of(pool: dict[str, Any]) -> Any:
    """The pool with a complete tick map."""
    bot = Bot(1)
    ticks = {tick: (int(gross), int(net), 0) for tick, gross, net in pool["ticks"]}
    pool_id = bot.register_v3_pool(
        *("0x" + digit * 40 for digit in ("3", "1", "2")),
        pool["fee"],
        pool["spacing"],
        "0x" + "4" * 40,
        int(pool["price"]),
        int(pool["liquidity"]),
        pool["tick"],
        tick_data=ticks,
        coverage="tracked",
    )
    return bot.get_pool(pool_id)


def main() -> None:
    """Serves quotes, one call each; an exact input is negative here."""
    pool = pool_of(document()["pool"])

    def quote(question: Question) -> Told:
        way, amount = question
        read = pool.simulate(way, -amount, 0)
        paid, got = (read.amount0_delta, -read.amount1_delta) if way else (read.amount1_delta, -read.amount0_delta)
        return paid, got, read.sqrt_price_x96

    ask = refusing(quote)

    def prepare(questions: list[Question]) -> Ready:
        return lambda: [ask(question) for question in questions], lambda found: found

    serve(prepare)


if __name__ == "__main__":
    main()
