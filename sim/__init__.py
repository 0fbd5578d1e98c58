"""The world in a box: the venue-in-a-box, backtests, gates and reports."""
