"""A store written before the modules moved: its finished run opens, and its interrupted run resumes."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.processes import ROOT
from tfpool.cli import parser
from tfpool.tracking.store import METRICS, RunStore


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    shutil.copytree(ROOT / "tests/fixtures/store_before_the_move", tmp_path / "store")
    return RunStore(tmp_path / "store")


def test_the_model_of_the_finished_run_opens(store: RunStore) -> None:
    run = store.get("convnet-gem-1")
    assert run.state == "done"
    model = run.load_model()
    assert model.count_params() == run.plan.params
    scores = model(run.to_input(np.zeros((1, 28, 28, 1), np.uint8)), training=False)
    assert scores.shape == (1, 10)


@pytest.mark.slow
def test_the_interrupted_run_resumes_and_keeps_its_first_epochs(store: RunStore) -> None:
    before = store.get("convnet-flatten-2")
    assert (before.state, len(before.history["loss"])) == ("interrupted", 2)
    assert parser.main(["resume", "convnet-flatten-2", "--store", str(store.folder)]) == 0
    after = store.get("convnet-flatten-2")
    assert after.state == "done"
    for name in METRICS:
        assert len(after.history[name]) == 6
        assert after.history[name][:2] == before.history[name]
