"""Repeated blocks become functions, and the code still makes exactly the layers of the plan, as a stand-in records."""

import re
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

import tfpool as tp
from tests.helpers.built_models import KINDS
from tfpool.counting.plan import Plan
from tfpool.networks import ops
from tfpool.networks.graph import Tensor
from tfpool.networks.heads import GAP, HEADS

Layer = tuple[str, str, dict[str, Any], tuple[str, ...]]
"""A layer's name, class, arguments and the names of what it reads."""


def layers_of_code(plan: Plan) -> list[Layer]:
    """The layers that the plan's code makes, in its order, recorded by a stand-in for Keras."""
    recorded: list[Layer] = []
    tensors = {tensor.name: tensor for tensor in plan.tensors}

    def record(layer: str, *positional: Any, name: str, **named: Any) -> Callable[..., Tensor]:
        accepted = fields(tensors[name].op)
        passed = {**{field.name: value for field, value in zip(accepted, positional, strict=False)}, **named}
        assert len(passed) == len(positional) + len(named)
        arguments = {field.name: passed.pop(field.name, field.default) for field in accepted}
        assert not passed

        def call(inputs: Tensor | list[Tensor]) -> Tensor:
            sources = inputs if isinstance(inputs, list) else [inputs]
            recorded.append((name, layer, arguments, tuple(tensor.name for tensor in sources)))
            return tensors[name]

        return call

    keras = SimpleNamespace(
        Input=lambda shape, name: record("InputLayer", shape, name=name)([]),
        Model=lambda image, scores, name: (image.name, scores.name, name),
    )
    layers = {tensor.op.layer: partial(record, tensor.op.layer) for tensor in plan.tensors}
    scope: dict[str, Any] = {**layers, "layers": SimpleNamespace(**layers), "keras": keras, "__name__": "exported"}
    code = tp.to_code(plan)
    exec(code[re.search("^(def |input_layer)", code, re.MULTILINE).start() :], scope)  # type: ignore[union-attr]
    assert scope["model"] == (plan.tensors[0].name, plan.output.name, plan.name)
    return recorded


def layers_of_plan(plan: Plan) -> list[Layer]:
    return [
        (
            tensor.name,
            tensor.op.layer,
            {field.name: getattr(tensor.op, field.name) for field in fields(tensor.op)},
            tuple(source.name for source in tensor.inputs),
        )
        for tensor in plan.tensors
    ]


def functions_of(plan: Plan) -> list[str]:
    return re.findall(r"^def (\w+)", tp.to_code(plan), re.MULTILINE)


def plan_of(network: Callable[[Tensor], Tensor]) -> Plan:
    """A plan with these features, whose code is checked to make the layers of the plan."""
    features = network(ops.image_input((32, 32, 8)))
    plan = replace(tp.plan("convnet"), features=features, output=GAP()(features, 10))
    assert layers_of_code(plan) == layers_of_plan(plan)
    return plan


@pytest.mark.parametrize(
    ("name", "head"),
    [(name, "flatten") for name in KINDS]
    + [("convnet", head) for head in HEADS if head != "flatten"]
    + [pytest.param(name, head, marks=pytest.mark.exhaustive) for name in tp.catalog() for head in HEADS],
)
def test_the_code_makes_the_layers_of_the_plan_in_its_order(name: str, head: str) -> None:
    plan = tp.plan(name, head=head)
    assert layers_of_code(plan) == layers_of_plan(plan)


SETTINGS: tuple[dict[str, Any], ...] = (
    {"width": 0.37},
    {"width": 0.5, "output_stride": 8},
    {"output_stride": 16, "input_shape": (255, 191, 1)},
    {"pooling": "average", "pool_size": 3},
    {"input_shape": (None, None, 3), "head": "gap"},
)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize(
    "names", [(*KINDS, "resnet50"), pytest.param(tp.catalog(), marks=pytest.mark.exhaustive)], ids=["kinds", "all"]
)
def test_it_does_so_with_any_settings(settings: dict[str, Any], names: tuple[str, ...]) -> None:
    tried = 0
    for name in names:
        try:
            plan = tp.plan(name, **settings)
        except ValueError:
            continue
        assert layers_of_code(plan) == layers_of_plan(plan)
        tried += 1
    assert tried


@pytest.mark.parametrize("name", ["convnet", "alexnet", "nin_cifar"])
def test_layers_that_do_not_repeat_stay_one_per_line(name: str) -> None:
    plan = tp.plan(name)
    code = tp.to_code(plan)
    assert not functions_of(plan)
    assert not re.findall(r"^for ", code, re.MULTILINE)
    assert len(re.findall(r"^\w+ = (layers|keras)\.\w+\(", code, re.MULTILINE)) == len(plan.tensors) + 1


def test_kinds_of_blocks_are_named_by_their_shortcuts() -> None:
    assert functions_of(tp.plan("resnet101")) == ["projection_block", "identity_block"]
    assert functions_of(tp.plan("resnet20")) == ["identity_block", "pooling_block"]
    assert functions_of(tp.plan("resnet50v2")) == ["projection_block", "identity_block", "pooling_block"]
    assert functions_of(tp.plan("plain20")) == ["conv_block"]
    assert functions_of(tp.plan("squeezenet")) == ["fire"]
    assert functions_of(tp.plan("vgg16_bn")) == ["block_conv"]
    assert functions_of(tp.plan("efficientnetb7")) == [
        "identity_block_without_expand_conv",
        "block",
        "identity_block",
        "block_without_dwconv_pad",
    ]


def test_what_repetitions_differ_in_becomes_a_parameter_and_a_number_alone_a_loop() -> None:
    code = tp.to_code(tp.plan("resnet50"))
    assert "def projection_block(inputs, filters, strides=1, *, name):\n" in code
    assert '    x = layers.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(inputs)\n' in code
    assert 'x = projection_block(x, 64, name="conv2_block1")\n' in code
    assert 'x = projection_block(x, 128, strides=2, name="conv3_block1")\n' in code
    assert 'for number in range(2, 5):\n    x = identity_block(x, 128, name=f"conv3_block{number}")\n' in code
    # Two lines are as short as a loop.
    assert 'x = identity_block(x, 64, name="conv2_block2")\nx = identity_block(x, 64, name="conv2_block3")\n' in code


def test_a_rate_that_grows_with_depth_is_written_by_its_rule() -> None:
    code = tp.to_code(tp.plan("efficientnetb7"))
    assert 'for place, letter in enumerate("bcdefg", start=5):\n' in code
    assert 'rate=0.2 * place / 55, name=f"block2{letter}")' in code


def conv(x: Tensor, filters: int, name: str, **settings: Any) -> Tensor:
    return ops.Conv2D(filters, 3, padding="same", **settings)(x, name=name)


def test_counts_that_are_no_multiples_are_parameters_of_their_own() -> None:
    def network(x: Tensor) -> Tensor:
        for number, (first, second, third) in enumerate([(8, 9, 16), (16, 11, 32), (24, 40, 48)]):
            x = conv(x, first, f"part{number}_a")
            x = conv(x, second, f"part{number}_b")
            x = conv(x, third, f"part{number}_c")
        return x

    code = tp.to_code(plan_of(network)).splitlines()
    assert "def part(x, filters, filters_b, name):" in code
    assert '    return layers.Conv2D(2 * filters, 3, padding="same", name=f"{name}_c")(x)' in code
    assert 'x = part(x, 16, filters_b=11, name="part1")' in code


def test_counts_may_follow_from_the_channels_that_come_in() -> None:
    def network(x: Tensor) -> Tensor:
        for number, filters in enumerate((12, 20, 28)):
            channels = x.channels
            x = conv(x, 6 * channels, f"part{number}_a")
            x = conv(x, channels // 4, f"part{number}_b")
            x = conv(x, filters, f"part{number}_c")
        return x

    code = tp.to_code(plan_of(network)).splitlines()
    assert "def part(x, filters, name):" in code
    assert "    channels = x.shape[-1]" in code
    assert '    x = layers.Conv2D(channels // 4, 3, padding="same", name=f"{name}_b")(x)' in code


def test_a_gap_in_the_numbers_ends_a_loop() -> None:
    def network(x: Tensor) -> Tensor:
        x = conv(x, 8, "start")
        for number in (1, 2, 3, 5, 6):
            for letter in "abc":
                x = conv(x, 8, f"part{number}_{letter}")
        return x

    code = tp.to_code(plan_of(network))
    assert 'for number in range(1, 4):\n    x = part(x, name=f"part{number}")\nx = part(x, name="part5")\n' in code


def test_a_block_of_which_more_than_the_end_is_read_stays_inline() -> None:
    def network(x: Tensor) -> Tensor:
        for number in range(4):
            inner = conv(x, 8, f"part{number}_a")
            x = conv(conv(inner, 8, f"part{number}_b"), 8, f"part{number}_c")
            x = ops.Add()(inner, x, name=f"sum{number}")
        return x

    assert not functions_of(plan_of(network))


def test_a_block_that_reads_two_things_stays_inline() -> None:
    def network(x: Tensor) -> Tensor:
        x = start = conv(x, 8, "start")
        for number in range(4):
            y = conv(x, 8, f"part{number}_a")
            x = ops.Add()(start, conv(y, 8, f"part{number}_b"), name=f"part{number}_add")
        return x

    assert not functions_of(plan_of(network))


def test_a_block_of_two_layers_or_of_one_use_is_not_worth_a_function() -> None:
    def pairs(x: Tensor) -> Tensor:
        for number in range(5):
            x = conv(conv(x, 8, f"part{number}_a"), 8, f"part{number}_b")
        return x

    def once(x: Tensor) -> Tensor:
        for letter in "abcdef":
            x = conv(x, 8, f"part1_{letter}")
        return x

    assert not functions_of(plan_of(pairs))
    assert not functions_of(plan_of(once))


def test_a_function_takes_no_name_that_a_layer_has() -> None:
    def network(x: Tensor) -> Tensor:
        x = part = conv(x, 8, "part")
        for number in range(3):
            for letter in "abc":
                x = conv(x, 8, f"part{number}_{letter}")
        return ops.Add()(part, x, name="add")

    assert functions_of(plan_of(network)) == ["part_"]


def test_wiring_inside_a_block_tells_kinds_apart() -> None:
    def network(x: Tensor) -> Tensor:
        x = conv(x, 8, "start")
        for number in range(6):
            before = x
            for letter in "abc":
                x = conv(x, 8, f"part{number}_{letter}")
            x = ops.Add()(*((before, x) if number % 2 else (x, before)), name=f"part{number}_add")
        return x

    assert len(functions_of(plan_of(network))) == 2
