"""`python -m tfpool runs` over a store of finished runs whose numbers are known."""

import json
from pathlib import Path

import pytest

from tests.helpers.stored_runs import finished, unknown
from tfpool.cli import parser
from tfpool.tracking.store import RunStore


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path / "saved_models")
    for seed, (gap, flatten) in enumerate(((0.70, 0.72), (0.60, 0.63), (0.80, 0.81))):
        finished(store, gap, seed=seed)
        finished(store, flatten, head="flatten", seed=seed)
    return store


def rows(store: RunStore, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[list[str]]:
    """The words of each row that `runs` prints."""
    assert parser.main(["runs", *arguments, "--store", str(store.folder)]) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines()[2:]]


def test_runs_are_sorted_by_the_last_or_the_best_epoch(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    names = [row[0] for row in rows(store, capsys, "--head", "gap", "--sort", "val_accuracy")]
    assert names == ["resnet8-gap-5", "resnet8-gap-1", "resnet8-gap-3"]
    last, best = (rows(store, capsys, "resnet8-gap-1", *how)[0] for how in ((), ("--best",)))
    assert last == [
        "resnet8-gap-1",
        "done",
        "2/2",
        "75,482",
        "9.15",
        "M",
        "90.0%",
        "60.0%",
        "70.0%",
        "5,000",
        "+30.0",
        "0:05",
    ]
    assert best == [
        "resnet8-gap-1",
        "done",
        "2/2",
        "75,482",
        "9.15",
        "M",
        "90.0%",
        "70.0%",
        "70.0%",
        "5,000",
        "-20.0",
        "0:05",
    ]


def test_a_title_has_a_column_where_there_is_one(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.rename("resnet8-gap-1", "mine")
    assert rows(store, capsys, "MINE")[0][:3] == ["resnet8-gap-1", "mine", "done"]


def test_seeds_are_one_row_with_number_mean_and_interval(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    finished(store, 0.9, learning_rate=0.1)
    printed = rows(store, capsys, "--seeds")
    assert printed[0] == ["resnet8-gap", "0.1", "1", "90.0%", "5,000", "one", "seed", "75,482", "9.15", "M"]
    # Student's t for two degrees of freedom is 4.303: 4.303 · 0.1 / √3 of an accuracy.
    assert printed[2] == ["resnet8-gap", "0.002", "3", "70.0%", "5,000", "±", "24.8%", "75,482", "9.15", "M"]
    assert parser.main(["runs", "--seeds", "--json", "--sort", "val_loss", "--store", str(store.folder)]) == 0
    groups = json.loads(capsys.readouterr().out)
    assert {(group["metric"], group["mean"]) for group in groups} == {("val_loss", 2.0)}
    assert sorted(map(len, (group["runs"] for group in groups))) == [1, 3, 3]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--network", "vgg"], "'vgg'"),
        (["--state", "asleep"], "'asleep'"),
        (["--head", "gmp"], "6"),
        (["nothing like it"], "6"),
        (["--sort", "luck"], "'luck'"),
        (["--best", "--last"], "--best"),
    ],
    ids=str,
)
def test_a_filter_that_no_run_matches_is_one_line(
    store: RunStore, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    try:
        code = parser.main(["runs", *arguments, "--store", str(store.folder)])
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr().err
    assert (code, printed.count("\n")) == (2, 1)
    assert word in printed


def test_a_script_gets_an_empty_list_if_no_run_matches(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--seeds"]):
        assert parser.main(["runs", "nothing like it", "--json", *more, "--store", str(store.folder)]) == 0
        assert json.loads(capsys.readouterr().out) == []


def test_runs_of_the_lab_are_left_out_until_asked_for(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    spec = store.get("resnet8-gap-1").spec
    for _ in range(3):
        store.add(spec, sweep="lab overfitting")
    assert len(rows(store, capsys)) == 6
    assert parser.main(["runs", "--json", "--store", str(store.folder)]) == 0
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)) == 6
    assert "3" in printed.err
    assert "--lab" in printed.err
    assert len(rows(store, capsys, "--lab")) == 9
    assert len(rows(store, capsys, "--sweep", "lab overfitting")) == 3
    assert parser.main(["runs", "overfitting", "--store", str(store.folder)]) == 2
    assert "--lab" in capsys.readouterr().err


def test_a_run_is_renamed(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    rename = ["rename", "resnet8-gap-1", "my first", "--store", str(store.folder)]
    assert parser.main(rename) == 0
    assert "my first" in capsys.readouterr().out
    assert store.get("resnet8-gap-1").title == "my first"
    assert parser.main(["rename", "resnet8-gap-1", "", "--json", "--store", str(store.folder)]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": "resnet8-gap-1", "title": "resnet8-gap-1"}
    assert parser.main(["rename", "resnet8-gap-99", "x", "--store", str(store.folder)]) == 2
    assert "resnet8-gap-99" in capsys.readouterr().err


def test_only_finished_runs_are_compared_over_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = RunStore(tmp_path / "saved_models")
    store.add(finished(store, 0.5).spec)
    store.delete("resnet8-gap-1")
    assert parser.main(["runs", "--seeds", "--store", str(store.folder)]) == 2
    assert "seeds" in capsys.readouterr().err


def test_runs_that_this_version_cannot_count_are_named_and_the_others_listed(
    store: RunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = unknown(store, head={"name": "hidden"})
    for arguments in ([], ["--json"], ["--seeds"], ["--sort", "params"]):
        assert parser.main(["runs", *arguments, "--store", str(store.folder)]) == 0
        printed = capsys.readouterr()
        assert hidden.id in printed.err
        assert "resnet8-gap" in printed.out
        assert hidden.id not in printed.out
    for run in store.runs():
        if run.id != hidden.id:
            store.delete(run.id)
    assert parser.main(["runs", "--store", str(store.folder)]) == 2
    assert hidden.id in capsys.readouterr().err
    assert parser.main(["delete", hidden.id, "--store", str(store.folder)]) == 0


def test_no_runs_are_an_empty_list_for_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["runs", "--store", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.slow
def test_runs_lists_the_newest_first(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["runs", "--store", str(trained)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["resnet8-flatten-2", "resnet8-gap-1"]
    assert "75,482" in lines[-1]
    assert parser.main(["runs", "--store", str(trained), "--json"]) == 0
    first, *_ = json.loads(capsys.readouterr().out)
    assert first["history"] == RunStore(trained).get("resnet8-flatten-2").history


def test_a_deleted_run_is_restored(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--store", str(store.folder)]
    assert parser.main(["delete", "resnet8-gap-1", *folder]) == 0
    assert "python -m tfpool undelete resnet8-gap-1" in capsys.readouterr().out
    assert len(store.runs()) == 5
    assert parser.main(["undelete", "resnet8-gap-1", *folder]) == 0
    assert len(store.runs()) == 6
    assert parser.main(["resume", "resnet8-gap-1", *folder]) == 2
