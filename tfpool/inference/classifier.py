"""A trained model with its input scaling and class names: a run's, a network's with ImageNet weights, or a file's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from PIL import Image

from tfpool import examples
from tfpool.anatomy.pixel_scale import PixelScale
from tfpool.counting.plan import Plan, plan
from tfpool.data.images import crop_and_resize, read_image
from tfpool.data.tiff import FIRST_PAGE, TiffChoice, choice_of_text, tiff_choice
from tfpool.models import pretrained
from tfpool.models.build import build
from tfpool.models.loading.file_formats import format_of
from tfpool.tracking.results import data_name
from tfpool.tracking.store import Run, RunStore

if TYPE_CHECKING:
    import keras

    from tfpool.cam.explainer import Explainer


@dataclass(frozen=True)
class Origin:
    """What a run or a published network is made of: its plan, "imagenet" if it began with these weights, and its data.

    `data` is the name of the data set that it was trained on.
    """

    plan: Plan
    weights: str | None
    data: str


@dataclass(frozen=True)
class Classifier:
    """A trained image classifier, named as its run, its network or its file.

    `input_shape` is (H, W, C), where H and W are None if the model takes any size. `class_names` are in the order of
    the scores. `to_input` scales uint8 images (N, H, W, C) as the model expects them, to float32. `output` names the
    output with the scores, for a model with several outputs. `pixels` says how a file's model takes its pixels, and
    why; None for runs and published networks, which are known. `depth` is the number of bits that gray image files
    with more than 8 bits are scaled from, as the images of training were; None: as each file's greatest value needs.
    Images are padded instead of cropped if `pads`, and `tiff` chooses the page and bands of TIFF files, as those of
    training were.
    `origin` is what a run or a published network is made of; None for a file.
    """

    name: str
    input_shape: tuple[int | None, int | None, int]
    class_names: tuple[str, ...]
    _load: Callable[[], keras.Model]
    to_input: Callable[[np.ndarray], np.ndarray]
    output: str | None = None
    pixels: PixelScale | None = None
    depth: int | None = None
    pads: bool = False
    tiff: TiffChoice = FIRST_PAGE
    origin: Origin | None = None

    @cached_property
    def model(self) -> keras.Model:
        """From input (N, H, W, C) to scores or probabilities (N, K), loaded on first use."""
        return self._load()

    def reads_tiff(self, page: str | None, bands: str | None) -> Classifier:
        """The same classifier with a page or three bands of TIFF files as people type them, "2" and "4,3,2".

        None keeps those of its training.
        """
        chosen = tiff_choice(**choice_of_text(page, bands))
        if chosen.page is None:
            raise ValueError("Expected one page of TIFF files, such as 2, since each file is one image. Got 'all'.")
        tiff = TiffChoice(self.tiff.page if page is None else chosen.page, chosen.bands or self.tiff.bands)
        return replace(self, tiff=tiff)

    def read(self, file: str | IO[bytes], size: tuple[int, int] | None = None, name: str | None = None) -> np.ndarray:
        """An image file as uint8 (H, W, C), cropped or padded, and resized to the network's size.

        A network of any size gets `size`, by default the image's own size, at most 512 pixels on the longer side.
        An error names the file by `name`, or else by its path.
        """
        height, width, channels = self.input_shape
        if (height is None or width is None) and size:
            height, width = size
        return read_image(file, (height, width, channels), name, self.depth, self.pads, self.tiff)

    def fit(self, pixels: np.ndarray) -> np.ndarray:
        """A uint8 image (h, w, 1 or 3) in the network's shape (H, W, C): cropped or padded, and resized."""
        height, width, channels = self.input_shape
        shape = (height or pixels.shape[0], width or pixels.shape[1], channels)
        if pixels.shape == shape:
            return pixels
        image = Image.fromarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)).copy())
        return crop_and_resize(image, shape, self.pads)

    def class_number(self, name: str) -> int:
        """The number of a class, given its name or number."""
        if name in self.class_names:
            return self.class_names.index(name)
        if name.isdecimal() and int(name) < len(self.class_names):
            return int(name)
        last = len(self.class_names) - 1
        names = ", ".join(self.class_names[:10]) + (", …" if last >= 10 else "")
        raise ValueError(f"There is no class {name!r}. Use 0 to {last}, or one of: {names}.")

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 (N, K), of uint8 images (N, H, W, C).

        Raises:
            ValueError: if the model gives numbers that are no probabilities.
        """
        return self.scorer.probabilities(self.to_input(images))

    @cached_property
    def scorer(self) -> Explainer:
        """An explainer for the model's scores alone, with a method that needs no feature layer."""
        from tfpool.cam.explainer import Explainer

        return Explainer(self.model, "saliency", output=self.output)


def find_classifier(name: str, store: RunStore, mode: str | None = None, output: str | None = None) -> Classifier:
    """The classifier of a run or an example, a network with ImageNet weights, or a file.

    A path that exists is a file's, unless a run or a network has that very name.

    For a file's model `mode`, one of `PIXEL_MODES`, is how it takes its pixels, by default as its graph says, or else
    from 0 to 1; and `output` is the name of the output to use, if it has several.
    """
    if is_model_file(name):
        return of_file(name, mode, output)
    if name in pretrained.NETWORKS:
        return of_network(name)
    if name in examples.runs():
        return of_run(examples.runs()[name])
    try:
        return of_run(store.get(name))
    except ValueError as error:
        if Path(name).exists():
            # Before Keras is loaded: the message says what the file is.
            format_of(Path(name))
            return of_file(name, mode, output)
        raise ValueError(
            f"{error} Or use a network with ImageNet weights, such as squeezenet, or the file of a model."
        ) from None


def is_model_file(name: str) -> bool:
    """Whether a name ends as that of a saved model's file."""
    return name.endswith((".keras", ".h5", ".hdf5"))


def of_run(run: Run) -> Classifier:
    """The classifier that a run trained."""
    names = tuple(run.spec["class_names"])
    origin = Origin(run.plan, run.spec["recipe"].get("weights"), data_name(run))
    shape = _input_shape(run.plan.input_shape)
    depth, pads, tiff = (run.reading[name] for name in ("depth", "pad", "tiff"))
    return Classifier(
        run.id, shape, names, run.load_model, run.to_input, depth=depth, pads=pads, tiff=tiff, origin=origin
    )


def of_network(name: str) -> Classifier:
    published = plan(name)
    load = partial(build, published, weights="imagenet")
    preprocess = partial(pretrained.preprocess_input, name)
    shape, origin = _input_shape(published.input_shape), Origin(published, "imagenet", "ImageNet")
    return Classifier(name, shape, pretrained.class_names(), load, preprocess, origin=origin)


def of_file(path: str | Path, mode: str | None = None, output: str | None = None) -> Classifier:
    """The classifier in a file. Its class names are read from `model.txt` beside `model.keras`, one per line."""
    from tfpool.models.loading.load import load_model

    classifier = of_model(load_model(path), Path(path).name, mode, output)
    name_file = Path(path).with_suffix(".txt")
    names = tuple(name_file.read_text(encoding="utf-8").splitlines()) if name_file.is_file() else ()
    classes = len(classifier.class_names)
    if names and len(names) != classes:
        raise ValueError(f"{name_file} has {len(names)} lines, and {path} {classes} classes. Write one name per line.")
    return replace(classifier, class_names=names) if names else classifier


def of_model(model: keras.Model, name: str, mode: str | None = None, output: str | None = None) -> Classifier:
    """The classifier that a model of any origin is; its classes are numbered."""
    from tfpool.anatomy.input_arithmetic import find_pixel_scale
    from tfpool.anatomy.pixel_scale import scale_pixels
    from tfpool.anatomy.split import split_at_image

    anatomy = split_at_image(model, output)
    shape = _input_shape(anatomy.image_shape)
    if shape[-1] not in (1, 3):
        raise ValueError(f"{name} takes images of {shape[-1]} channels. Image files have 1 or 3: gray or RGB.")
    names = tuple(f"class {number}" for number in range(anatomy.classes))
    pixels = find_pixel_scale(model)
    if mode is not None:
        pixels = pixels.chosen(mode)
    to_input = partial(scale_pixels, mode=pixels.mode)
    return Classifier(name, shape, names, lambda: model, to_input, output, pixels)


def _input_shape(shape: tuple[int | None, ...]) -> tuple[int | None, int | None, int]:
    height, width, channels = shape
    return height, width, channels or 3
