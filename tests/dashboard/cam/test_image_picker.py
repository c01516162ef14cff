"""The image that the CAM page opens with, which is loaded ahead: nothing is downloaded for it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.cam import image_picker
from dashboard.cam.model_picker import Model
from tfpool import data, examples


def model(name: str) -> Model:
    """A model that was trained on a data set of that name."""
    run = next(iter(examples.runs().values()))
    return Model(run.id, replace(run, spec={**run.spec, "data": name}), run.id, ())


def test_the_first_image_is_the_first_test_image() -> None:
    named = next(iter(examples.runs().values())).spec["data"]
    test = data.load(named).test
    for number in (1, 6):
        image = image_picker.first_image([model(named)], number)
        np.testing.assert_array_equal(image.pixels, test.images[number - 1])
        assert image.label == test.labels[number - 1]


def test_a_data_set_that_is_not_here_is_not_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(data, "load", lambda name: pytest.fail(f"{name} was loaded"))
    with pytest.raises(ValueError, match="cifar10"):
        image_picker.first_image([model("cifar10")])
