"""The Train page in Streamlit's test harness: recipes and networks for few images, cards, the runs of the lab."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboard.train import run_cards
from tests.helpers.pages import Bystander, metrics, opened, sound, words
from tests.helpers.stored_runs import claimed, finished, unknown
from tfpool import data
from tfpool.tracking.store import RunStore
from tfpool.training import launcher
from tfpool.training.recipe import MEANINGS, RECIPES


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    return RunStore(tmp_path / "saved_models")


def test_the_help_of_a_control_is_what_the_value_means(store: RunStore) -> None:
    app = opened("Train")
    helps = {
        element.key: element.help
        for element in (*app.number_input, *app.selectbox, *app.toggle, *app.get("button_group"))
    }
    for name, meaning in MEANINGS.items():
        assert meaning[1:] in helps[f"train_{name.removeprefix('train_')}"]


@pytest.fixture
def pets(store: RunStore, tmp_path: Path) -> str:
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(6):
            pixels = random.integers(0, 256, (20, 20, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return data.add(tmp_path / "photos", "pets", 32).name


def test_few_images_train_from_pretrained_weights_by_default(
    store: RunStore, pets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "spawn", lambda *arguments, **settings: Bystander())
    app = opened("Train", train_data=pets)
    assert "8 training images" in words(app)
    app.toggle(key="train_class_weight").set_value(True).run()
    app.button(key="train_start").click().run()
    sound(app)
    runs = store.runs()
    assert {run.spec["recipe"].get("class_weight") for run in runs} == {"balanced"}
    assert {(run.plan.backbone, run.spec["recipe"]["weights"]) for run in runs} == {("squeezenet", "imagenet")}
    assert {run.spec["recipe"]["learning_rate"] for run in runs} == {RECIPES["transfer"].learning_rate}


def test_network_and_recipe_follow_the_data_set_unless_the_user_chose_others(pets: str) -> None:
    app = opened("Train")
    assert app.multiselect(key="train_networks").value == ["resnet8"]
    app.selectbox(key="train_data").set_value(pets).run()
    sound(app)
    assert app.multiselect(key="train_networks").value == ["squeezenet"]
    assert app.selectbox(key="train_recipe").value == "transfer"
    assert app.number_input(key="train_epochs").value == RECIPES["transfer"].epochs
    app.selectbox(key="train_data").set_value("fashion_mnist").run()
    sound(app)
    assert app.multiselect(key="train_networks").value == ["resnet8"]
    assert app.selectbox(key="train_recipe").value == "default"
    assert app.number_input(key="train_images").value == 4000
    app.multiselect(key="train_networks").set_value(["convnet"]).run()
    app.selectbox(key="train_data").set_value(pets).run()
    sound(app)
    assert app.multiselect(key="train_networks").value == ["convnet"]
    app.button(key="train_pretrained").click().run()
    sound(app)
    assert app.multiselect(key="train_networks").value == ["squeezenet"]
    assert "train_pretrained" not in [button.key for button in app.button]


@pytest.mark.parametrize("more", [{}, {"train_recipe": "default"}], ids=str)
def test_an_address_can_select_training_from_scratch_on_few_images(more: dict[str, str], pets: str) -> None:
    app = opened("Train", train_data=pets, train_networks="resnet8", **more)
    assert app.selectbox(key="train_recipe").value == "default"
    assert app.multiselect(key="train_networks").value == ["resnet8"]
    assert app.button(key="train_pretrained")
    assert not app.button(key="train_start").disabled
    assert not app.error


def test_a_recipe_with_imagenet_weights_selects_a_network_that_has_them(store: RunStore) -> None:
    app = opened("Train")
    app.selectbox(key="train_recipe").set_value("transfer").run()
    sound(app)
    assert app.multiselect(key="train_networks").value == ["squeezenet"]
    app.selectbox(key="train_recipe").set_value("quick").run()
    sound(app)
    assert app.multiselect(key="train_networks").value == ["resnet8"]


def test_a_card_shows_the_number_of_images_and_the_interval_of_its_accuracy(store: RunStore) -> None:
    spec = finished(store, 0.7).spec
    store.add(spec)
    claimed(store).end("done", result={"loss": 0.5, "accuracy": 0.8, "images": 10})
    store.add(spec)
    claimed(store).record(0, dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy", "seconds"), 0.5))
    app = opened("Train", runs="resnet8-gap-1")
    assert metrics(app)["Test accuracy"] == "70.0%"
    assert "5,000 images: 68.7% to 71.3%" in words(app)
    assert "10 images: 49.0% to 94.3%" in words(opened("Train", runs="resnet8-gap-2"))
    app = opened("Train", runs="resnet8-gap-3")
    assert metrics(app)["Validation accuracy"] == "50.0%"
    assert "2,000 images: 47.8% to 52.2%" in words(app)


def test_a_card_shows_that_its_run_is_stopping(store: RunStore) -> None:
    store.add(finished(store, 0.7).spec)
    claimed(store)
    app = opened("Train", runs="resnet8-gap-2")
    app.button(key="runs_stop_resnet8-gap-2").click().run()
    sound(app)
    stop = app.button(key="runs_stop_resnet8-gap-2")
    assert (stop.label, stop.disabled) == ("Stopping", True)
    assert store.get("resnet8-gap-2").status.startswith("stopping")


def test_the_newest_runs_are_those_on_the_chosen_data_set(store: RunStore) -> None:
    spec = finished(store, 0.7).spec
    store.add({**spec, "data": "scattered"})
    assert "resnet8-gap-2" in words(opened("Train"))
    text = words(opened("Train", train_data="scattered"))
    assert "resnet8-gap-2" in text
    assert "resnet8-gap-1" not in text


def test_runs_of_the_lab_are_not_shown_as_the_newest(store: RunStore) -> None:
    spec = finished(store, 0.7).spec
    store.add(spec, sweep="lab overfitting")
    app = opened("Train")
    assert "resnet8-gap-1" in words(app)
    assert "resnet8-gap-2" not in words(app)
    store.delete("resnet8-gap-1")
    assert "No runs" in words(opened("Train"))
    assert "resnet8-gap-2" in words(opened("Train", runs="resnet8-gap-2"))


@pytest.mark.parametrize(("runs", "columns"), [(0, 2), (1, 2), (2, 2), (3, 3), (4, 2), (5, 3), (8, 3)])
def test_cards_stand_in_even_rows_of_three_at_most(runs: int, columns: int) -> None:
    assert run_cards.card_columns(runs) == columns


def test_of_many_runs_those_around_the_running_one_are_shown(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = finished(store, 0.7).spec
    for _ in range(11):
        store.add(spec)
    runs = store.runs()[::-1]
    assert [run.id for run in run_cards.window(runs)] == [run.id for run in runs[:8]]
    ended = [replace(run, state="done") for run in runs[:7]]
    assert [run.id for run in run_cards.window([*ended, *runs[7:]])] == [run.id for run in runs[3:11]]
    ended = [replace(run, state="done") for run in runs]
    assert [run.id for run in run_cards.window(ended)] == [run.id for run in runs[4:]]
    assert run_cards.window(runs[:3]) == runs[:3]

    monkeypatch.setattr(launcher, "spawn", lambda *arguments, **settings: Bystander())
    app = opened("Train")
    assert "11 queued" in words(app)
    assert "8 of 11" in words(app)
    assert len([button for button in app.button if button.label == "Stop"]) == 8
    assert app.button(key="runs_stop_all").label == "Stop all 11"


@pytest.mark.parametrize("page", ["Train", "Runs"])
def test_a_run_of_an_unknown_head_is_a_line_that_can_be_deleted_and_the_others_stay(page: str, store: RunStore) -> None:
    finished(store, 0.7)
    hidden = unknown(store, head={"name": "hidden"})
    app = opened(page)
    assert any(hidden.id in text.value for text in app.text)
    assert "resnet8-gap-1" in words(app)
    assert hidden.id not in words(app)
    # An address with its id is not out of date.
    assert "no longer" not in words(opened(page, runs=hidden.id))
    app.button(key=f"runs_delete_{hidden.id}").click().run()
    sound(app)
    assert [run.id for run in store.runs()] == ["resnet8-gap-1"]
    assert any("deleted" in text.value for text in app.text)
    app.button(key="runs_undo").click().run()
    sound(app)
    assert not any("deleted" in text.value for text in app.text)
    assert any(hidden.id in text.value for text in app.text)


def test_each_unknown_run_has_a_button_and_a_queued_one_is_stopped(store: RunStore) -> None:
    spec = unknown(store, head={"name": "hidden"}).spec
    store.add(spec)
    app = opened("Train")
    assert "No runs" in words(app)
    assert app.button(key="runs_delete_resnet8-hidden-2").label == "Delete resnet8-hidden-2"
    app.button(key="runs_stop_resnet8-hidden-3").click().run()
    sound(app)
    assert app.button(key="runs_delete_resnet8-hidden-3").label == "Delete resnet8-hidden-3"
    assert "no other runs" in words(opened("Runs"))


def test_settings_that_do_not_fit_together_hide_no_run(store: RunStore) -> None:
    finished(store, 0.7)
    app = opened("Train", train_recipe="resnet", train_epochs="1")
    assert "warmup" in words(app)
    assert app.button(key="train_start").disabled
    assert "resnet8-gap-1" in words(app)


def test_a_button_that_would_train_nothing_is_disabled_and_says_why(store: RunStore) -> None:
    app = opened("Train")
    app.multiselect(key="train_networks").set_value([]).run()
    app.button_group(key="train_heads").set_value([]).run()
    button = app.button(key="train_start")
    assert (button.disabled, button.label) == (True, "Train")
    assert "one network and one head" in words(app)
    app.multiselect(key="train_networks").set_value(["resnet8"]).run()
    assert "at least one head" in words(app)
    app.button_group(key="train_heads").set_value(["gap"]).run()
    assert not app.button(key="train_start").disabled
    app.button_group(key="train_freeze").set_value(["backbone", "head"]).run()
    sound(app)
    assert app.button(key="train_start").disabled
    assert "nothing to train" in words(app)


def test_a_full_training_takes_all_images_and_a_first_look_some(store: RunStore) -> None:
    app = opened("Train", train_networks="resnet8")
    app.multiselect(key="train_networks").set_value(["resnet8", "plain20", "convnet"]).run()
    app.selectbox(key="train_recipe").set_value("quick").run()
    sound(app)
    assert "resnet for resnet8, plain20; default for convnet" in words(app)
    app.selectbox(key="train_recipe").set_value("resnet").run()
    sound(app)
    assert app.number_input(key="train_images").value == 12_000
    app.selectbox(key="train_recipe").set_value("quick").run()
    assert app.number_input(key="train_images").value == 4000
