"""Cells are tuned, trained and measured, each once. The workers of these tests make up results."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.stored_runs import claimed
from tfpool.data.registry import load
from tfpool.lab import find, laboratory
from tfpool.lab.cells import Cell
from tfpool.lab.claims import nin
from tfpool.lab.finding import read
from tfpool.lab.laboratory import TUNING, Halted, Laboratory
from tfpool.lab.protocol import Scale
from tfpool.lab.run_claim import conduct, folder
from tfpool.system.process import Process
from tfpool.system.provenance import versions
from tfpool.tracking.lease import Lease
from tfpool.tracking.store import Run, RunStore
from tfpool.training.queue import enqueue
from tfpool.training.recipe import TRAINING_VERSION, Recipe

RECIPE = Recipe(epochs=2, train_images=64)
GAP, FLATTEN = (Cell({"head": head}, "convnet", head, "fashion_mnist", RECIPE) for head in ("gap", "flatten"))
RATES = Scale(seeds=2, rates=(8e-3, 5e-4, 2e-3), tuning_seeds=2)
PLAIN = Scale(seeds=3, rates=(5e-4,))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laboratory, "_PAUSE", 0.0)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def queued(store: RunStore) -> Iterator[Lease]:
    while claim := store.claim(Process.of()):
        yield claim


def worker(accuracy: Callable[[dict[str, Any]], float] = lambda spec: 0.5) -> Callable[[RunStore], None]:
    """Ends each queued run with a validation accuracy that depends on its spec."""

    def work(store: RunStore) -> None:
        for claim in queued(store):
            for epoch in range(claim.run.epochs):
                value = accuracy(claim.run.spec) if epoch == claim.run.epochs - 1 else 1.0
                metrics = {"loss": 1.0, "accuracy": 0.9, "val_loss": 1.0, "val_accuracy": value, "seconds": 1.0}
                claim.record(epoch, metrics)
            claim.end("done", result={"loss": 1.0, "accuracy": 0.4})

    return work


def ending(state: str, **about: Any) -> Callable[[RunStore], None]:
    """Ends the first queued run in that state, and leaves the others."""

    def work(store: RunStore) -> None:
        if claim := store.claim(Process.of()):
            claim.end(state, **about)

    return work


def by_rate(table: dict[float, tuple[float, float]]) -> Callable[[dict[str, Any]], float]:
    def accuracy(spec: dict[str, Any]) -> float:
        seed = spec["recipe"]["seed"]
        return table[spec["recipe"]["learning_rate"]][seed - TUNING] if seed >= TUNING else 0.5

    return accuracy


def measured_rates(store: RunStore, table: dict[float, tuple[float, float]]) -> set[float]:
    lab = Laboratory(store, "nin", work=worker(by_rate(table)))
    return {record["learning_rate"] for record in lab.train([GAP], RATES)}


def test_the_rate_with_the_best_mean_over_tuning_seeds_is_taken(store: RunStore) -> None:
    assert measured_rates(store, {5e-4: (0.5, 0.6), 2e-3: (0.4, 0.8), 8e-3: (0.7, 0.4)}) == {2e-3}


def test_of_equally_good_rates_the_lowest_wins(store: RunStore) -> None:
    assert measured_rates(store, {8e-3: (0.6, 0.6), 5e-4: (0.5, 0.7), 2e-3: (0.7, 0.5)}) == {5e-4}


def test_the_accuracy_after_the_last_epoch_tunes(store: RunStore) -> None:
    # The crafted epochs before the last are all at 100 %.
    assert measured_rates(store, {5e-4: (0.1, 0.1), 2e-3: (0.2, 0.2), 8e-3: (0.3, 0.3)}) == {8e-3}


def test_seeds_that_are_tuned_with_are_not_those_measured(store: RunStore) -> None:
    records = Laboratory(store, "nin", work=worker()).train([GAP, FLATTEN], RATES)
    assert {record["seed"] for record in records} == {0, 1}
    seeds = [run.spec["recipe"]["seed"] for run in store.runs()]
    assert sorted(set(seeds)) == [0, 1, TUNING, TUNING + 1]
    assert sum(seed >= TUNING for seed in seeds) == 2 * 3 * 2
    assert max(scale.seeds for scale in find("overfitting").scales.values()) < TUNING


def test_cells_that_are_tuned_as_one_share_the_rate_of_the_first(store: RunStore) -> None:
    cells = [replace(cell, tuned_as="both") for cell in (GAP, FLATTEN)]

    def accuracy(spec: dict[str, Any]) -> float:
        assert spec["plan"]["head"]["name"] == "gap" or spec["recipe"]["seed"] < TUNING
        return spec["recipe"]["learning_rate"]

    records = Laboratory(store, "nin", work=worker(accuracy)).train(cells, RATES)
    assert {record["learning_rate"] for record in records} == {8e-3}


def test_with_one_rate_nothing_is_tuned_and_the_recipe_keeps_its_own(store: RunStore) -> None:
    records = Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    assert {record["learning_rate"] for record in records} == {RECIPE.learning_rate}
    assert len(store.runs()) == 3


def test_a_record_has_factors_seed_accuracies_and_what_was_measured(store: RunStore) -> None:
    lab = Laboratory(store, "nin", work=worker())
    records = lab.train([GAP, FLATTEN], PLAIN, lambda run: {"id": run.id})
    assert [(record["head"], record["seed"]) for record in records] == [
        (head, seed) for seed in (0, 1, 2) for head in ("gap", "flatten")
    ]
    for record in records:
        assert (record["training"], record["validation"], record["test"]) == (0.9, 0.5, 0.4)
        assert store.get(record["id"]).plan.head.name == record["head"]
    assert {run.sweep for run in store.runs()} == {"lab nin"}


def test_no_run_is_trained_twice_for_whichever_claim(store: RunStore) -> None:
    Laboratory(store, "nin", work=worker()).train([GAP, FLATTEN], PLAIN)
    before = {run.id for run in store.runs()}
    assert len(before) == 6
    records = Laboratory(store, "position", work=worker()).train([FLATTEN, GAP, GAP], PLAIN)
    assert {run.id for run in store.runs()} == before
    assert len(records) == 9
    Laboratory(store, "nin", work=worker()).train([GAP], Scale(seeds=4, rates=()))
    assert len(store.runs()) == 7


def test_a_cell_that_differs_in_anything_is_trained(store: RunStore) -> None:
    Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    Laboratory(store, "nin", work=worker()).train([replace(GAP, settings={"padding": "circular"})], PLAIN)
    assert len(store.runs()) == 6


@pytest.mark.parametrize("state", ["stopped", "failed", "interrupted"])
def test_an_unfinished_run_is_resumed(state: str, store: RunStore) -> None:
    def end_early(store: RunStore) -> None:
        ending(state)(store)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Laboratory(store, "nin", work=end_early).train([GAP], PLAIN)
    before = {run.id for run in store.runs()}
    assert state in {run.state for run in store.runs()}
    Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    assert {run.id for run in store.runs()} == before
    assert all(run.state == "done" for run in store.runs())


def test_a_run_that_somebody_stops_halts_the_claim(store: RunStore) -> None:
    with pytest.raises(Halted, match="convnet-gap-1"):
        Laboratory(store, "nin", work=ending("stopped")).train([GAP], PLAIN)


def test_a_run_that_fails_ends_the_claim_with_its_reason(store: RunStore) -> None:
    with pytest.raises(RuntimeError, match=r"convnet-gap-1.*space"):
        Laboratory(store, "nin", work=ending("failed", error="No space left")).train([GAP], PLAIN)


def test_a_run_that_is_deleted_meanwhile_halts_the_claim(store: RunStore) -> None:
    def work(store: RunStore) -> None:
        worker()(store)
        store.delete("convnet-gap-2")

    with pytest.raises(Halted, match="convnet-gap-2"):
        Laboratory(store, "nin", work=work).train([GAP], PLAIN)
    records = Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    assert [record["seed"] for record in records] == [0, 1, 2]


def test_a_run_whose_process_is_gone_is_resumed(store: RunStore) -> None:
    calls = []

    def work(store: RunStore) -> None:
        calls.append(1)
        (ending("interrupted") if len(calls) == 1 else worker())(store)

    records = Laboratory(store, "nin", work=work).train([GAP], PLAIN)
    assert len(records) == 3
    assert len(store.runs()) == 3


def test_measurements_are_cached_per_claim(store: RunStore) -> None:
    taken: list[str] = []

    def measure(run: Run) -> dict[str, float]:
        taken.append(run.id)
        return {"measured": float(len(taken))}

    first = Laboratory(store, "nin", work=worker()).train([GAP], PLAIN, measure)
    assert Laboratory(store, "nin", work=worker()).train([GAP], PLAIN, measure) == first
    assert len(taken) == 3
    other = Laboratory(store, "position", work=worker()).train([GAP], PLAIN, measure)
    assert {record["measured"] for record in other} == {4.0, 5.0, 6.0}


def test_progress_never_falls_and_ends_at_the_total(store: RunStore) -> None:
    reports: list[tuple[float, int]] = []

    def one_by_one(store: RunStore) -> None:
        claim = claimed(store)
        claim.report(epoch=1, step=1, steps=2)
        claim.end("stopped")
        store.resume(claim.run.id)
        worker()(store)

    lab = Laboratory(store, "nin", lambda done, total: reports.append((done, total)), one_by_one)
    lab.train([GAP, FLATTEN], RATES)
    done = [done for done, _ in reports]
    assert done == sorted(done)
    assert {total for _, total in reports} == {2 * 3 * 2 + 2 * 2 * 2}
    assert reports[0][0] == 0
    assert reports[-1][0] == reports[-1][1]


def test_ctrl_c_stops_the_runs_and_the_same_call_goes_on(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nin, "_dead", lambda run: {"dead": 0.0, "head params": 650})

    def interrupted(store: RunStore) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        conduct("nin", "quick", store, work=interrupted)
    before = {run.id: run.state for run in store.runs()}
    assert set(before.values()) == {"stopped"}
    assert not folder(store).exists()
    resumed = conduct("nin", "quick", store, work=worker())
    assert {run.id: run.state for run in store.runs()} == dict.fromkeys(before, "done")
    assert read(folder(store) / "nin-quick.json").judgement.verdict == resumed.judgement.verdict


def test_an_unknown_scale_or_claim_is_refused(store: RunStore) -> None:
    with pytest.raises(ValueError, match="huge"):
        conduct("nin", "huge", store)
    with pytest.raises(ValueError, match="nine"):
        conduct("nine", "quick", store)


def test_a_rate_that_breaks_the_training_is_tried_once_and_not_taken(store: RunStore) -> None:
    def work(store: RunStore) -> None:
        for claim in queued(store):
            if claim.run.spec["recipe"]["learning_rate"] == 8e-3:
                claim.end("failed", error="FloatingPointError: The loss became nan in epoch 1.")
            else:
                metrics = {"loss": 1.0, "accuracy": 0.9, "val_loss": 1.0, "val_accuracy": 0.5, "seconds": 1.0}
                claim.record(0, metrics)
                claim.end("done", result={"loss": 1.0, "accuracy": 0.4})

    records = Laboratory(store, "nin", work=work).train([GAP], RATES)
    assert {record["learning_rate"] for record in records} == {5e-4}
    before = len(store.runs())
    assert Laboratory(store, "nin", work=work).train([GAP], RATES) == records
    assert len(store.runs()) == before


def test_a_run_that_breaks_where_it_is_measured_ends_the_claim(store: RunStore) -> None:
    lab = Laboratory(store, "nin", work=ending("failed", error="FloatingPointError: The loss became nan."))
    with pytest.raises(RuntimeError, match="FloatingPointError"):
        lab.train([GAP], PLAIN)


def test_a_run_on_other_images_is_not_taken_for_one_on_these(store: RunStore) -> None:
    Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    for run, fingerprint in zip(store.runs(), (load("fashion_mnist").fingerprint, "another"), strict=False):
        write_run_json(run, fingerprint, versions())
    Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    assert len(store.runs()) == 4


def write_run_json(run: Run, fingerprint: str, packages: dict[str, str], rules: int = TRAINING_VERSION) -> None:
    """What a worker writes about the data, packages and training rules of a run."""
    run.path.mkdir(parents=True, exist_ok=True)
    record = {"data_fingerprint": fingerprint, "versions": packages, "training_version": rules}
    (run.path / "run.json").write_text(json.dumps(record))


def test_a_run_by_older_rules_of_training_is_not_taken_for_one_by_these(store: RunStore) -> None:
    Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    for run, rules in zip(store.runs(), (TRAINING_VERSION, TRAINING_VERSION - 1), strict=False):
        write_run_json(run, load("fashion_mnist").fingerprint, versions(), rules)
    Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    assert len(store.runs()) == 4


def test_a_run_of_another_tensorflow_is_not_taken_for_one_of_this(store: RunStore) -> None:
    Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    for run, tensorflow in zip(store.runs(), (versions()["tensorflow"], "2.0.0"), strict=False):
        write_run_json(run, load("fashion_mnist").fingerprint, {**versions(), "tensorflow": tensorflow})
    Laboratory(store, "nin", work=worker()).train([GAP], PLAIN)
    assert len(store.runs()) == 4


def test_only_what_it_queued_itself_is_stopped(store: RunStore) -> None:
    (others,) = enqueue([GAP.plan], GAP.data, GAP.at(0, None).recipe, store)

    def interrupted(store: RunStore) -> None:
        raise KeyboardInterrupt

    lab = Laboratory(store, "nin", work=interrupted)
    with pytest.raises(KeyboardInterrupt):
        lab.train([GAP], PLAIN)
    lab.stop()
    assert {run.id: run.state for run in store.runs()}.pop(others) == "queued"
    assert [run.state for run in store.runs() if run.id != others] == ["stopped", "stopped"]


def test_a_measurement_without_a_run_is_taken_once(store: RunStore) -> None:
    taken: list[int] = []

    def take() -> dict[str, int]:
        taken.append(1)
        return {"taken": len(taken)}

    assert Laboratory(store, "cost").once("first", take) == {"taken": 1}
    assert Laboratory(store, "cost").once("first", take) == {"taken": 1}
    assert Laboratory(store, "cost").once("second", take) == {"taken": 2}
