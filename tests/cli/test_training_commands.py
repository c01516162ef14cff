import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT
from tests.helpers.stored_runs import claimed
from tfpool.cli import parser
from tfpool.tracking.store import Run, RunStore
from tfpool.training import progress


def ended(store: RunStore, run_ids: Sequence[str]) -> list[Run]:
    """End runs as if they had been trained."""
    for _ in run_ids:
        claimed(store).end("done")
    return store.runs()[::-1]


def test_a_sweep_is_one_group_of_networks_heads_and_seeds(
    few: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "watch", ended)
    command = ["sweep", "resnet8", "convnet", "--head", "gap", "--seeds", "2", "--name", "small", "--seed", "5"]
    options = ["--recipe", "quick", "--set", "activation=gelu", "--data", few, "--store", str(tmp_path)]
    assert parser.main([*command, *options, "--json"]) == 0
    specs = [record["spec"] for record in json.loads(capsys.readouterr().out)]
    assert [(spec["plan"]["backbone"], spec["recipe"]["seed"]) for spec in specs] == [
        ("resnet8", 5),
        ("convnet", 5),
        ("resnet8", 6),
        ("convnet", 6),
    ]
    assert {spec["plan"]["activation"] for spec in specs} == {"gelu"}
    assert {run.sweep for run in RunStore(tmp_path).runs()} == {"small"}


@pytest.mark.slow
def test_ctrl_c_stops_the_run_and_prints_it(few: str, tmp_path: Path) -> None:
    arguments = ["train", "convnet", "--epochs", "1000", "--train-images", "64", "--data", few]
    process = subprocess.Popen(
        [sys.executable, "-m", "tfpool", *arguments, "--store", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr
    # After the advice on few images, the first line is printed after the first epoch.
    for line in process.stderr:
        if "epoch 1/1000" in line:
            break
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "stopped" in printed
    assert RunStore(tmp_path).runs()[0].state == "stopped"
