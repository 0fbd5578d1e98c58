"""catalogue: S1, O2. ccxt, a client that we did not write, trades in the box: spot and USD-M, REST and WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from typing import Any

import ccxt
import ccxt.pro
import pytest

from tests.box_process import running_box

Client = Callable[..., Any]
SYMBOLS = {"spot": "BTC/USDT", "future": "BTC/USDT:USDT"}
UNIT = Decimal("0.00000001")
WAIT_S = 30.0


@pytest.fixture(scope="module")
def box() -> Iterator[dict[str, Any]]:
    with running_box("--seed", "5") as first:
        yield first


def point(exchange: Any, first: dict[str, Any]) -> None:
    """Points ccxt at the box, as ../shared/spec/binance.md §1 says."""
    api = exchange.urls["api"]
    for name in list(api):
        if name in ("public", "private"):
            api[name] = first["spot_rest"] + "/api/v3"
        elif name.startswith("sapi"):
            api[name] = f"{first['spot_rest']}/sapi/v{name[5:] or '1'}"
        elif name.startswith(("fapiPublic", "fapiPrivate")):
            version = name[-1] if name[-1] in "23" else "1"
            api[name] = f"{first['usdm_rest']}/fapi/v{version}"
    # ccxt takes a stream for spot's by the text "/stream" in its URL; the user name before the host carries it here.
    api["ws"]["spot"] = first["spot_ws"].replace("ws://", "ws://stream@") + "/ws"
    for name in ("future", "linear"):
        api["ws"][name] = first["usdm_ws"] + "/ws"
        api["ws"]["ws-api"][name] = first["usdm_ws_api"]
    api["ws"]["ws-api"]["spot"] = first["spot_ws_api"]


@pytest.fixture
async def client(box: dict[str, Any]) -> AsyncIterator[Client]:
    made: list[Any] = []

    def make(market: str, *, account: int = 0, ed25519: bool = False, **changes: Any) -> Any:
        keys = box["accounts"][account]
        exchange = ccxt.pro.binance(
            {
                "apiKey": keys["ed25519_key"] if ed25519 else keys["key"],
                "secret": keys["ed25519_pem"] if ed25519 else keys["secret"],
                "enableRateLimit": False,
                "options": {
                    "defaultType": market,
                    "fetchMarkets": {"types": ["spot" if market == "spot" else "linear"]},
                    "fetchCurrencies": False,
                },
                **changes,
            }
        )
        point(exchange, box)
        # ccxt chooses each market's error classes by the production host's name.
        classes = exchange.exceptions["spot" if market == "spot" else "linear"]
        exchange.get_exceptions_by_url = lambda _url, kind: classes.get(kind, {})
        made.append(exchange)
        return exchange

    yield make
    for exchange in made:
        await exchange.close()


async def soon(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, WAIT_S)


async def far_price(exchange: Any, symbol: str) -> str:
    ticker = await exchange.fetch_ticker(symbol)
    return str(exchange.price_to_precision(symbol, ticker["last"] * 0.8))


BOTH = pytest.mark.parametrize("market", ["spot", "future"])
KEYS = pytest.mark.parametrize("ed25519", [False, True], ids=["hmac", "ed25519"])


@BOTH
@KEYS
async def test_markets_books_and_balances(client: Client, market: str, ed25519: bool) -> None:
    exchange, symbol = client(market, ed25519=ed25519, account=1), SYMBOLS[market]
    markets = await exchange.load_markets()
    ether = symbol.replace("BTC", "ETH")
    assert set(markets) == {symbol, ether}
    assert markets[symbol]["precision"]["price"] == (0.01 if market == "spot" else 0.1)
    book = await exchange.fetch_order_book(symbol, 20)
    assert len(book["bids"]) == len(book["asks"]) == 20
    assert book["bids"][0][0] < book["asks"][0][0]
    balance = await exchange.fetch_balance()
    assert balance["USDT"]["total"] == 100_000
    assert len(await exchange.fetch_ohlcv(symbol, "1m")) >= 1
    assert (await exchange.fetch_tickers([symbol, ether])).keys() == {symbol, ether}
    assert (await exchange.fetch_trades(symbol))[-1]["price"] > 0


@BOTH
async def test_streams_of_books_trades_and_candles(client: Client, market: str) -> None:
    exchange, symbol = client(market), SYMBOLS[market]
    await exchange.load_markets()
    for _ in range(3):
        book = await soon(exchange.watch_order_book(symbol))
        assert book["bids"][0][0] < book["asks"][0][0]
    assert (await soon(exchange.watch_trades(symbol)))[0]["symbol"] == symbol
    assert (await soon(exchange.watch_ticker(symbol)))["symbol"] == symbol
    assert (await soon(exchange.watch_ohlcv(symbol, "1m")))[0][4] > 0
    tops = await soon(exchange.watch_bids_asks([symbol]))
    assert tops[symbol]["bid"] < tops[symbol]["ask"]


@BOTH
@KEYS
async def test_an_order_lives_is_amended_and_dies(client: Client, market: str, ed25519: bool) -> None:
    exchange, symbol = client(market, ed25519=ed25519), SYMBOLS[market]
    await exchange.load_markets()
    price = await far_price(exchange, symbol)
    heard = asyncio.create_task(exchange.watch_orders(symbol))
    await asyncio.sleep(0.5)
    placed = await exchange.create_order(symbol, "limit", "buy", 0.01, price, {"postOnly": True})
    event = (await soon(heard))[0]
    assert (event["id"], event["status"], event["price"]) == (placed["id"], "open", float(price))
    assert [order["id"] for order in await exchange.fetch_open_orders(symbol)] == [placed["id"]]

    edited = await exchange.edit_order(placed["id"], symbol, "limit", "buy", 0.02, price)
    fetched = await exchange.fetch_order(edited["id"], symbol)
    assert (fetched["amount"], fetched["status"]) == (0.02, "open")
    # USD-M modifies in place; spot cancels and replaces.
    assert (edited["id"] == placed["id"]) == (market == "future")

    await exchange.cancel_order(edited["id"], symbol)
    assert await exchange.fetch_open_orders(symbol) == []
    assert (await exchange.fetch_order(edited["id"], symbol))["status"] == "canceled"


async def held(exchange: Any) -> dict[str, tuple[Decimal, Decimal]]:
    """Spot balances as the venue's own texts: asset to (free, locked)."""
    info = (await exchange.fetch_balance())["info"]
    return {row["asset"]: (Decimal(row["free"]), Decimal(row["locked"])) for row in info["balances"]}


async def test_a_spot_fill_moves_balances_to_the_last_digit(client: Client) -> None:
    exchange, symbol = client("spot"), SYMBOLS["spot"]
    await exchange.load_markets()
    before = await held(exchange)
    order = (await exchange.create_order(symbol, "market", "buy", 0.0373))["info"]
    after = await held(exchange)
    fills = order["fills"]
    bought = sum(Decimal(fill["qty"]) for fill in fills)
    paid = sum(Decimal(fill["qty"]) * Decimal(fill["price"]) for fill in fills)
    fees = sum(Decimal(fill["commission"]) for fill in fills)
    assert order["status"] == "FILLED"
    assert bought == Decimal(order["executedQty"]) == Decimal("0.0373")
    assert paid == Decimal(order["cummulativeQuoteQty"])
    for fill in fills:
        assert fill["commissionAsset"] == "BTC"
        assert Decimal(fill["commission"]) == (Decimal(fill["qty"]) / 1000).quantize(UNIT, "ROUND_DOWN")
    assert after["BTC"] == (before["BTC"][0] + bought - fees, before["BTC"][1])
    assert after["USDT"] == (before["USDT"][0] - paid, before["USDT"][1])
    trades = await exchange.fetch_my_trades(symbol, params={"orderId": order["orderId"]})
    assert [trade["id"] for trade in trades] == [str(fill["tradeId"]) for fill in fills]


async def test_a_spot_sale_pays_its_fee_in_quote(client: Client) -> None:
    exchange, symbol = client("spot"), SYMBOLS["spot"]
    await exchange.load_markets()
    before = await held(exchange)
    order = (await exchange.create_order(symbol, "market", "sell", 0.02))["info"]
    after = await held(exchange)
    fees = sum(Decimal(fill["commission"]) for fill in order["fills"])
    assert {fill["commissionAsset"] for fill in order["fills"]} == {"USDT"}
    assert after["USDT"][0] == before["USDT"][0] + Decimal(order["cummulativeQuoteQty"]) - fees
    assert after["BTC"][0] == before["BTC"][0] - Decimal("0.02")


async def test_a_usdm_fill_moves_wallet_and_position_to_the_last_digit(client: Client) -> None:
    exchange, symbol = client("future"), SYMBOLS["future"]
    await exchange.load_markets()
    heard = asyncio.create_task(exchange.watch_orders(symbol))
    await asyncio.sleep(0.5)

    async def wallet() -> Decimal:
        return Decimal((await exchange.fetch_balance())["info"]["totalWalletBalance"])

    async def position() -> Decimal:
        rows = await exchange.fapiPrivateV2GetPositionRisk({"symbol": "BTCUSDT"})
        return Decimal(rows[0]["positionAmt"])

    before, was = await wallet(), await position()
    order = (await exchange.create_order(symbol, "market", "buy", 0.037))["info"]
    assert (await position()) == was + Decimal("0.037")
    trades = await exchange.fapiPrivateGetUserTrades({"symbol": "BTCUSDT", "orderId": order["orderId"]})
    cost = sum(Decimal(trade["quoteQty"]) for trade in trades)
    assert cost == sum(Decimal(trade["price"]) * Decimal(trade["qty"]) for trade in trades)
    fees = sum(Decimal(trade["commission"]) for trade in trades)
    for trade in trades:
        wanted = (Decimal(trade["quoteQty"]) * Decimal("0.0005")).quantize(UNIT, "ROUND_DOWN")
        assert Decimal(trade["commission"]) == wanted
    realised = sum(Decimal(trade["realizedPnl"]) for trade in trades)
    assert await wallet() == before - fees + realised
    assert (await soon(heard))[0]["id"] == str(order["orderId"])

    closing = await exchange.create_order(symbol, "market", "sell", 0.037, None, {"reduceOnly": True})
    assert closing["status"] == "closed"
    assert await position() == was
    assert [row["contracts"] for row in await exchange.fetch_positions([symbol])] == ([] if was == 0 else [float(was)])


@BOTH
async def test_user_streams_tell_of_fills_and_balances(client: Client, market: str) -> None:
    exchange, symbol = client(market, account=1), SYMBOLS[market]
    await exchange.load_markets()
    trades = asyncio.create_task(exchange.watch_my_trades(symbol))
    balance = asyncio.create_task(exchange.watch_balance())
    await asyncio.sleep(0.7)
    order = await exchange.create_order(symbol, "market", "buy", 0.01)
    first = (await soon(trades))[0]
    assert (first["order"], first["takerOrMaker"]) == (order["id"], "taker")
    assert Decimal(str(first["fee"]["cost"])) > 0
    assert (await soon(balance))["USDT"]["total"] < 100_000


@BOTH
async def test_refusals_are_the_classes_that_ccxt_knows(client: Client, market: str) -> None:
    exchange, symbol = client(market), SYMBOLS[market]
    await exchange.load_markets()
    price = await far_price(exchange, symbol)
    with pytest.raises(ccxt.InsufficientFunds):
        await exchange.create_order(symbol, "limit", "buy", 50 if market == "spot" else 800, price)
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.cancel_order("123456789", symbol)
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.fetch_order("123456789", symbol)
    crossing = exchange.price_to_precision(symbol, float(price) / 0.8 * 1.02)
    with pytest.raises(ccxt.OrderImmediatelyFillable if market == "spot" else ccxt.InvalidOrder):
        await exchange.create_order(symbol, "limit", "buy", 0.01, crossing, {"postOnly": True})
    with pytest.raises(ccxt.BadRequest if market == "spot" else ccxt.InvalidOrder, match=r"NOTIONAL|notional"):
        await exchange.create_order(symbol, "limit", "buy", 0.00001 if market == "spot" else 0.001, price)


async def test_bad_precision_is_refused_by_name(client: Client) -> None:
    spot, usdm = client("spot"), client("future")
    wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    with pytest.raises(ccxt.BadRequest, match="-1111"):
        await spot.privatePostOrder({**wanted, "quantity": "0.0100000001", "price": "50000"})
    with pytest.raises(ccxt.InvalidOrder, match="LOT_SIZE"):
        await spot.privatePostOrder({**wanted, "quantity": "0.010001", "price": "50000"})
    with pytest.raises(ccxt.InvalidOrder, match="PRICE_FILTER"):
        await spot.privatePostOrder({**wanted, "quantity": "0.01", "price": "50000.001"})
    with pytest.raises(ccxt.BadRequest, match="-1111"):
        await usdm.fapiPrivatePostOrder({**wanted, "quantity": "0.0101", "price": "50000"})
    with pytest.raises(ccxt.ExchangeError, match="-4014"):
        await usdm.fapiPrivatePostOrder({**wanted, "quantity": "0.01", "price": "50000.05"})


@BOTH
async def test_wrong_keys_are_authentication_errors(client: Client, box: dict[str, Any], market: str) -> None:
    wrong_secret = client(market, secret="0" * 64)
    unknown_key = client(market, apiKey=box["accounts"][0]["key"][::-1])
    for exchange in (wrong_secret, unknown_key):
        with pytest.raises(ccxt.AuthenticationError):
            await exchange.fetch_balance()


@BOTH
@KEYS
async def test_orders_over_the_websocket_api(client: Client, market: str, ed25519: bool) -> None:
    exchange, symbol = client(market, ed25519=ed25519), SYMBOLS[market]
    await exchange.load_markets()
    price = await far_price(exchange, symbol)
    order = await soon(exchange.create_order_ws(symbol, "limit", "buy", 0.01, price))
    edited = await soon(exchange.edit_order_ws(order["id"], symbol, "limit", "buy", 0.02, price))
    assert (await soon(exchange.fetch_order_ws(edited["id"], symbol)))["amount"] == 0.02
    assert (await soon(exchange.cancel_order_ws(edited["id"], symbol)))["status"] == "canceled"
    # ccxt does not parse spot's answer any further than this.
    info = (await soon(exchange.fetch_balance_ws()))["info"]
    assert [row["asset"] for row in info["balances" if market == "spot" else "assets"] if row["asset"] == "USDT"]
    with pytest.raises(ccxt.OrderNotFound):
        await soon(exchange.cancel_order_ws("123456789", symbol))


async def test_usdm_settings_and_positions(client: Client) -> None:
    exchange, symbol = client("future", account=1), SYMBOLS["future"]
    await exchange.load_markets()
    # A text or a number, by ccxt's version.
    assert int((await exchange.set_leverage(7, symbol))["leverage"]) == 7
    assert (await exchange.fetch_leverages([symbol]))[symbol]["longLeverage"] == 7
    with pytest.raises(ccxt.MarginModeAlreadySet):
        await exchange.fapiPrivatePostMarginType({"symbol": "BTCUSDT", "marginType": "CROSSED"})
    assert (await exchange.fetch_position_mode(symbol))["hedged"] is False
    assert (await exchange.fetch_leverage_tiers([symbol]))[symbol][0]["maxLeverage"] == 125
    assert (await exchange.fetch_funding_rate(symbol))["fundingRate"] == 0.0001
    assert (await exchange.fetch_trading_fee(symbol))["taker"] == 0.0005
    price = await far_price(exchange, symbol)
    wanted = {"symbol": symbol, "type": "limit", "side": "buy", "amount": 0.01, "price": price}
    made = await exchange.create_orders([wanted, {**wanted, "amount": 0.02}])
    assert [order["amount"] for order in made] == [0.01, 0.02]
    await exchange.cancel_all_orders(symbol)
    assert await exchange.fetch_open_orders(symbol) == []
