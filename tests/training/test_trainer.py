"""The trainer in this process: going on from any step to the same bits, stopping early, half precision."""

import os
from pathlib import Path

import numpy as np
import pytest

import tfpool as tp
from tfpool import data
from tfpool.counting.plan import Plan
from tfpool.data import DataSet, Part
from tfpool.models.preprocessing import to_network
from tfpool.training import checkpoint
from tfpool.training.fit import start
from tfpool.training.trainer import Trainer

pytestmark = pytest.mark.slow

FASHION = data.load("fashion_mnist")
SMALL = DataSet(
    "small", FASHION.class_names, FASHION.train.first(70), FASHION.validation.first(40), FASHION.test.first(40)
)
# Everything that is drawn at random, and every slot and schedule that has to be kept.
RECIPE = tp.Recipe(
    epochs=3,
    batch_size=16,
    optimizer="adamw",
    weight_decay=0.01,
    warmup=0.5,
    label_smoothing=0.1,
    augment=("flip", "shift", "crop", "cutout"),
    patience=2,
    seed=3,
)
PLAN = tp.plan("resnet8", head=tp.GAP(dropout=0.3), input_shape=(28, 28, 1))
STEPS = 5
EVENTS = 3 * (STEPS + 1)
"""Steps of training, and one of validation an epoch."""


class Killed(Exception):
    pass


def trainer(recipe: tp.Recipe = RECIPE, plan: Plan = PLAN) -> Trainer:
    return Trainer(start(plan, recipe), SMALL, recipe, lambda images: to_network(images, plan))


def trained(made: Trainer, path: Path, kills: tuple[int, ...] = ()) -> tuple[list[dict[str, float]], list[bytes]]:
    """Train to the end, beginning anew from the checkpoint after so many events; history and every variable's bytes."""
    history: dict[int, dict[str, float]] = {}
    events = 0

    def stepped() -> None:
        nonlocal events
        events += 1
        made.save(path)
        if events in kills:
            raise Killed

    def finished(metrics: dict[str, float]) -> None:
        timeless = {name: value for name, value in metrics.items() if name != "seconds"}
        history[made.state["epoch"]] = timeless
        made.save(path)

    for _ in range(len(kills) + 1):
        try:
            made.run(stepped, finished)
        except Killed:
            made = trainer(made.recipe)
            assert made.restore(path)
    return [history[epoch] for epoch in sorted(history)], [variable.numpy().tobytes() for variable in made.variables]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, float]], list[bytes]]:
    return trained(trainer(), tmp_path_factory.mktemp("whole") / "state.npz")


# After the first step, in the middle, around the ends of epochs, at the very end; and from where another one ended.
@pytest.mark.parametrize("kills", [(4, 9, 16), (2, 6, 12), (1, 5, 7, 11, 13, EVENTS)], ids=str)
def test_a_training_that_is_ended_anywhere_goes_on_to_the_same_bits(
    kills: tuple[int, ...], uninterrupted: tuple[list[dict[str, float]], list[bytes]], tmp_path: Path
) -> None:
    history, variables = trained(trainer(), tmp_path / "state.npz", kills)
    assert history == uninterrupted[0]
    assert variables == uninterrupted[1]


def test_augmentation_takes_another_way_each_epoch() -> None:
    still = tp.Recipe(epochs=1, batch_size=16, seed=3)
    histories = []
    for recipe in (still, tp.Recipe(**{**still.config, "augment": ("shift",)})):
        histories.append([])
        trainer(recipe).run(lambda: None, histories[-1].append)
    assert histories[0][0]["loss"] != histories[1][0]["loss"]


def test_patience_stops_and_knows_the_best_epoch() -> None:
    # A rate of almost nothing leaves the validation loss where it was, but for the moving statistics.
    recipe = tp.Recipe(epochs=30, batch_size=64, learning_rate=1e-12, schedule="constant", patience=2)
    made, losses, best = trainer(recipe), [], []

    def finished(metrics: dict[str, float]) -> None:
        losses.append(metrics["val_loss"])
        best.append(made.is_best)

    made.run(lambda: None, finished)
    assert len(losses) == made.state["epoch"] == int(np.argmin(losses)) + 3 or len(losses) == 30
    assert [epoch for epoch, kept in enumerate(best) if kept][-1] == made.state["best_epoch"] == int(np.argmin(losses))


def test_a_loss_that_is_no_number_after_the_only_step_is_seen_on_the_validation_images() -> None:
    recipe = tp.Recipe(epochs=1, batch_size=70, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(FloatingPointError, match=r"The loss became .* on the validation images .* smaller learning"):
        trainer(recipe).run(lambda: None, lambda metrics: None)


def test_half_precision_computes_in_it_and_keeps_weights_whole() -> None:
    recipe = tp.Recipe(epochs=1, precision="mixed_bfloat16")
    made = trainer(recipe)
    assert made.model.get_layer("conv1_conv").compute_dtype == "bfloat16"
    assert {str(weight.dtype) for weight in made.model.trainable_weights} == {"float32"}
    made.run(lambda: None, lambda metrics: None)
    whole = trainer(tp.Recipe(epochs=1))
    assert whole.model.get_layer("conv1_conv").compute_dtype == "float32"


def test_initial_weights_follow_the_initializer() -> None:
    glorot, he = (
        trainer(tp.Recipe(initializer=name)).model.get_layer("conv2_block1_1_conv").kernel for name in ("glorot", "he")
    )
    fan = 9 * 16
    assert np.std(he) == pytest.approx(np.sqrt(2 / fan), rel=0.05)
    assert np.std(glorot) == pytest.approx(np.sqrt(2 / (fan + fan)), rel=0.05)


def test_accuracy_and_loss_are_means_over_all_images() -> None:
    made = trainer()
    result, scores = made.evaluate(Part(SMALL.test.images, SMALL.test.labels), lambda: None)
    assert result["accuracy"] == (scores.argmax(axis=1) == SMALL.test.labels).mean()
    logits = made.model(data.to_input(SMALL.test.images), training=False).numpy()
    np.testing.assert_allclose(scores, logits, atol=1e-4)


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, path = trainer(), tmp_path / "state.npz"
    made.save(path)
    before = path.read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    made.state["epoch"] = 2
    with pytest.raises(OSError, match="No space left"):
        made.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


def test_a_checkpoint_that_is_damaged_or_of_another_model_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    assert checkpoint.load(path, []) is None
    trainer(plan=tp.plan("resnet8", head="flatten", input_shape=(28, 28, 1))).save(path)
    with pytest.raises(ValueError, match=r"is of another model\. Train the run again"):
        trainer().restore(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"is damaged\. Train the run again"):
        trainer().restore(path)
