import json

import pandas as pd
import pytest

import tfpool as tp


def test_every_network_is_counted_with_every_head_in_order() -> None:
    compared = tp.compare(["resnet20", "vgg16"], heads=["gap", tp.FC((16,))], input_shape=(64, 64, 3), classes=7)
    assert [counts.name for counts in compared] == ["resnet20-gap", "resnet20-fc", "vgg16-gap", "vgg16-fc"]
    assert compared[3] == tp.plan("vgg16", head=tp.FC((16,)), input_shape=(64, 64, 3), classes=7)
    assert len(compared) == 4


def test_the_published_head_is_the_default() -> None:
    assert [plan.head.name for plan in tp.compare(["squeezenet", "alexnet"])] == ["nin", "fc"]  # type: ignore[attr-defined]


def test_plans_and_keras_models_are_compared_as_they_are() -> None:
    plan = tp.plan("resnet8", head="flatten")
    compared = tp.compare([plan, tp.build(plan), "resnet8"], heads=["gap", "gmp"])
    assert [counts.name for counts in compared] == ["resnet8-flatten", "resnet8-flatten", "resnet8-gap", "resnet8-gmp"]
    assert compared[0].params == compared[1].params


def test_the_totals_go_into_a_data_frame_and_into_json() -> None:
    compared = tp.compare(["resnet20", "resnet56"], heads=["gap", "flatten"])
    frame = pd.DataFrame(compared.records())
    assert list(frame.params) == [counts.params for counts in compared]
    assert list(frame["head"]) == ["gap", "flatten"] * 2
    assert pd.DataFrame(json.loads(compared.to_json())).macs.equals(frame.macs)


def test_the_table_has_one_row_per_network() -> None:
    lines = str(tp.compare(["resnet20"], heads=["gap", "flatten"])).splitlines()
    assert len(lines) == 4
    assert lines[2].split() == [
        *("resnet20-gap", "32×32×3", "8×8×64", "270,448", "650", "271,098", "40,551,040", "1.08", "MB", "2.69", "MB"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "networks"),
        (("resnet20",), "resnet20"),
        ((["resnet20"], "gap"), "heads"),
        ((["resnet20"], []), "heads"),
        ((["resnet21"],), "resnet21"),
    ],
    ids=str,
)
def test_bad_input_is_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.compare(*arguments)  # type: ignore[arg-type]
