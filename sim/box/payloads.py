"""The bytes of every market stream, spot and USD-M (catalogue: S1).

Fields: binance.md §5. Numbers are already text in the venue's form; the texts contain nothing that JSON would escape,
so messages are put together by hand, once for all receivers. `at` is the time of sending in the receiver's unit.
"""

from typing import NamedTuple

from sim.box.clock import Stamp
from sim.box.desk import ExecEvent
from sim.box.listing import Listing, text_e8
from sim.box.tape import Aggregate, Candle, Trade
from sim.box.tickers import change_text, weighted_text


class Best(NamedTuple):
    """Best bid and offer in ticks and lots at an update id; a missing side has price 0."""

    update: int
    bid: int
    bid_qty: int
    ask: int
    ask_qty: int


class Diff(NamedTuple):
    """One depth difference: ids, and levels as JSON text."""

    first: int
    last: int
    previous: int
    bids: str
    asks: str


def depth_update(listing: Listing, diff: Diff, at: Stamp) -> bytes:
    """`depthUpdate`; futures add `T` and `pu`."""
    now = at.now
    if listing.market == "spot":
        head = f'{{"e":"depthUpdate","E":{now},"s":"{listing.symbol}","U":{diff.first},"u":{diff.last}'
    else:
        head = (
            f'{{"e":"depthUpdate","E":{now},"T":{now},"s":"{listing.symbol}",'
            f'"U":{diff.first},"u":{diff.last},"pu":{diff.previous}'
        )
    return f'{head},"b":{diff.bids},"a":{diff.asks}}}'.encode()


def partial_depth(update: int, bids: str, asks: str) -> bytes:
    """Spot's partial book, which names no symbol."""
    return f'{{"lastUpdateId":{update},"bids":{bids},"asks":{asks}}}'.encode()


def book_ticker(listing: Listing, best: Best, at: Stamp) -> bytes:
    """`bookTicker`; spot's has neither `e` nor `E`."""
    price, qty = listing.price_text, listing.qty_text
    tops = (
        f'"s":"{listing.symbol}","b":"{price(best.bid)}","B":"{qty(best.bid_qty)}",'
        f'"a":"{price(best.ask)}","A":"{qty(best.ask_qty)}"'
    )
    if listing.market == "spot":
        return f'{{"u":{best.update},{tops}}}'.encode()
    now = at.now
    return f'{{"e":"bookTicker","u":{best.update},{tops},"T":{now},"E":{now}}}'.encode()


def trade(listing: Listing, row: Trade, at: Stamp) -> bytes:
    """`trade`."""
    maker = "true" if row.taker_sell else "false"
    head = f'{{"e":"trade","E":{at.now},"s":"{listing.symbol}","t":{row.trade_id}'
    body = f'"p":"{listing.price_text(row.price)}","q":"{listing.qty_text(row.qty)}","T":{at.of(row.ts)}'
    tail = ',"M":true}' if listing.market == "spot" else ',"X":"MARKET"}'
    return f'{head},{body},"m":{maker}{tail}'.encode()


def agg_trade(listing: Listing, row: Aggregate, at: Stamp) -> bytes:
    """`aggTrade`."""
    maker = "true" if row.taker_sell else "false"
    head = f'{{"e":"aggTrade","E":{at.now},"s":"{listing.symbol}","a":{row.agg_id}'
    body = (
        f'"p":"{listing.price_text(row.price)}","q":"{listing.qty_text(row.qty)}",'
        f'"f":{row.first},"l":{row.last},"T":{at.of(row.ts)}'
    )
    tail = ',"M":true}' if listing.market == "spot" else "}"
    return f'{head},{body},"m":{maker}{tail}'.encode()


def kline(listing: Listing, interval: str, candle: Candle, closed: bool, at: Stamp) -> bytes:
    """`kline`; `x` tells whether the candle is closed."""
    price, qty = listing.price_text, listing.qty_text
    ends = at.of(candle.end) - 1
    inner = (
        f'"t":{at.of(candle.start)},"T":{ends},"s":"{listing.symbol}","i":"{interval}",'
        f'"f":{candle.first},"L":{candle.last},"o":"{price(candle.open)}","c":"{price(candle.close)}",'
        f'"h":"{price(candle.high)}","l":"{price(candle.low)}","v":"{qty(candle.volume)}","n":{candle.count},'
        f'"x":{"true" if closed else "false"},"q":"{text_e8(candle.quote)}","V":"{qty(candle.take_volume)}",'
        f'"Q":"{text_e8(candle.take_quote)}","B":"0"'
    )
    return f'{{"e":"kline","E":{at.now},"s":"{listing.symbol}","k":{{{inner}}}}}'.encode()


def mini_ticker(listing: Listing, day: Candle, at: Stamp) -> bytes:
    """`24hrMiniTicker`."""
    price = listing.price_text
    return (
        f'{{"e":"24hrMiniTicker","E":{at.now},"s":"{listing.symbol}","c":"{price(day.close)}",'
        f'"o":"{price(day.open)}","h":"{price(day.high)}","l":"{price(day.low)}",'
        f'"v":"{listing.qty_text(day.volume)}","q":"{text_e8(day.quote)}"}}'
    ).encode()


def ticker(listing: Listing, day: Candle, best: Best, last_qty: int, at: Stamp) -> bytes:
    """`24hrTicker`; spot's also shows best bid and offer."""
    price, qty = listing.price_text, listing.qty_text
    moved, percent = change_text(listing, day.open, day.close)
    tops = ""
    if listing.market == "spot":
        tops = (
            f'"x":"{price(day.open)}","b":"{price(best.bid)}","B":"{qty(best.bid_qty)}",'
            f'"a":"{price(best.ask)}","A":"{qty(best.ask_qty)}",'
        )
    return (
        f'{{"e":"24hrTicker","E":{at.now},"s":"{listing.symbol}","p":"{moved}","P":"{percent}",'
        f'"w":"{weighted_text(listing, day)}","c":"{price(day.close)}","Q":"{qty(last_qty)}",{tops}'
        f'"o":"{price(day.open)}","h":"{price(day.high)}","l":"{price(day.low)}","v":"{qty(day.volume)}",'
        f'"q":"{text_e8(day.quote)}","O":{at.of(day.start)},"C":{at.of(day.end)},'
        f'"F":{day.first},"L":{day.last},"n":{day.count}}}'
    ).encode()


def force_order(listing: Listing, order: ExecEvent, at: Stamp) -> bytes:
    """`forceOrder`: a liquidation that is done, as everybody sees it."""
    price, qty = listing.price_text(order["last_price"]), listing.qty_text(order["cum_qty"])
    return (
        f'{{"e":"forceOrder","E":{at.now},"o":{{"s":"{listing.symbol}","S":"{order["side"]}","o":"LIMIT","f":"IOC",'
        f'"q":"{qty}","p":"{price}","ap":"{listing.average_text(order["cum_quote"], order["cum_qty"])}",'
        f'"X":"{order["status"]}","l":"{listing.qty_text(order["last_qty"])}","z":"{qty}","T":{at.of(order["ts"])}}}}}'
    ).encode()


def mark_price(listing: Listing, mark_e8: int, rate_e8: int, funding_ms: int, at: Stamp) -> bytes:
    """`markPriceUpdate`; the index price is the mark price here."""
    mark = text_e8(mark_e8)
    return (
        f'{{"e":"markPriceUpdate","E":{at.now},"s":"{listing.symbol}","p":"{mark}","i":"{mark}",'
        f'"P":"{mark}","r":"{text_e8(rate_e8)}","T":{funding_ms}}}'
    ).encode()
