"""The models that the page can explain: runs, networks with ImageNet weights, and model files in the store."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.cam import uploaded_model
from dashboard.common.background_work import Result, run_in_background
from dashboard.common.page import messages, plain, store
from dashboard.keras_loading import load_keras
from tfpool import examples
from tfpool.anatomy.pixel_scale import PIXEL_MODES
from tfpool.inference.classifier import Classifier, find_classifier, is_model_file
from tfpool.models.pretrained.applications import NETWORKS
from tfpool.tracking.query import is_lab, split_countable, uncountable_text
from tfpool.tracking.store import Run

if TYPE_CHECKING:
    from tfpool.cam import Explainer

NETWORK = "squeezenet"
"""The network that the page opens with: its weights are bundled."""
PIXELS = {"as the model has it": None, **{text: mode for mode, text in PIXEL_MODES.items()}}
HELP = (
    "Runs, files in saved_models, and networks with ImageNet weights: squeezenet's are bundled, the others are "
    "downloaded"
)


@dataclass(frozen=True)
class Model:
    """A model by its name on the page.

    Attributes:
        path: a file's own path, an uploaded model's token, or the name again.
        changed: when its files were written, so that a rewritten file is another model; empty without files.
        mode: how a file's model takes pixels; None if that is known.
        is_uploaded: whether the visitor's session alone holds it.
    """

    name: str
    run: Run | None
    path: str
    changed: tuple[float, ...]
    mode: str | None = None
    output: str | None = None
    is_uploaded: bool = False

    @property
    def key(self) -> tuple[Any, ...]:
        """Its key in caches, which does not change with its run's progress or title."""
        return self.name, self.path, self.changed, self.mode, self.output

    @property
    def classifier(self) -> Classifier:
        if self.is_uploaded:
            return uploaded_model.find(self.path).classifier(self.mode, self.output)
        return _waited(partial(_classifier, self.path, self.changed, self.mode, self.output), self.name)


KEYS: dict[str | type[Any], Callable[[Any], Any]] = {Model: operator.attrgetter("key")}
"""How Streamlit's caches distinguish models."""


def offered() -> dict[str, Run | None]:
    """The names of all models but an uploaded one, with their runs; a caption says which runs are unknown."""
    with messages():
        runs, unknown = split_countable(store().runs())
        models = choices(runs)
    if unknown:
        st.caption(plain(uncountable_text(unknown)))
    return models


def warn_of_absent(key: str, models: Collection[str]) -> None:
    """Name the models in the address of the page that are not here: Streamlit leaves out what is no option."""
    absent = [name for name in st.query_params.get_all(key) if name not in models]
    if not absent:
        return
    # A link to an uploaded model has its name as well.
    upload = " Or upload the file again." if any(map(is_model_file, absent)) else ""
    st.warning(f"There is no model {plain(', '.join(absent))} here. Choose another in the list of models.{upload}")


def choices(stored: Sequence[Run]) -> dict[str, Run | None]:
    """Names of all models with their runs, if any: the store's, newest first, files by name, examples, networks.

    Runs of the lab come after the others.
    """
    runs = {run.id: run for run in sorted(stored, key=is_lab) if run.model_path.exists()}
    folder = store().folder
    files = sorted(path.name for path in folder.iterdir() if is_model_file(path.name)) if folder.is_dir() else []
    return {**runs, **dict.fromkeys(files), **examples.runs(), **dict.fromkeys(NETWORKS)}


def model_of(name: str, run: Run | None, page: str = "cam") -> Model:
    """The model of that name; for a file, the page asks how it takes pixels and which of its outputs to explain.

    The keys of these controls begin with `page`.
    """
    if run:
        return Model(name, run, name, (run.model_path.stat().st_mtime,))
    if name in NETWORKS:
        return Model(name, None, name, ())
    own, changed = uploaded_model.of_session(), tuple[float, ...]()
    if own and own.name == name:
        path, outputs = own.token, own.outputs
    else:
        own, file = None, store().folder / name
        changed = tuple(each.stat().st_mtime for each in (file, file.with_suffix(".txt")) if each.is_file())
        path, outputs = str(file), _waited(partial(_outputs, str(file), changed), name)
    # Other pages have their models in a narrow column.
    left, right = st.columns(2) if page == "cam" else (st, st)
    label = plain(pixels_label(name))
    mode = PIXELS[left.selectbox(label, list(PIXELS), key=f"{page}_pixels_{name}", bind="query-params")]
    output = None
    if len(outputs) > 1:
        output = right.selectbox(f"Output of {plain(name)}", outputs, key=f"{page}_output_{name}", bind="query-params")
    model = Model(name, None, path, changed, mode, output, is_uploaded=own is not None)
    if own and own.class_names and len(own.class_names) != len(model.classifier.class_names):
        st.warning(
            f"{plain(name)} has {len(model.classifier.class_names)} classes, but there are {len(own.class_names)} "
            "class names. Write one name per line. Until then classes are numbered."
        )
    return model


def pixels_label(name: str) -> str:
    """Label of the control for how a file's model takes pixels."""
    return f"How {name} takes pixels"


def defaults(models: Mapping[str, Run | None]) -> list[str]:
    """The newest runs; without runs, SqueezeNet with its 1,000 classes."""
    return newest_runs(models) or [NETWORK]


def newest_runs(models: Mapping[str, Run | None]) -> list[str]:
    """The newest runs with GAP and with Flatten on the data set of the newest run; the examples do not count."""
    runs = [run for run in models.values() if run and run.id not in examples.runs()]
    alike = [run for run in runs if run.spec["data"] == runs[0].spec["data"]]
    alike.sort(key=lambda run: run.state != "done")
    by_head = [[run.id for run in alike if run.plan.head.name == head] for head in ("gap", "flatten")]
    newest = [ids[0] for ids in by_head if ids]
    return newest or [run.id for run in runs[:1]]


def explainer(model: Model, method: str, **settings: Any) -> Explainer:
    """A model's explainer, cached."""
    if model.is_uploaded:
        make = uploaded_model.find(model.path).explainer
        return _waited(partial(make, method, model.output, tuple(sorted(settings.items()))), model.name)
    return _waited(partial(_explainer, model, method, tuple(sorted(settings.items()))), model.name)


def scorer(model: Model) -> Explainer:
    """An explainer for the model's scores alone, with a method that needs no feature layer."""
    return explainer(model, "saliency")


def _waited(work: Callable[[], Result], name: str) -> Result:
    """The result of work on the model of that name, which may have to download a network's weights."""
    places: list[Any] = []

    def show_progress(seconds: float) -> None:
        if not places:
            places.append(st.empty())
        places[0].caption(f"Loading {plain(name)}: {seconds:.0f} s")

    result = run_in_background(work, show_progress)
    for place in places:
        place.empty()
    return result


@st.cache_resource(max_entries=8, show_spinner=False)
def _classifier(path: str, changed: tuple[float, ...], mode: str | None, output: str | None) -> Classifier:
    load_keras()
    return find_classifier(path, store(), mode, output)


@st.cache_resource(max_entries=32, hash_funcs=KEYS, show_spinner=False)
def _explainer(model: Model, method: str, settings: tuple[tuple[str, Any], ...]) -> Explainer:
    from tfpool.cam import Explainer

    return Explainer(model.classifier.model, method, output=model.output, **dict(settings))


@st.cache_data(max_entries=32, show_spinner=False)
def _outputs(path: str, changed: tuple[float, ...]) -> tuple[str, ...]:
    load_keras()
    from tfpool.anatomy.unfold import unfold
    from tfpool.models.loading.load import load_model

    return tuple(unfold(load_model(path)).outputs)
