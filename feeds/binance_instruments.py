"""Tick and lot of Binance's instruments, from the venue's own rules (exchangeInfo).

catalogue: K1. `PRICE_FILTER.tickSize` and `LOT_SIZE.stepSize`, as texts.
<https://developers.binance.com/docs/binance-spot-api-docs/filters>
"""

from __future__ import annotations

import aiohttp

from native._core import InputError


async def instrument_steps(address: str, symbols: list[str]) -> dict[str, tuple[str, str]]:
    """Tick and lot of each symbol; InputError where the venue does not answer or does not list one."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http,
            http.get(address, raise_for_status=True) as answer,
        ):
            listed = {row["symbol"]: row["filters"] for row in (await answer.json())["symbols"]}
    except (aiohttp.ClientError, TimeoutError, LookupError, ValueError) as error:
        raise InputError(f"instruments must be told by {address}, was {type(error).__name__}: {error}") from None
    if missing := [symbol for symbol in symbols if symbol not in listed]:
        raise InputError(f"--symbols must be listed by {address}, was {missing[0]}")
    steps = {}
    for symbol in symbols:
        rules = {rule["filterType"]: rule for rule in listed[symbol]}
        steps[symbol] = (rules["PRICE_FILTER"]["tickSize"], rules["LOT_SIZE"]["stepSize"])
    return steps
