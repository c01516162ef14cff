"""Pages of a dashboard that is served to others: what is not a visitor's is not offered, and refused all the same."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from dashboard.common import visitor
from dashboard.data.own_images import PATH, UPLOAD
from dashboard.runs import run_table
from dashboard.train import run_buttons
from tests.helpers.pages import opened, sound, words
from tests.helpers.stored_runs import finished
from tfpool import data
from tfpool.tracking.store import RunStore


@pytest.fixture
def store(empty: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunStore:
    """A run that no visitor has made."""
    monkeypatch.setenv("TFPOOL_SHARED", "1")
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    store = RunStore(empty)
    finished(store, 0.5)
    return store


def test_no_folder_of_the_server_is_read(store: RunStore) -> None:
    page = opened("Data")
    (way,) = (group for group in page.get("button_group") if group.key == "data_way")
    assert list(way.options) == [UPLOAD]
    page.session_state["data_way"] = PATH
    page.session_state["data_path"] = str(store.folder)
    page.run()
    sound(page)
    assert not [field for field in page.text_input if field.key == "data_path"]


def test_downloads_and_experiments_are_a_teachers(store: RunStore) -> None:
    page = opened("Data", data_name="mnist")
    assert "data_download" not in [button.key for button in page.button]
    assert "Only a teacher" in words(page)
    page = opened("Claims", claims_position="true")
    assert "claims_run_position" not in [button.key for button in page.button]
    assert "Only a teacher" in words(page)


def test_a_data_set_is_deleted_by_who_has_added_it(store: RunStore, tmp_path: Path) -> None:
    for gray in range(0, 240, 20):
        folder = tmp_path / "pets" / ("cat" if gray < 120 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (20, 20), gray).save(folder / f"{gray}.png")
    added = Path(data.add(tmp_path / "pets", "Pets", size=16).source)
    # The harness's visitor, whose name a proxy would send.
    me = sha256(b"test@example.com").hexdigest()[:24]
    for owner, may_delete in (("somebody else", False), (me, True)):
        (added / "owner").write_text(owner)
        page = opened("Data", data_name="pets")
        assert ("data_remove" in [button.key for button in page.button]) is may_delete
    page.button(key="data_remove").click().run()
    sound(page)
    assert not added.exists()


@pytest.mark.parametrize("page", ["Train", "Runs"])
def test_what_is_somebody_elses_can_only_be_retrained(store: RunStore, page: str) -> None:
    run = store.runs()[0].id
    actions = {button.key for button in opened(page).button if (button.key or "").endswith(run)}
    assert actions == {f"runs_again_{run}"}


@pytest.mark.parametrize(
    "action",
    [
        run_buttons._stop,
        run_buttons._resume,
        run_buttons._delete,
        run_buttons._restore,
        lambda run_id: run_table.apply(run_id, {"run": "mine"}),
        lambda run_id: run_table.apply(run_id, {"note": "mine"}),
    ],
)
def test_a_page_from_before_cannot_change_it_either(
    action: Callable[[str], None], store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = SimpleNamespace(user={}, session_state={}, context=SimpleNamespace(cookies={}))
    monkeypatch.setattr(visitor, "st", nobody)
    before = store.runs()
    with pytest.raises(ValueError, match="not yours"):
        action(before[0].id)
    assert store.runs() == before
