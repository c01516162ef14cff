"""Speed and time left, on a clock that the test moves."""

from types import SimpleNamespace
from typing import Any

import pytest

from tfpool.training import pace

IMAGES, BATCH, EPOCHS = 100, 10, 3


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=50.0)
    monkeypatch.setattr(pace.time, "monotonic", lambda: clock.now)
    return clock


class FakeTrainer:
    """Moves the state as a trainer does: the first step takes a minute, others a second, an evaluation five."""

    def __init__(self, clock: SimpleNamespace) -> None:
        self.clock, self.images, self.recipe = clock, range(IMAGES), SimpleNamespace(epochs=EPOCHS)
        self.state: dict[str, Any] = {"epoch": 0, "step": 0, "seen": 0, "seconds": 0.0}
        self.pace = pace.Pace(self)  # type: ignore[arg-type]

    def step(self, seconds: float) -> None:
        self.clock.now += seconds
        self.state["step"] += 1
        self.state["seen"] += BATCH
        self.state["seconds"] += seconds
        self.pace.add()

    def evaluate(self, seconds: float) -> None:
        for _ in range(5):
            self.clock.now += seconds / 5
            self.pace.add()
        self.state.update(epoch=self.state["epoch"] + 1, step=0, seen=0, seconds=0.0)


def test_nothing_is_told_before_there_are_steps_that_need_no_compiling(clock: SimpleNamespace) -> None:
    trainer = FakeTrainer(clock)
    for seconds in (60, 1, 1, 1):
        trainer.step(seconds)
        assert (trainer.pace.images_per_second, trainer.pace.seconds_left) == (None, None)
    trainer.step(1)
    assert trainer.pace.images_per_second == 10
    # 250 images are left.
    assert trainer.pace.seconds_left == 25


def test_evaluation_takes_time_and_lowers_no_speed(clock: SimpleNamespace) -> None:
    trainer = FakeTrainer(clock)
    for step in range(10):
        trainer.step(60 if step == 0 else 1)
    trainer.evaluate(5)
    for _ in range(10):
        trainer.step(1)
    assert trainer.pace.images_per_second == 10
    # 19 steps and an evaluation took 24 seconds for 190 images; 100 are left.
    assert trainer.pace.seconds_left == pytest.approx(100 * 24 / 190)


def test_speed_is_that_of_the_last_steps(clock: SimpleNamespace) -> None:
    trainer = FakeTrainer(clock)
    trainer.recipe.epochs = 100
    for seconds in [1] * 30 + [2] * 30:
        if trainer.state["seen"] == IMAGES:
            trainer.evaluate(1)
        trainer.step(seconds)
    assert trainer.pace.images_per_second == pytest.approx(5)
