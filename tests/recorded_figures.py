"""What each recording tells beside books and trades, read from its raw text with Python's own json and Decimal.

catalogue: M1. The other opinion of `test_figures`: it shares no code and no table with the decoders of the core.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

#: A record: its kind, the venue's symbol, and its numbers by name; None for what was not told.
Told = tuple[str, str, dict[str, Decimal | int | None]]

_MS, _S, _MINUTE = 1_000_000, 1_000_000_000, 60_000_000_000
#: The names of a ticker's figures at each venue, in the order of `_TICKER`.
_TICKER = ("bid", "ask", "last", "open", "high", "low", "bid_qty", "ask_qty", "last_qty", "volume", "turnover")


def _number(value: object) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


def _ticker(symbol: str, item: dict[str, Any], names: str) -> Iterator[Told]:
    """`names` are the venue's members for `_TICKER`, `-` where it has none."""
    numbers = {ours: _number(item.get(name)) for ours, name in zip(_TICKER, names.split(), strict=True)}
    if any(number is not None for number in numbers.values()):
        yield "ticker", symbol, {**numbers}


def _derivative(symbol: str, item: dict[str, Any], names: str) -> Iterator[Told]:
    """`names` are the members of rate, next funding in ms, open interest, its value, mark and index."""
    rate, due, held, worth, mark, index = (_number(item.get(name)) for name in names.split())
    if rate is not None or due is not None:
        yield "fundingrate", symbol, {"rate": rate, "next": None if due is None else int(due) * _MS}
    if held is not None or worth is not None:
        yield "openinterest", symbol, {"qty": held, "value": worth}
    if mark is not None or index is not None:
        yield "reference", symbol, {"mark": mark, "index": index}


def _kline(symbol: str, begin_ns: int, interval_ns: int, figures: list[Any]) -> Told:
    """`figures` are open, high, low, close, volume, turnover and trades, None where the venue has none."""
    names = ("open", "high", "low", "close", "volume", "turnover", "trades")
    numbers = {name: _number(figure) for name, figure in zip(names, figures, strict=True)}
    return "kline", symbol, {"begin": begin_ns, "interval": interval_ns, **numbers}


def _okx(message: dict[str, Any]) -> Iterator[Told]:
    if message.get("arg", {}).get("channel") == "tickers":
        for item in message.get("data", ()):
            yield from _ticker(item["instId"], item, "- - last open24h high24h low24h - - lastSz vol24h volCcy24h")


def _bybit(message: dict[str, Any]) -> Iterator[Told]:
    topic = message.get("topic", "")
    if topic.startswith("tickers."):
        item = message["data"]
        names = "bid1Price ask1Price lastPrice prevPrice24h highPrice24h lowPrice24h bid1Size ask1Size -"
        yield from _ticker(item["symbol"], item, f"{names} volume24h turnover24h")
        names = "fundingRate nextFundingTime openInterest openInterestValue markPrice indexPrice"
        yield from _derivative(item["symbol"], item, names)
    if topic.startswith("kline.1."):
        for item in message["data"]:
            figures = [item[name] for name in ("open", "high", "low", "close", "volume", "turnover")]
            yield _kline(topic.removeprefix("kline.1."), item["start"] * _MS, _MINUTE, [*figures, None])


def _bitget(message: dict[str, Any]) -> Iterator[Told]:
    channel, symbol = message["arg"]["channel"], message["arg"]["instId"]
    for item in message.get("data", ()) if channel in ("ticker", "candle1m") else ():
        if channel == "ticker":
            names = "bestBid bestAsk last open24h high24h low24h - - - baseVolume quoteVolume"
            yield from _ticker(symbol, item, names)
            yield from _derivative(symbol, item, "capitalRate nextSettleTime holding - markPrice indexPrice")
        else:
            yield _kline(symbol, int(item[0]) * _MS, _MINUTE, [*item[1:6], None, None])


def _coinbase(message: dict[str, Any]) -> Iterator[Told]:
    for event in message.get("events", ()):
        for item in event.get("tickers", ()):
            names = "- - price - high_24_h low_24_h - - - volume_24_h -"
            yield from _ticker(item["product_id"], item, names)
        for item in event.get("candles", ()):
            figures = [item[name] for name in ("open", "high", "low", "close", "volume")]
            yield _kline(item["product_id"], int(item["start"]) * _S, 5 * _MINUTE, [*figures, None, None])


def _kraken(message: Any) -> Iterator[Told]:
    if isinstance(message, list) and message[-2] == "ticker":
        payload = message[1]
        day = {name: payload[name][1] for name in "ohlv"} | {"c": payload["c"][0], "size": payload["c"][1]}
        yield from _ticker(message[-1], day, "- - c o h l - - size v -")


def _kraken_futures(message: dict[str, Any]) -> Iterator[Told]:
    if message.get("feed") == "ticker_lite" and "event" not in message:
        yield from _ticker(message["product_id"], message, "bid ask - - - - - - - volume -")


def _deribit(message: dict[str, Any]) -> Iterator[Told]:
    parameters = message.get("params", {})
    if parameters.get("channel", "").startswith("ticker."):
        data = parameters["data"]
        assert data["instrument_name"][-2:] in ("-C", "-P"), "the recording has options alone"
        symbol, names = data["instrument_name"], "- - last_price - high low - - - volume volume_usd"
        yield from _ticker(symbol, data | data["stats"], names)
        yield from _derivative(symbol, data, "- - open_interest - mark_price index_price")


def _kucoin(message: dict[str, Any]) -> Iterator[Told]:
    topic = message.get("topic", "")
    if topic.startswith("/market/ticker:"):
        yield from _ticker(topic.partition(":")[2], message["data"], "- - price - - - - - size - -")
    if topic.startswith("/market/candles:"):
        begin, opened, close, high, low, volume, turnover = message["data"]["candles"]
        symbol = message["data"]["symbol"]
        yield _kline(symbol, int(begin) * _S, _MINUTE, [opened, high, low, close, volume, turnover, None])


def _binance(message: dict[str, Any]) -> Iterator[Told]:
    data = message.get("data", {})
    if data.get("e") == "kline":
        item = data["k"]
        assert re.fullmatch("1m", item["i"])
        figures = [item[name] for name in "ohlcvqn"]
        yield _kline(data["s"], item["t"] * _MS, _MINUTE, figures)


#: By bundle: how its messages are read, and how many of each kind it holds.
READ: dict[str, tuple[Callable[[Any], Iterator[Told]], dict[str, int]]] = {
    "OKX": (_okx, {"ticker": 28}),
    "BYBIT": (_bybit, {"ticker": 721, "kline": 100, "fundingrate": 6, "openinterest": 105, "reference": 138}),
    "BITGET": (
        _bitget,
        {"ticker": 345, "kline": 10_060, "fundingrate": 217, "openinterest": 217, "reference": 217},
    ),
    "COINBASE": (_coinbase, {"ticker": 160, "kline": 204}),
    "KRAKEN": (_kraken, {"ticker": 18}),
    "KRAKEN_FUTURES": (_kraken_futures, {"ticker": 107}),
    "DERIBIT": (_deribit, {"ticker": 89, "openinterest": 89, "reference": 89}),
    "KUCOIN": (_kucoin, {"ticker": 830, "kline": 6}),
    "BINANCE": (_binance, {"kline": 2}),
    "BINANCE_FUTURES": (_binance, {"kline": 67}),
    "BINANCE_DELIVERY": (_binance, {"kline": 33}),
}


def told(bundle: str, payload: bytes) -> list[Told]:
    """What one message of a bundle tells."""
    try:
        message = json.loads(payload, parse_float=Decimal)
    except ValueError:
        return []
    if bundle != "KRAKEN" and not isinstance(message, dict):
        return []
    if bundle == "BITGET" and "arg" not in message:
        return []
    return list(READ[bundle][0](message))
