"""What each recording is to give, as the data's manifest counts it: for the test and the table.

catalogue: M1, M4. One list, so that docs/venues.md claims no more than `test_book_recorded` holds.
"""

from __future__ import annotations

from dataclasses import dataclass


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
)
