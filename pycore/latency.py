"""Latency percentiles a hop: a log-linear histogram of fixed size that never loses a sample.

catalogue: K6. The layout is that of HdrHistogram (Tene, "HdrHistogram: A High Dynamic Range Histogram"): below 64 ns
one bucket a nanosecond, above it 64 buckets for each doubling, so a percentile is at most 1/64 (1.6 %) too high.
"""

from __future__ import annotations

import numpy as np

_SUB_BITS = 6
_SUB = 1 << _SUB_BITS
#: Doublings above the linear part: 64 ns * 2**36 is about 73 minutes; larger samples count in the last bucket.
_DOUBLINGS = 36
_BUCKETS = _SUB * (_DOUBLINGS + 1)

#: The hops of one message, in order; `total` is receive to answer.
HOPS = ("receive_decision", "decision_durable", "durable_sent", "sent_ack", "total")


def bucket_of(ns: int) -> int:
    """The bucket of a sample; negative samples (a stepped clock) count as 0."""
    if ns < _SUB:
        return max(ns, 0)
    shift = ns.bit_length() - _SUB_BITS - 1
    return min(_SUB * (shift + 1) + (ns >> shift) - _SUB, _BUCKETS - 1)


def bucket_top(bucket: int) -> int:
    """The largest sample, ns, that falls into a bucket."""
    if bucket < _SUB:
        return bucket
    shift, rest = divmod(bucket - _SUB, _SUB)
    return ((_SUB + rest + 1) << shift) - 1


class Histogram:
    """Samples of one hop in ns."""

    def __init__(self) -> None:
        """Empty."""
        self.counts = np.zeros(_BUCKETS, dtype=np.int64)
        self.samples = 0
        self.sum_ns = 0
        self.max_ns = 0

    def record(self, ns: int) -> None:
        """Adds one sample in ns."""
        self.counts[bucket_of(ns)] += 1
        self.samples += 1
        self.sum_ns += max(ns, 0)
        self.max_ns = max(self.max_ns, ns)

    def percentile(self, share: float) -> int:
        """The smallest recorded bound, ns, that at least `share` (0..1) of the samples do not exceed; 0 if empty."""
        if self.samples == 0:
            return 0
        wanted = max(1, int(np.ceil(share * self.samples)))
        bucket = int(np.searchsorted(np.cumsum(self.counts), wanted))
        return min(bucket_top(bucket), self.max_ns)

    def figures(self) -> dict[str, int]:
        """Count, sum and percentiles, ns, as telemetry and reports carry them."""
        return {
            "count": self.samples,
            "sum_ns": self.sum_ns,
            "p50_ns": self.percentile(0.50),
            "p90_ns": self.percentile(0.90),
            "p99_ns": self.percentile(0.99),
            "max_ns": self.max_ns,
        }


class LatencyTracker:
    """One histogram a hop."""

    def __init__(self) -> None:
        """Empty histograms for every hop of `HOPS`."""
        self.hops = {hop: Histogram() for hop in HOPS}

    def record(self, hop: str, ns: int) -> None:
        """Adds a sample, ns, to a hop of `HOPS`."""
        self.hops[hop].record(ns)

    def figures(self) -> dict[str, dict[str, int]]:
        """The figures of every hop that has samples."""
        return {hop: histogram.figures() for hop, histogram in self.hops.items() if histogram.samples}
