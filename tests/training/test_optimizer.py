import keras
import numpy as np
import pytest

import tfpool as tp
from tfpool.training import optimizer

SCORES = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, -3.0]], np.float32)
LABELS = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], np.float32)
PROBABILITIES = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
TRUE = (PROBABILITIES * LABELS).sum(axis=1)


def rates(steps: int = 100, **settings: object) -> np.ndarray:
    return optimizer.learning_rates(tp.Recipe(epochs=10, learning_rate=1.0, **settings), steps)  # type: ignore[arg-type]


def test_cosine_equals_the_schedule_of_keras() -> None:
    schedule = keras.optimizers.schedules.CosineDecay(1.0, 100)
    np.testing.assert_allclose(rates(), [float(schedule(step)) for step in range(100)], atol=1e-6)


def test_step_falls_to_a_tenth_twice() -> None:
    np.testing.assert_allclose(rates(schedule="step"), np.repeat([1.0, 0.1, 0.01], [50, 25, 25]), rtol=1e-6)


def test_warm_up_rises_in_equal_steps_and_then_the_schedule_begins() -> None:
    rising = rates(schedule="constant", warmup=2)
    np.testing.assert_allclose(rising[:20], np.arange(1, 21) / 20, rtol=1e-5)
    assert set(rising[20:]) == {1.0}
    assert rates(warmup=2)[20] == 1.0


def test_one_cycle_rises_for_three_tenths_and_falls_to_zero() -> None:
    cycle = rates(schedule="onecycle")
    assert cycle.argmax() == 30
    assert cycle[0] == pytest.approx(0.04)
    assert np.all(np.diff(cycle[:31]) > 0)
    assert np.all(np.diff(cycle[30:]) < 0)
    assert cycle[-1] < 0.01


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_the_optimizer_takes_the_rate_of_each_step(name: str) -> None:
    tested = optimizer.optimizer(tp.Recipe(epochs=1, optimizer=name, learning_rate=0.5), steps=4)
    weight = keras.Variable([1.0])
    tested.build([weight])
    expected = optimizer.learning_rates(tp.Recipe(epochs=1, learning_rate=0.5), 4)
    for rate in (*expected, expected[-1]):
        assert float(tested.learning_rate) == pytest.approx(rate)
        tested.apply([np.array([0.1], np.float32)], [weight])


def test_weight_decay_spares_biases_and_normalization() -> None:
    model = tp.build(tp.plan("resnet8"), seed=0)
    before = {weight.path: weight.numpy() for weight in model.trainable_weights}
    recipe = tp.Recipe(optimizer="sgd", learning_rate=0.5, weight_decay=0.1, schedule="constant")
    tested = optimizer.optimizer(recipe, steps=1)
    tested.build(model.trainable_weights)
    tested.apply([np.zeros(weight.shape, np.float32) for weight in model.trainable_weights], model.trainable_weights)
    for weight in model.trainable_weights:
        fraction = 0.95 if weight.name == "kernel" else 1.0
        np.testing.assert_allclose(weight.numpy(), fraction * before[weight.path], rtol=1e-5)


def test_nothing_decays_by_default() -> None:
    for name in ("adam", "adamw", "sgd"):
        weight = keras.Variable([3.0], name="kernel")
        tested = optimizer.optimizer(tp.Recipe(optimizer=name), steps=3)
        tested.build([weight])
        tested.apply([np.zeros(1, np.float32)], [weight])
        assert float(weight.numpy()[0]) == 3.0


def test_losses_are_those_of_their_formulas() -> None:
    def loss(**settings: object) -> float:
        return float(optimizer.loss(tp.Recipe(**settings))(LABELS, SCORES))  # type: ignore[arg-type]

    assert loss() == pytest.approx(-np.log(TRUE).mean(), rel=1e-5)
    assert loss(loss="focal") == pytest.approx((-((1 - TRUE) ** 2) * np.log(TRUE)).mean(), rel=1e-4)
    others = np.where(LABELS == 1, -np.inf, SCORES).max(axis=1)
    hinge = np.maximum(0, 1 + others - (SCORES * LABELS).sum(axis=1)).mean()
    assert loss(loss="hinge") == pytest.approx(hinge, rel=1e-5)
    smooth = 0.9 * LABELS + 0.1 / 3
    assert loss(label_smoothing=0.1) == pytest.approx(-(smooth * np.log(PROBABILITIES)).sum(axis=1).mean(), rel=1e-5)
