"""Our maps against those of other packages on the same weights, each in a process of its own, where it is installed.

    pip install tf-keras-vis==0.8.7 grad-cam==1.5.7 torchvision
    pip install --no-deps xplique==2.0.2 tf-keras==2.21.0
    pip install tensorflow-probability==0.25.0 einops scikit-image

Not compared is what follows another formula: Grad-CAM++ in tf-keras-vis, whose weights add up to one over positions,
and in xplique, which takes the mean of the features for their sum.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.explaining_case import Case
from tests.helpers.processes import ROOT

# Where the network strides its maps are odd, and Keras pads them on both sides, as PyTorch does.
CASE = Case("resnet18", 68, 2)
METHODS = ("gradcam", "gradcam++", "layercam", "scorecam")


def compare(package: str, methods: list[str], folder: Path) -> list[dict[str, float]]:
    """The answers of a package's process, which compares its maps with ours, or of our own, which saves them."""
    command = [sys.executable, "benchmarks/explaining_elsewhere.py", package, CASE.dump(), str(folder)]
    words = "\n".join(json.dumps(["compare", method]) for method in methods)
    ended = subprocess.run(command, input=words, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert ended.returncode == 0, ended.stderr
    ready, *answers = map(json.loads, ended.stdout.splitlines())
    assert "lacks" not in ready, ready
    return answers


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights and our maps."""
    folder = tmp_path_factory.mktemp("reference")
    compare("tfpool", list(METHODS), folder)
    return folder


def differences(package: str, module: str, methods: list[str], request: pytest.FixtureRequest) -> list[float]:
    """The largest between maps scaled from 0 to 1, by method."""
    if not find_spec(module):
        pytest.skip(f"{package} is not installed. How to install it stands at the top of this file.")
    return [answer["differ"] for answer in compare(package, methods, request.getfixturevalue("reference"))]


@pytest.mark.slow
def test_gradcam_and_layercam_are_those_of_tf_keras_vis(request: pytest.FixtureRequest) -> None:
    assert max(differences("tf-keras-vis", "tf_keras_vis", ["gradcam", "layercam"], request)) < 1e-4


@pytest.mark.slow
def test_gradcam_is_that_of_xplique(request: pytest.FixtureRequest) -> None:
    assert max(differences("xplique", "xplique", ["gradcam"], request)) < 1e-4


@pytest.mark.slow
def test_maps_are_those_of_pytorch_grad_cam(request: pytest.FixtureRequest) -> None:
    gradcam, layercam, plus_plus, scorecam = differences(
        "pytorch-grad-cam", "pytorch_grad_cam", ["gradcam", "layercam", "gradcam++", "scorecam"], request
    )
    assert max(gradcam, layercam) < 1e-4
    # It adds 1e-6 to a denominator of the size of the gradient's square.
    assert plus_plus < 0.05
    # It enlarges its masks with their corners aligned.
    assert scorecam < 0.05
