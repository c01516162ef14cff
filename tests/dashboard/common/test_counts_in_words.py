"""Counts and ratios in words."""

import pytest

from dashboard.common.counts_in_words import number_of, text_of, times
from tfpool.lab.verdict import VERDICTS


@pytest.mark.parametrize(
    ("more", "less", "told"),
    [(97, 1, "97 times"), (34, 10, "3.4 times"), (123_456, 100, "1,235 times"), (266_304, 0, ""), (1001, 1000, "")],
)
def test_a_ratio_is_told_where_it_says_something(more: int, less: int, told: str) -> None:
    assert times(more, less) == told


def test_every_verdict_is_counted_in_english() -> None:
    assert [number_of(verdict, 1) for verdict in VERDICTS] == [
        "1 holds",
        "1 holds in part",
        "1 does not hold",
        "1 is not decided here",
    ]
    assert [number_of(verdict, 2) for verdict in VERDICTS] == [
        "2 hold",
        "2 hold in part",
        "2 do not hold",
        "2 are not decided here",
    ]


def test_numbers_have_a_minus_sign_and_a_space_before_percent() -> None:
    assert [text_of(-1234.5, ",.1f"), text_of(0.734, ".0%"), text_of(-0.005, ".1%")] == ["−1,234.5", "73 %", "−0.5 %"]
