import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tfpool as tp
from tfpool.counting.counts import SLOTS
from tfpool.training.optimizer import optimizer
from tfpool.training.recipe import OPTIMIZERS


def test_activations_and_weights_take_four_bytes_per_value() -> None:
    plan = tp.plan("resnet8", head="flatten")
    rows = {row.name: row for row in plan.rows}
    assert rows["conv1_conv"].activation_bytes == 32 * 32 * 16 * 4
    assert rows["predictions"].weight_bytes == (8 * 8 * 64 * 10 + 10) * 4
    assert plan.weight_bytes == 4 * plan.params
    assert plan.activation_bytes == sum(4 * np.prod(row.output_shape) for row in plan.rows)


def test_macs_of_backbone_and_head_add_up() -> None:
    plan = tp.plan("resnet8", head="flatten")
    assert plan.head_macs == 8 * 8 * 64 * 10
    assert plan.backbone_macs == tp.plan("resnet8", head="gap").backbone_macs
    assert plan.macs == plan.backbone_macs + plan.head_macs


def test_training_memory_is_weights_gradients_slots_and_a_batch_of_activations() -> None:
    plan = tp.plan("resnet8")
    step = plan.training_bytes(16, "adam")
    assert step == 4 * plan.params + 3 * 4 * plan.trainable_params + 16 * plan.activation_bytes
    assert step - plan.training_bytes(16, "sgd") == 4 * plan.trainable_params
    assert tp.plan("resnet8", input_shape=(None, None, 3)).training_bytes(16, "adam") is None


@pytest.mark.parametrize("name", SLOTS)
def test_an_optimizer_stores_as_many_values_as_counted(name: str) -> None:
    plan = tp.plan("resnet8")
    keras_optimizer = optimizer(tp.Recipe(optimizer=name), steps=10)
    keras_optimizer.build(tp.build(plan).trainable_variables)
    values = sum(int(np.prod(variable.shape)) for variable in keras_optimizer.variables if len(variable.shape))
    assert values == SLOTS[name] * plan.trainable_params


def test_every_optimizer_of_a_recipe_is_counted() -> None:
    assert tuple(SLOTS) == OPTIMIZERS


@pytest.mark.parametrize(
    ("batch_size", "optimizer", "message"),
    [
        (0, "adam", "batch_size.* 0"),
        (8, "lion", "lion.* adamw"),
    ],
)
def test_bad_training_settings_are_refused(batch_size: int, optimizer: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.plan("resnet8").training_bytes(batch_size, optimizer)


@pytest.mark.parametrize("name", ["resnet8", pytest.param("resnet18", marks=pytest.mark.exhaustive)])
def test_the_file_is_about_as_large_as_counted(name: str, tmp_path: Path) -> None:
    plan = tp.plan(name)
    tp.build(plan).save(tmp_path / "model.keras")
    assert (tmp_path / "model.keras").stat().st_size == pytest.approx(plan.file_bytes, rel=0.1)


def test_rows_go_into_a_data_frame_and_into_json() -> None:
    plan = tp.plan("resnet20", head="flatten")
    frame = pd.DataFrame(plan.records())
    assert frame.params.sum() == plan.params
    assert frame[frame.part == "head"].macs.sum() == plan.head_macs
    record = json.loads(plan.to_json())
    assert record["activation_bytes"] == plan.activation_bytes
    assert [row["name"] for row in record["rows"]] == list(frame.name)
    assert tp.plan(**record["spec"]) == plan


def test_the_printed_totals_are_the_plans() -> None:
    lines = str(tp.plan("resnet8", head="flatten")).splitlines()
    assert lines[-4:] == [
        "resnet8-flatten: input 32×32×3, features 8×8×64, output 10",
        "params  116,090 (115,610 trainable): backbone 75,120, head 40,970",
        "MACs    12,279,808: backbone 12,238,848, head 40,960",
        "memory  weights 464 kB, activations 1.1 MB per image, file about 574 kB",
    ]
