"""Predictions for image files, folders, zips and uploads: each readable image is answered, the others are named."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO

import numpy as np

from tfpool.data.custom import loose_images
from tfpool.data.custom.frequent_reasons import frequent_reasons
from tfpool.data.custom.image_files import open_source
from tfpool.data.custom.listing import File
from tfpool.data.custom.safe_names import clean
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
class Upload:
    """An image or a zip that lies in memory, under any name."""

    name: str
    content: IO[bytes]


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


def answer(classes: Sequence[tuple[str, float]], threshold: float) -> str:
    """The likeliest class, or `NONE` if its probability is below the threshold."""
    name, probability = classes[0]
    return name if probability >= threshold else NONE


def is_collection(source: str | Upload) -> bool:
    """Whether a source is a folder or a zip, and not one image."""
    return loose_images.is_collection(source) if isinstance(source, str) else loose_images.is_zip(source.name)


def classify_files(
    classifier: Classifier,
    sources: Sequence[str | Upload],
    top: int,
    threshold: float = 0.0,
    sorted_folder: Path | None = None,
    progress: Progress | None = None,
) -> Answers:
    """Classify image files, and those of folders and zips with all their sub-folders.

    Args:
        classifier: the model with its class names.
        sources: paths of images, folders and zips, or uploads.
        top: number of classes per image.
        threshold: probability from 0 to 1; an image whose likeliest class is below it is `NONE`.
        sorted_folder: where to copy each image, into a sub-folder per class. No file there is replaced.
        progress: receives the number of images that are read and of all images, after each.

    Raises:
        ValueError: if no image can be read, a source is no image, folder or zip, or the threshold is no probability.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"A threshold is a probability from 0 to 1, got {threshold:g}.")
    answers, folders = Answers(), _folder_names(classifier.class_names)
    with ExitStack() as opened:
        images = [image for source in sources for image in _images(source, answers, opened)]
        for batch in _batches(classifier, images, answers, progress):
            probabilities = classifier.probabilities(np.stack([pixels for _, pixels in batch]))
            for (image, _), row in zip(batch, probabilities, strict=True):
                best = np.argsort(-row, kind="stable")[:top]
                classes = tuple((classifier.class_names[index], float(row[index])) for index in best)
                class_name = answer(classes, threshold)
                answers.predictions.append(Prediction(image.name, class_name, classes))
                if sorted_folder:
                    _copy(image, sorted_folder / folders[class_name])
    if not answers.predictions:
        raise ValueError(f"No image can be read: {frequent_reasons(answers.left_out)}.")
    return answers


@dataclass(frozen=True)
class _Image:
    """An image that has not been opened yet: `open` returns its path, or its bytes if it is in a folder or zip."""

    name: str
    open: Callable[[], str | IO[bytes]]


def _images(source: str | Upload, answers: Answers, opened: ExitStack) -> Iterator[_Image]:
    name, content = (source, source) if isinstance(source, str) else (source.name, source.content)
    if not is_collection(source):
        yield _Image(name, partial(_from_start, content))
        return
    files, left_out = loose_images.loose_images(opened.enter_context(open_source(content)))
    answers.left_out += [(loose_images.inside(name, inside), reason) for inside, reason in left_out]
    for file in files:
        yield _Image(loose_images.inside(name, file.name), partial(_in_memory, file))


def _from_start(content: str | IO[bytes]) -> str | IO[bytes]:
    if not isinstance(content, str):
        content.seek(0)
    return content


def _in_memory(file: File) -> IO[bytes]:
    return io.BytesIO(file.read())


def _batches(
    classifier: Classifier, images: Sequence[_Image], answers: Answers, progress: Progress | None
) -> Iterator[list[tuple[_Image, np.ndarray]]]:
    """Images of one size, at most `BATCH` at once."""
    batch: list[tuple[_Image, np.ndarray]] = []
    for number, image in enumerate(images, start=1):
        if progress:
            progress(number, len(images))
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
            yield batch
            batch = []
        batch.append((image, pixels))
    if batch:
        yield batch


def csv_of(predictions: Iterable[Prediction]) -> str:
    """A table with the columns file, class, probability, likeliest, and those of the next classes.

    The probability is that of the likeliest class, which is the class itself unless that is `NONE`.
    """
    rows = []
    for each in predictions:
        (likeliest, probability), *others = each.classes
        cells = [cell for name, fraction in others for cell in (name, f"{fraction:.6f}")]
        rows.append((each.image, each.class_name, f"{probability:.6f}", likeliest, *cells))
    classes = max((len(row) for row in rows), default=4) // 2
    more = [f"{column}_{number}" for number in range(2, classes) for column in ("class", "probability")]
    return csv_text([("file", "class", "probability", "likeliest", *more), *rows])


def write_csv(predictions: Iterable[Prediction], path: Path) -> None:
    """Write the table of `csv_of`, in UTF-8."""
    with atomic(path) as temporary:
        temporary.write_text(csv_of(predictions), encoding="utf-8", newline="")


def _copy(image: _Image, folder: Path) -> None:
    name, source = Path(image.name), image.open()
    numbered = (folder / (name.name if number == 1 else f"{name.stem} ({number}){name.suffix}") for number in count(1))
    free = next(path for path in numbered if not path.exists())
    with atomic(free) as temporary:
        temporary.write_bytes(Path(source).read_bytes() if isinstance(source, str) else source.read())


def _folder_names(class_names: Iterable[str]) -> dict[str, str]:
    """A folder's name for each class and for `NONE`, no two of them equal where upper and lower case are one.

    None leads out of the folder, and none has a character that Windows refuses.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for class_name in dict.fromkeys((NONE, *class_names)):
        base = re.sub(r'[/\\<>:"|?*]', "-", clean(class_name)).strip(". ") or "unnamed"
        numbered = (base if number == 1 else f"{base} ({number})" for number in count(1))
        names[class_name] = next(name for name in numbered if name.casefold() not in taken)
        taken.add(names[class_name].casefold())
    return names
