"""What the venue lists: contracts with their steps, filters and the exact text of their numbers (catalogue: S1).

All amounts inside the box are integers: prices in ticks, sizes in lots, money and raw request numbers in units of
1e-8 (`_e8`). No float appears. Steps follow the venue's own contracts of the 2024 recordings.
"""

from dataclasses import dataclass, field

ONE_E8 = 10**8
DECIMALS = 8


def text_e8(value: int, decimals: int = DECIMALS) -> str:
    """An amount in units of 1e-8 as decimal text, cut (not rounded) to `decimals` places."""
    sign = "-" if value < 0 else ""
    value = abs(value) // 10 ** (DECIMALS - decimals)
    if decimals == 0:
        return f"{sign}{value}"
    unit = 10**decimals
    return f"{sign}{value // unit}.{value % unit:0{decimals}d}"


def plain_e8(value: int) -> str:
    """An amount in units of 1e-8 without trailing zeros (`0.001`, `5`)."""
    text = text_e8(value)
    return text.rstrip("0").rstrip(".")


def _decimals(step_e8: int) -> int:
    """How many decimals a step of `step_e8` needs."""
    decimals = DECIMALS
    while decimals and step_e8 % 10 == 0:
        step_e8 //= 10
        decimals -= 1
    return decimals


@dataclass(frozen=True, slots=True)
class Listing:
    """One contract of one market; `*_e8` fields are in units of 1e-8 of the quote (prices) or base (sizes)."""

    symbol: str
    base: str
    quote: str
    tick_e8: int
    lot_e8: int
    min_notional_e8: int
    start_e8: int
    market: str
    max_price_e8: int
    min_qty_e8: int
    max_qty_e8: int
    market_max_qty_e8: int
    up_e8: int
    down_e8: int
    price_precision: int
    qty_precision: int
    max_notional_e8: int = 9_000_000 * ONE_E8
    max_orders: int = 200
    price_decimals: int = field(init=False)
    qty_decimals: int = field(init=False)
    _price: tuple[int, int, int, str] = field(init=False)
    _qty: tuple[int, int, int, str] = field(init=False)

    def __post_init__(self) -> None:
        """Fixes the text formats: a number is shown with its precision's decimals (spot 8, USD-M 2 and 3)."""
        for name, step in (("price", self.tick_e8), ("qty", self.lot_e8)):
            own = _decimals(step)
            shown = self.price_precision if name == "price" else self.qty_precision
            object.__setattr__(self, f"{name}_decimals", own)
            mul = step // 10 ** (DECIMALS - own)
            object.__setattr__(self, f"_{name}", (mul, 10**own, own, "0" * (shown - own)))

    def price_text(self, ticks: int) -> str:
        """A price in ticks as the venue writes it."""
        mul, unit, decimals, pad = self._price
        value = ticks * mul
        return f"{value // unit}.{value % unit:0{decimals}d}{pad}"

    def qty_text(self, lots: int) -> str:
        """A size in lots (never negative) as the venue writes it."""
        mul, unit, decimals, pad = self._qty
        value = lots * mul
        return f"{value // unit}.{value % unit:0{decimals}d}{pad}"

    def signed_qty_text(self, lots: int) -> str:
        """A position in lots, short ones negative."""
        return f"-{self.qty_text(-lots)}" if lots < 0 else self.qty_text(lots)

    def money_text(self, value_e8: int) -> str:
        """An amount of quote money."""
        return text_e8(value_e8)

    def level_text(self, ticks: int, lots: int) -> str:
        """One book level as JSON."""
        return f'["{self.price_text(ticks)}","{self.qty_text(lots)}"]'

    def levels_text(self, pairs: bytes) -> str:
        """A side of the book (int64 pairs of ticks and lots) as a JSON array."""
        flat = memoryview(pairs).cast("q").tolist()
        level = self.level_text
        return "[" + ",".join([level(p, q) for p, q in zip(flat[::2], flat[1::2], strict=True)]) + "]"

    def levels(self, pairs: bytes) -> list[list[str]]:
        """A side of the book as `[price, qty]` text pairs."""
        flat = memoryview(pairs).cast("q").tolist()
        return [[self.price_text(p), self.qty_text(q)] for p, q in zip(flat[::2], flat[1::2], strict=True)]

    def value_e8(self, ticks: int, lots: int) -> int:
        """Price times size in units of 1e-8 of the quote, exact for the steps listed here."""
        return ticks * self.tick_e8 * lots * self.lot_e8 // ONE_E8

    def average_text(self, value_e8: int, lots: int) -> str:
        """The average price of `lots` that cost `value_e8`, cut at 1e-8; `0` in the contract's decimals when none."""
        if lots == 0:
            return self.price_text(0)
        text = text_e8(value_e8 * ONE_E8 // (lots * self.lot_e8))
        whole, _, digits = text.partition(".")
        return f"{whole}.{digits.rstrip('0').ljust(len(self._price[3]) + self.price_decimals, '0')}"


def _listing(
    market: str, base: str, steps: tuple[int, int], prices: tuple[int, int], sizes: tuple[int, int]
) -> Listing:
    """A contract against USDT: (tick, lot) in 1e-8; (start, highest) price and (any, market) largest size, whole."""
    usdm = market == "linear"
    notional = {"BTC": 50, "ETH": 20}[base] if usdm else 5
    return Listing(
        symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        tick_e8=steps[0],
        lot_e8=steps[1],
        min_notional_e8=notional * ONE_E8,
        start_e8=prices[0] * ONE_E8,
        market=market,
        max_price_e8=prices[1] * ONE_E8,
        min_qty_e8=steps[1],
        max_qty_e8=sizes[0] * ONE_E8,
        market_max_qty_e8=sizes[1] * ONE_E8,
        up_e8=105_000_000 if usdm else 5 * ONE_E8,
        down_e8=95_000_000 if usdm else 20_000_000,
        price_precision=2 if usdm else DECIMALS,
        qty_precision=3 if usdm else DECIMALS,
    )


def spot_listings() -> list[Listing]:
    """BTCUSDT and ETHUSDT of the spot market."""
    return [
        _listing("spot", "BTC", (10**6, 10**3), (60_000, 1_000_000), (9_000, 200)),
        _listing("spot", "ETH", (10**6, 10**4), (2_600, 1_000_000), (9_000, 3_000)),
    ]


def usdm_listings() -> list[Listing]:
    """BTCUSDT and ETHUSDT perpetuals of the USD-M market."""
    return [
        _listing("linear", "BTC", (10**7, 10**5), (60_000, 4_529_764), (1_000, 120)),
        _listing("linear", "ETH", (10**6, 10**5), (2_600, 306_177), (10_000, 2_000)),
    ]
