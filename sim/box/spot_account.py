"""Spot's account requests and the /sapi stubs that clients ask for while connecting (catalogue: S1).

Rules: binance.md §2 and §5.
"""

from sim.box.errors import refuse
from sim.box.listing import text_e8
from sim.box.table import SPOT, Call


def _rate(fee_e8: int) -> str:
    return text_e8(fee_e8)


@SPOT.method("GET /api/v3/account", "account.status", weight=20, security="SIGNED")
def account(call: Call) -> object:
    """Balances and permissions; `omitZeroBalances` leaves the empty ones out."""
    desk = call.desk
    omit = call.params.flag("omitZeroBalances")
    maker, taker = desk.maker_fee_e8, desk.taker_fee_e8
    held = desk.exchange.balances(call.who)
    return {
        "makerCommission": maker // 10_000,
        "takerCommission": taker // 10_000,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": _rate(maker), "taker": _rate(taker), "buyer": _rate(0), "seller": _rate(0)},
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": call.now(),
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": text_e8(free), "locked": text_e8(locked)}
            for asset, (free, locked) in held.items()
            if free or locked or not omit
        ],
        "permissions": ["SPOT"],
        "uid": 1_000 + call.who,
    }


@SPOT.method("GET /api/v3/account/commission", "account.commission", weight=20, security="SIGNED")
def commission(call: Call) -> object:
    """Fee rates of one symbol."""
    listing = call.desk.listing(call.params.text("symbol"))
    rates = {
        "maker": _rate(call.desk.maker_fee_e8), "taker": _rate(call.desk.taker_fee_e8),
        "buyer": _rate(0), "seller": _rate(0),
    }  # fmt: skip
    none = dict.fromkeys(rates, _rate(0))
    return {
        "symbol": listing.symbol,
        "standardCommission": rates,
        "specialCommission": none,
        "taxCommission": none,
        "discount": {
            "enabledForAccount": False, "enabledForSymbol": False, "discountAsset": "BNB", "discount": _rate(0),
        },
    }  # fmt: skip


@SPOT.method("GET /api/v3/rateLimit/order", "account.rateLimits.orders", weight=40, security="SIGNED")
def order_counts(call: Call) -> object:
    """How many orders the account has placed in each window."""
    assert call.account is not None
    return call.desk.limiter.order_rows(call.account.name, call.desk.clock.now_ns())


@SPOT.method("GET /api/v3/openOrderList", "openOrderLists.status", weight=6, security="SIGNED")
@SPOT.method("GET /api/v3/allOrderList", "allOrderLists", weight=20, security="SIGNED")
@SPOT.method("GET /api/v3/myPreventedMatches", "myPreventedMatches", weight=20, security="SIGNED")
@SPOT.method("GET /api/v3/myAllocations", "myAllocations", weight=20, security="SIGNED")
@SPOT.method("GET /sapi/v1/margin/allPairs", "GET /sapi/v1/margin/isolated/allPairs", security="KEY")
@SPOT.method("GET /sapi/v1/capital/config/getall", weight=10, security="SIGNED")
def none(_call: Call) -> object:
    """Nothing of that kind exists here."""
    return []


@SPOT.method("GET /sapi/v1/asset/tradeFee", security="SIGNED")
def trade_fee(call: Call) -> object:
    """Fee rates, of one symbol or of all."""
    name = call.params.optional("symbol")
    listings = [call.desk.listing(name)] if name is not None else list(call.desk.listings.values())
    maker, taker = _rate(call.desk.maker_fee_e8), _rate(call.desk.taker_fee_e8)
    return [{"symbol": row.symbol, "makerCommission": maker, "takerCommission": taker} for row in listings]


@SPOT.method("GET /sapi/v1/system/status")
def system_status(_call: Call) -> object:
    """The venue is up."""
    return {"status": 0, "msg": "normal"}


@SPOT.method("POST /api/v3/userDataStream", "PUT /api/v3/userDataStream", "DELETE /api/v3/userDataStream",
             "userDataStream.start", "userDataStream.ping", "userDataStream.stop", security="KEY")  # fmt: skip
def retired(_call: Call) -> object:
    """Listen keys of spot were retired in 2026: user data comes over the WebSocket API."""
    raise refuse("RETIRED", "userDataStream", "of spot")
