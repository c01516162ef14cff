"""The growth chart's SVG, read back."""

import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from dashboard.common.growth_chart import to_html


def growth(places: Sequence[int], height: int = 140, **heads: Sequence[int | None]) -> ElementTree.Element:
    return ElementTree.fromstring(to_html(places, heads, "image side", 2, height, "what it shows"))


def shown(app: Any) -> ElementTree.Element:
    """The drawing on a page."""
    (found,) = (each.proto for each in app.get("bidi_component") if each.proto.component_name == "tfpool_growth_chart")
    return ElementTree.fromstring(json.loads(found.json)["drawing"])


def named(chart: ElementTree.Element) -> list[str]:
    return ["".join(each.itertext()) for each in chart.iterfind("div[@class='key']/span")]


def lines(chart: ElementTree.Element) -> list[tuple[str, str]]:
    """Of each line its way, in percent from the left and the top, and its colour."""
    return [(each.attrib["d"], each.attrib["stroke"]) for each in chart.iterfind(".//svg/svg/path")]


def labels(chart: ElementTree.Element) -> dict[str, str]:
    """Where each label stands: of the vertical axis from the top, of the horizontal one from the left."""
    found = chart.iterfind("div[@class='area']/svg/text")
    return {each.text or "": each.attrib["x" if each.attrib["y"] == "100%" else "y"] for each in found}


def told(chart: ElementTree.Element) -> list[list[str]]:
    return [["".join(line.itertext()) for line in each] for each in chart.iterfind(".//div[@class='tooltip']")]
