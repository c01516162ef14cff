from pathlib import Path

import pytest

import tfpool as tp
from tests.data.conftest import filled
from tfpool import data
from tfpool.cli import parser
from tfpool.system.process import Process
from tfpool.tracking.store import RunStore
from tfpool.training import data_in_use
from tfpool.training.queue import spec


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """A store with runs of every kind on one of two data sets: running, queued, done, and on a built-in one."""
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "sets"))
    for name in ("pets", "others"):
        data.add(filled(tmp_path / name, {"cat": 4, "dog": 4}), name, 16)
    store, plan = RunStore(tmp_path / "runs"), tp.plan("convnet", input_shape=(16, 16, 3), classes=2)
    for _ in range(3):
        store.add(spec(plan, data.load("pets"), tp.Recipe()))
    fashion = tp.plan("convnet", input_shape=(28, 28, 1))
    store.add(spec(fashion, data.load("fashion_mnist"), tp.Recipe()))
    done = store.claim(Process.of())
    assert done is not None
    done.end("done", result={})
    assert store.claim(Process.of())
    return store


def test_a_data_set_that_runs_need_is_not_removed_without_a_word(store: RunStore) -> None:
    assert [run.id for run in data_in_use.runs_on("pets", store)] == ["convnet-gap-3", "convnet-gap-2"]
    with pytest.raises(ValueError, match=r"convnet-gap-3, which is queued.*convnet-gap-2, which is running") as error:
        data_in_use.remove("pets", store)
    assert "convnet-gap-1" not in str(error.value)
    assert "pets" in data.names()
    assert data_in_use.remove("others", store) == ""
    assert "convnet-gap-2" in data_in_use.remove("pets", store, force=True)
    assert data.names() == list(data.DATA)


def test_the_command_needs_force_and_says_what_happens(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--store", str(store.folder)]
    assert parser.main(["data", "remove", "pets", *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "--force" in captured.err
    assert parser.main(["data", "remove", "pets", "--force", *options]) == 0
    assert capsys.readouterr().out.startswith("Removed pets. convnet-gap-3")
    assert parser.main(["data", "remove", "pets", "--force", *options]) == 2
