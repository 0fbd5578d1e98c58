"""USD-M's settings: leverage, margin type, position and asset mode, and what the contracts demand (catalogue: S1).

Rules: binance.md §3. Single-asset mode is simulated: multi-assets mode is accepted, because nothing here depends on it.
The position mode stands in `usdm_legs`.
"""

from typing import Any

from native._core import Refused
from sim.box.errors import refuse
from sim.box.listing import DECIMALS, Listing, text_e8
from sim.box.params import decimal_e8
from sim.box.table import USDM, Call
from sim.box.usdm_legs import is_hedged, leg_of

LEVERAGE_MAX = 125
FUNDING_RATE_E8 = 10_000
FUNDING_INTERVAL_MS = 8 * 3_600_000


@USDM.method("POST /fapi/v1/leverage", security="SIGNED")
def leverage(call: Call) -> object:
    """Sets the initial leverage of a contract."""
    desk = call.desk
    listing = desk.listing(call.params.text("symbol"))
    value = call.params.integer("leverage")
    if value is None:
        raise refuse("MANDATORY", "leverage")
    if not 1 <= value <= LEVERAGE_MAX:
        raise refuse("LEVERAGE", value)
    if _lowers_isolated(call, listing, value):
        raise refuse("LEVERAGE_ISOLATED")
    try:
        desk.exchange.leverage(call.who, desk.ids[listing.symbol], value, desk.clock.now_ns())
    except Refused:
        raise refuse("LEVERAGE_MARGIN") from None
    desk.settings(call.who).leverages[listing.symbol] = value
    desk.config_changed(call.who, {"ac": {"s": listing.symbol, "l": value}})
    return {"leverage": value, "maxNotionalValue": "100000000", "symbol": listing.symbol}


def _held(call: Call, listing: Listing) -> list[dict[str, Any]]:
    """The account's positions in a contract that are not flat."""
    number = call.desk.ids[listing.symbol]
    return [row for row in call.desk.exchange.positions(call.who) if row["symbol"] == number]


def _lowers_isolated(call: Call, listing: Listing, leverage: int) -> bool:
    return any(held["isolated"] and leverage < held["leverage"] for held in _held(call, listing))


@USDM.method("POST /fapi/v1/marginType", security="SIGNED")
def margin_type(call: Call) -> object:
    """Sets cross or isolated margin; -4046 when it is so already."""
    desk = call.desk
    listing = desk.listing(call.params.text("symbol"))
    wanted = call.params.choice("marginType", ("ISOLATED", "CROSSED"), None, "BAD_VALUE")
    settings = desk.settings(call.who)
    if (wanted == "ISOLATED") == settings.isolated(listing.symbol):
        raise refuse("MARGIN_TYPE_SAME")
    number = desk.ids[listing.symbol]
    if desk.exchange.orders(call.who, number, open_only=True):
        raise refuse("MARGIN_TYPE_ORDERS")
    if _held(call, listing):
        raise refuse("MARGIN_TYPE_POSITION")
    desk.exchange.isolate(call.who, number, wanted == "ISOLATED", desk.clock.now_ns())
    settings.isolated_symbols ^= {listing.symbol}
    return {"code": 200, "msg": "success"}


@USDM.method("POST /fapi/v1/positionMargin", security="SIGNED")
def position_margin(call: Call) -> object:
    """Adds to (type 1) or takes from (type 2) the wallet of a position in isolated margin."""
    desk, params = call.desk, call.params
    listing = desk.listing(params.text("symbol"))
    kind = int(params.choice("type", ("1", "2"), None, "BAD_VALUE"))
    amount, used = decimal_e8(params.text("amount"), "amount")
    if amount == 0:
        raise refuse("AMOUNT")
    if used > DECIMALS:
        raise refuse("PRECISION")
    leg = leg_of(call)
    if not any(held["isolated"] and held["leg"] == leg for held in _held(call, listing)):
        raise refuse("NO_ISOLATED")
    moved = amount if kind == 1 else -amount
    try:
        desk.exchange.add_margin(call.who, desk.ids[listing.symbol], moved, desk.clock.now_ns(), leg=leg)
    except Refused:
        raise refuse("CROSS_SHORT" if kind == 1 else "ISOLATED_SHORT") from None
    desk.margin_moved(call.who, listing.symbol, leg)
    return {"code": 200, "msg": "Successfully modify position margin.", "amount": float(amount) / 1e8, "type": kind}


@USDM.method("GET /fapi/v1/multiAssetsMargin", weight=30, security="SIGNED")
def multi_assets(call: Call) -> object:
    """Single-asset mode until it is set."""
    return {"multiAssetsMargin": call.desk.settings(call.who).multi_assets}


@USDM.method("POST /fapi/v1/multiAssetsMargin", security="SIGNED")
def set_multi_assets(call: Call) -> object:
    """Sets the asset mode; -4171 when it is so already."""
    wanted = call.params.flag("multiAssetsMargin")
    settings = call.desk.settings(call.who)
    if wanted == settings.multi_assets:
        raise refuse("MULTI_ASSETS_SAME")
    settings.multi_assets = wanted
    call.desk.config_changed(call.who, {"ai": {"j": wanted}})
    return {"code": 200, "msg": "success"}


@USDM.method("GET /fapi/v1/leverageBracket", security="SIGNED")
def brackets(call: Call) -> object:
    """The one bracket of each contract, its limits as numbers."""
    name = call.params.optional("symbol")
    listings = [call.desk.listing(name)] if name is not None else list(call.desk.listings.values())
    row = {
        "bracket": 1,
        "initialLeverage": LEVERAGE_MAX,
        "notionalCap": 100_000_000,
        "notionalFloor": 0,
        "maintMarginRatio": 0.004,
        "cum": 0.0,
    }
    return [{"symbol": listing.symbol, "notionalCoef": 1.0, "brackets": [row]} for listing in listings]


@USDM.method("GET /fapi/v1/symbolConfig", weight=5, security="SIGNED")
def symbol_config(call: Call) -> object:
    """Margin type and leverage, contract by contract."""
    name, settings = call.params.optional("symbol"), call.desk.settings(call.who)
    listings = [call.desk.listing(name)] if name is not None else list(call.desk.listings.values())
    return [
        {
            "symbol": listing.symbol,
            "marginType": "ISOLATED" if settings.isolated(listing.symbol) else "CROSSED",
            "isAutoAddMargin": False,
            "leverage": settings.leverage(listing.symbol),
            "maxNotionalValue": "100000000",
        }
        for listing in listings
    ]


@USDM.method("GET /fapi/v1/accountConfig", weight=5, security="SIGNED")
def account_config(call: Call) -> object:
    """The account's modes."""
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": is_hedged(call),
        "updateTime": 0,
        "multiAssetsMargin": call.desk.settings(call.who).multi_assets,
        "tradeGroupId": -1,
    }


def next_funding_ms(now_ms: int) -> int:
    """The next of 00:00, 08:00 and 16:00 UTC."""
    return (now_ms // FUNDING_INTERVAL_MS + 1) * FUNDING_INTERVAL_MS


@USDM.method("GET /fapi/v1/premiumIndex")
def premium_index(call: Call) -> object:
    """Mark price and funding."""
    name = call.params.optional("symbol")
    if name is not None:
        return _premium(call, call.desk.listing(name))
    return [_premium(call, listing) for listing in call.desk.listings.values()]


def _premium(call: Call, listing: Listing) -> dict[str, object]:
    mark = text_e8(call.desk.mark_ticks(listing.symbol) * listing.tick_e8)
    now = call.now()
    return {
        "symbol": listing.symbol,
        "markPrice": mark,
        "indexPrice": mark,
        "estimatedSettlePrice": mark,
        "lastFundingRate": text_e8(FUNDING_RATE_E8),
        "interestRate": text_e8(FUNDING_RATE_E8),
        "nextFundingTime": next_funding_ms(now),
        "time": now,
    }


@USDM.method("GET /fapi/v1/fundingRate")
def funding_rate(call: Call) -> object:
    """Funding that was paid since the box started."""
    name = call.params.optional("symbol")
    if name is not None:
        call.desk.listing(name)
    start, end = call.params.span()
    rows = [
        row
        for row in call.desk.fundings
        if (name is None or row["symbol"] == name)
        and (start is None or row["fundingTime"] >= start)
        and (end is None or row["fundingTime"] <= end)
    ]
    return rows[-call.params.limit(100, 1_000) :]


@USDM.method("GET /fapi/v1/fundingInfo", weight=0)
def funding_info(call: Call) -> object:
    """Funding interval and bounds of each contract."""
    return [
        {
            "symbol": listing.symbol,
            "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000",
            "fundingIntervalHours": 8,
            "disclaimer": False,
        }
        for listing in call.desk.listings.values()
    ]


@USDM.method("GET /fapi/v1/openInterest")
def open_interest(call: Call) -> object:
    """Open interest of the accounts of the box: the sum of the long positions."""
    desk = call.desk
    listing = desk.listing(call.params.text("symbol"))
    lots = sum(
        max(0, row["qty"])
        for who in desk.accounts
        for row in desk.exchange.positions(who)
        if desk.contract(row["symbol"]) is listing
    )
    return {"symbol": listing.symbol, "openInterest": listing.qty_text(lots), "time": call.now()}
