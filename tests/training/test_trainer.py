"""The trainer in this process: it resumes at any step to the same bits, stops early, and trains in half precision."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tfpool import data
from tfpool.counting.plan import Plan
from tfpool.data import DataSet, Part
from tfpool.models.preprocessing import to_network
from tfpool.training import batches, checkpoint
from tfpool.training.fit import initial_model
from tfpool.training.trainer import Trainer

pytestmark = pytest.mark.slow

FASHION = data.load("fashion_mnist")
SMALL = DataSet(
    "small", FASHION.class_names, FASHION.train.first(70), FASHION.validation.first(40), FASHION.test.first(40)
)
# All that is random, and all that a checkpoint has to hold.
RECIPE = tp.Recipe(
    epochs=3,
    batch_size=16,
    optimizer="adamw",
    weight_decay=0.01,
    warmup=0.5,
    label_smoothing=0.1,
    augment=("flip", "shift", "crop", "cutout"),
    patience=2,
    class_weight="balanced",
    seed=3,
)
RANDOM_PLAN = tp.plan("resnet8", head=tp.GAP(dropout=0.3), input_shape=(28, 28, 1))
PLAN = tp.plan("convnet", head="gap", input_shape=(28, 28, 1))
STEPS = 5
EVENTS = 3 * (STEPS + 1)
"""Training steps, and one validation step per epoch."""


class Killed(Exception):
    pass


def trainer(recipe: tp.Recipe = RECIPE, plan: Plan = PLAN) -> Trainer:
    return Trainer(initial_model(plan, recipe), SMALL, recipe, lambda images: to_network(images, plan))


def trained(path: Path, kills: Sequence[int] = ()) -> tuple[list[dict[str, float]], list[bytes]]:
    """Train to the end and resume after each of the numbered steps; returns history and the bytes of all variables."""
    current = trainer(plan=RANDOM_PLAN)
    history: dict[int, dict[str, float]] = {}
    steps = 0

    def on_step() -> None:
        nonlocal steps
        steps += 1
        if steps in kills:
            current.save(path)
            raise Killed

    def on_epoch(metrics: dict[str, float]) -> None:
        history[current.state["epoch"]] = {name: value for name, value in metrics.items() if name != "seconds"}

    for _ in range(len(kills) + 1):
        try:
            current.run(on_step, on_epoch)
        except Killed:
            current = trainer(plan=RANDOM_PLAN)
            assert current.restore(path)
    return [history[epoch] for epoch in sorted(history)], [variable.numpy().tobytes() for variable in current.variables]


@pytest.mark.exhaustive
def test_images_that_stay_on_the_device_change_no_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected_history, expected_variables = trained(tmp_path / "fed.npz")
    monkeypatch.setattr("tfpool.training.trainer.is_resident", lambda part: True)
    # Many steps at once, interrupted within an epoch, and step by step.
    for seconds, kills in ((60.0, (2,)), (0.0, ())):
        monkeypatch.setattr("tfpool.training.resident_data._SECONDS", seconds)
        history, variables = trained(tmp_path / f"{seconds}.npz", kills)
        assert history == expected_history
        assert variables == expected_variables


def test_a_training_that_is_interrupted_anywhere_ends_with_the_same_bits(tmp_path: Path) -> None:
    # After the first step, at the end of an epoch, within one, and at the very end.
    history, variables = trained(tmp_path / "interrupted.npz", kills=(1, 6, 9, EVENTS))
    expected_history, expected_variables = trained(tmp_path / "whole.npz")
    assert history == expected_history
    assert variables == expected_variables


def test_augmentation_changes_the_training() -> None:
    still = tp.Recipe(epochs=1, batch_size=16, seed=3)
    history: list[dict[str, float]] = []
    for recipe in (still, replace(still, augment=("shift",))):
        trainer(recipe).run(lambda: None, history.append)
    assert history[0]["loss"] != history[1]["loss"]


def test_balanced_classes_train_as_plain_keras_does_with_class_weights() -> None:
    labels = SMALL.train.labels
    # scikit-learn's "balanced": n / (K · n_c).
    weights = {label: 70 / (len(set(labels)) * (labels == label).sum()) for label in set(labels)}
    recipe = tp.Recipe(
        epochs=1, batch_size=16, optimizer="sgd", learning_rate=0.01, schedule="constant", class_weight="balanced"
    )
    ours, reported = trainer(recipe), []
    theirs = keras.models.clone_model(ours.model)
    theirs.set_weights(ours.model.get_weights())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    theirs.compile(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True), loss)
    order = batches.order(SMALL.train, recipe.seed, 0)
    images = data.to_input(SMALL.train.images)[order]
    theirs.fit(images, labels[order], 16, epochs=1, shuffle=False, class_weight=weights, verbose=0)
    ours.run(lambda: None, reported.append)
    for weight, expected in zip(ours.model.trainable_weights, theirs.trainable_weights, strict=True):
        np.testing.assert_allclose(weight.numpy(), expected.numpy(), atol=2e-6)
    plain: list[dict[str, float]] = []
    trainer(replace(recipe, class_weight=None)).run(lambda: None, plain.append)
    # The first batch is the same; what follows is not.
    assert plain[0]["loss"] != reported[0]["loss"]


def test_what_is_reported_of_balanced_classes_counts_each_image_once() -> None:
    # So small a rate moves nothing, and one batch is the epoch.
    recipe = tp.Recipe(epochs=1, batch_size=70, optimizer="sgd", learning_rate=1e-12)
    history: list[dict[str, float]] = []
    for class_weight in (None, "balanced"):
        trainer(replace(recipe, class_weight=class_weight)).run(lambda: None, history.append)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert history[0][name] == pytest.approx(history[1][name], rel=1e-6)


def test_patience_stops_and_remembers_the_best_epoch() -> None:
    # With a learning rate near zero, the moving statistics alone change the validation loss.
    recipe = tp.Recipe(epochs=30, batch_size=64, learning_rate=1e-12, schedule="constant", patience=2)
    patient, losses, is_best = trainer(recipe, RANDOM_PLAN), [], []

    def on_epoch(metrics: dict[str, float]) -> None:
        losses.append(metrics["val_loss"])
        is_best.append(patient.is_best)

    patient.run(lambda: None, on_epoch)
    best = int(np.argmin(losses))
    assert len(losses) == patient.state["epoch"] == best + 3 or len(losses) == 30
    assert np.flatnonzero(is_best)[-1] == patient.state["best_epoch"] == best


def test_a_loss_that_overflows_in_the_only_step_is_found_on_the_validation_images() -> None:
    recipe = tp.Recipe(epochs=1, batch_size=70, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="validation"):
        trainer(recipe).run(lambda: None, lambda metrics: None)


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_half_precision_computes_in_it_and_keeps_weights_in_float32(kind: str) -> None:
    recipe = tp.Recipe(epochs=1, precision=f"mixed_{kind}")
    half = trainer(recipe)
    assert half.model.get_layer("conv1").compute_dtype == kind
    assert {str(weight.dtype) for weight in half.model.trainable_weights} == {"float32"}
    half.run(lambda: None, lambda metrics: None)
    assert initial_model(PLAN, tp.Recipe()).get_layer("conv1").compute_dtype == "float32"


def test_gradients_too_small_for_float16_still_move_the_weights(tmp_path: Path) -> None:
    # Of so small a loss, every gradient is zero in float16.
    recipe = tp.Recipe(epochs=1, batch_size=70, optimizer="sgd", learning_rate=1e3, precision="mixed_float16")
    half = trainer(recipe)
    half._loss = lambda labels, scores: 1e-4 * tf.reduce_mean(tf.square(labels - scores))  # type: ignore[assignment]
    before = half.model.get_layer("conv1").kernel.numpy()
    half.run(lambda: None, lambda metrics: None)
    moved = np.abs(half.model.get_layer("conv1").kernel.numpy() - before)
    assert (moved > 0).mean() > 0.9
    # The scale of the loss is part of what a checkpoint holds.
    half.save(tmp_path / "state.npz")
    assert trainer(recipe).restore(tmp_path / "state.npz")


def test_initial_weights_follow_the_initializer() -> None:
    glorot, he = (
        initial_model(PLAN, tp.Recipe(initializer=name)).get_layer("conv3").kernel for name in ("glorot", "he")
    )
    assert np.std(he) == pytest.approx(np.sqrt(2 / (9 * 32)), rel=0.05)
    assert np.std(glorot) == pytest.approx(np.sqrt(2 / (9 * (32 + 64))), rel=0.05)


def test_accuracy_and_loss_are_means_over_all_images() -> None:
    evaluating = trainer()
    result, scores = evaluating.evaluate(Part(SMALL.test.images, SMALL.test.labels), lambda: None)
    assert result["accuracy"] == (scores.argmax(axis=1) == SMALL.test.labels).mean()
    logits = evaluating.model(data.to_input(SMALL.test.images), training=False).numpy()
    np.testing.assert_allclose(scores, logits, atol=1e-4)


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saving, path = trainer(), tmp_path / "state.npz"
    saving.save(path)
    before = path.read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    saving.state["epoch"] = 2
    with pytest.raises(OSError, match="space"):
        saving.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


def test_a_damaged_checkpoint_and_one_of_another_model_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    assert checkpoint.load(path, []) is None
    trainer(plan=tp.plan("convnet", head="flatten", input_shape=(28, 28, 1))).save(path)
    with pytest.raises(ValueError, match="another model"):
        trainer().restore(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="damaged"):
        trainer().restore(path)
