"""Changes of price levels as numpy arrays: the layout that `L2Book.apply_deltas` reads.

catalogue: M4, M12. One array is one call into the core, whatever its length; the GIL is released while it is applied.
"""

from __future__ import annotations

import numpy as np

#: A change: price in ticks, the size that is there now in lots (0 deletes the level), side 0 for a bid, 1 for an ask.
LEVEL_DELTA = np.dtype(
    {"names": ["price", "qty", "side"], "formats": ["<i8", "<i8", "u1"], "offsets": [0, 8, 16], "itemsize": 24}
)
