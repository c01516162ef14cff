"""Figures of learning, and figures while threads of other sessions import the same libraries."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.common.charts import curve_names, escaped, learning_curve, plain_name
from tests.helpers.processes import printed_words
from tests.helpers.stored_runs import finished
from tfpool.tracking.store import RunStore

BESIDE = """
import sys, threading, time
from dashboard.common.charts import figure, trace

threading.Thread(target=__import__, args=["pandas"]).start()
while "pandas" not in sys.modules:
    time.sleep(0)
print(len(figure([trace("scatter", x=[1, 2], y=[3, 4])], {}).data), hasattr(sys.modules["pandas"], "Series"))
"""


def test_a_chart_waits_for_pandas_that_another_thread_is_loading() -> None:
    assert printed_words(BESIDE) == ["1", "True"]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "saved_models")


def test_learning_curves_begin_within_the_first_epoch_and_span_all_epochs(store: RunStore) -> None:
    run = finished(store, 0.7)
    run.path.mkdir(parents=True, exist_ok=True)
    run.first_epoch_path.write_text("epoch,loss,accuracy\n0.25,2.5,0.1\n0.75,2.2,0.3\n")
    validation, training = learning_curve([run], "accuracy", "accuracy").data
    assert (list(validation.x), list(training.x)) == ([1, 2], [0.25, 0.75, 1, 2])
    assert list(training.y) == [0.1, 0.3, 0.5, 0.9]
    assert (validation.line.dash, training.line.dash) == ("solid", "dot")
    assert (validation.marker.symbol, training.marker.symbol) == ("circle", "circle-open")
    assert list(learning_curve([run], "loss", "loss", "step").data[1].x) == [1, 3, 4, 8]
    assert list(learning_curve([run], "loss", "loss", "seconds").data[1].x) == [2, 5]
    unfinished = replace(run, history={name: [] for name in run.history})
    figure = learning_curve([unfinished], "accuracy", "accuracy")
    assert [len(line.x) for line in figure.data] == [0, 2]
    assert figure.layout.xaxis.range[0] == 0
    assert figure.layout.xaxis.range[1] > run.epochs
    assert "fashion_mnist" in figure.layout.title.text


def test_curves_are_named_by_head_and_network_and_told_apart(store: RunStore) -> None:
    runs = [finished(store, 0.7), finished(store, 0.7, head="flatten"), finished(store, 0.7, head="flatten", seed=1)]
    assert curve_names(runs[:2]) == ["GAP · resnet8", "Flatten · resnet8"]
    assert curve_names(runs) == ["GAP · resnet8", "Flatten · resnet8 · seed 0", "Flatten · resnet8 · seed 1"]
    again = finished(store, 0.7)
    assert curve_names([runs[0], again])[1] == f"GAP · resnet8 · seed 0 · {again.id}"
    assert curve_names([replace(again, title="mine")]) == ["mine"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [('6" pipe', '6" pipe'), ("it's", "it's"), ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"), ("a & b", "a &amp; b")],
)
def test_quotes_stay_as_they_are_and_markup_is_none(text: str, shown: str) -> None:
    assert plain_name(text) == escaped(text) == shown
