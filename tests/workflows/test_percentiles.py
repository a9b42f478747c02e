"""Percentiles by nearest rank."""

from hypothesis import example, given
from hypothesis import strategies as st

from workflows.percentiles import percentile

histograms = st.dictionaries(st.integers(0, 400), st.integers(0, 40), max_size=12)


@given(histograms, st.integers(0, 100))
@example({1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1}, 90)
@example({3: 5, 8: 0}, 100)
def test_it_is_the_smallest_value_that_the_share_does_not_exceed(
    histogram: dict[int, int], percent: int
) -> None:
    found = percentile(histogram, percent / 100)
    total = sum(histogram.values())
    if not total:
        assert found is None
        return
    assert found is not None
    assert histogram[found] > 0

    def reached(value: int) -> int:
        return 100 * sum(number for one, number in histogram.items() if one <= value)

    assert reached(found) >= percent * total
    assert all(reached(lower) < percent * total for lower in histogram if histogram[lower] and lower < found)


def test_the_median_of_an_even_number_is_the_lower_of_the_two_in_the_middle() -> None:
    assert percentile({2: 1, 4: 1, 9: 1, 30: 1}, 0.5) == 4
    assert percentile({2: 1, 4: 1, 9: 1, 30: 1}, 0.9) == 30
