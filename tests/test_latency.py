"""Latency histograms: every sample is counted, and a percentile is never too low and at most 1/64 too high."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycore.latency import HOPS, Histogram, LatencyTracker, bucket_of, bucket_top


@given(st.integers(min_value=0, max_value=2**40))
def test_a_sample_lies_in_its_bucket(ns: int) -> None:
    bucket = bucket_of(ns)
    assert bucket_top(bucket - 1) < ns <= bucket_top(bucket) if bucket else ns == 0
    assert bucket_top(bucket) - ns <= ns / 64


@given(st.lists(st.integers(min_value=0, max_value=10**10), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_percentiles_equal_the_sorted_samples(samples: list[int], share: float) -> None:
    histogram = Histogram()
    for sample in samples:
        histogram.record(sample)
    exact = sorted(samples)[max(1, int(np.ceil(share * len(samples)))) - 1]
    assert exact <= histogram.percentile(share) <= exact + exact / 64 + 1


@pytest.mark.parametrize("ns", [-5, 2**50])
def test_what_is_out_of_range_is_counted_at_the_edge(ns: int) -> None:
    histogram = Histogram()
    histogram.record(ns)
    assert histogram.samples == histogram.counts.sum() == 1


def test_only_hops_with_samples_are_shown() -> None:
    tracker = LatencyTracker()
    assert tracker.figures() == {}
    tracker.record("total", 1_000)
    assert list(tracker.figures()) == ["total"]
    assert tracker.figures()["total"]["p99_ns"] == 1_000
    assert "total" in HOPS
