"""Which runs differ in the head alone."""

from dataclasses import replace

from dashboard.inside.head_switch import other_heads
from tfpool import examples
from tfpool.tracking.store import Run


def changed(run: Run, **spec: object) -> Run:
    return replace(run, id="another", spec={**run.spec, **spec})


def test_the_shipped_pair_differs_in_the_head_alone() -> None:
    pair = examples.runs()
    models = {**pair, "squeezenet": None}
    assert other_heads("example-gap", models) == {"GAP": "example-gap", "Flatten": "example-flatten"}
    assert other_heads("example-flatten", models) == other_heads("example-gap", models)
    assert other_heads("squeezenet", models) == {}


def test_runs_with_another_recipe_data_or_backbone_are_left_out() -> None:
    gap, flatten = examples.runs().values()
    recipe = changed(flatten, recipe={**flatten.spec["recipe"], "epochs": 3})
    data = changed(flatten, data="fashion_mnist")
    backbone = changed(flatten, plan={**flatten.spec["plan"], "backbone": "resnet20"})
    for other in (recipe, data, backbone):
        assert other_heads(gap.id, {gap.id: gap, other.id: other}) == {}
