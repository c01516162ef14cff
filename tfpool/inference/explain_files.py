"""Explained image files as one picture: every image under every model and method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.cam.explainer import Explainer
from tfpool.cam.figures.sheet import caption, legend, png, sheet, write_sheet
from tfpool.cam.targets import Contrast, Target
from tfpool.inference.classifier import Classifier

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Question:
    """What is asked of each model.

    Attributes:
        methods: names from `methods()`.
        target: the class to explain, by name or number; None for the one with the highest score.
        other: the class that it is told from, likewise; None for no other.
        settings: what else an `Explainer` takes.
    """

    methods: Sequence[str]
    target: str | None = None
    other: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def of(self, classifier: Classifier) -> Target:
        """The target as an explainer takes it.

        Raises:
            ValueError: if the model has no such class.
        """
        target: int | str = "top" if self.target is None else classifier.class_number(self.target)
        return target if self.other is None else Contrast(target, classifier.class_number(self.other))


def explain_files(
    classifiers: Sequence[Classifier],
    files: Sequence[str],
    question: Question,
    out: str,
    scale: str | None = None,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Explain models on image files and write a sheet, a row an image and a column a model and method.

    Args:
        scale: which maps share one scale, as `sheet` has it. Default: those of an image by one method, and of a column
            where there are several methods, which have different units.
        progress: called with the maps made and the maps in all.

    Returns:
        For each map, row by row: image, model, method, the class explained and the one it is told from, what is
        explained and the class's probability, the feature layer, and the map.

    Raises:
        ValueError: if a file is no image or a model no classifier, there is no such class or method, the models see
            different parts of an image, or the sheet cannot be written.
    """
    png(out)
    targets = [question.of(classifier) for classifier in classifiers]
    size = _one_size(classifiers)
    images = [[classifier.read(file, size) for classifier in classifiers] for file in files]
    columns = [(place, method) for place in range(len(classifiers)) for method in question.methods]
    told: list[list[dict[str, Any]]] = [[] for _ in files]
    for number, (place, method) in enumerate(columns):
        classifier, shown = classifiers[place], [views[place] for views in images]
        explainer = Explainer(classifier.model, method, output=classifier.output, **question.settings)
        for row, answer in enumerate(_answers(classifier, explainer, targets[place], shown)):
            told[row].append({"image": files[row], "model": classifier.name, "method": method, **answer})
            if progress:
                progress(number * len(files) + row + 1, len(columns) * len(files))
    heatmaps = [[each["heatmap"] for each in row] for row in told]
    captions = [
        [caption(each["class_name"], each["other_name"], each["score"], each["probability"]) for each in row]
        for row in told
    ]
    counts = len(classifiers), len(question.methods)
    titles = [_title(classifiers[place].name, method, *counts) for place, method in columns]
    scale = scale or ("row" if len(question.methods) == 1 else "column")
    rows = [Path(file).name for file in files]
    said = legend({each["unit"] for each in told[0]}, question.methods)
    picture = sheet([views[0] for views in images], heatmaps, rows, titles, captions, scale, **said)
    write_sheet(picture, out)
    return [{**each, "heatmap": each["heatmap"].tolist()} for row in told for each in row]


def _answers(
    classifier: Classifier, explainer: Explainer, target: Target, images: Sequence[np.ndarray]
) -> Iterator[dict[str, Any]]:
    for pixels in images:
        batch = classifier.to_input(pixels[np.newaxis])
        explanation = explainer(batch, target)
        number = int(explanation.targets[0])
        other = None if explanation.others is None else int(explanation.others[0])
        yield {
            "class": number,
            "class_name": classifier.class_names[number],
            "other_name": None if other is None else classifier.class_names[other],
            "score": float(explanation.scores[0]),
            "probability": float(explainer.probabilities(batch)[0, number]),
            "layer": explanation.layer,
            "unit": explanation.unit,
            "heatmap": explanation.heatmaps[0],
        }


def _one_size(classifiers: Sequence[Classifier]) -> tuple[int, int] | None:
    """The size at which models of any size see an image too, so that all see one part of it."""
    sizes = {classifier.input_shape[:2] for classifier in classifiers if None not in classifier.input_shape[:2]}
    if len({height / width for height, width in sizes if height and width}) > 1:
        raise ValueError(
            "Models that see images of one shape are laid side by side, got "
            + ", ".join(f"{each.name} ({each.input_shape[0]} x {each.input_shape[1]})" for each in classifiers)
            + ". Explain them one by one."
        )
    return next(((height, width) for height, width in sizes if height and width), None)


def _title(model: str, method: str, models: int, methods: int) -> str:
    if methods == 1 and models > 1:
        return model
    return method if models == 1 else f"{model} · {method}"
