"""Intervals against a reference that is not ours, and against what they promise."""

import math

import numpy as np
import pytest
from scipy import stats

from tfpool.lab.statistics import Effect, bootstrapped, format_value, over_seeds, paired

FIRST = dict(enumerate([0.81, 0.83, 0.80, 0.86, 0.82]))
SECOND = dict(enumerate([0.79, 0.80, 0.80, 0.81, 0.81]))


def test_pairs_have_the_interval_of_the_paired_t_test() -> None:
    effect = paired("ahead", FIRST, SECOND)
    reference = stats.ttest_rel(list(FIRST.values()), list(SECOND.values())).confidence_interval(0.95)
    assert effect.value == pytest.approx(0.022)
    assert (effect.low, effect.high) == pytest.approx((reference.low, reference.high))
    assert (effect.name, effect.count, effect.unit) == ("ahead", 5, "points")


def test_seeds_are_paired_whatever_their_order_and_none_is_left_out() -> None:
    with pytest.raises(ValueError, match="seeds"):
        paired("ahead", {9: 0.0, **FIRST}, SECOND)
    shuffled = dict(reversed(SECOND.items()))
    assert paired("ahead", FIRST, shuffled) == paired("ahead", FIRST, SECOND)


def test_a_ratio_is_the_geometric_mean_of_pairs() -> None:
    effect = paired("times", {0: 2.0, 1: 8.0}, {0: 1.0, 1: 1.0}, "ratio")
    assert effect.value == pytest.approx(4.0)
    # The logarithms are ln 2 and ln 8: ln 4 with a standard error of ln 2, and t of one degree of freedom is 12.706.
    assert effect.high == pytest.approx(4 * 2**12.7062047)
    assert effect.low == pytest.approx(4 / 2**12.7062047)
    turned = paired("times", {0: 1.0, 1: 1.0}, {0: 2.0, 1: 8.0}, "ratio")
    assert (turned.low, turned.value, turned.high) == pytest.approx((1 / effect.high, 0.25, 1 / effect.low))


@pytest.mark.parametrize(("first", "second"), [({}, {}), ({0: 1.0}, {0: 2.0})])
def test_fewer_than_two_pairs_have_no_interval(first: dict[int, float], second: dict[int, float]) -> None:
    with pytest.raises(ValueError, match="two"):
        paired("ahead", first, second)


@pytest.mark.parametrize(
    ("low", "value", "high", "text"),
    [
        (0.047, 0.052, 0.057, "5.2 points higher (4.7 to 5.7)"),
        (-0.076, -0.069, -0.061, "6.9 points lower (6.1 to 7.6)"),
        (-0.014, -0.004, 0.007, "0.4 points lower (1.4 lower to 0.7 higher)"),
        (-0.01, 0.0, 0.01, "0.0 points higher (1.0 lower to 1.0 higher)"),
    ],
)
def test_a_difference_in_words_has_either_sign(low: float, value: float, high: float, text: str) -> None:
    effect = Effect("", value, low, high, 5)
    assert f"{effect:higher/lower}" == text
    assert f"{effect}" == str(effect)


def test_zero_has_no_minus_sign() -> None:
    assert str(Effect("", -0.0002, -0.034, -0.0001, 5)) == "+0.0 points (-3.4 to +0.0)"


def test_a_ratio_with_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="zero"):
        paired("times", {0: 0.0, 1: 1.0}, {0: 1.0, 1: 1.0}, "ratio")


def test_fewer_than_two_values_have_no_interval() -> None:
    with pytest.raises(ValueError, match="two"):
        over_seeds("one", [0.5])
    with pytest.raises(ValueError, match="two"):
        bootstrapped("one", [0.5])


def test_equal_values_have_an_interval_of_no_width() -> None:
    for effect in (over_seeds("equal", [0.5] * 5), bootstrapped("equal", [0.5] * 5)):
        assert (effect.low, effect.value, effect.high) == (0.5, 0.5, 0.5)


def test_a_fraction_stays_between_0_and_1() -> None:
    effect = over_seeds("share", [0.9, 1.0], "share")
    assert (effect.value, effect.high) == (0.95, 1.0)
    assert over_seeds("share", [0.0, 0.1], "share").low == 0.0
    assert over_seeds("difference", [0.9, 1.0]).high > 1.0


def test_students_interval_covers_the_mean_of_five_seeds_as_often_as_it_says() -> None:
    draws = np.random.default_rng(0).normal(3.0, 2.0, (2000, 5))
    effects = [over_seeds("", values) for values in draws.tolist()]
    covered = np.mean([effect.low <= 3.0 <= effect.high for effect in effects])
    assert covered == pytest.approx(0.95, abs=0.02)


def test_a_bootstrap_of_five_seeds_covers_it_too_rarely() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(3.0, 2.0, (2000, 5))
    means = draws[:, rng.integers(0, 5, (1000, 5))].mean(axis=2)
    low, high = np.percentile(means, (2.5, 97.5), axis=1)
    assert np.mean((low <= 3.0) & (high >= 3.0)) < 0.88


def test_the_bootstrap_interval_is_that_of_medians_drawn_again() -> None:
    rng = np.random.default_rng(1)
    values = rng.exponential(1.0, 60)
    effect = bootstrapped("time", list(values), "number")
    medians = np.median(values[rng.integers(0, 60, (20_000, 60))], axis=1)
    assert effect.value == np.median(values)
    assert (effect.low, effect.high) == pytest.approx(tuple(np.percentile(medians, (2.5, 97.5))), rel=0.05)
    assert bootstrapped("time", list(values), "number") == effect


def test_a_median_is_robust_to_an_interruption() -> None:
    calm = [1.0, 1.01, 1.02, 0.99, 0.98] * 4
    assert bootstrapped("time", [*calm, 50.0]).value == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "points", "+1.2 points"),
        (-0.3, "points", "-30.0 points"),
        (0.63, "share", "63.0%"),
        (1.254, "ratio", "1.25×"),
        (25_088.0, "ratio", "25,088×"),
        (0.01234, "number", "0.0123"),
        (12_345.6, "number", "12,346"),
    ],
)
def test_values_are_formatted_in_their_units(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit) == text


def test_an_effect_is_formatted_with_its_interval() -> None:
    assert str(Effect("", 0.02, 0.01, 0.03, 5)) == "+2.0 points (+1.0 to +3.0)"
    assert str(Effect("", 2.0, 1.0, 4.0, 5, "ratio")) == "2× (1× to 4×)"
    assert str(Effect("", 0.5, 0.4, 0.6, 5, "share")) == "50.0% (40.0% to 60.0%)"
    assert math.isfinite(Effect("", 0.5, 0.4, 0.6, 5).record()["value"])
