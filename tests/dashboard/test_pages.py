"""Each page's script in Streamlit's own test harness, with an empty and with a filled store."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import tfpool as tp
from dashboard.common.page import PAGES, plain
from tests.helpers.pages import Bystander, opened, sound, words
from tests.helpers.stored_runs import claimed
from tfpool.data.builtin.fashion_mnist import CLASS_NAMES
from tfpool.system.process import Process
from tfpool.tracking.store import RunStore
from tfpool.training import launcher
from tfpool.training.recipe import RECIPES

Open = Callable[..., AppTest]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_without_a_run(page: str, empty: Path) -> None:
    app = opened(page)
    assert [title.value for title in app.title] == [PAGES[page].heading or page]
    assert not app.error
    assert not empty.exists()
    # What to do next.
    assert page not in ("Runs", "Train") or "no runs" in words(app).lower()


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_runs(page: str, filled: Path) -> None:
    app = opened(page)
    assert not app.error
    if page in ("Train", "Runs"):
        assert "75,482 parameters, 650 in the head" in words(app)
        assert len(app.get("plotly_chart")) == 2


def test_without_runs_the_pages_say_what_to_do_next(empty: Path) -> None:
    assert "There are no runs yet in saved_models. Train two heads first." in words(opened("Runs"))
    assert "No runs" in words(opened("Train"))


def test_nothing_to_train_and_too_small_images_are_messages_and_queue_nothing(empty: Path) -> None:
    app = opened("Train")
    app.button_group(key="train_freeze").set_value(["backbone", "head"]).run()
    sound(app)
    assert "nothing to train" in words(app)
    assert app.button(key="train_start").disabled
    app.multiselect(key="train_networks").set_value(["resnet50"])
    app.button_group(key="train_freeze").set_value([]).run()
    app.button(key="train_start").click().run()
    sound(app)
    assert "32×32 pixels" in app.error[0].value
    assert tp.runs(empty) == []


def test_images_that_are_not_installed_are_a_message(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfpool import data
    from tfpool.data.builtin import fashion_mnist

    missing = replace(data.DATA["fashion_mnist_full"], make=lambda: fashion_mnist.full(empty / "missing"))
    monkeypatch.setitem(data.DATA, "fashion_mnist_full", missing)
    app = opened("Train", train_data="fashion_mnist_full")
    assert "needs Debian's package dataset-fashion-mnist" in app.error[0].value.replace("\\", "")


def queued(folder: Path) -> tuple[RunStore, str]:
    plan = tp.plan("resnet8", input_shape=(28, 28, 1))
    recipe = tp.Recipe(epochs=2, train_images=10).config
    return RunStore(folder), RunStore(folder).add(
        {"plan": plan.spec, "data": "fashion_mnist", "class_names": list(CLASS_NAMES), "recipe": recipe}
    )


def test_a_recipe_fills_the_controls_and_an_address_comes_after_it(empty: Path) -> None:
    app = opened("Train")
    app.selectbox(key="train_recipe").set_value("resnet").run()
    sound(app)
    resnet = RECIPES["resnet"]
    assert app.number_input(key="train_epochs").value == resnet.epochs
    assert app.number_input(key="train_learning_rate").value == resnet.learning_rate
    assert app.selectbox(key="train_optimizer").value == "sgd"
    assert app.button_group(key="train_augment").value == ["flip", "shift"]
    app = opened("Train", train_recipe="resnet", train_epochs="7", train_optimizer="adamw")
    assert app.number_input(key="train_epochs").value == 7
    assert app.selectbox(key="train_optimizer").value == "adamw"
    assert app.number_input(key="train_batch_size").value == resnet.batch_size


def test_networks_times_heads_times_repeats_are_queued_as_one_group(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "spawn", lambda *arguments, **settings: Bystander())
    app = opened("Train", train_recipe="quick", train_repeats="2", train_seed="5")
    app.multiselect(key="train_networks").set_value(["resnet8", "convnet"]).run()
    assert app.button(key="train_start").label == "Train 8 runs"
    app.button(key="train_start").click().run()
    sound(app)
    runs = tp.runs(empty)
    assert len({(run.plan.backbone, run.plan.head.name, run.spec["recipe"]["seed"]) for run in runs}) == 8
    assert {run.sweep for run in runs} == {"resnet8 convnet, gap flatten, 2 seeds"}
    assert {run.spec["recipe"]["seed"] for run in runs} == {5, 6}
    assert len([button for button in app.button if button.label == "Stop"]) == 8
    app.button(key="runs_stop_all").click().run()
    sound(app)
    assert {run.state for run in tp.runs(empty)} == {"stopped"}


def test_a_stopped_run_is_resumed_and_one_that_is_deleted_brought_back(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "spawn", lambda *arguments, **settings: Bystander())
    store, run_id = queued(empty)
    store.request_stop(run_id)
    app = opened("Train")
    app.button(key=f"runs_resume_{run_id}").click().run()
    sound(app)
    assert store.get(run_id).state == "queued"
    app.button(key=f"runs_stop_{run_id}").click().run()
    app.button(key=f"runs_again_{run_id}").click().run()
    sound(app)
    assert [run.state for run in store.runs()] == ["queued", "stopped"]
    store.request_stop(store.runs()[0].id)
    store.delete(store.runs()[0].id)

    # On Runs what is made anew is compared at once, and what was the last one can be brought back.
    app = opened("Runs")
    app.button(key=f"runs_again_{run_id}").click().run()
    sound(app)
    new = store.runs()[0].id
    assert app.multiselect(key="runs_chosen").value == [run_id, new]
    store.request_stop(new)
    store.delete(new)
    for page in ("Runs", "Train"):
        app = opened(page)
        app.button(key=f"runs_delete_{run_id}").click().run()
        sound(app)
        assert store.runs() == []
        assert f"{run_id} was deleted." in [text.value for text in app.text]
        app.button(key="runs_undo").click().run()
        sound(app)
        assert [run.id for run in store.runs()] == [run_id]


def test_a_button_of_a_run_that_has_gone_says_so(empty: Path) -> None:
    store, run_id = queued(empty)
    store.request_stop(queued(empty)[1])
    store.request_stop(run_id)
    app = opened("Train")
    store.delete(run_id)
    app.button(key=f"runs_again_{run_id}").click().run()
    sound(app)
    assert f"There is no run '{run_id}'" in words(app).replace("\\", "")
    assert not opened("Train").error


@pytest.mark.parametrize("page", ["Train", "Runs"])
def test_a_run_whose_worker_was_killed_is_interrupted_never_running(page: str, empty: Path) -> None:
    store, run_id = queued(empty)
    store.claim(Process(pid=2**22, started="then"))
    app = opened(page)
    assert "Resume" in words(app)
    assert store.get(run_id).state == "interrupted"


def test_the_words_of_a_failure_are_shown_as_they_are(empty: Path) -> None:
    store, _ = queued(empty)
    claimed(store).end("failed", error="ValueError: **bold** <b>x</b> :red[y]")
    app = opened("Train")
    assert app.error[0].value == plain("ValueError: **bold** <b>x</b> :red[y]")
    assert r"\*\*bold\*\* \<b\>x" in app.error[0].value
