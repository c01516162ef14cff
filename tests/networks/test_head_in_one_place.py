"""A head that exists in this test alone appears everywhere, once it stands in the table of heads."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from tests.helpers.growth_chart import lines, named, shown
from tests.helpers.pages import opened
from tests.helpers.processes import ROOT
from tfpool.cli import parser
from tfpool.networks import ops
from tfpool.networks.graph import Tensor
from tfpool.networks.heads import HEADS, Head


@dataclass(frozen=True)
class Hidden(Head):
    units: int = 16
    name = "hidden"
    label = "Hidden"
    meaning = "global average pooling, then a hidden layer"
    formula = "C·U + U + U·K + K"
    color = "#123456"
    dashes = "7 7"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = ops.GlobalAveragePooling2D()(features, name="avg_pool")
        x = ops.Dense(self.units, activation="relu")(x, name="hidden")
        return ops.Dense(classes)(x, name="predictions")


@pytest.fixture(autouse=True)
def _register() -> Iterator[None]:
    with patch.dict(HEADS, {Hidden.name: Hidden}):
        yield


def test_the_command_line_counts_it_and_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["plan", "resnet8", "--head", "hidden", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["head_params"] == 64 * 16 + 16 + 16 * 10 + 10
    with pytest.raises(SystemExit):
        parser.main(["plan", "--help"])
    assert "hidden" in capsys.readouterr().out
    assert parser.main(["plan", "resnet8", "--head", "nonsense"]) == 2
    assert "hidden" in capsys.readouterr().err


def test_a_page_offers_it_by_its_label_and_draws_it_in_its_color() -> None:
    app = opened("Parameters", parameters_networks="resnet8", parameters_heads=Hidden.label)
    heads = app.button_group(key="parameters_heads")
    assert Hidden.label in [option.content for option in heads.proto.options]
    assert Hidden.meaning in heads.proto.help
    chart = shown(app)
    assert named(chart) == [Hidden.label]
    assert [color for _, color in lines(chart)] == [Hidden.color]
    assert chart.find(f".//path[@stroke-dasharray='{Hidden.dashes}']") is not None


def test_the_page_of_networks_and_heads_lists_it() -> None:
    spec = importlib.util.spec_from_file_location("page", ROOT / "scripts/make_networks_page.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    (row,) = (line for line in script.page().splitlines() if "`hidden`" in line)
    assert all(fact in row for fact in (Hidden.label, "tp.Hidden()", Hidden.meaning, Hidden.formula, Hidden.color))
