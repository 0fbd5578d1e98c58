"""Tickwright: market making on exchanges and concentrated liquidity, on one compiled core.

These names are the public interface; everything else may change between versions. The exceptions form one tree:

```
TickwrightError
├── InputError            bad input: the message names the field and the value
│   ├── DecodeError       bytes from a venue that cannot be decoded
│   ├── UnknownError      a name or id that nothing has defined
│   └── ConfigError       every fault of a configuration at once
├── FullError             a bounded structure is full; nothing was stored
├── DamagedError          a journal or snapshot is damaged; the place is named
├── StorageError          the operating system refused an operation on a file
├── BrokenError           an invariant does not hold
├── RevertError           a contract refuses a call; the arguments are its reason and the return data
├── CheckError            what was checked does not hold
├── SafetyError           a safety rule refuses what was asked
├── EngineError           the engine stopped itself; `state` names why
└── StrategyError         a strategy raised
```
"""

from native._core import (
    BrokenError,
    ClammPool,
    DamagedError,
    DecodeError,
    FullError,
    InputError,
    Ladder,
    OwnOrder,
    Replay,
    RevertError,
    StorageError,
    TickwrightError,
    UnknownError,
    View,
    Wish,
    __version__,
    avellaneda,
    glft,
)
from pycore.chain_proposal import ChainView
from pycore.errors import CheckError, ConfigError, EngineError, SafetyError
from pycore.glft_maker import GlftMaker, GlftParams
from pycore.lp.strategy import LiquidityStrategy
from pycore.notes import Fill, OrderChange, Trade
from pycore.runner import StrategyError
from pycore.strategy import Contract, Side, Strategy

__all__ = [
    "BrokenError",
    "ChainView",
    "CheckError",
    "ClammPool",
    "ConfigError",
    "Contract",
    "DamagedError",
    "DecodeError",
    "EngineError",
    "Fill",
    "FullError",
    "GlftMaker",
    "GlftParams",
    "InputError",
    "Ladder",
    "LiquidityStrategy",
    "OrderChange",
    "OwnOrder",
    "Replay",
    "RevertError",
    "SafetyError",
    "Side",
    "StorageError",
    "Strategy",
    "StrategyError",
    "TickwrightError",
    "Trade",
    "UnknownError",
    "View",
    "Wish",
    "__version__",
    "avellaneda",
    "glft",
]
