"""One market of the box: the compiled Exchange, its contracts and everything that hangs on its events (catalogue: S1).

The desk is the only caller of the Exchange. Each call returns what happened; the desk turns that into user data after
the balances have moved, and hands book changes and trades to the publisher. Time comes from the box's clock.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from native._core import Exchange
from sim.box.accounts import Account, AccountsError
from sim.box.clock import BoxClock
from sim.box.errors import refuse
from sim.box.hub import Hub
from sim.box.limits import Limiter, market_limits
from sim.box.listing import DECIMALS, ONE_E8, Listing, spot_listings, usdm_listings
from sim.box.params import decimal_e8
from sim.box.tape import Tape
from sim.box.users import Users

FEES_E8 = {"spot": (100_000, 100_000), "linear": (20_000, 50_000)}
LEVERAGE_FIRST = 20
FUNDINGS_MAX = 10_000
QUOTES_MAX = 10_000
PROTECTED_MAX = 10_000
STOPS_MAX = 10_000
MAINTENANCE_E8 = 400_000
ASSETS = ("USDT", "BTC", "ETH")
PUBLIC_NAME = {"spot": "spot", "linear": "usdm"}

# What the Exchange tells: keys and types stand in its docstring.
ExecEvent = dict[str, Any]


@dataclass(slots=True)
class Settings:
    """What one account has set on USD-M."""

    leverages: dict[str, int] = field(default_factory=dict)
    isolated_symbols: set[str] = field(default_factory=set)
    multi_assets: bool = False

    def leverage(self, symbol: str) -> int:
        """The leverage of a contract, 20 until it is set."""
        return self.leverages.get(symbol, LEVERAGE_FIRST)

    def isolated(self, symbol: str) -> bool:
        """Whether the contract is set to isolated margin."""
        return symbol in self.isolated_symbols


class Desk:
    """One market: `market` is "spot" or "linear"."""

    def __init__(
        self, market: str, accounts: list[Account], clock: BoxClock, seed: int, limit_factor: float = 1.0
    ) -> None:
        """Opens the market with its contracts listed and the accounts' balances deposited."""
        self.market = market
        self.clock = clock
        self.hub = Hub(market)
        self.users = Users(seed)
        self.limiter = Limiter(market_limits(market, limit_factor))
        maker, taker = FEES_E8[market]
        self.maker_fee_e8, self.taker_fee_e8 = maker, taker
        self.exchange = Exchange(market, maker_fee_e8=maker, taker_fee_e8=taker, seed=seed)
        self.listings: dict[str, Listing] = {}
        self.ids: dict[str, int] = {}
        self.by_id: dict[int, Listing] = {}
        self.tapes: dict[str, Tape] = {}
        self.accounts: dict[int, Account] = {}
        self.on_change: Callable[[], None] = _nothing
        self.on_event: Callable[[Account, ExecEvent, str | None], None] = _no_event
        self.on_margin: Callable[[Account, str, str], None] = _no_margin
        self.on_config: Callable[[Account, dict[str, object]], None] = _no_config
        # Funding paid: rates by symbol for `fundingRate`, amounts by account for `income`; the oldest go first.
        self.fundings: deque[dict[str, Any]] = deque(maxlen=FUNDINGS_MAX)
        self.funding_income: deque[tuple[int, dict[str, Any]]] = deque(maxlen=FUNDINGS_MAX)
        # The dead-man switch: (account id, symbol id) to the time in ns when its orders are cancelled.
        self.countdowns: dict[tuple[int, int], int] = {}
        self._settings: dict[int, Settings] = {}
        # Conditional orders sent with priceProtect, which the Exchange does not know; the oldest are forgotten.
        self._protected: dict[int, None] = {}
        self._client_serial = 0
        # Spot's market orders by quote amount: (symbol id, order id) to the amount; the oldest are forgotten.
        self._quotes: dict[tuple[int, int], int] = {}
        # Spot's conditional orders: order id to the venue's type and the trigger in ticks; the oldest are forgotten.
        self._stops: dict[int, tuple[str, int]] = {}
        for asset in ASSETS:
            self.exchange.asset(asset, DECIMALS)
        for listing in spot_listings() if market == "spot" else usdm_listings():
            self._list(listing)
        for account in accounts:
            self._admit(account)

    def _list(self, listing: Listing) -> None:
        maintenance = MAINTENANCE_E8 if self.market == "linear" else 0
        tick, lot = _step_text(listing.tick_e8), _step_text(listing.lot_e8)
        number = self.exchange.symbol(
            listing.symbol, listing.base, listing.quote, tick, lot, maintenance_e8=maintenance
        )
        self.listings[listing.symbol] = listing
        self.ids[listing.symbol] = number
        self.by_id[number] = listing
        self.tapes[listing.symbol] = Tape(listing, listing.start_e8 // listing.tick_e8)

    def _admit(self, account: Account) -> None:
        number = account.ids[self.market] = self.exchange.account(account.name)
        self.accounts[number] = account
        now = self.clock.now_ns()
        for asset, amount in account.balances.get(PUBLIC_NAME[self.market], {}).items():
            if asset not in ASSETS:
                raise AccountsError(f"account {account.name}: asset must be one of {ASSETS}, was {asset!r}")
            self.exchange.deposit(number, asset, decimal_e8(amount, asset)[0], now)

    def listing(self, symbol: str) -> Listing:
        """The contract of that name, -1121 for any other."""
        found = self.listings.get(symbol)
        if found is None:
            raise refuse("SYMBOL")
        return found

    def contract(self, key: int) -> Listing:
        """The contract behind the Exchange's symbol id."""
        return self.by_id[key]

    def settings(self, who: int) -> Settings:
        """What the account has set; it lives as long as the box."""
        return self._settings.setdefault(who, Settings())

    def config_changed(self, who: int, change: dict[str, object]) -> None:
        """Tells the account's listeners of a new setting, in the fields of ACCOUNT_CONFIG_UPDATE."""
        self.on_config(self.accounts[who], change)

    def margin_moved(self, who: int, symbol: str, leg: str) -> None:
        """Tells the account's listeners that an isolated position's wallet was changed."""
        self.on_margin(self.accounts[who], symbol, leg)

    def client_id(self) -> str:
        """A client order id for an order that came without one: 22 characters, as the venue makes them."""
        self._client_serial += 1
        return f"box{self._client_serial:019d}"

    def remember_quote(self, events: Iterable[ExecEvent], quote_e8: int) -> None:
        """Keeps the quote amount a market order was sent with, which the Exchange does not tell again."""
        for event in events:
            self._quotes[(event["symbol"], event["order_id"])] = quote_e8
            if len(self._quotes) > QUOTES_MAX:
                del self._quotes[next(iter(self._quotes))]
            return

    def protect_price(self, algo_id: int) -> None:
        """Keeps that a conditional order came with priceProtect."""
        self._protected[algo_id] = None
        if len(self._protected) > PROTECTED_MAX:
            del self._protected[next(iter(self._protected))]

    def price_protected(self, algo_id: int) -> bool:
        """Whether a conditional order came with priceProtect."""
        return algo_id in self._protected

    def remember_stop(self, order_id: int, name: str, trigger: int) -> None:
        """Keeps the type and the trigger that a conditional order of spot was sent with."""
        self._stops[order_id] = (name, trigger)
        if len(self._stops) > STOPS_MAX:
            del self._stops[next(iter(self._stops))]

    def as_sent(self, order: ExecEvent) -> ExecEvent:
        """The order or event with what the Exchange does not tell of it.

        `quote_qty` is 0 for all that were sent by size; `stop` is the type, the trigger in ticks and the time in ns
        when it was met (0 before), only there for conditional orders of spot.
        """
        number = order["order_id"]
        order["quote_qty"] = self._quotes.get((order["symbol"], number), 0)
        stop = self._stops.get(number)
        if stop is not None:
            one = self.exchange.conditional(order["account"], order["symbol"], id=number)
            order["stop"] = (*stop, one["triggered_ts"] if one else order["created_ts"])
        return order

    def settle(self, events: Iterable[ExecEvent], cancel_id: str | None = None) -> None:
        """Tells everybody concerned what the Exchange did; balances have moved before this is called.

        `cancel_id` is the client id of the request that cancelled, which spot shows in its report.
        """
        for event in events:
            account = self.accounts.get(event["account"])
            if account is not None:
                self.on_event(account, self.as_sent(event), cancel_id)
        self.on_change()

    def mark_ticks(self, symbol: str) -> int:
        """The middle of the book in ticks (rounded down), or the last price where a side is empty."""
        _, bid, _, ask, _ = self.exchange.bbo(self.ids[symbol])
        if bid is None or ask is None:
            return self.tapes[symbol].price
        return (bid + ask) // 2


def _nothing() -> None:
    """Nobody publishes yet."""


def _no_margin(_account: Account, _symbol: str, _leg: str) -> None:
    """Nobody listens yet."""


def _no_config(_account: Account, _change: dict[str, object]) -> None:
    """Nobody listens yet."""


def _no_event(_account: Account, _event: ExecEvent, _cancel_id: str | None) -> None:
    """Nobody listens yet."""


def _step_text(step_e8: int) -> str:
    """A tick or lot size as decimal text."""
    return f"{step_e8 // ONE_E8}.{step_e8 % ONE_E8:08d}"
