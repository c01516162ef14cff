"""Maps of image files in one picture: every image with every model and method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.cam.explainer import Explainer
from tfpool.cam.figures.color_scales import Choice, choose_scale, spread_of
from tfpool.cam.figures.sheet import caption, legend, png, sheet, write_sheet
from tfpool.cam.targets import Contrast, Target
from tfpool.inference.classifier import Classifier
from tfpool.inference.pixel_check import pixel_record


@dataclass(frozen=True)
class Question:
    """What to explain about each model: `methods` from `methods()`, with further `settings` of `Explainer`.

    `target` is a class by name or number, None for the one with the highest score; `other` the contrast class or None.
    """

    methods: Sequence[str]
    target: str | None = None
    other: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def target_of(self, classifier: Classifier) -> Target:
        """The target in the form that an explainer takes."""
        target: int | str = "top" if self.target is None else classifier.class_number(self.target)
        return target if self.other is None else Contrast(target, classifier.class_number(self.other))


def explain_files(
    classifiers: Sequence[Classifier],
    files: Sequence[str],
    question: Question,
    out: str,
    scale: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Explain models on image files: a sheet with one row per image, one column per model and method, at `out`, a PNG.

    `scale` says which maps share a color scale, as in `sheet`. By default they are the maps of a row for one method,
    and those of a column for several, whose units differ; fewer where one of them would be blank. `on_progress` is
    called with the maps done and the total.
    Returns for each map, row by row: image, model, how that takes its pixels, method, explained and contrast class, the
    class's score and probability (None of a model that is no classifier), what the score is, feature layer, unit, and
    the map.
    """
    png(out)
    targets = [question.target_of(classifier) for classifier in classifiers]
    size = _one_size(classifiers)
    images = [[classifier.read(file, size) for classifier in classifiers] for file in files]
    columns = [(place, method) for place in range(len(classifiers)) for method in question.methods]
    table: list[list[dict[str, Any]]] = [[] for _ in files]
    for number, (place, method) in enumerate(columns):
        classifier, column = classifiers[place], [views[place] for views in images]
        explainer = Explainer(classifier.model, method, output=classifier.output, **question.settings)
        for row, record in enumerate(_explain_column(classifier, explainer, method, targets[place], column)):
            table[row].append({"image": files[row], "model": classifier.name, "method": method, **record})
            if on_progress:
                on_progress(number * len(files) + row + 1, len(columns) * len(files))
    heatmaps = [[record["heatmap"] for record in row] for row in table]
    captions = [
        [caption(record["class_name"], record["other_name"], record["score"], record["probability"]) for record in row]
        for row in table
    ]
    spreads = [[record.pop("spread") for record in row] for row in table]
    counts = len(classifiers), len(question.methods)
    titles = [_title(classifiers[place].name, method, *counts) for place, method in columns]
    preferred = "row" if len(question.methods) == 1 else "column"
    choice = Choice(scale, "") if scale else choose_scale(heatmaps, preferred, spreads)
    rows = [Path(file).name for file in files]
    texts = legend({record["unit"] for record in table[0]}, question.methods)
    texts |= {"scale": choice.scale, "note": choice.note}
    picture = sheet([views[0] for views in images], heatmaps, rows, titles, captions, spreads=spreads, **texts)
    write_sheet(picture, out)
    pixels = [pixel_record(model, views) for model, views in zip(classifiers, zip(*images, strict=True), strict=True)]
    return [
        {**record, "pixels": pixels[place], "heatmap": record["heatmap"].tolist()}
        for row in table
        for record, (place, _) in zip(row, columns, strict=True)
    ]


def _explain_column(
    classifier: Classifier, explainer: Explainer, method: str, target: Target, images: Sequence[np.ndarray]
) -> Iterator[dict[str, Any]]:
    for pixels in images:
        batch = classifier.to_input(pixels[np.newaxis])
        explanation = explainer(batch, target)
        number = int(explanation.targets[0])
        scores = explainer.scores(batch)
        other = None if explanation.others is None else int(explanation.others[0])
        yield {
            "class": number,
            "class_name": classifier.class_names[number],
            "other_name": None if other is None else classifier.class_names[other],
            "score": float(explanation.scores[0]),
            "probability": None if explanation.of == "number" else float(explainer.to_probabilities(scores)[0, number]),
            "of": explanation.of,
            "layer": explanation.layer,
            "unit": explanation.unit,
            "heatmap": explanation.heatmaps[0],
            "spread": spread_of(method, scores[0]),
        }


def _one_size(classifiers: Sequence[Classifier]) -> tuple[int, int] | None:
    """The size for models that take any size, so that all models see the same part of an image."""
    if len({classifier.pads for classifier in classifiers}) > 1:
        padding = ", ".join(classifier.name for classifier in classifiers if classifier.pads)
        raise ValueError(
            f"Models side by side need the same part of an image, and of these only {padding} takes padded images. "
            "Explain them one by one."
        )
    sizes = {classifier.input_shape[:2] for classifier in classifiers if None not in classifier.input_shape[:2]}
    if len({height / width for height, width in sizes if height and width}) > 1:
        raise ValueError(
            "Models side by side need images of one aspect ratio, got "
            + ", ".join(f"{model.name} ({model.input_shape[0]} × {model.input_shape[1]})" for model in classifiers)
            + ". Explain them one by one."
        )
    return next(((height, width) for height, width in sizes if height and width), None)


def _title(model: str, method: str, models: int, methods: int) -> str:
    if methods == 1 and models > 1:
        return model
    return method if models == 1 else f"{model} · {method}"
