"""The table of docs/venues.md, made from the code: what each feed has, and what proves it.

catalogue: M1. Usage: `python -m tests.venue_table` writes the table into the page. It reads a feed's decoder for what
it gives, its rule for how its books stay in step, `book/sent.rs` for checksums, and `recorded_counts` and
`recorded_figures` for the proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from feeds.binance import VENUES, Market
from feeds.itch.feed import VENUE as ITCH
from feeds.public import FEEDS
from feeds.venue import SESSIONS
from pycore.config import Venue
from tests.recorded_counts import ORDERS, PAIRS, RECORDED
from tests.recorded_figures import READ

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "venues.md"
_CORE = ROOT / "native" / "core" / "src"
_HEAD = (
    "| Feed | L2 book | Trades | Best price | Checksum | Whole book | A missing message | Proof | Live |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
_FIGURES_HEAD = (
    "| Feed of figures | Ticker | Klines | Funding | Open interest | Mark, index | Liquidations |\n"
    "|---|---|---|---|---|---|---|"
)
_ORDERS_HEAD = "| Source | Whole book | A missing message | Proof | Live |\n|---|---|---|---|---|"
#: Sources of single orders: where whole books come from, what tells a missing message, and what proves it.
_ORDERS = {
    "bitstamp-orders": (
        "REST, of a time that the messages are compared with; a socket's recording may begin cold",
        "nothing is numbered; the whole book is asked for every five minutes",
        "a table of 30 minutes: {events} events, 284 of 284 trades at their resting order, {unknown_ids} unknown ids, "
        "{ghosts} ghosts; the socket's messages and the log of 2015: the document",
    ),
    "bitfinex-orders": (
        "in the stream",
        "`SEQ_ALL` numbers a connection's messages",
        "recording: {snapshot_orders} orders, then {update} changes, none of an unknown order",
    ),
    "independent-reserve": (
        "REST",
        "the nonce of a currency counts up by one",
        "recording: {NewOrder} new orders and {OrderCanceled} cancellations without a gap, none of an unknown order",
    ),
    "coinbase-orders": (
        "REST, which names the number of the last message in it",
        "the sequence of a product counts up by one",
        "the document only: experimental",
    ),
    "kraken-orders": (
        "in the stream",
        "nothing is numbered; the checksum of each message tells it",
        "the document only: experimental",
    ),
    "databento": (
        "in the file (DBN, schema `mbo`)",
        "not told to its readers",
        "recording of ESH4: {messages} messages, none of an unknown order; decoded by `databento-dbn`",
    ),
    "itch": (
        "the day begins without orders",
        "messages are in one file; MoldUDP64 and SoupBinTCP number them (docs/itch.md)",
        "files that an independent encoder (`itchfeed`) packed, against a plain model; every type's length and fields; "
        "lossy lines on loopback",
    ),
    "lobster": (
        "none: the books begin cold",
        "not told",
        "recording: {tops_equal} of {tops_compared} rows of the venue's ten levels follow from the row before and the "
        "message",
    ),
}
#: How a decoder hands on a book, a trade and a best price: the public ones as messages, Binance's as records.
_BOOK, _TRADE = ("Message::Book(", "binance_depth::"), ("Message::Trade(", "push(&Trade")
_BEST = ("Message::Top(", "push(&Bbo")
DOCUMENT_ONLY = "the document only: experimental"
#: The kinds of figures, and what of a decoder's table of places says that it tells them.
_FIGURES = {
    "ticker": ("Is(Last)", "Is(Open)", "Is(Volume)", "Is(Turnover)"),
    "kline": ("KlineMessage", "klines(channel, "),
    "fundingrate": ("Is(Rate)", "rate_e8"),
    "openinterest": ("Is(OpenInterest)",),
    "reference": ("Is(Mark)", "Is(Index)", "index_e8"),
    "liquidation": ("push(&Liquidation",),
}
_DERIVATIVES = ("fundingrate", "openinterest", "reference", "liquidation")
_SPOT_ALONE = ("coinbase", "bitstamp")
#: The decoder's file and the rule's, where they are not named after the feed or its first word.
_FILES = {
    "bitget-spot-v2": ("bitget_v2", "bitget"),
    "bitget-mix-v2": ("bitget_v2", "bitget"),
    "kraken-spot-v2": ("kraken_v2", "kraken"),
    "gate-linear": ("gate_futures", "gate"),
    "gate-inverse": ("gate_futures", "gate"),
    "kucoin-futures": ("kucoin_futures", "kucoin"),
}
#: The bundles of a feed, where the recording's name is not that of `RECORDED`.
_BUNDLES = {"binance-spot": "BINANCE", "binance-usdm": "BINANCE_FUTURES", "binance-coinm": "BINANCE_DELIVERY"}


@dataclass(frozen=True)
class Feed:
    """A feed, the stems of its decoder and its rule, what proves it, and what may be done with it live."""

    name: str
    stem: str
    rule: str
    proof: str
    live: str

    def row(self) -> str:
        """Its line of the table."""
        decoder = (_CORE / "decode" / f"{self.stem}.rs").read_text()
        rule = (_CORE / "book" / "rule" / f"{self.rule}.rs").read_text()
        cells = (
            f"`{self.name}`",
            *(_yes(any(form in decoder for form in forms)) for forms in (_BOOK, _TRADE, _BEST)),
            _yes(self.rule.replace("_", "") in _with_checksum()),
            "REST" if "fn snapshot_in_stream" in rule else "stream",
            first_sentence(rule).partition(": ")[2],
            self.proof,
            self.live,
        )
        return f"| {' | '.join(cells)} |"

    def figures(self) -> str:
        """Its line of the table of figures."""
        cells = (f"`{self.name}`", *(self._figure(kind) for kind in _FIGURES))
        return f"| {' | '.join(cells)} |"

    def _figure(self, kind: str) -> str:
        """Whether it tells figures of a kind, and what proves that."""
        if kind in _DERIVATIVES and ("-spot" in self.name or self.name in _SPOT_ALONE):
            return "-"
        told = sum(READ[bundle][1].get(kind, 0) for bundle in self._bundles())
        # A feed's files are its decoder and, of Binance, the one of its figures.
        paths = [_CORE / "decode" / f"{stem}.rs" for stem in (self.stem, f"{self.stem}_figures")]
        places = "\n".join(path.read_text() for path in paths if path.is_file())
        if kind == "ticker":
            places = re.sub(r"const KLINE\w*: Place.*?\n(?=\n|const|///)", "", places, flags=re.DOTALL)
        if not any(form in places for form in _FIGURES[kind]):
            return "no"
        return f"recorded ({told:,})" if told else "document"

    def _bundles(self) -> set[str]:
        """The recordings whose figures are read a second time."""
        names = {Path(counted.path).name.partition(".")[0] for counted in RECORDED if self.name in counted.feeds}
        return (names | {_BUNDLES.get(self.name, "")}) & set(READ)


def feeds() -> list[Feed]:
    """Binance's markets, then every public feed in the order of `feeds.public`."""
    found = [_binance(market) for market in VENUES.values()]
    for name in dict.fromkeys(feed for _, _, feed in FEEDS):
        stem = name.replace("-", "_")
        stem = stem if (_CORE / "decode" / f"{stem}.rs").is_file() else stem.partition("_")[0]
        decoder, rule = _FILES.get(name, (stem, stem))
        counts = "; ".join(f"`{Path(c.path).name}`: {c.says()}" for c in RECORDED if name in c.feeds)
        proof = f"recording {counts}" if counts else DOCUMENT_ONLY
        session = SESSIONS.get(name)
        live = "no" if session is None else "refused" if session.experimental else "record"
        found.append(Feed(name, decoder, rule, proof, live))
    return found


def _binance(market: Market) -> Feed:
    """A market of Binance: what a configuration can name is traded, the rest is recorded."""
    prefix = market.venue.partition("-")[2]
    counts = [tops for files, tops in PAIRS.items() if files[0].startswith(prefix)]
    compared, equal = (sum(column) for column in zip(*counts, strict=True))
    proof = f"recordings `{prefix}_*.gz`: {equal:,} of {compared:,} tops equal"
    live = "trade, record" if market.market in Venue.model_fields else "record"
    return Feed(market.venue, "binance", "binance", proof, live)


def _order_rows() -> list[str]:
    """A line for each source of single orders, with the counts that the tests hold it to."""
    counted = {found.venue: found for found in ORDERS}
    rows = []
    for name, (whole, missing, proof) in _ORDERS.items():
        counts: dict[str, str] = {}
        if (found := counted.get(name)) is not None:
            plain = {
                field: getattr(found, field) for field in ("messages", "unknown_ids", "tops_equal", "tops_compared")
            }
            counts = {word: f"{count:,}" for word, count in {**plain, "events": found.messages, **found.told}.items()}
        session = SESSIONS.get(name)
        live = "no" if session is None else "refused" if session.experimental else "record"
        live = "record" if name == ITCH else live
        rows.append(f"| `{name}` | {whole} | {missing} | {proof.format(**counts)} | {live} |")
    return rows


def tables() -> tuple[str, str, str]:
    """The whole tables: of books, of figures, and of single orders."""
    found = feeds()
    return (
        "\n".join([_HEAD, *(feed.row() for feed in found)]),
        "\n".join([_FIGURES_HEAD, *(feed.figures() for feed in found)]),
        "\n".join([_ORDERS_HEAD, *_order_rows()]),
    )


def first_sentence(source: str) -> str:
    """The first sentence of a Rust file's head, without its full stop."""
    head = " ".join(line[3:].strip() for line in source.splitlines()[:4] if line.startswith("//!"))
    return re.split(r"\.(?: |$)|  ", head)[0]


def _with_checksum() -> set[str]:
    """The venues, in lower case, for which `SentBook::checksum` has one."""
    lines = (_CORE / "book" / "sent.rs").read_text().splitlines()
    arms = [line for line in lines if "=> Some(self." in line]
    return {venue.lower() for line in arms for venue in re.findall(r"Venue::(\w+)", line)}


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def written(text: str) -> str:
    """The page with its tables replaced by the present ones."""
    for head, made in zip((r"\| Feed \|", r"\| Feed of figures \|", r"\| Source \|"), tables(), strict=True):
        text = re.sub(head + r".*(?:\n\|.*)*", made.replace("\\", r"\\"), text, count=1)
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
