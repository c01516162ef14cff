"""The runs that ship are what their script makes: maps match the models, and both were trained on equal terms."""

import numpy as np
import pytest

import tfpool as tp
from tfpool import data, examples
from tfpool.inference import classifier
from tfpool.tracking import predictions, results
from tfpool.tracking.store import RunStore

IDS = ("example-gap", "example-flatten")


def test_the_two_runs_differ_in_the_head_alone() -> None:
    assert tuple(examples.runs()) == IDS
    gap, flatten = examples.runs().values()
    assert (gap.plan.head.name, flatten.plan.head.name) == examples.HEADS
    assert results.differing([gap, flatten]).keys() == {"head"}
    assert gap.plan.backbone_params == flatten.plan.backbone_params


@pytest.mark.parametrize("name", IDS)
def test_the_files_of_a_run_agree_with_it(name: str) -> None:
    run = examples.runs()[name]
    predicted = predictions.read(run)
    assert run.result
    assert (predicted.predicted == predicted.test.labels).mean() == pytest.approx(run.result["accuracy"])
    assert len(run.history["loss"]) == run.epochs
    lines = (run.path / "history.csv").read_text().splitlines()
    assert len(lines) == run.epochs + 1


@pytest.mark.slow
@pytest.mark.parametrize("name", IDS)
def test_the_maps_match_the_models(name: str) -> None:
    maps, run = examples.maps(), examples.runs()[name]
    test = data.load(run.spec["data"]).test
    positions = np.unique(test.labels, return_index=True)[1]
    np.testing.assert_array_equal(maps.images.images, test.images[positions])
    np.testing.assert_array_equal(maps.images.labels, test.labels[positions])
    np.testing.assert_array_equal(maps.images.boxes, test.boxes[positions])
    model = run.load_model()
    assert model.count_params() == run.plan.params
    explained = tp.explain(model, run.to_input(maps.images.images), method="hirescam", target=maps.images.labels)
    np.testing.assert_allclose(maps.heatmaps[name], explained.resize(maps.images.images.shape[1:3]), atol=1e-3)
    probabilities = classifier.find_classifier(name, RunStore("nowhere")).probabilities(maps.images.images)
    np.testing.assert_allclose(maps.probabilities[name], probabilities, atol=1e-4)
