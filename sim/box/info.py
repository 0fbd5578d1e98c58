"""What the venue is: ping, time and exchangeInfo of both markets (catalogue: S1).

Rules: binance.md §2, §3 and §5.
"""

from sim.box.errors import refuse
from sim.box.filters import rules
from sim.box.listing import Listing
from sim.box.table import SPOT, USDM, Call

ORDER_TYPES_SPOT = [
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
]  # fmt: skip
ORDER_TYPES_USDM = [
    "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET",
]  # fmt: skip
STP_MODES = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"]
ONBOARD_MS = 1_569_398_400_000
DELIVERY_MS = 4_133_404_800_000


@SPOT.method("GET /api/v3/ping", "ping")
@USDM.method("GET /fapi/v1/ping", "ping")
def ping(_call: Call) -> object:
    """Nothing but an answer."""
    return {}


@SPOT.method("GET /api/v3/time", "time")
@USDM.method("GET /fapi/v1/time", "time")
def time(call: Call) -> object:
    """The venue's clock."""
    return {"serverTime": call.now()}


def wanted(call: Call) -> tuple[list[Listing], bool]:
    """The contracts a request names, and whether it named exactly one by `symbol`."""
    one, several = call.params.optional("symbol"), call.params.names("symbols")
    if one is not None and several is not None:
        raise refuse("COMBINATION")
    if one is not None:
        return [call.desk.listing(one)], True
    if several is not None:
        return [call.desk.listing(name) for name in several], False
    return list(call.desk.listings.values()), False


@SPOT.method("GET /api/v3/exchangeInfo", "exchangeInfo", weight=20)
def exchange_info_spot(call: Call) -> object:
    """Contracts, filters and limits of spot."""
    listings, _ = wanted(call)
    return {
        "timezone": "UTC",
        "serverTime": call.now(),
        "rateLimits": [limit.shown() for limit in call.desk.limiter.limits],
        "exchangeFilters": [],
        "symbols": [_spot_symbol(listing) for listing in listings],
    }


def _spot_symbol(listing: Listing) -> dict[str, object]:
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ORDER_TYPES_SPOT,
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": rules(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": STP_MODES,
    }


@USDM.method("GET /fapi/v1/exchangeInfo")
def exchange_info_usdm(call: Call) -> object:
    """Contracts, assets, filters and limits of USD-M."""
    return {
        "timezone": "UTC",
        "serverTime": call.now(),
        "futuresType": "U_MARGINED",
        "rateLimits": [limit.shown() for limit in call.desk.limiter.limits],
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [_usdm_symbol(listing) for listing in call.desk.listings.values()],
    }


def _usdm_symbol(listing: Listing) -> dict[str, object]:
    return {
        "symbol": listing.symbol,
        "pair": listing.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": DELIVERY_MS,
        "onboardDate": ONBOARD_MS,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": listing.quote,
        "pricePrecision": listing.price_precision,
        "quantityPrecision": listing.qty_precision,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10_000,
        "filters": rules(listing),
        "orderTypes": ORDER_TYPES_USDM,
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }
