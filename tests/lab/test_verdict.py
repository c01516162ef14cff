"""From intervals to words."""

import itertools

import pytest

from tfpool.lab.statistics import Effect
from tfpool.lab.verdict import NO, OPEN, YES, above, verdict, within


def effect(low: float, high: float, value: float | None = None) -> Effect:
    return Effect("", (low + high) / 2 if value is None else value, low, high, 5)


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (0.02, 0.04, YES),
        # An interval that leaves zero out, but not what is not worth a word.
        (0.001, 0.03, OPEN),
        (-0.02, 0.06, OPEN),
        (0.001, 0.009, NO),
        (-0.3, -0.2, NO),
        (0.01, 0.04, OPEN),
        (-0.04, 0.01, OPEN),
    ],
)
def test_an_effect_is_worth_a_word_or_not_or_it_is_open(low: float, high: float, answer: str) -> None:
    assert above(effect(low, high)) == answer


@pytest.mark.parametrize(("low", "high", "answer"), [(1.15, 1.4, YES), (1.05, 1.4, OPEN), (0.5, 1.09, NO)])
def test_a_ratio_is_compared_as_well(low: float, high: float, answer: str) -> None:
    assert above(effect(low, high), 1.1) == answer


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (-0.005, 0.005, YES),
        (-0.009, 0.009, YES),
        (-0.01, 0.005, OPEN),
        (0.005, 0.01, OPEN),
        (0.005, 0.02, OPEN),
        (-0.5, 0.5, OPEN),
        (0.02, 0.04, NO),
        (-0.04, -0.02, NO),
        (0.01, 0.04, OPEN),
    ],
)
def test_two_things_are_equal_or_not_or_it_is_open(low: float, high: float, answer: str) -> None:
    assert within(effect(low, high)) == answer


@pytest.mark.parametrize(
    ("low", "high", "answer"), [(-0.01, 0.5, YES), (-0.02, 0.5, OPEN), (-0.5, -0.02, OPEN), (-0.5, -0.03, NO)]
)
def test_an_effect_lies_above_a_number_or_not_or_it_is_open(low: float, high: float, answer: str) -> None:
    assert above(effect(low, high), -0.02) == answer


EXPECTED = {
    frozenset({YES}): "holds",
    frozenset({NO}): "does not hold",
    frozenset({OPEN}): "not decided here",
    frozenset({YES, NO}): "holds in part",
    frozenset({YES, OPEN}): "holds in part",
    frozenset({NO, OPEN}): "not decided here",
    frozenset({YES, NO, OPEN}): "holds in part",
}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_answers_make_a_verdict_whatever_their_order_and_number(count: int) -> None:
    for answers in itertools.product((YES, NO, OPEN), repeat=count):
        assert verdict(answers) == EXPECTED[frozenset(answers)]


def test_no_answer_decides_nothing() -> None:
    assert verdict([]) == "not decided here"
