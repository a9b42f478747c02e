"""Percentiles of counted values, by nearest rank: the answer is always a value that occurred."""

from collections.abc import Mapping
from math import ceil


def percentile(histogram: Mapping[int, int], share: float) -> int | None:
    """The smallest value that at least ``share`` (0 to 1) of what was counted does not exceed; None for nothing.

    ``histogram``: value → how many times it occurred; a value that occurred no time does not count.
    """
    values = sorted((value, number) for value, number in histogram.items() if number > 0)
    total = sum(number for _, number in values)
    # A share such as 0.9 is not exact in binary: 0.9 × 10 must ask for the ninth value, not for the tenth.
    rank = max(1, ceil(round(share * total, 9)))
    passed = 0
    for value, number in values:
        passed += number
        if passed >= rank:
            return value
    return None
