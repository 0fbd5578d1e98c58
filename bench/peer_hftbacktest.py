"""hftbacktest's fastest depth (ROIVectorMarketDepth), fed by its backtester from an array of events.

catalogue: M4. Its Python package has no call that changes a depth by itself: events go through the backtester, as they
do for everyone who uses it; they are the local side's alone, so that each changes one depth once. Runs in an
environment of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    LOCAL_EVENT,
    SELL_EVENT,
    BacktestAsset,
    ROIVectorMarketDepthBacktest,
)
from hftbacktest.types import event_dtype
from numba import njit

from bench.peer_rounds import LOT, TICK, Top, rounds

#: From one batch to the next.
STEP_NS = 1_000_000


def walk(hbt: Any, tops: Any) -> None:
    """Lets the time of one batch after another pass, and keeps the best prices."""
    for nth in range(len(tops)):
        # Its clock starts at the first batch.
        hbt.elapse(STEP_NS if nth else 0)
        depth = hbt.depth(0)
        bid, ask = depth.best_bid_tick, depth.best_ask_tick
        # `best_bid_qty` of 2.4.4 gives the price.
        tops[nth, 0], tops[nth, 1] = bid, round(depth.bid_qty_at_tick(bid) / LOT)
        tops[nth, 2], tops[nth, 3] = ask, round(depth.ask_qty_at_tick(ask) / LOT)


def prepare(deltas: Any, batch: int) -> Callable[[], Callable[[], Iterable[Top]]]:
    """Each batch has its own time."""
    compiled = njit(walk)
    count = -(-len(deltas) // batch)
    events = np.zeros(len(deltas), event_dtype)
    events["ev"] = DEPTH_EVENT | LOCAL_EVENT | np.where(deltas["side"] == 0, BUY_EVENT, SELL_EVENT)
    events["local_ts"] = events["exch_ts"] = (1 + np.arange(len(deltas)) // batch) * STEP_NS
    events["px"], events["qty"] = deltas["price"] * TICK, deltas["qty"] * LOT
    lowest, highest = events["px"].min(), events["px"].max()

    def fresh() -> Callable[[], Iterable[Top]]:
        asset = BacktestAsset().data([events]).linear_asset(1.0).constant_order_latency(0, 0).risk_adverse_queue_model()
        asset = asset.no_partial_fill_exchange().trading_value_fee_model(0.0, 0.0).tick_size(TICK).lot_size(LOT)
        hbt = ROIVectorMarketDepthBacktest([asset.roi_lb(lowest - 1).roi_ub(highest + 1)])
        tops = np.zeros((count, 4), np.int64)

        def run() -> Any:
            compiled(hbt, tops)
            return tops.tolist()

        return run

    # The first round compiles; it is not timed.
    fresh()()
    return fresh


if __name__ == "__main__":
    rounds(prepare)
