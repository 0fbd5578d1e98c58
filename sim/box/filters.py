"""The venue's filters, checked as it does: integers only, its order, its codes and texts (catalogue: S1).

Spot answers -1013 "Filter failure: NAME"; USD-M has a code for each. Source: the venue's public "Filters" and
error-code pages and binance.md §4. All prices are in ticks and sizes in lots once they have passed.
"""

from sim.box.desk import Desk
from sim.box.errors import ApiError, refuse
from sim.box.listing import ONE_E8, Listing, plain_e8
from sim.box.params import Params

# How many conditional orders may wait on a contract; on spot they are orders besides.
ALGO_ORDERS_MAX = 10
ALGO_ORDERS_MAX_SPOT = 5


def rules(listing: Listing) -> list[dict[str, object]]:
    """The contract's `filters` of exchangeInfo; PRICE_FILTER comes first (binance.md §5)."""
    spot = listing.market == "spot"
    price, qty = (_eight, _eight) if spot else (plain_e8, plain_e8)
    rows: list[dict[str, object]] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": price(listing.tick_e8),
            "maxPrice": price(listing.max_price_e8),
            "tickSize": price(listing.tick_e8),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": qty(listing.min_qty_e8),
            "maxQty": qty(listing.max_qty_e8),
            "stepSize": qty(listing.lot_e8),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": qty(0 if spot else listing.min_qty_e8),
            "maxQty": qty(listing.market_max_qty_e8),
            "stepSize": qty(0 if spot else listing.lot_e8),
        },
        {"filterType": "MAX_NUM_ORDERS", ("maxNumOrders" if spot else "limit"): listing.max_orders},
    ]
    return rows + (_spot_rules(listing) if spot else _usdm_rules(listing))


def _eight(value_e8: int) -> str:
    return f"{value_e8 // ONE_E8}.{value_e8 % ONE_E8:08d}"


def _spot_rules(listing: Listing) -> list[dict[str, object]]:
    up, down = plain_e8(listing.up_e8), plain_e8(listing.down_e8)
    return [
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": up,
            "bidMultiplierDown": down,
            "askMultiplierUp": up,
            "askMultiplierDown": down,
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": _eight(listing.min_notional_e8),
            "applyMinToMarket": True,
            "maxNotional": _eight(listing.max_notional_e8),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": ALGO_ORDERS_MAX_SPOT},
    ]


def _usdm_rules(listing: Listing) -> list[dict[str, object]]:
    return [
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": ALGO_ORDERS_MAX},
        {"filterType": "MIN_NOTIONAL", "notional": plain_e8(listing.min_notional_e8)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": f"{listing.up_e8 // ONE_E8}.{listing.up_e8 % ONE_E8 // 10_000:04d}",
            "multiplierDown": f"{listing.down_e8 // ONE_E8}.{listing.down_e8 % ONE_E8 // 10_000:04d}",
            "multiplierDecimal": "4",
        },
    ]


def _failure(name: str) -> ApiError:
    return refuse("FILTER", name)


def price_ticks(desk: Desk, listing: Listing, params: Params, name: str = "price") -> int:
    """The limit price of a request in ticks, or the filter it fails."""
    sent = params.decimal(name)
    if sent is None:
        raise refuse("MANDATORY", name)
    value, used = sent
    spot = desk.market == "spot"
    if used > listing.price_precision:
        raise refuse("PRECISION_OF", name) if spot else refuse("PRECISION")
    if spot:
        if value < listing.tick_e8 or value > listing.max_price_e8 or value % listing.tick_e8:
            raise _failure("PRICE_FILTER")
    else:
        _usdm_price(listing, value, "PRICE" if name == "price" else "STOP_PRICE")
    return value // listing.tick_e8


def _usdm_price(listing: Listing, value: int, kind: str) -> None:
    if value == 0:
        raise refuse(f"{kind}_ZERO")
    if value > listing.max_price_e8:
        raise refuse(f"{kind}_MAX")
    if value % listing.tick_e8:
        raise refuse("TICK")


def check_band(desk: Desk, listing: Listing, side: str, ticks: int) -> None:
    """PERCENT_PRICE: spot bounds both sides around the average price, USD-M the far side around the mark price."""
    if desk.market == "spot":
        middle = desk.tapes[listing.symbol].price
        if not middle * listing.down_e8 <= ticks * ONE_E8 <= middle * listing.up_e8:
            raise _failure("PERCENT_PRICE_BY_SIDE")
        return
    middle = desk.mark_ticks(listing.symbol)
    top, bottom = middle * listing.up_e8 // ONE_E8, -(-middle * listing.down_e8 // ONE_E8)
    if side == "BUY" and ticks > top:
        raise refuse("PRICE_ABOVE", listing.price_text(top))
    if side == "SELL" and ticks < bottom:
        raise refuse("PRICE_BELOW", listing.price_text(bottom))


def qty_lots(desk: Desk, listing: Listing, params: Params, market_order: bool, name: str = "quantity") -> int:
    """The size of a request in lots, or the filter it fails."""
    sent = params.decimal(name)
    if sent is None:
        raise refuse("MANDATORY", name)
    value, used = sent
    spot = desk.market == "spot"
    if used > listing.qty_precision:
        raise refuse("PRECISION_OF", name) if spot else refuse("PRECISION")
    if spot:
        if value < listing.min_qty_e8 or value > listing.max_qty_e8 or value % listing.lot_e8:
            raise _failure("LOT_SIZE")
        if market_order and value > listing.market_max_qty_e8:
            raise _failure("MARKET_LOT_SIZE")
    elif value == 0:
        raise refuse("QTY_ZERO")
    elif value < listing.min_qty_e8:
        raise refuse("QTY_MIN")
    elif value > (listing.market_max_qty_e8 if market_order else listing.max_qty_e8):
        raise refuse("QTY_MAX")
    elif value % listing.lot_e8:
        raise refuse("STEP")
    return value // listing.lot_e8


def check_notional(desk: Desk, listing: Listing, value_e8: int, market_order: bool, reduce_only: bool) -> None:
    """NOTIONAL (spot) or MIN_NOTIONAL (USD-M, not for reduce-only orders)."""
    if desk.market == "spot":
        if value_e8 < listing.min_notional_e8 or (value_e8 > listing.max_notional_e8 and not market_order):
            raise _failure("NOTIONAL")
    elif value_e8 < listing.min_notional_e8 and not reduce_only:
        raise refuse("NOTIONAL", plain_e8(listing.min_notional_e8))


def check_stops(desk: Desk, listing: Listing, who: int) -> None:
    """MAX_NUM_ALGO_ORDERS of spot: conditional orders of the account that wait."""
    if len(desk.exchange.conditionals(who, desk.ids[listing.symbol], open_only=True)) >= ALGO_ORDERS_MAX_SPOT:
        raise _failure("MAX_NUM_ALGO_ORDERS")


def check_room(desk: Desk, listing: Listing, who: int) -> None:
    """MAX_NUM_ORDERS: open orders of the account on the contract."""
    if desk.exchange.open_count(who, desk.ids[listing.symbol]) >= listing.max_orders:
        raise _failure("MAX_NUM_ORDERS") if desk.market == "spot" else refuse("MAX_OPEN")
