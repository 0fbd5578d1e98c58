"""USD-M's balances, positions and account views (catalogue: S1).

Rules: binance.md §3 and §5. Every account is in cross margin, one-way and single-asset mode until it is set otherwise
(`usdm_settings`, `usdm_legs`); margin figures are the Exchange's. One-way mode has a row a contract, hedge mode two.
"""

from collections.abc import Iterable
from typing import Any

from sim.box.desk import MAINTENANCE_E8, Desk
from sim.box.listing import ONE_E8, Listing, text_e8
from sim.box.shapes_usdm import Row, entry_text
from sim.box.table import USDM, Call

# A contract and the position of it: BOTH, LONG or SHORT.
Place = tuple[Listing, str]


class Margin:
    """The figures of one account in its settle asset, in units of 1e-8 USDT."""

    def __init__(self, desk: Desk, who: int) -> None:
        """Reads balances and positions once."""
        rows = desk.exchange.positions(who)
        self.positions = {(desk.contract(row["symbol"]).symbol, row["leg"]): row for row in rows}
        self.legs = desk.exchange.legs(who)
        crossed = [row for row in rows if not row["isolated"]]
        self.wallet, used = desk.exchange.balances(who).get("USDT", (0, 0))
        self.cross_wallet = self.wallet - sum(row["wallet"] for row in rows)
        self.cross_unrealised = sum(row["unrealised"] for row in crossed)
        self.position_margin = sum(row["margin"] for row in rows)
        self.order_margin = max(0, used - sum(row["margin"] for row in crossed))
        self.unrealised = sum(row["unrealised"] for row in rows)
        self.maintenance = sum(maintenance(desk, name, row["qty"]) for (name, _), row in self.positions.items())
        self.available = max(0, self.cross_wallet + self.cross_unrealised - used)
        self.withdrawable = max(0, min(self.cross_wallet, self.available))

    def places(self, listings: Iterable[Listing]) -> list[Place]:
        """Every position that the account can have in `listings`, contract by contract."""
        return [(listing, leg) for listing in listings for leg in self.legs]

    def held(self, place: Place) -> dict[str, Any] | None:
        """One position, None where it is flat."""
        return self.positions.get((place[0].symbol, place[1]))


def isolated_margin(held: dict[str, Any] | None) -> str:
    """What an isolated position is worth, its wallet and its profit; 0 for every other one."""
    return text_e8(held["wallet"] + held["unrealised"]) if held and held["isolated"] else "0"


def notional(desk: Desk, symbol: str, lots: int) -> int:
    """The signed value of a position at the mark price."""
    return desk.listings[symbol].value_e8(desk.mark_ticks(symbol), lots)


def maintenance(desk: Desk, symbol: str, lots: int) -> int:
    """The maintenance margin of a position."""
    return abs(notional(desk, symbol, lots)) * MAINTENANCE_E8 // ONE_E8


def _asset(margin: Margin, now: int) -> Row:
    """The account's one asset, as v2 and v3 show it."""
    wallet, total = text_e8(margin.wallet), text_e8(margin.wallet + margin.unrealised)
    return {
        "asset": "USDT",
        "walletBalance": wallet,
        "unrealizedProfit": text_e8(margin.unrealised),
        "marginBalance": total,
        "maintMargin": text_e8(margin.maintenance),
        "initialMargin": text_e8(margin.position_margin + margin.order_margin),
        "positionInitialMargin": text_e8(margin.position_margin),
        "openOrderInitialMargin": text_e8(margin.order_margin),
        "crossWalletBalance": text_e8(margin.cross_wallet),
        "crossUnPnl": text_e8(margin.cross_unrealised),
        "availableBalance": text_e8(margin.available),
        "maxWithdrawAmount": text_e8(margin.withdrawable),
        "marginAvailable": True,
        "updateTime": now,
    }


def _totals(margin: Margin) -> Row:
    asset = _asset(margin, 0)
    return {
        "totalInitialMargin": asset["initialMargin"],
        "totalMaintMargin": asset["maintMargin"],
        "totalWalletBalance": asset["walletBalance"],
        "totalUnrealizedProfit": asset["unrealizedProfit"],
        "totalMarginBalance": asset["marginBalance"],
        "totalPositionInitialMargin": asset["positionInitialMargin"],
        "totalOpenOrderInitialMargin": asset["openOrderInitialMargin"],
        "totalCrossWalletBalance": asset["crossWalletBalance"],
        "totalCrossUnPnl": asset["crossUnPnl"],
        "availableBalance": asset["availableBalance"],
        "maxWithdrawAmount": asset["maxWithdrawAmount"],
    }


def _position(call: Call, margin: Margin, place: Place, full: bool) -> Row:
    """One position inside the account view; `full` adds what only v2 shows."""
    desk, (listing, leg) = call.desk, place
    held = margin.held(place)
    lots = held["qty"] if held else 0
    unrealised = text_e8(held["unrealised"] if held else 0)
    used = text_e8(held["margin"] if held else 0)
    row: Row = {
        "symbol": listing.symbol,
        "positionSide": leg,
        "positionAmt": listing.signed_qty_text(lots),
        "unrealizedProfit": unrealised,
        "isolatedMargin": isolated_margin(held),
        "notional": text_e8(notional(desk, listing.symbol, lots)),
        "isolatedWallet": text_e8(held["wallet"]) if held else "0",
        "initialMargin": used,
        "maintMargin": text_e8(maintenance(desk, listing.symbol, lots)),
        "updateTime": call.now() if lots else 0,
    }
    if full:
        row.update(
            positionInitialMargin=used, openOrderInitialMargin="0",
            leverage=str(desk.settings(call.who).leverage(listing.symbol)),
            isolated=desk.settings(call.who).isolated(listing.symbol),
            entryPrice=entry_text(listing, held["entry_e8"]) if held else "0.0",
            breakEvenPrice=entry_text(listing, held["entry_e8"]) if held else "0.0",
            maxNotional="100000000", bidNotional="0", askNotional="0",
        )  # fmt: skip
    return row


@USDM.method("GET /fapi/v2/account", "v1/account.status", "account.status", weight=5, security="SIGNED")
def account_v2(call: Call) -> object:
    """The account with every contract's position."""
    margin, settings = Margin(call.desk, call.who), call.desk.settings(call.who)
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "tradeGroupId": -1,
        "updateTime": 0,
        "multiAssetsMargin": settings.multi_assets,
        **_totals(margin),
        "assets": [_asset(margin, call.now())],
        "positions": [_position(call, margin, place, True) for place in margin.places(call.desk.listings.values())],
    }


@USDM.method("GET /fapi/v3/account", "v2/account.status", weight=5, security="SIGNED")
def account_v3(call: Call) -> object:
    """The account with the positions that are open."""
    margin = Margin(call.desk, call.who)
    places = [place for place in margin.places(call.desk.listings.values()) if margin.held(place)]
    return {
        **_totals(margin),
        "assets": [_asset(margin, call.now())],
        "positions": [_position(call, margin, place, False) for place in places],
    }


@USDM.method(
    "GET /fapi/v2/balance", "GET /fapi/v3/balance", "account.balance", "v2/account.balance",
    weight=5, security="SIGNED",
)  # fmt: skip
def balance(call: Call) -> object:
    """The wallet, asset by asset."""
    margin = Margin(call.desk, call.who)
    return [
        {
            "accountAlias": f"box{call.who}",
            "asset": "USDT",
            "balance": text_e8(margin.wallet),
            "crossWalletBalance": text_e8(margin.cross_wallet),
            "crossUnPnl": text_e8(margin.cross_unrealised),
            "availableBalance": text_e8(margin.available),
            "maxWithdrawAmount": text_e8(margin.withdrawable),
            "marginAvailable": True,
            "updateTime": call.now(),
        }
    ]


def _risk(call: Call, margin: Margin, place: Place) -> Row:
    """What both versions of positionRisk show."""
    desk, (listing, leg) = call.desk, place
    held = margin.held(place)
    lots = held["qty"] if held else 0
    return {
        "symbol": listing.symbol,
        "positionSide": leg,
        "positionAmt": listing.signed_qty_text(lots),
        "entryPrice": entry_text(listing, held["entry_e8"]) if held else "0.0",
        "breakEvenPrice": entry_text(listing, held["entry_e8"]) if held else "0.0",
        "markPrice": text_e8(desk.mark_ticks(listing.symbol) * listing.tick_e8),
        "unRealizedProfit": text_e8(held["unrealised"] if held else 0),
        "liquidationPrice": entry_text(listing, max(0, held["liquidation_e8"] or 0)) if held else "0",
        "isolatedMargin": isolated_margin(held),
        "notional": text_e8(notional(desk, listing.symbol, lots)),
        "isolatedWallet": text_e8(held["wallet"]) if held else "0",
        "updateTime": call.now() if lots else 0,
    }


def _risk_listings(call: Call) -> list[Listing]:
    name = call.params.optional("symbol")
    return [call.desk.listing(name)] if name is not None else list(call.desk.listings.values())


@USDM.method("GET /fapi/v2/positionRisk", "account.position", weight=5, security="SIGNED")
def position_risk_v2(call: Call) -> object:
    """Every contract's position, flat ones too, with leverage and margin type."""
    margin, settings = Margin(call.desk, call.who), call.desk.settings(call.who)
    rows = []
    for listing, leg in margin.places(_risk_listings(call)):
        row = _risk(call, margin, (listing, leg))
        row.update(
            leverage=str(settings.leverage(listing.symbol)),
            marginType="isolated" if settings.isolated(listing.symbol) else "cross",
            isAutoAddMargin="false",
            maxNotionalValue="100000000",
        )
        rows.append(row)
    return rows


@USDM.method("GET /fapi/v3/positionRisk", "v2/account.position", weight=5, security="SIGNED")
def position_risk_v3(call: Call) -> object:
    """Open positions."""
    margin = Margin(call.desk, call.who)
    rows = []
    for listing, leg in margin.places(_risk_listings(call)):
        held = margin.held((listing, leg))
        if held is None:
            continue
        used = text_e8(held["margin"])
        row = _risk(call, margin, (listing, leg))
        row.update(
            marginAsset="USDT", initialMargin=used, positionInitialMargin=used, openOrderInitialMargin="0",
            maintMargin=text_e8(maintenance(call.desk, listing.symbol, held["qty"])),
            adl=1, bidNotional="0", askNotional="0",
        )  # fmt: skip
        rows.append(row)
    return rows


@USDM.method("GET /fapi/v1/commissionRate", weight=20, security="SIGNED")
def commission_rate(call: Call) -> object:
    """Fee rates of one contract."""
    listing = call.desk.listing(call.params.text("symbol"))
    return {
        "symbol": listing.symbol,
        "makerCommissionRate": text_e8(call.desk.maker_fee_e8, 6),
        "takerCommissionRate": text_e8(call.desk.taker_fee_e8, 6),
        "rpiCommissionRate": text_e8(0, 6),
    }
