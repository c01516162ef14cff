from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.helpers.processes import tfpool
from tfpool import data
from tfpool.cli import parser
from tfpool.tracking.store import RunStore


@pytest.mark.slow
def test_an_onnx_file_gives_the_models_scores_in_another_runtime(trained: Path, tmp_path: Path) -> None:
    run = RunStore(trained).get("resnet8-gap-1")
    out = tmp_path / "model.onnx"
    # In a process of its own, as on the page, because the converter warns.
    assert tfpool("export", run.id, "--out", str(out), "--store", str(trained)).returncode == 0
    images = run.to_input(data.load("fashion_mnist").test.images[:5])
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {session.get_inputs()[0].name: images})
    np.testing.assert_allclose(scores, run.load_model()(images, training=False), atol=1e-4)


def test_a_run_without_a_model_has_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["export", "resnet8-gap-1", "--out", "x.onnx", "--store", str(tmp_path)]) == 2
    assert "train" in capsys.readouterr().err
