import inspect
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import pytest

import tfpool as tp
from tfpool.networks import heads, ops
from tfpool.networks.graph import Tensor
from tfpool.networks.heads import HEADS


@pytest.mark.parametrize(
    ("head", "params"),
    [
        (tp.GAP(), 512 * 1000 + 1000),
        (tp.GMP(), 512 * 1000 + 1000),
        (tp.Flatten(), 7 * 7 * 512 * 1000 + 1000),
        # The three dense layers of VGG16: Simonyan & Zisserman 2014.
        (tp.FC(), 102_764_544 + 16_781_312 + 4_097_000),
        (tp.NIN(), 512 * 1000 + 1000),
        (tp.AvgMax(), 2 * 512 * 1000 + 1000),
        (tp.GeM(), 512 * 1000 + 1000 + 1),
        (tp.SPP(), 21 * 512 * 1000 + 1000),
        (tp.SPP(levels=(3,)), 9 * 512 * 1000 + 1000),
        (tp.AdaptiveAvg(), 4 * 512 * 1000 + 1000),
        (tp.AdaptiveAvg(size=7), 7 * 7 * 512 * 1000 + 1000),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_parameters_follow_the_formula_on_vggs_last_map(head: heads.Head, params: int) -> None:
    assert head.params((7, 7, 512), 1000) == params


@pytest.mark.parametrize(
    "head",
    [
        tp.GAP(dropout=0.2),
        tp.GMP(),
        tp.Flatten(),
        tp.FC(units=(64,), dropout=0.0),
        tp.NIN(dropout=0.5),
        tp.AvgMax(),
        tp.GeM(p=2.0),
        tp.SPP(levels=(1, 3)),
        tp.AdaptiveAvg(size=3),
    ],
)
def test_a_head_survives_its_config(head: heads.Head) -> None:
    assert heads.get(head.config) == head
    assert heads.get(head) is head


def test_every_head_goes_by_its_lower_case_name() -> None:
    assert {name: heads.get(name) for name in HEADS} == {
        "gap": tp.GAP(),
        "gmp": tp.GMP(),
        "flatten": tp.Flatten(),
        "fc": tp.FC(),
        "nin": tp.NIN(),
        "avgmax": tp.AvgMax(),
        "gem": tp.GeM(),
        "spp": tp.SPP(),
        "adaptiveavg": tp.AdaptiveAvg(),
    }


def test_dropout_adds_a_layer_and_no_parameter() -> None:
    plain, dropped = tp.plan("resnet8", head="gap"), tp.plan("resnet8", head=tp.GAP(dropout=0.5))
    assert dropped.params == plain.params
    assert [row.op for row in dropped.rows if row.part == "head"] == ["GlobalAveragePooling2D", "Dropout", "Dense"]


def test_an_unknown_head_is_refused_with_a_list_of_names() -> None:
    with pytest.raises(
        ValueError,
        match=r"attention.* gap, .*adaptiveavg",
    ):
        heads.get("attention")


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 2])
def test_dropout_is_a_fraction(dropout: float) -> None:
    with pytest.raises(ValueError, match="dropout"):
        tp.GAP(dropout=dropout)


@pytest.mark.parametrize("units", [(0,), (-5, 10), (2.5,)])
def test_hidden_layers_have_units(units: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="units"):
        tp.FC(units=units)


@pytest.mark.parametrize("head", [tp.GAP, {}, {"units": 3}, 7], ids=str)
def test_other_values_are_no_head(head: object) -> None:
    with pytest.raises(ValueError, match="head"):
        tp.plan("resnet8", head=head)  # type: ignore[arg-type]


def test_hidden_sizes_are_a_tuple() -> None:
    with pytest.raises(ValueError, match=r"units.* 64"):
        tp.FC(units=64)  # type: ignore[arg-type]


def test_nin_has_no_parameters_after_one_channel_per_class() -> None:
    assert tp.NIN().params((8, 8, 64), 64) == 0
    assert tp.NIN().params((8, 8, 64), 10) == 650
    with pytest.raises(ValueError, match="resnet8-nin"):
        tp.Recipe(freeze=("backbone",)).check(tp.plan("resnet8", head="nin", classes=64))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (tp.SPP(), "4×4.* 2×3.* levels.* 2"),
        (tp.AdaptiveAvg(size=3), "3×3.* size.* 2"),
    ],
    ids=["spp", "adaptiveavg"],
)
def test_too_many_cells_are_refused_with_the_most_that_fit(head: heads.Head, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.plan("resnet50", head=head, input_shape=(64, 96, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tp.GeM(p=0), "p.* 0"),
        (lambda: tp.SPP(levels=()), "levels"),
        (lambda: tp.SPP(levels=(0,)), "levels.* 0"),
        (lambda: tp.AdaptiveAvg(size=0), "size"),
        (lambda: tp.NIN(dropout=1), "dropout"),
    ],
    ids=["GeM", "SPP", "SPP of zero", "AdaptiveAvg", "NIN"],
)
def test_settings_out_of_range_are_refused(make: Callable[[], heads.Head], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@dataclass(frozen=True)
class Noisy(tp.GAP):
    """A head of a user's own, on top of another one."""

    name = "noisy"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        return super().__call__(ops.Dropout(0.1)(features, name="noise"), classes)


def test_a_head_may_build_on_another_one() -> None:
    output = Noisy()(ops.image_input((4, 4, 8)), 3)
    assert list(output.graph.tensors) == ["input_layer", "noise", "avg_pool", "predictions"]
    assert list(inspect.signature(Noisy.__call__).parameters) == ["self", "features", "classes"]


@pytest.mark.parametrize("head", [tp.Flatten(), Noisy(0.2)], ids=str)
def test_what_is_no_tensor_of_a_plan_goes_to_the_reader(head: heads.Head) -> None:
    with patch.object(heads, "_READERS", []):
        heads.reads_other_tensors(lambda *received: received)
        assert head("a tensor", classes=5) == (head, "a tensor", 5)  # type: ignore[arg-type, comparison-overlap]


def test_a_feature_map_of_unknown_size_is_refused_with_its_shape() -> None:
    with pytest.raises(ValueError, match=r"Flatten .* \?×\?×8"):
        tp.Flatten().params((None, None, 8), 5)
    with pytest.raises(ValueError, match=r"input_shape=\(None, None, 3\)"):
        tp.plan("resnet8", "flatten", (None, None, 3))
