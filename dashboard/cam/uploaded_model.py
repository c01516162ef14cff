"""A visitor's own model from a file that they sent: held by their session alone, and freed with it.

Everything else knows the model by a token that nobody can guess, so caches that all visitors share neither show the
model to others nor keep it.
"""

from __future__ import annotations

import gc
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import streamlit as st

from dashboard.common.uploads import Upload
from dashboard.keras_loading import load_keras
from tfpool.data.custom.safe_names import clean
from tfpool.inference.classifier import Classifier, of_model

if TYPE_CHECKING:
    import keras

    from tfpool.cam import Explainer

MOST_MB = 300
"""Limit for a file, and for the weights in it."""
MOST_HELD_MB = 2000
"""Limit for the weights of all visitors' models together."""
_MEGABYTE = 2**20
_MOST_EXPLAINERS = 8
_KEY = "own_model"


@dataclass(frozen=True, eq=False)
class UploadedModel:
    """A model by its file's name, with the names of its outputs, and those of its classes where they are known."""

    name: str
    model: keras.Model
    outputs: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    token: str = field(default_factory=secrets.token_hex)
    _classifiers: dict[Any, Classifier] = field(default_factory=dict)
    _explainers: dict[Any, Explainer] = field(default_factory=dict)

    def classifier(self, mode: str | None, output: str | None) -> Classifier:
        """How the model classifies, as in `find_classifier`; its classes are numbered unless each has a name."""
        if (mode, output) not in self._classifiers:
            self._classifiers[mode, output] = of_model(self.model, self.name, mode, output)
        classifier = self._classifiers[mode, output]
        fits = len(self.class_names) == len(classifier.class_names)
        return replace(classifier, class_names=self.class_names) if fits else classifier

    def explainer(self, method: str, output: str | None, settings: tuple[tuple[str, Any], ...]) -> Explainer:
        """The model's explainer, kept with the model."""
        from tfpool.cam import Explainer

        key = method, output, settings
        if key not in self._explainers:
            while len(self._explainers) >= _MOST_EXPLAINERS:
                self._explainers.pop(next(iter(self._explainers)), None)
            self._explainers[key] = Explainer(self.model, method, output=output, **dict(settings))
        return self._explainers[key]


_held: WeakValueDictionary[str, UploadedModel] = WeakValueDictionary()


def hold(uploaded: UploadedModel) -> None:
    """Make a model that of this session, in place of any other."""
    # Streamlit keeps an earlier value of its state until another run: what a list held before is freed at once.
    st.session_state.setdefault(_KEY, [])[:] = [uploaded]
    _held[uploaded.token] = uploaded


def of_session() -> UploadedModel | None:
    """The model that this session holds."""
    return next(iter(st.session_state.get(_KEY, ())), None)


def find(token: str) -> UploadedModel:
    """A model that its session still holds, in whatever thread."""
    try:
        return _held[token]
    except KeyError:
        raise ValueError("The uploaded model is no longer here. Upload it again.") from None


def rename_classes(class_names: Sequence[str]) -> None:
    """Give the classes of the session's model other names."""
    uploaded = of_session()
    if uploaded and tuple(class_names) != uploaded.class_names:
        # What is cached of a model includes the names of its classes.
        hold(replace(uploaded, class_names=tuple(class_names), token=secrets.token_hex()))


def read_model(upload: Upload, class_names: Sequence[str] = ()) -> UploadedModel:
    """The model in a `.keras` or `.h5` file, checked before anything in it is opened.

    Raises:
        ValueError: the file is refused, or all visitors' models together would be too large.
    """
    load_keras()
    from tfpool.anatomy.unfold import unfold
    from tfpool.models.loading.load import load_model

    if len(upload.content) > MOST_MB * _MEGABYTE:
        raise ValueError(f"{upload.name} is larger than {MOST_MB} MB. Use a smaller model, or put it in saved_models.")
    with TemporaryDirectory(prefix="tfpool-") as folder:
        # Never under a name that a visitor has written.
        path = Path(folder, f"model{'.keras' if upload.name.lower().endswith('.keras') else '.h5'}")
        path.write_bytes(upload.content)
        try:
            model = load_model(path, MOST_MB * _MEGABYTE)
        except ValueError as error:
            raise ValueError(str(error).replace(str(path), upload.name)) from None
    if _megabytes_with(model) > MOST_HELD_MB:
        # Of visits that have ended, Python may not have freed all yet.
        gc.collect()
    if _megabytes_with(model) > MOST_HELD_MB:
        raise ValueError("Other visitors' models take all the memory that there is for them. Try again later.")
    uploaded = UploadedModel(upload.name, model, tuple(unfold(model).outputs), tuple(class_names))
    # Refused here, and not on each look at the page.
    uploaded.classifier(None, uploaded.outputs[0])
    return uploaded


def read_class_names(text: str) -> tuple[str, ...]:
    """Class names from a text with one per line. Empty lines count for nothing."""
    return tuple(name for line in text.splitlines() if (name := clean(line)))


def _megabytes_with(model: keras.Model) -> float:
    """The weights of a model and of all that sessions hold."""
    # A list is made at once, whatever other sessions do meanwhile.
    held = (reference() for reference in _held.valuerefs())
    models = {id(each): each for each in [model, *(uploaded.model for uploaded in held if uploaded)]}
    return sum(each.count_params() * 4 for each in models.values()) / _MEGABYTE
