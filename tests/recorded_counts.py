"""What each recording is to give, as the data's manifest counts it: for the test and the table.

catalogue: M1, M4. One list, so that docs/venues.md claims no more than `test_book_recorded` holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counted:
    """One recording: its path under the shared data, the feeds in it, and the counts of `tickwright book`.

    `discarded` are changes older than the book that was asked for over REST. No recording has a gap or a crossed book;
    where nothing is `numbered` a gap could not be told.
    """

    path: str
    feeds: tuple[str, ...]
    books: int
    messages: int | None = None
    deltas: int = 0
    checksums: int = 0
    tops_compared: int = 0
    discarded: int = 0
    numbered: bool = True

    def says(self) -> str:
        """The counts as one line of prose."""
        parts = [f"{self.books:,} book{'s' if self.books > 1 else ''}"]
        parts += [f"{self.messages:,} messages"] if self.messages else []
        parts += [f"{self.deltas:,} changes {'without a gap' if self.numbered else 'in order'}"] if self.deltas else []
        parts += [f"{self.checksums:,} checksums equal"] if self.checksums else []
        parts += [f"{self.tops_compared:,} tops equal"] if self.tops_compared else []
        return ", ".join(parts)


#: Binance's: files of one stream under ws/binance, and the tops that the manifest counts: compared, equal.
PAIRS = {
    ("spot_btcusdt_20240808", "spot_btcusdt_20240809"): (6_493, 6_491),
    ("spot_ethusdt_20240808", "spot_ethusdt_20240809"): (6_468, 6_468),
    ("usdm_btcusdt_20240718", "usdm_btcusdt_20240719"): (9_017, 9_017),
    ("usdm_ethusdt_20240718", "usdm_ethusdt_20240719"): (8_924, 8_924),
    ("coinm_btcusd_perp_20240808", "coinm_btcusd_perp_20240809"): (44_772, 44_772),
}

_BUNDLES = "ws/cryptofeed/"
RECORDED = (
    Counted(f"{_BUNDLES}OKX.jsonl.zst", ("okx",), 3, deltas=287, checksums=290),
    Counted(f"{_BUNDLES}KRAKEN.jsonl.zst", ("kraken-spot",), 10, deltas=4_269, checksums=4_269),
    Counted(f"{_BUNDLES}BITGET.jsonl.zst", ("bitget-spot", "bitget-mix"), 10, deltas=627, checksums=637),
    Counted(f"{_BUNDLES}COINBASE.jsonl.zst", ("coinbase",), 2, deltas=773),
    Counted(f"{_BUNDLES}DERIBIT.jsonl.zst", ("deribit",), 10, deltas=36),
    Counted(f"{_BUNDLES}KRAKEN_FUTURES.jsonl.zst", ("kraken-futures",), 10, deltas=7_014),
    Counted(f"{_BUNDLES}BYBIT.jsonl.zst", ("bybit-linear", "bybit-spot"), 6, deltas=2_142),
    Counted(f"{_BUNDLES}KUCOIN.jsonl.zst", ("kucoin-spot",), 9, deltas=3_853, tops_compared=810, discarded=48),
    Counted(f"{_BUNDLES}BITSTAMP.jsonl.zst", ("bitstamp",), 10, deltas=717, discarded=102, numbered=False),
    Counted(f"{_BUNDLES}HUOBI_SWAP.jsonl.zst", ("htx-linear", "htx-inverse"), 10, messages=2_862 + 19),
    Counted("ws/hyperliquid_btc_20250126.gz", ("hyperliquid",), 1, messages=46 + 9),
    Counted("ws/lighter_btc_20251210.json.gz", ("lighter",), 1, deltas=2_549),
)


@dataclass(frozen=True)
class OrdersCounted:
    """One recording of single orders: its path, venue and books, its counts, and words of `counts` with theirs."""

    path: str
    venue: str
    books: int
    messages: int
    unknown_ids: int = 0
    crossed: int = 0
    discarded: int = 0
    tops_compared: int = 0
    tops_equal: int = 0
    told: dict[str, int] = field(default_factory=dict)


#: Of Bitstamp's unknown ids 13 are the manifest's; the other two are the ghosts' own deletions at the end. LOBSTER's
#: are orders from before its first message.
ORDERS = (
    OrdersCounted(
        "l3/bitstamp_btcusd_20260502/orders.csv.gz",
        "bitstamp-orders",
        1,
        messages=314_057,
        unknown_ids=13 + 2,
        crossed=101_660,
        told={
            "created": 156_889,
            "changed": 266,
            "deleted": 156_902,
            "trades": 284,
            "trades_of_known_orders": 284,
            "trades_at_their_order": 284,
            "ghosts": 2,
            "out_of_order": 1,
        },
    ),
    OrdersCounted(
        "l3/es_h4_20231225.mbo.dbn.zst",
        "databento",
        1,
        messages=68_792,
        crossed=891,
        told={"snapshot_orders": 8_725, "A": 29_216, "C": 17_999, "M": 12_233, "T": 2_973, "F": 6_371},
    ),
    OrdersCounted(
        "l3/bitfinex_tbtcusd_r0.json.gz",
        "bitfinex-orders",
        1,
        messages=1 + 99_998,
        crossed=21,
        told={"snapshot_orders": 50, "update": 99_998, "one_sided": 262},
    ),
    OrdersCounted(
        "l3/lobster_aapl_20120621_l10_message.csv",
        "lobster",
        1,
        messages=999,
        unknown_ids=9,
        tops_compared=998,
        tops_equal=998,
        told={"new": 471, "executed": 98, "deleted": 369, "hidden": 61},
    ),
    OrdersCounted(
        f"{_BUNDLES}INDEPENDENT_RESERVE.jsonl.zst",
        "independent-reserve",
        5,
        messages=831 + 832 + 5,
        discarded=37,
        told={"NewOrder": 831, "OrderCanceled": 832, "snapshot": 5},
    ),
)
