"""The compiled core: what PyO3 exports, typed by hand and compared with the runtime by mypy.stubtest."""

from typing import Final

__all__ = [
    "BUILD_PROFILE",
    "BrokenError",
    "DamagedError",
    "DecodeError",
    "FullError",
    "InputError",
    "StorageError",
    "TickwrightError",
    "UnknownError",
    "__version__",
]

__version__: Final[str]
BUILD_PROFILE: Final[str]

class TickwrightError(Exception): ...
class InputError(TickwrightError): ...
class DecodeError(InputError): ...
class UnknownError(InputError): ...
class FullError(TickwrightError): ...
class DamagedError(TickwrightError): ...
class StorageError(TickwrightError): ...
class BrokenError(TickwrightError): ...
