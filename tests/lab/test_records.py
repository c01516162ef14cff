"""Measurements are picked by what was varied."""

import pytest

from tfpool.lab.records import by_seed, levels, line, mean, nth, select
from tfpool.lab.statistics import over_seeds

RECORDS = [
    {"head": head, "images": images, "seed": seed, "test": 0.5 + 0.1 * (head == "gap") + 0.01 * seed}
    for images in (1000, 250)
    for head in ("gap", "flatten")
    for seed in (0, 1, 2)
]


def test_records_are_chosen_by_all_factors_that_are_named() -> None:
    assert select(RECORDS) == RECORDS
    assert [each["seed"] for each in select(RECORDS, head="gap", images=250)] == [0, 1, 2]
    assert select(RECORDS, head="fc") == []


def test_levels_come_in_the_order_of_the_records() -> None:
    assert levels(RECORDS, "images") == [1000, 250]
    assert levels(RECORDS, "head") == ["gap", "flatten"]


def test_a_measure_has_one_value_per_seed() -> None:
    assert by_seed(RECORDS, "test", head="gap", images=250) == pytest.approx({0: 0.6, 1: 0.61, 2: 0.62})
    assert by_seed(RECORDS, lambda each: each["images"], head="flatten", images=250) == {0: 250, 1: 250, 2: 250}


def test_factors_that_do_not_distinguish_records_are_refused() -> None:
    with pytest.raises(ValueError, match="seed 0"):
        by_seed(RECORDS, "test", head="gap")


def test_a_mean_has_the_interval_over_seeds() -> None:
    effect = mean(RECORDS, "test", head="flatten", images=1000)
    assert effect == over_seeds("flatten, 1000", [0.5, 0.51, 0.52], "share")
    assert mean(RECORDS, "test", "number", head="flatten", images=1000).unit == "number"


def test_one_value_of_a_list_is_a_measure() -> None:
    curves = [{"seed": seed, "by epoch": [0.1, 0.2 + seed]} for seed in (0, 1)]
    assert by_seed(curves, nth("by epoch", 1)) == {0: 0.2, 1: 1.2}


def test_a_line_has_a_value_and_an_interval_at_each_place() -> None:
    effects = [mean(RECORDS, "test", head="gap", images=images) for images in (250, 1000)]
    series = line("GAP", (250, 1000), iter(effects), "gap")
    assert (series.name, series.x, series.head) == ("GAP", [250, 1000], "gap")
    assert series.y == [effect.value for effect in effects]
    assert (series.low, series.high) == ([effect.low for effect in effects], [effect.high for effect in effects])
