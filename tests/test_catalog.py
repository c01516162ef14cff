import pytest

import tfpool as tp
from tfpool.catalog import CATALOG, find

# Totals, trainable parameters and millions of multiply-adds, with the source of each.
PUBLISHED = [
    ("resnet50", 25636712, 25583592, 3858, "keras.applications 3.15"),
    ("resnet101", 44707176, 44601832, 7570, "keras.applications 3.15"),
    ("resnet152", 60419944, 60268520, 11282, "keras.applications 3.15"),
    ("resnet20", 271098, 269722, 40.6, "He et al. 2015, table 6 (0.27M), arithmetic"),
    ("resnet32", None, 464154, 68.9, "He et al. 2015, table 6 (0.46M)"),
    ("resnet44", None, 658586, 97.2, "He et al. 2015, table 6 (0.66M)"),
    ("resnet56", None, 853018, 125.5, "He et al. 2015, table 6 (0.85M)"),
    ("resnet110", None, 1727962, 252.9, "He et al. 2015, table 6 (1.7M)"),
    ("resnet20b", None, 272474, None, "arithmetic: shortcut B adds 2,752 to shortcut A"),
    ("resnet32b", None, 466906, None, "arithmetic"),
    ("resnet44b", None, 661338, None, "arithmetic"),
    ("resnet56b", None, 855770, None, "arithmetic"),
    ("resnet110b", None, 1730714, None, "arithmetic"),
]


@pytest.mark.parametrize(("name", "params", "trainable", "macs", "source"), PUBLISHED, ids=lambda value: str(value))
def test_published_counts_to_the_digit(
    name: str, params: int | None, trainable: int, macs: float | None, source: str
) -> None:
    plan = tp.plan(name, head="gap")
    assert plan.trainable_params == trainable
    assert params in (None, plan.params)
    if macs is not None:
        decimals = 0 if isinstance(macs, int) else 1
        assert plan.macs is not None
        assert round(plan.macs / 1e6, decimals) == macs


def test_the_catalog_names_what_the_issue_of_it_promises() -> None:
    assert tp.catalog() == tuple(CATALOG)
    assert set(tp.catalog()) == {f"resnet{n}" for n in (8, 14, 20, 32, 44, 56, 110, 50, 101, 152)}


def test_every_depth_of_the_cifar_kind_is_found() -> None:
    convolutions = [row for row in tp.plan("resnet26").rows if row.op == "Conv2D"]
    assert len(convolutions) == 25
    assert find("cifar50").input_shape == (32, 32, 3)
    assert find("resnet50").input_shape == (224, 224, 3)


@pytest.mark.parametrize("name", ["resnet", "resnet2", "resnet21", "vgg16", "", "resnet20c", None])
def test_an_unknown_network_is_one_sentence_that_lists_the_known(name: str) -> None:
    with pytest.raises(ValueError, match=r"Unknown network .*resnet8, .*resnet152"):
        find(name)
