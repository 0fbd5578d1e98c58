"""The records of the core's books of single orders as numpy dtypes: what a batch is, and what comes back.

catalogue: M2, M12. `OrderBooks.apply(batch)` takes any contiguous array of `ORDER`;
`native/core/src/book/l3/record.rs` is the same layout, and a test compares the two field by field. Prices are ticks,
sizes lots, times nanoseconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from native._core import ORDER_FAULTS, ORDER_FLAGS, ORDER_KINDS, OrderBooks

#: One change of a single order. `new_id` is the order that a REPLACE begins; `side` is 0 for a bid and 1 for an ask.
ORDER = np.dtype(
    [
        ("id", "<u8"),
        ("new_id", "<u8"),
        ("price", "<i8"),
        ("qty", "<i8"),
        ("ts_ns", "<i8"),
        ("book", "<u4"),
        ("kind", "u1"),
        ("side", "u1"),
        ("flags", "<u2"),
    ]
)
#: The best prices after a record; a side that is empty has size 0.
TOP = np.dtype([("bid", "<i8"), ("bid_qty", "<i8"), ("ask", "<i8"), ("ask_qty", "<i8")])
#: One level of a view: `numpy.asarray(books.view(0, 10))` has shape (2, 10), bids first, best first.
LEVEL = np.dtype([("price", "<i8"), ("qty", "<i8")])

Records = npt.NDArray[np.void]
Faults = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_KINDS = dict(ORDER_KINDS)
NOTHING, ADD, REDUCE, DELETE = (_KINDS[name] for name in ("Nothing", "Add", "Reduce", "Delete"))
REPLACE, AMEND, PUT, CLEAR = (_KINDS[name] for name in ("Replace", "Amend", "Put", "Clear"))
TRADE, RESIZE, CUT, SUM = (_KINDS[name] for name in ("Trade", "Resize", "Cut", "Sum"))

_FLAGS = dict(ORDER_FLAGS)
LAST, SNAPSHOT, GAP, MESSAGE, OLD = (_FLAGS[name] for name in ("LAST", "SNAPSHOT", "GAP", "MESSAGE", "OLD"))

#: A fault's byte in what `apply` returns: 1 for an order that is not alive.
UNKNOWN_ORDER = 1 + ORDER_FAULTS.index("names an order that is not alive")


def records(columns: dict[str, Any], count: int) -> Records:
    """A batch of `count` records from columns (arrays or single values); what is not named is 0."""
    batch = np.zeros(count, ORDER)
    for name, values in columns.items():
        batch[name] = values
    return batch


def apply_with_tops(books: OrderBooks, batch: Records) -> tuple[Faults, Records]:
    """Applies a batch; a fault for each record (0 for none) and the best prices after it, as `TOP`."""
    faults, tops = books.apply_with_tops(batch)
    return np.frombuffer(faults, np.uint8), np.frombuffer(tops, TOP)
