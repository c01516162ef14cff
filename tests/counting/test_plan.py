import pytest

import tfpool as tp
from tfpool.counting.plan import Plan
from tfpool.networks.heads import HEADS


def test_resnet50_at_its_last_map() -> None:
    plan = tp.plan("resnet50", head=tp.GAP(), input_shape=(224, 224, 3), classes=1000)
    assert plan.feature_shape == (7, 7, 2048)
    assert plan.head_params == 2048 * 1000 + 1000
    assert plan.backbone_params + plan.head_params == plan.params
    last = next(row for row in plan.rows if row.name == "conv5_block3_out")
    # Araujo, Norris and Sim 2019, Computing Receptive Fields of CNNs, table: ResNet-50 v1.
    assert (last.receptive_field, last.stride) == (483, 32)
    assert all(row.receptive_field is None for row in plan.rows if row.part == "head")


def test_flatten_on_resnet50_costs_what_its_formula_says() -> None:
    plan = tp.plan("resnet50", head="flatten")
    assert plan.head_params == 7 * 7 * 2048 * 1000 + 1000


def test_an_unknown_image_size_is_counted_but_for_the_arithmetic() -> None:
    plan = tp.plan("resnet20", head="gap", input_shape=(None, None, 3))
    assert plan.params == tp.plan("resnet20").params
    assert plan.feature_shape == (None, None, 64)
    assert plan.macs is None
    assert "?×?×64" in str(plan)


@pytest.mark.parametrize("head", ["flatten", "fc", "spp", "adaptiveavg"])
def test_flattening_an_unknown_size_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match="None, None, 3"):
        tp.plan("resnet20", head=head, input_shape=(None, None, 3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"input_shape": (0, 32, 3)}, "height.* 0"),
        ({"input_shape": (32, -1, 3)}, "width.* -1"),
        ({"input_shape": (32, 32, None)}, "channels.* None"),
        ({"input_shape": (32.5, 32, 3)}, "32.5"),
        ({"input_shape": (32, None, 3)}, "height"),
        ({"input_shape": (32, 32)}, "channels"),
        ({"input_shape": 32}, "channels"),
        ({"classes": 0}, "classes.* 0"),
        ({"classes": -3}, "classes.* -3"),
        ({"classes": "ten"}, "ten"),
        ({"input_shape": (3, 32, 3)}, "4×4.* 3×32"),
    ],
    ids=str,
)
def test_bad_input_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.plan("resnet20", **settings)  # type: ignore[arg-type]


def test_an_image_smaller_than_keras_allows_is_refused_for_resnet50() -> None:
    assert tp.plan("resnet50", input_shape=(32, 32, 3)).feature_shape == (1, 1, 2048)
    with pytest.raises(ValueError, match=r"32×32.* 31×32"):
        tp.plan("resnet50", input_shape=(31, 32, 3))


@pytest.mark.parametrize("head", HEADS)
def test_a_plan_survives_its_spec(head: str) -> None:
    plan = tp.plan("resnet14", head=head, input_shape=(28, 30, 1), classes=7)
    again = tp.plan(**plan.spec)
    assert again == plan
    assert again.rows == plan.rows
    assert again.spec == plan.spec


def test_the_printed_table_has_every_layer_and_the_totals() -> None:
    plan = tp.plan("resnet8", head="flatten")
    lines = str(plan).splitlines()
    assert [line.split()[0] for line in lines[2 : 2 + len(plan.rows)]] == [row.name for row in plan.rows]
    assert lines[-3] == "params  116,090 (115,610 trainable): backbone 75,120, head 40,970"


@pytest.mark.parametrize("name", ["resnet8", "vgg11", "squeezenet", "nin_cifar"])
def test_another_activation_takes_the_place_of_every_relu(name: str) -> None:
    plain, other = tp.plan(name), tp.plan(name, activation="gelu")

    def activations(plan: Plan) -> list[str]:
        return [op.activation for op in (tensor.op for tensor in plan.tensors) if getattr(op, "activation", None)]

    assert "relu" in activations(plain)
    assert activations(other) == ["gelu"] * len(activations(plain))
    assert (other.params, other.macs) == (plain.params, plain.macs)
    assert tp.plan(**other.spec) == other
    assert "relu" not in tp.to_code(other).replace("_relu", "")
