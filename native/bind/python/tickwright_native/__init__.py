"""The compiled core of Tickwright alone, as the wheel `tickwright-native`: the same classes as `native._core`.

The extension is compiled once for both wheels and calls its classes `native._core.*`; here that package does not
exist, so each class is given the name under which this package offers it, for tracebacks, `repr` and pickle.
"""

from . import _core
from ._core import *  # noqa: F403  # the stub beside this file lists the names

__all__ = _core.__all__
__version__ = _core.__version__

for _name in __all__:
    _item = getattr(_core, _name)
    if isinstance(_item, type) and _item.__module__ == "native._core":
        _item.__module__ = __name__
