"""Predictions for image files, folders and zips: each image that can be read is answered, and the others are named."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO

import numpy as np

from tfpool.data.custom.frequent_reasons import frequent_reasons, why_no_image
from tfpool.data.custom.image_files import File, open_source
from tfpool.data.custom.safe_names import clean, natural_order
from tfpool.data.images import BadImage
from tfpool.inference.classifier import Classifier
from tfpool.inference.pixel_check import IMAGES
from tfpool.system.files import atomic
from tfpool.system.format import csv_text

NONE = "none of these"
"""The class of an image whose likeliest class is below the threshold."""
BATCH = 32
CSV_TOP = 5
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Prediction:
    """What a model predicts for an image.

    Attributes:
        image: the path as it was given, or of the image in the folder or zip.
        class_name: the likeliest class, or `NONE`.
        classes: the likeliest classes with their probabilities, in this order.
    """

    image: str
    class_name: str
    classes: tuple[tuple[str, float], ...]


@dataclass
class Answers:
    """Predictions in the order of the sources, and (name, reason) of what could not be read.

    `samples` are the first images as the model sees them, uint8 (H, W, C) each.
    """

    predictions: list[Prediction] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    samples: list[np.ndarray] = field(default_factory=list)


def is_collection(source: str) -> bool:
    """Whether a source is a folder or a zip, and not one image."""
    return Path(source).is_dir() or source.lower().endswith(".zip")


def classify_files(
    classifier: Classifier,
    sources: Sequence[str],
    top: int,
    threshold: float = 0.0,
    sorted_folder: Path | None = None,
    progress: Progress | None = None,
) -> Answers:
    """Classify image files, and those of folders and zips with all their sub-folders.

    Args:
        classifier: the model with its class names.
        sources: paths of images, folders and zips.
        top: number of classes per image.
        threshold: probability from 0 to 1; an image whose likeliest class is below it is `NONE`.
        sorted_folder: where to copy each image, into a sub-folder per class. No file there is replaced.
        progress: receives the number of images that are done and of all images.

    Raises:
        ValueError: if no image can be read, a source is no image, folder or zip, or the threshold is no probability.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"A threshold is a probability from 0 to 1, got {threshold:g}.")
    answers = Answers()
    with ExitStack() as opened:
        images = [image for source in sources for image in _images(source, answers, opened)]
        for number, batch in _batches(classifier, images, answers):
            probabilities = classifier.probabilities(np.stack([pixels for _, pixels in batch]))
            for (image, _), row in zip(batch, probabilities, strict=True):
                best = np.argsort(-row, kind="stable")[:top]
                classes = tuple((classifier.class_names[index], float(row[index])) for index in best)
                class_name = classes[0][0] if classes[0][1] >= threshold else NONE
                answers.predictions.append(Prediction(image.name, class_name, classes))
                if sorted_folder:
                    _copy(image, sorted_folder / _folder_name(class_name))
            if progress:
                progress(number, len(images))
    if not answers.predictions:
        raise ValueError(f"No image can be read: {frequent_reasons(answers.left_out)}.")
    return answers


@dataclass(frozen=True)
class _Image:
    """An image that has not been opened yet: `open` returns its path, or its bytes if it is in a folder or zip."""

    name: str
    open: Callable[[], str | IO[bytes]]


def _images(source: str, answers: Answers, opened: ExitStack) -> Iterator[_Image]:
    if not is_collection(source):
        yield _Image(source, lambda: source)
        return
    listing = opened.enter_context(open_source(source))
    # Text files and the like beside the images are nobody's image.
    left_out = [(name, reason) for name, reason in listing.skipped if reason != why_no_image("", listing.kind)]
    if not (listing.files or left_out):
        raise ValueError(f"{source} holds no image. Give image files, or a folder or zip of images.")
    answers.left_out += [(_inside(source, name), reason) for name, reason in left_out]
    for file in sorted(listing.files, key=lambda file: natural_order(file.name)):
        yield _Image(_inside(source, file.name), partial(_in_memory, file))


def _in_memory(file: File) -> IO[bytes]:
    return io.BytesIO(file.read())


def _inside(source: str, name: str) -> str:
    return f"{source.rstrip('/')}/{name}"


def _batches(
    classifier: Classifier, images: Sequence[_Image], answers: Answers
) -> Iterator[tuple[int, list[tuple[_Image, np.ndarray]]]]:
    """Images of one size, at most `BATCH` at once, each time with the number of images read so far."""
    batch: list[tuple[_Image, np.ndarray]] = []
    for number, image in enumerate(images):
        try:
            pixels = classifier.read(image.open(), name=image.name)
        except BadImage as error:
            if len(images) == 1:
                raise
            answers.left_out.append((image.name, error.reason))
            continue
        if len(answers.samples) < IMAGES:
            answers.samples.append(pixels)
        if batch and (len(batch) == BATCH or batch[0][1].shape != pixels.shape):
            yield number, batch
            batch = []
        batch.append((image, pixels))
    if batch:
        yield len(images), batch


def write_csv(predictions: Iterable[Prediction], path: Path) -> None:
    """Write a table with the columns file, class, probability, and those of the next classes; UTF-8."""
    rows = []
    for each in predictions:
        _, *cells = [cell for name, probability in each.classes for cell in (name, f"{probability:.6f}")]
        rows.append((each.image, each.class_name, *cells))
    classes = max(len(row) for row in rows) // 2
    more = [f"{column}_{number}" for number in range(2, classes + 1) for column in ("class", "probability")]
    with atomic(path) as temporary:
        text = csv_text([("file", "class", "probability", *more), *rows])
        temporary.write_text(text, encoding="utf-8", newline="")


def _copy(image: _Image, folder: Path) -> None:
    name, source = Path(image.name), image.open()
    numbered = (folder / (name.name if number == 1 else f"{name.stem} ({number}){name.suffix}") for number in count(1))
    free = next(path for path in numbered if not path.exists())
    with atomic(free) as temporary:
        temporary.write_bytes(Path(source).read_bytes() if isinstance(source, str) else source.read())


def _folder_name(class_name: str) -> str:
    """A class name without what separates folders, and never one that leads out of the folder."""
    name = clean(class_name).replace("/", "-").replace("\\", "-").strip(". ")
    return name or "unnamed"
