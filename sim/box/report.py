"""From the Exchange's events to user-data events, market by market (catalogue: S1).

Called after the balances have moved. Order on the wire: spot sends executionReport, then outboundAccountPosition;
USD-M sends ACCOUNT_UPDATE, then ORDER_TRADE_UPDATE, then TRADE_LITE for fills.
"""

from sim.box import payloads, shapes_algo, shapes_spot, shapes_usdm
from sim.box.accounts import Account
from sim.box.clock import NS_PER_MS, Stamp
from sim.box.desk import Desk, ExecEvent
from sim.box.encoding import encode
from sim.box.listing import text_e8
from sim.box.shapes_usdm import Movement


def attach(desk: Desk) -> None:
    """Makes `desk` report to its users."""
    if desk.market == "spot":
        desk.on_event = lambda account, event, cancel_id: _spot(desk, account, event, cancel_id)
    else:
        desk.on_event = lambda account, event, _cancel_id: _usdm(desk, account, event)
        desk.on_margin = lambda account, symbol, leg: _margin(desk, account, symbol, leg)
        desk.on_config = lambda account, change: _config(desk, account, change)


def _spot(desk: Desk, account: Account, event: ExecEvent, cancel_id: str | None) -> None:
    users = desk.users
    if not users.heard(account.name):
        return
    listing = desk.contract(event["symbol"])
    now, who = desk.clock.now_ns(), account.ids["spot"]
    users.send(
        account.name,
        "executionReport",
        lambda tick_ns: shapes_spot.execution_report(listing, event, cancel_id, Stamp(now, tick_ns)),
    )
    users.send(
        account.name,
        "outboundAccountPosition",
        lambda tick_ns: shapes_spot.account_position(
            desk, who, (listing.base, listing.quote), event["ts"], Stamp(now, tick_ns)
        ),
    )


def _usdm(desk: Desk, account: Account, event: ExecEvent) -> None:
    if event["exec"] == "FUNDING":
        _funding(desk, account, event)
        return
    if event["status"] == "FILLED" and shapes_usdm.liquidated(event):
        _force(desk, event)
    users = desk.users
    if not users.heard(account.name):
        return
    if event["exec"] == "CONDITIONAL":
        _algo(desk, account, event)
        return
    listing = desk.contract(event["symbol"])
    now, who = desk.clock.now_ns(), account.ids["linear"]
    if event["exec"] == "TRADE":
        users.send(
            account.name,
            "ACCOUNT_UPDATE",
            lambda tick_ns: shapes_usdm.account_update(
                desk, who, Movement("ORDER", listing.symbol, event["leg"], 0, event["ts"]), Stamp(now, tick_ns)
            ),
        )
    users.send(
        account.name,
        "ORDER_TRADE_UPDATE",
        lambda tick_ns: shapes_usdm.order_update(listing, event, Stamp(now, tick_ns)),
    )
    if event["exec"] == "TRADE":
        users.send(
            account.name, "TRADE_LITE", lambda tick_ns: shapes_usdm.trade_lite(listing, event, Stamp(now, tick_ns))
        )


def _force(desk: Desk, event: ExecEvent) -> None:
    """The public stream of liquidations, of one contract and of all."""
    listing, now = desk.contract(event["symbol"]), desk.clock.now_ns()
    for symbol in (listing.symbol, None):
        for topic in desk.hub.topics("forceOrder", symbol):
            topic.send(payloads.force_order(listing, event, Stamp(now, topic.tick_ns)))


def _algo(desk: Desk, account: Account, event: ExecEvent) -> None:
    """A conditional order moved on."""
    listing, now = desk.contract(event["symbol"]), desk.clock.now_ns()
    one = desk.exchange.conditional(account.ids["linear"], event["symbol"], id=event["order_id"])
    if one is not None:
        desk.users.send(
            account.name,
            "ALGO_UPDATE",
            lambda tick_ns: shapes_algo.update(desk, listing, one, event["step"], Stamp(now, tick_ns)),
        )


def _funding(desk: Desk, account: Account, event: ExecEvent) -> None:
    """Funding moves the wallet only, and is remembered as income."""
    now, who = desk.clock.now_ns(), account.ids["linear"]
    listing = desk.contract(event["symbol"])
    desk.funding_income.append(
        (
            who,
            {
                "symbol": listing.symbol,
                "incomeType": "FUNDING_FEE",
                "income": text_e8(event["amount"]),
                "asset": event["asset"],
                "info": "FUNDING_FEE",
                "time": event["ts"] // NS_PER_MS,
                "tranId": event["ts"],
                "tradeId": "",
            },
        )
    )
    desk.users.send(
        account.name,
        "ACCOUNT_UPDATE",
        lambda tick_ns: shapes_usdm.account_update(
            desk, who, Movement("FUNDING_FEE", None, event["leg"], event["amount"], event["ts"]), Stamp(now, tick_ns)
        ),
    )


def _margin(desk: Desk, account: Account, symbol: str, leg: str) -> None:
    now = desk.clock.now_ns()
    moved = Movement("MARGIN_TRANSFER", symbol, leg, 0, now)
    desk.users.send(
        account.name,
        "ACCOUNT_UPDATE",
        lambda tick_ns: shapes_usdm.account_update(desk, account.ids["linear"], moved, Stamp(now, tick_ns)),
    )


def _config(desk: Desk, account: Account, change: dict[str, object]) -> None:
    now = desk.clock.now_ns()

    def build(tick_ns: int) -> bytes:
        event = {"e": "ACCOUNT_CONFIG_UPDATE", "E": now // tick_ns, "T": now // tick_ns, **change}
        return encode(event).encode()

    desk.users.send(account.name, "ACCOUNT_CONFIG_UPDATE", build)
