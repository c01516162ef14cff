"""Lines of heads that grow: where they stand, what they are called, and what each place tells."""

import re

import pytest

from tests.helpers.growth_chart import growth, labels, lines, named, told
from tfpool.networks.heads import HEADS


def test_a_line_stands_where_its_numbers_are() -> None:
    chart = growth((1, 2, 3), gap=(10, 10, 10), flatten=(10, 100, 1000))
    assert lines(chart) == [
        ("M0.00 100.00L50.00 100.00L100.00 100.00", HEADS["gap"].color),
        ("M0.00 100.00L50.00 50.00L100.00 0.00", HEADS["flatten"].color),
    ]
    up, across = {"10": "100.00%", "100": "50.00%", "1 k": "0.00%"}, {"1": "0.00%", "2": "50.00%", "3": "100.00%"}
    assert labels(chart) == up | across
    here = chart.find(".//line[@class='here']")
    assert here is not None
    assert here.attrib["x1"] == here.attrib["x2"] == "50.00%"
    assert chart.attrib["aria-label"] == "what it shows"


def test_places_that_lie_far_apart_stand_by_their_logarithm() -> None:
    chart = growth((10, 100, 10_000), gap=(1, 10, 1000))
    assert lines(chart)[0][0] == "M0.00 100.00L33.33 66.67L100.00 0.00"
    assert {name: labels(chart)[name] for name in ("1 k", "10 k")} == {"1 k": "66.67%", "10 k": "100.00%"}


def test_heads_that_need_equally_many_share_a_line() -> None:
    chart = growth((1, 2), gap=(5, 5), gmp=(5, 5), flatten=(5, 20))
    assert named(chart) == ["GAP, GMP", "Flatten"]
    assert len(lines(chart)) == 2


@pytest.mark.parametrize("missing", [None, 0], ids=["none", "no parameters"])
def test_a_line_is_broken_where_there_is_nothing_on_its_scale(missing: int | None) -> None:
    chart = growth((1, 2, 3, 4, 5), nin=(1, missing, 10, 100, missing))
    assert re.findall("[ML]", lines(chart)[0][0]) == ["M", "M", "L"]
    assert len(list(chart.iter("circle"))) == 3


def test_lines_that_lie_upon_one_another_are_seen_through_their_dashes() -> None:
    chart = growth((1, 2), **{head: (number, number) for number, head in enumerate(HEADS, start=1)})
    dashes = [each.attrib["stroke-dasharray"] for each in chart.iterfind(".//svg/svg/path")]
    assert len(set(dashes)) == len(dashes) == len(HEADS)


def test_every_place_tells_its_numbers_and_every_point_has_a_place() -> None:
    chart = growth((1, 2, 4), gap=(5, 5, 5), flatten=(5, 2_000, None), nin=(0, 0, 0))
    assert told(chart) == [
        ["1", "GAP: 5", "Flatten: 5", "NIN: 0"],
        ["2", "GAP: 5", "Flatten: 2,000", "NIN: 0"],
        ["4", "GAP: 5", "NIN: 0"],
    ]
    strips = [each.attrib["style"] for each in chart.iterfind(".//div[@class='place']")]
    assert strips == ["left: 0.00%; width: 16.67%", "left: 16.67%; width: 50.00%", "left: 66.67%; width: 33.33%"]


def test_labels_leave_one_another_room() -> None:
    few = growth((1, 512), height=44, flatten=(1, 10**12))
    assert [name for name in labels(few) if name[-1] in "kMBT"] == ["1 M", "1 T"]
    assert list(labels(growth(range(32, 513, 32), gap=[7] * 16)))[-5:] == ["100", "200", "300", "400", "500"]


def test_where_no_head_can_stand_there_are_axes() -> None:
    chart = growth((1, 2), gap=(None, None))
    assert lines(chart) == [("", HEADS["gap"].color)]
    assert named(chart) == ["GAP"]
