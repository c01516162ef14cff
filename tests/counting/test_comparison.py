import json

import pandas as pd
import pytest

import tfpool as tp


def test_every_name_is_counted_under_every_head_in_order() -> None:
    compared = tp.compare(["resnet20", "vgg16"], heads=["gap", tp.FC((16,))], input_shape=(64, 64, 3), classes=7)
    assert [each.name for each in compared] == ["resnet20-gap", "resnet20-fc", "vgg16-gap", "vgg16-fc"]
    assert compared[3] == tp.plan("vgg16", head=tp.FC((16,)), input_shape=(64, 64, 3), classes=7)
    assert len(compared) == 4


def test_the_published_head_is_the_default() -> None:
    assert [each.head.name for each in tp.compare(["squeezenet", "alexnet"])] == ["nin", "fc"]  # type: ignore[attr-defined]


def test_plans_and_keras_models_are_compared_as_they_are() -> None:
    plan = tp.plan("resnet8", head="flatten")
    compared = tp.compare([plan, tp.build(plan), "resnet8"], heads=["gap", "gmp"])
    assert [each.name for each in compared] == ["resnet8-flatten", "resnet8-flatten", "resnet8-gap", "resnet8-gmp"]
    assert compared[0].params == compared[1].params


def test_the_totals_go_into_a_data_frame_and_into_json() -> None:
    compared = tp.compare(["resnet20", "resnet56"], heads=["gap", "flatten"])
    frame = pd.DataFrame(compared.records())
    assert list(frame.params) == [each.params for each in compared]
    assert list(frame["head"]) == ["gap", "flatten"] * 2
    assert pd.DataFrame(json.loads(compared.to_json())).macs.equals(frame.macs)


def test_the_table_has_a_row_each() -> None:
    lines = str(tp.compare(["resnet20"], heads=["gap", "flatten"])).splitlines()
    assert len(lines) == 4
    assert lines[2].split() == [
        *("resnet20-gap", "32×32×3", "8×8×64", "270,448", "650", "271,098", "40,551,040", "1.08", "MB", "2.69", "MB"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "Networks to compare are a list"),
        (("resnet20",), r"Networks to compare are a list, such as \['resnet20', 'vgg16'\], got 'resnet20'"),
        ((["resnet20"], "gap"), "Heads to compare are a list"),
        ((["resnet20"], []), "Heads to compare are a list"),
        ((["resnet21"],), "Unknown network 'resnet21'"),
    ],
    ids=str,
)
def test_bad_input_is_one_clear_sentence(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.compare(*arguments)  # type: ignore[arg-type]
