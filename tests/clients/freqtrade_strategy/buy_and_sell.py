"""The strategy of freqtrade's round: buys once the round has put a file named `go` beside the bot, sells seconds later.

freqtrade loads this file by itself, from the folder that it is given; nothing imports it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from freqtrade.strategy import IStrategy

HELD_S = 3.0
ROUND_TAG = "round"


class BuyAndSell(IStrategy):
    """One long at the market; never two, because the bot's max_open_trades is 1 and `go` is removed by the first."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    stoploss = -0.3
    minimal_roi = {"0": 10}  # noqa: RUF012  # freqtrade's interface asks for this plain attribute
    startup_candle_count = 0

    def populate_indicators(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        """No indicators."""
        return dataframe

    def populate_entry_trend(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        """Every candle is a signal; `confirm_trade_entry` decides."""
        dataframe["enter_long"] = 1
        dataframe["enter_tag"] = ROUND_TAG
        return dataframe

    def populate_exit_trend(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        """No signal: `custom_exit` decides."""
        return dataframe

    def confirm_trade_entry(self, *, entry_tag: str | None, **_: Any) -> bool:
        """Orders that the round forces may go, signals only after `go`, once."""
        go = Path(self.config["user_data_dir"]) / "go"
        if entry_tag != ROUND_TAG:
            return True
        allowed = go.exists()
        go.unlink(missing_ok=True)
        return allowed

    def custom_exit(self, *, trade: Any, current_time: datetime, **_: Any) -> str | None:
        """Sells what the signal bought after HELD_S."""
        held_s = (current_time - trade.open_date_utc).total_seconds()
        return "held long enough" if trade.enter_tag == ROUND_TAG and held_s > HELD_S else None
