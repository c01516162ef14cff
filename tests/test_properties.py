"""Properties of any network, head, size and class count, checked on random examples."""

import contextlib
import itertools
from typing import Any

import keras
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

import tfpool as tp
from tests.helpers.built_models import assert_equal
from tfpool.counting.plan import Plan
from tfpool.networks import ops
from tfpool.networks.graph import Op

BUILDING = settings(
    max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
COUNTING = settings(BUILDING, max_examples=120)

FRACTIONS = st.floats(0, 0.9)
WIDTHS = st.floats(0.1, 2.0)
HEADS = st.one_of(
    st.builds(tp.GAP, dropout=FRACTIONS),
    st.just(tp.GMP()),
    st.just(tp.Flatten()),
    st.builds(tp.FC, units=st.lists(st.integers(1, 40), max_size=3).map(tuple), dropout=FRACTIONS),
    st.builds(tp.NIN, dropout=FRACTIONS),
    st.just(tp.AvgMax()),
    st.builds(tp.GeM, p=st.floats(0.5, 20)),
    st.builds(tp.SPP, levels=st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True).map(tuple)),
    st.builds(tp.AdaptiveAvg, size=st.integers(1, 4)),
)


def network(name: str | st.SearchStrategy[str], **choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.just(name) if isinstance(name, str) else name
    return st.fixed_dictionaries({"backbone": names}, optional=choices)


DEPTHS = st.integers(1, 4).map(lambda blocks: 6 * blocks + 2)
STRIDES = st.sampled_from([1, 2, 4])
PADDINGS = st.sampled_from(["zero", "circular"])
SMALL = st.one_of(
    network(
        st.builds("{}{}".format, st.sampled_from(["resnet", "plain"]), DEPTHS), width=WIDTHS, output_stride=STRIDES
    ),
    network(st.builds("resnet{}b".format, DEPTHS), width=WIDTHS),
    network(
        "convnet", pooling=st.sampled_from(["max", "average"]), pool_size=st.sampled_from([2, 3]), padding=PADDINGS
    ),
    network("nin_cifar"),
    network(
        st.sampled_from(["resnet18", "plain18", "resnet50v1.5", "resnet50"]),
        width=st.floats(0.05, 0.3),
        output_stride=st.sampled_from([8, 16, 32]),
    ),
    network("resnet50v2", width=st.floats(0.05, 0.3)),
    network(st.sampled_from(["squeezenet", "vgg11", "vgg13_bn", "efficientnetb0"])),
)
"""Networks that are built in a moment."""


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    spec = draw(SMALL)
    least = 8 if spec["backbone"][-1] not in "v5" else 32
    shape = (draw(st.integers(least, 70)), draw(st.integers(least, 70)), draw(st.integers(1, 5)))
    return {**spec, "head": draw(HEADS), "input_shape": shape, "classes": draw(st.integers(1, 300))}


def planned(spec: dict[str, Any]) -> Plan:
    """The plan, if the network takes the image and the head takes the map; otherwise the error has to say so."""
    try:
        return tp.plan(**spec)
    except ValueError as error:
        message = str(error)
    if "larger image" not in message:
        pytest.fail(message)
    return reject()


@pytest.mark.slow
@BUILDING
@given(specs())
def test_a_random_plan_equals_its_model(spec: dict[str, Any]) -> None:
    plan = planned(spec)
    with keras.StatelessScope(initialize_variables=False):
        assert_equal(plan, tp.build(plan))
    keras.backend.clear_session()


@COUNTING
@given(specs(), st.integers(1, 40))
def test_a_random_plan_follows_its_spec_its_formula_and_its_image_size(spec: dict[str, Any], more: int) -> None:
    plan = planned(spec)
    assert tp.plan(**plan.spec) == plan
    assert_head_params(plan)
    # A larger image leaves the backbone and a pooling head as they are.
    height, width, channels = plan.input_shape
    assert height
    assert width
    larger = planned({**spec, "input_shape": (height + more, width + more, channels)})
    assert larger.backbone_params == plan.backbone_params
    if plan.head.name in ("flatten", "fc"):
        assert larger.head_params >= plan.head_params
    else:
        assert larger.head_params == plan.head_params
    assert larger.macs >= plan.macs  # type: ignore[operator]


def assert_head_params(plan: Plan) -> None:
    height, width, channels = plan.feature_shape
    assert height
    assert width
    assert channels
    positions, classes, head = height * width, plan.classes, plan.head
    inputs = {
        "gap": channels,
        "gmp": channels,
        "flatten": positions * channels,
        "avgmax": 2 * channels,
        "gem": channels,
        "spp": sum(level**2 for level in getattr(head, "levels", ())) * channels,
        "adaptiveavg": getattr(head, "size", 0) ** 2 * channels,
    }
    if head.name == "fc":
        sizes = (positions * channels, *getattr(head, "units", ()), classes)
        expected = sum((before + 1) * after for before, after in itertools.pairwise(sizes))
    elif head.name == "nin":
        expected = 0 if channels == classes else (channels + 1) * classes
    else:
        expected = (inputs[head.name] + 1) * classes + (head.name == "gem")
    assert plan.head_params == expected == head.params(plan.feature_shape, classes)


PAIRS = st.one_of(st.integers(1, 4), st.tuples(st.integers(1, 4), st.integers(1, 4)))
ONES = st.just(1)
STRIDES = st.sampled_from([1, 2, 4])
PADDINGS = st.sampled_from(["valid", "same"])
LAYERS: st.SearchStrategy[Op] = st.one_of(
    st.builds(ops.Conv2D, st.integers(1, 8), PAIRS, PAIRS, PADDINGS, ONES, use_bias=st.booleans()),
    st.builds(ops.Conv2D, st.integers(1, 8), PAIRS, ONES, PADDINGS, PAIRS),
    st.builds(ops.DepthwiseConv2D, PAIRS, st.integers(1, 3), PADDINGS, ONES, st.integers(1, 3), st.booleans()),
    st.builds(ops.SeparableConv2D, st.integers(1, 8), PAIRS, st.integers(1, 3), PADDINGS),
    st.builds(ops.Conv2DTranspose, st.integers(1, 8), PAIRS, PAIRS, PADDINGS),
    st.builds(ops.AveragePooling2D, PAIRS, PAIRS, PADDINGS),
    st.builds(ops.MaxPooling2D, PAIRS, st.none(), PADDINGS),
    st.builds(ops.ZeroPadding2D, st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2)),
    st.builds(ops.UpSampling2D, PAIRS),
    st.just(ops.BatchNormalization()),
    st.just(ops.Activation("relu")),
)


@pytest.mark.slow
@settings(BUILDING, max_examples=12)
@given(st.lists(LAYERS, min_size=1, max_size=6), st.integers(5, 30), st.integers(5, 30))
def test_a_random_chain_of_ops_equals_its_layers(layers: list[Op], height: int, width: int) -> None:
    tensor = ops.image_input((height, width, 3))
    # A chain ends when its map would become empty.
    with contextlib.suppress(ValueError):
        for number, op in enumerate(layers):
            tensor = op(tensor, name=f"layer{number}")
    rest = layers[: len(tensor.graph.tensors) - 1]
    assume(rest)
    tensors = list(tensor.graph.tensors.values())[1:]
    with keras.StatelessScope(initialize_variables=False):
        image = x = keras.Input((height, width, 3))
        for op, tensor in zip(rest, tensors, strict=True):
            layer = getattr(keras.layers, op.layer)(**op.arguments, name=tensor.name)
            x = layer(x)
            assert x.shape[1:] == tensor.shape
            assert layer.count_params() == op.params(*(source.shape for source in tensor.inputs))
        counts = tp.plan(keras.Model(image, x))
    for row, tensor in zip(counts.rows[1:], tensors, strict=True):
        assert row.macs == tensor.op.macs(tensor.shape, *(source.shape for source in tensor.inputs))
    keras.backend.clear_session()
