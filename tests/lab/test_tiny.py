"""Each claim from beginning to end, so small that its verdict means nothing: what is tested is the machinery."""

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
from tfpool.lab import CLAIMS, VERDICTS, claim, find, laboratory
from tfpool.lab.claims import cost
from tfpool.lab.finding import read
from tfpool.lab.latency import timed
from tfpool.lab.run_claim import conduct, folder
from tfpool.system.process import Process
from tfpool.tracking.store import RunStore

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


def train_here(store: RunStore) -> None:
    from tfpool.training.fit import fit_run

    while run := store.claim(Process.of()):
        store.end(run.id, "done", result=fit_run(store, run, threading.Event()))


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers(each)
    elif isinstance(value, int | float):
        yield value


@pytest.mark.parametrize("name", CLAIMS)
def test_a_tiny_version_runs_to_a_finding(name: str, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laboratory, "_PAUSE", 0.0)
    module = importlib.import_module(f"tfpool.lab.claims.{name}")
    for constant, value in SMALLER.get(name, {}).items():
        monkeypatch.setattr(module, constant, value)
    if name == "cost":
        # One process shows that they can be timed.
        once = timed("convnet", "gap", 2)
        monkeypatch.setattr(cost, "timed", lambda *about: once)
    known = find(name)
    tiny = {"seeds": 2, "epochs": 1, "images": (64,), "rates": (2e-3,), **SCALES[name]}
    monkeypatch.setattr(
        "tfpool.lab.run_claim.find",
        lambda _: replace(known, scales={**known.scales, "quick": replace(known.scales["quick"], **tiny)}),
    )
    told: list[tuple[float, int]] = []
    made = conduct(name, "quick", store, lambda done, total: told.append((done, total)), train_here)

    assert made.judgement.verdict in VERDICTS
    crafted = MAKERS[name](HOLDS)
    assert {key for each in crafted for key in each} <= {key for each in made.records for key in each}
    assert all(math.isfinite(each) for each in numbers(made.records))
    assert made.seeds == ([] if name == "parameters" else [0, 1])
    assert made.fixed == claim.find(name).fixed
    kept = read(folder(store) / f"{name}-quick.json")
    assert json.loads(json.dumps(kept.record())) == json.loads(json.dumps(made.record()))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_network_that_cannot_be_timed_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"^nonsense with gap could not be timed: ValueError"):
        timed("nonsense", "gap", 1)


def test_runs_of_claims_are_not_trained_twice(store: RunStore) -> None:
    specs = [json.dumps(run.spec, sort_keys=True) for run in store.runs()]
    assert len(set(specs)) == len(specs)
