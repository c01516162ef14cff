"""Each claim from beginning to end, so small that its verdict means nothing: the machinery is tested."""

import importlib
import json
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.helpers.crafted_records import HOLDS, MAKERS
from tfpool import data
from tfpool.data import DataSet
from tfpool.lab import CLAIMS, VERDICTS, claim, find, laboratory, run_claim
from tfpool.lab.claims import cost
from tfpool.lab.finding import read
from tfpool.lab.laboratory import Laboratory
from tfpool.lab.latency import measure_latency
from tfpool.lab.run_claim import conduct, folder
from tfpool.system.process import Process
from tfpool.tracking.database import METRICS
from tfpool.tracking.store import Run, RunStore

pytestmark = pytest.mark.slow

ONE_LEVEL = {"levels": (("convnet", 64, 1),)}
SCALES: dict[str, dict[str, Any]] = {
    "parameters": {"seeds": 0, "levels": ("convnet", "nin_cifar")},
    "overfitting": ONE_LEVEL,
    "convergence": ONE_LEVEL,
    "translation": {"levels": (("zero",), ("as they are",))},
    "image_size": ONE_LEVEL,
    "position": {"levels": ("zero", "circular")},
    "gradients": ONE_LEVEL,
    "localisation": {"measured": 4, "levels": ("gap", "flatten")},
    "cost": {"levels": ("convnet",)},
    "degradation": {"levels": (8,)},
    "dilation": {"measured": 4, "levels": (4, 2)},
    "nin": ONE_LEVEL,
}
LONG = ("cost", "degradation", "dilation", "localisation", "position")
"""Claims that train networks or measure processes of their own."""
SMALLER: dict[str, dict[str, Any]] = {
    "translation": {"IMAGES": 16},
    "image_size": {"IMAGES": 16, "SIZES": (14, 28, 56)},
    "position": {"NAMES": {"gap": "GAP", "flatten": "Flatten"}},
    "gradients": {"IMAGES": 16},
    "degradation": {"IMAGES": 16},
}


@pytest.fixture(scope="module", autouse=True)
def small_data() -> Iterator[None]:
    """A few images of each data set: validation and test take most of a short training."""

    def first(whole: DataSet) -> DataSet:
        parts = (part.first(64) for part in whole.parts.values())
        return DataSet(whole.name, whole.class_names, *parts)

    with pytest.MonkeyPatch.context() as patched:
        for name in ("fashion_mnist", "centred", "quadrants", "scattered"):
            small = first(data.load(name))
            patched.setitem(data.DATA, name, replace(data.DATA[name], make=lambda small=small: small))
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """One for all claims, so that what they share is trained once."""
    return RunStore(tmp_path_factory.mktemp("lab") / "store")


def without_seed(run: Run) -> str:
    recipe = {name: value for name, value in run.spec["recipe"].items() if name != "seed"}
    return json.dumps({**run.spec, "recipe": recipe}, sort_keys=True)


def train_here(store: RunStore) -> None:
    """Train each queued run, but give those of a second seed the results of the first: verdicts mean nothing here."""
    from tfpool.training.fit import fit_run

    while claim := store.claim(Process.of()):
        run = claim.run
        first = next((twin for twin in store.runs() if twin.state == "done" and is_twin(run, twin)), None)
        if first is None:
            claim.end("done", result=fit_run(claim, threading.Event()))
            continue
        for epoch in range(run.epochs):
            claim.record(epoch, {name: first.history[name][epoch] for name in METRICS})
        claim.end("done", result=first.result)


def is_twin(run: Run, other: Run) -> bool:
    return run.spec["recipe"]["seed"] > 0 == other.spec["recipe"]["seed"] and without_seed(run) == without_seed(other)


class MeasuresOneSeed(Laboratory):
    """Measures the first seed of each cell, and takes its values for the second."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.measured: dict[str, Any] = {}

    def _measured(self, run: Run, *about: Any) -> Any:
        if without_seed(run) not in self.measured:
            self.measured[without_seed(run)] = super()._measured(run, *about)
        return self.measured[without_seed(run)]


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers(each)
    elif isinstance(value, int | float):
        yield value


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.exhaustive) if name in LONG else name for name in CLAIMS]
)
def test_a_tiny_version_runs_to_a_finding(name: str, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laboratory, "_PAUSE", 0.0)
    monkeypatch.setattr(run_claim, "Laboratory", MeasuresOneSeed)
    module = importlib.import_module(f"tfpool.lab.claims.{name}")
    for constant, value in SMALLER.get(name, {}).items():
        monkeypatch.setattr(module, constant, value)
    if name == "cost":
        # One process shows that latencies can be measured.
        once = measure_latency("convnet", "gap", 2)
        monkeypatch.setattr(cost, "measure_latency", lambda *about: once)
    known = find(name)
    tiny = {"seeds": 2, "epochs": 1, "images": (64,), "rates": (2e-3,), **SCALES[name]}
    monkeypatch.setattr(
        "tfpool.lab.run_claim.find",
        lambda _: replace(known, scales={**known.scales, "quick": replace(known.scales["quick"], **tiny)}),
    )
    reports: list[tuple[float, int]] = []
    finding = conduct(name, "quick", store, lambda done, total: reports.append((done, total)), train_here)

    assert finding.judgement.verdict in VERDICTS
    crafted = MAKERS[name](HOLDS)
    assert {key for each in crafted for key in each} <= {key for each in finding.records for key in each}
    assert all(math.isfinite(each) for each in numbers(finding.records))
    assert finding.seeds == ([] if name == "parameters" else [0, 1])
    assert finding.fixed == claim.find(name).fixed
    saved = read(folder(store) / f"{name}-quick.json")
    assert json.loads(json.dumps(saved.record())) == json.loads(json.dumps(finding.record()))
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


def test_a_network_that_cannot_be_timed_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"nonsense.*ValueError"):
        measure_latency("nonsense", "gap", 1)


def test_runs_of_claims_are_not_trained_twice(store: RunStore) -> None:
    specs = [json.dumps(run.spec, sort_keys=True) for run in store.runs()]
    assert len(set(specs)) == len(specs)
