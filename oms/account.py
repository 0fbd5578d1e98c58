"""What the venue says an account holds, read from its REST bodies: balances and positions as exact integers.

catalogue: O6, O7. Spot: `GET /api/v3/account`; USD-M: `GET /fapi/v3/balance` and `GET /fapi/v3/positionRisk`
(binance.md section 5). Cold path: used once at the start, to compare with the ledger and the position book.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from native import _core
from oms.binance_rest import Rest


@dataclass(frozen=True)
class Holding:
    """A wallet balance in the asset's smallest unit."""

    asset: str
    amount: int


@dataclass(frozen=True)
class Position:
    """A position: signed size as a decimal of the base asset, entry price in 1e-8 of the quote asset."""

    symbol: str
    size: Decimal
    entry_e8: int
    unrealised_e8: int


@dataclass(frozen=True)
class Statement:
    """An account on one market."""

    market: str
    holdings: list[Holding]
    positions: list[Position]


def to_decimal(field: str, value: object) -> Decimal:
    """A finite decimal number; `InputError` names the field and the value otherwise."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _core.InputError(f"{field} must be a decimal number, was {value!r}") from None
    if not number.is_finite():
        raise _core.InputError(f"{field} must be finite, was {value!r}")
    return number


def to_units(field: str, value: object, scale: int) -> int:
    """A decimal text as a whole count of 10^-scale; refused where it does not come out even."""
    shifted = to_decimal(field, value).scaleb(scale)
    if shifted != shifted.to_integral_value():
        raise _core.InputError(f"{field} has more than {scale} decimals, was {value!r}")
    return int(shifted)


async def fetch(rest: Rest, scales: Mapping[str, int]) -> Statement:
    """The account's statement; assets that are not in `scales` are left out when they hold nothing.

    Raises `VenueError`, or `InputError` for a body that cannot be read or an unknown asset that holds something.
    """
    body = await rest.call("GET", "account")
    if rest.market == "spot":
        return Statement("spot", _spot_holdings(body, scales), [])
    rows = await rest.call("GET", "positions")
    return Statement("linear", _linear_holdings(body, scales), _positions(rows))


async def is_hedged(rest: Rest) -> bool:
    """Whether the account is in hedge mode: a long and a short position in each contract, which spot has not.

    Raises `VenueError`. The engine keeps one position an instrument and must not trade such an account.
    """
    if rest.market == "spot":
        return False
    body = await rest.call("GET", "position_mode")
    return bool(body["dualSidePosition"])


def _spot_holdings(body: Any, scales: Mapping[str, int]) -> list[Holding]:
    found = []
    for row in body["balances"]:
        asset = str(row["asset"])
        if asset not in scales:
            # Spot wallets hold what the user pleases; what no instrument needs is none of our business.
            continue
        free, locked = (to_units(f"{asset}.{part}", row[part], scales[asset]) for part in ("free", "locked"))
        found.append(Holding(asset, free + locked))
    return found


def _linear_holdings(body: Any, scales: Mapping[str, int]) -> list[Holding]:
    found = []
    for row in body:
        asset = str(row["asset"])
        if asset in scales:
            found.append(Holding(asset, to_units(f"{asset}.balance", row["balance"], scales[asset])))
        elif to_decimal(f"{asset}.balance", row["balance"]) != 0:
            raise _core.InputError(f"assets must list every wallet of the account, was missing {asset}")
    return found


def _positions(rows: Any) -> list[Position]:
    found = []
    for row in rows:
        size = to_decimal("positionAmt", row["positionAmt"])
        if row.get("positionSide", "BOTH") != "BOTH" and size != 0:
            raise _core.InputError(f"positionSide must be BOTH (one-way mode), was {row['positionSide']}")
        entry = int(to_decimal("entryPrice", row["entryPrice"]).scaleb(8))
        unrealised = int(to_decimal("unRealizedProfit", row["unRealizedProfit"]).scaleb(8))
        found.append(Position(str(row["symbol"]), size, entry, unrealised))
    return found
