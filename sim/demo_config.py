"""The demo's configuration: the box's addresses, its instruments as exchangeInfo lists them, and two GLFT makers.

catalogue: S1, K8, P4. On USD-M the maker is the compiled kernel, on spot the same rule in Python. The quotes stand
close to the market, inside the fees, so that half a minute shows fills on both sides; a maker that means to earn
quotes wider (deploy/config/paper.toml).
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

_SYMBOL = "BTCUSDT"
#: Basis points from the mid at which half of the arrivals are left (1/k), by market.
_REACH_BPS = {"spot": Decimal("0.5"), "linear": Decimal("0.3")}
_INFO = {"spot": "/api/v3/exchangeInfo", "linear": "/fapi/v1/exchangeInfo"}
_PRICE = {"spot": "/api/v3/ticker/bookTicker", "linear": "/fapi/v1/ticker/bookTicker"}
_REST = {"spot": "spot_rest", "linear": "usdm_rest"}
_WS = {"spot": "spot_ws", "linear": "usdm_ws"}
#: Burst and refill a second of our order rate: below the venue's 100 (spot) and 300 (USD-M) orders in 10 s.
_RATE = {"spot": (25, 7), "linear": (40, 15)}
_KIND = {"spot": "glft", "linear": "glft_kernel"}
#: A quote moves when the market has left it by this many reaches. The generated mid diffuses two reaches in a second on
#: spot, four on USD-M, and the time to leave grows with the square: at half a reach the rate refused most wishes.
_REQUOTE_REACHES = {"spot": Decimal("3.5"), "linear": Decimal("2.5")}
#: The size of one order in USDT.
_ORDER_VALUE = Decimal(600)


async def write_config(venue: dict[str, Any], directory: Path) -> Path:
    """Writes `config.toml` into the directory for the box whose first line is `venue`; its path."""
    facts = {}
    async with aiohttp.ClientSession() as http:
        for market in ("linear", "spot"):
            facts[market] = await _facts(http, venue[_REST[market]], market)
    text = _text(venue, directory, facts)
    tomllib.loads(text)
    path = directory / "config.toml"
    path.write_text(text)
    return path


async def _facts(http: aiohttp.ClientSession, rest: str, market: str) -> dict[str, Any]:
    """The tick, the lot and the mid of the demo's symbol on a market."""
    async with http.get(rest + _INFO[market]) as answer:
        row = next(row for row in (await answer.json())["symbols"] if row["symbol"] == _SYMBOL)
    async with http.get(rest + _PRICE[market], params={"symbol": _SYMBOL}) as answer:
        top = await answer.json()
    filters = {entry["filterType"]: entry for entry in row["filters"]}
    tick, lot = (
        Decimal(filters[kind][field]).normalize()
        for kind, field in (("PRICE_FILTER", "tickSize"), ("LOT_SIZE", "stepSize"))
    )
    mid = (Decimal(top["bidPrice"]) + Decimal(top["askPrice"])) / 2
    return {"tick": tick, "lot": lot, "mid": mid}


def _text(venue: dict[str, Any], directory: Path, facts: dict[str, dict[str, Any]]) -> str:
    limits = "".join(_limits(market, found) for market, found in facts.items())
    sections = [
        'mode = "paper"\n',
        f"limits = [\n{limits}{_ACCOUNT_LIMITS}]\n",
        f'[journal]\ndirectory = "{directory / "journal"}"\n',
        *(
            f'[venue.{market}]\nrest = "{venue[_REST[market]]}"\nws = "{venue[_WS[market]]}"\n'
            f'ws_api = "{venue[_WS[market] + "_api"]}"\n'
            for market in facts
        ),
        "[assets]\nBTC = 8\nUSDT = 8\n",
        *(_instrument(market, found) for market, found in facts.items()),
        *(_strategy(market, found) for market, found in facts.items()),
    ]
    return "\n".join(sections)


_ACCOUNT_LIMITS = """\
  { scope = "account", subject = "main", kind = "max_order_notional", value = "5000" },
  { scope = "account", subject = "main", kind = "max_open_orders", value = 40 },
  { scope = "account", subject = "main", kind = "price_collar", value = 300 },
  { scope = "account", subject = "main", kind = "max_daily_loss", value = "1000" },
"""


def _limits(market: str, found: dict[str, Any]) -> str:
    key, size = f"{market}:{_SYMBOL}", _size(found) * found["lot"]
    burst, refill = _RATE[market]
    return (
        f'  {{ scope = "account", subject = "main", kind = "allow_symbol", value = "{key}" }},\n'
        f'  {{ scope = "strategy", subject = "maker_{market}", kind = "allow_symbol", value = "{key}" }},\n'
        f'  {{ scope = "symbol", subject = "{key}", kind = "order_rate", value = {burst}, extra = {refill} }},\n'
        f'  {{ scope = "symbol", subject = "{key}", kind = "max_order_qty", value = "{size * 2}" }},\n'
        f'  {{ scope = "symbol", subject = "{key}", kind = "max_position", value = "{size * 12}" }},\n'
    )


def _size(found: dict[str, Any]) -> int:
    """Lots of one order."""
    return max(1, int(_ORDER_VALUE / found["mid"] / found["lot"]))


def _instrument(market: str, found: dict[str, Any]) -> str:
    return (
        f'[[instruments]]\nmarket = "{market}"\nsymbol = "{_SYMBOL}"\nbase = "BTC"\nquote = "USDT"\nsettle = "USDT"\n'
        f'tick = "{found["tick"]}"\nlot = "{found["lot"]}"\n'
    )


def _strategy(market: str, found: dict[str, Any]) -> str:
    """GLFT parameters in ticks and lots, scaled so that the same picture comes out at any tick size and price."""
    bps = found["mid"] / 10_000 / found["tick"]
    reach = _REACH_BPS[market] * bps
    size = _size(found)
    params = {
        "a": 2.0,
        "k": round(float(1 / reach), 9),
        "gamma": round(float(1 / (20 * reach * size)), 12),
        "xi": round(float(1 / (20 * reach * size)), 12),
        "sigma": round(float(bps / 2), 6),
        "size": size,
        "levels": 2,
        "step_ticks": max(1, int(reach)),
        "min_spread_ticks": 2,
        "requote_ticks": max(1, int(reach * _REQUOTE_REACHES[market])),
        "max_position": size * 10,
    }
    listed = "".join(f"{name} = {value}\n" for name, value in params.items())
    return (
        f'[[strategies]]\nname = "maker_{market}"\nkind = "{_KIND[market]}"\ninstrument = "{market}:{_SYMBOL}"\n'
        f"[strategies.params]\n{listed}"
    )
