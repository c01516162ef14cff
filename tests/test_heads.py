import pytest

import tfpool as tp
from tfpool import heads
from tfpool.heads import HEADS


@pytest.mark.parametrize(
    ("head", "params"),
    [
        (tp.GAP(), 512 * 1000 + 1000),
        (tp.GMP(), 512 * 1000 + 1000),
        (tp.Flatten(), 7 * 7 * 512 * 1000 + 1000),
        # The three dense layers of VGG16: Simonyan & Zisserman 2014.
        (tp.FC(), 102_764_544 + 16_781_312 + 4_097_000),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_parameters_follow_the_formula_on_vggs_last_map(head: heads.Head, params: int) -> None:
    assert head.params((7, 7, 512), 1000) == params


@pytest.mark.parametrize("head", [tp.GAP(dropout=0.2), tp.GMP(), tp.Flatten(), tp.FC(units=(64,), dropout=0.0)])
def test_a_head_survives_its_config(head: heads.Head) -> None:
    assert heads.get(head.config) == head
    assert heads.get(head) is head


def test_every_head_goes_by_its_lower_case_name() -> None:
    assert {name: heads.get(name) for name in HEADS} == {
        "gap": tp.GAP(),
        "gmp": tp.GMP(),
        "flatten": tp.Flatten(),
        "fc": tp.FC(),
    }


def test_dropout_adds_a_layer_and_no_parameter() -> None:
    plain, dropped = tp.plan("resnet8", head="gap"), tp.plan("resnet8", head=tp.GAP(dropout=0.5))
    assert dropped.params == plain.params
    assert [row.op for row in dropped.rows if row.part == "head"] == ["GlobalAveragePooling2D", "Dropout", "Dense"]


def test_an_unknown_head_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"Unknown head 'attention'\. .* one of: gap, gmp, flatten, fc\."):
        heads.get("attention")


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 2])
def test_dropout_is_a_share(dropout: float) -> None:
    with pytest.raises(ValueError, match="below 1, got"):
        tp.GAP(dropout=dropout)


@pytest.mark.parametrize("units", [(0,), (-5, 10), (2.5,)])
def test_hidden_layers_have_units(units: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 1 is needed for each hidden layer of FC"):
        tp.FC(units=units)


@pytest.mark.parametrize("head", [tp.GAP, None, {}, {"units": 3}, 7], ids=str)
def test_what_is_no_head_is_one_sentence(head: object) -> None:
    with pytest.raises(ValueError, match=r"Unknown head .*Use a head such as GAP\(\)"):
        tp.plan("resnet8", head=head)  # type: ignore[arg-type]


def test_hidden_sizes_are_a_tuple() -> None:
    with pytest.raises(ValueError, match=r"a tuple of hidden sizes, such as units=\(4096, 4096\), got 64"):
        tp.FC(units=64)  # type: ignore[arg-type]
