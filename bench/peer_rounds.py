"""The loop of a program that is compared: prepares once, then does a round for every line on stdin.

catalogue: M4. It runs in the environment of each peer, so it imports nothing of ours. A round is one pass over all
batches into a new book; only that is timed (CPU time of the process). The answer is the checksum of the best prices
after every batch: a program whose answer differs has no figure.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

#: What a tick and a lot are where a program wants decimals: two and three places.
TICK, LOT = 0.01, 0.001
#: Best bid, its size, best ask, its size: ticks and lots.
Top = tuple[int, int, int, int]
#: Makes a book and gives back what applies all batches to it and returns the best prices after each.
Prepare = Callable[[Any, int], Callable[[], Callable[[], Iterable[Top]]]]


def rounds(prepare: Prepare) -> None:
    """Serves rounds until stdin ends. Arguments: the file of changes and how many of them are a batch."""
    path, batch = Path(sys.argv[1]), int(sys.argv[2])
    fresh = prepare(np.load(path), batch)
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        run = fresh()
        began = time.process_time_ns()
        tops = run()
        spent_ns = time.process_time_ns() - began
        told = np.array(list(tops), "<i8").tobytes()
        print(json.dumps({"spent_ns": spent_ns, "answer": hashlib.sha256(told).hexdigest()}), flush=True)
