"""Image files as a model takes them: read, cropped, resized, and scaled by what is known of its pixels."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.anatomy.input_arithmetic import find_pixel_scale
from tfpool.anatomy.known_pixels import known_pixels
from tfpool.anatomy.pixel_scale import scale_pixels
from tfpool.data.custom.frequent_reasons import frequent_reasons
from tfpool.data.custom.image_files import open_source
from tfpool.data.custom.listing import MAX_FILES, File
from tfpool.data.custom.loose_images import inside, is_collection, loose_images
from tfpool.data.dataset_elements import MOST_BYTES
from tfpool.data.images import BadImage, read_image
from tfpool.system.format import memory

_CONTROL = "scale the pixels as in training, and pass an array"


@dataclass(frozen=True)
class FileImages:
    """Images of files: `values` float32 (N, H, W, C), scaled for the model, and `pixels`, uint8, as they look.

    `names` are their paths, and `notes` say how they were scaled and which files were left out.
    """

    values: np.ndarray
    pixels: np.ndarray
    names: tuple[str, ...]
    notes: tuple[str, ...]


def as_paths(images: Any) -> list[str] | None:
    """The paths of files, folders or zips, where images are given as one or several of them; None for anything else.

    Several are a list, an iterator such as `Path.glob`, or an array or tensor of texts.
    """
    if isinstance(images, str | os.PathLike):
        return [os.fspath(images)]
    if isinstance(images, Iterator):
        images = list(islice(images, MAX_FILES))
        if not all(isinstance(image, str | os.PathLike) for image in images):
            raise ValueError("Expected an array, paths, or a tf.data.Dataset. Received: an iterator of something else.")
    elif _are_texts(images):
        images = [_path(name) for name in np.ravel(images)]
    if not isinstance(images, list | tuple) or not images:
        return None
    are_paths = all(isinstance(image, str | os.PathLike) for image in images)
    return [os.fspath(image) for image in images] if are_paths else None


def _are_texts(images: Any) -> bool:
    """Whether an array, a tensor or a column of a table may hold texts."""
    if isinstance(images, tf.Tensor):
        return images.dtype == tf.string
    return getattr(getattr(images, "dtype", None), "kind", None) in tuple("SUO")


def _path(name: Any) -> Any:
    """A text of TensorFlow as a path."""
    if isinstance(name, bytes) and b"\0" in name:
        raise ValueError("Expected paths of images. Received: the content of a file. Decode it by tf.io.decode_image.")
    return os.fsdecode(name) if isinstance(name, bytes) else name


def from_files(paths: Sequence[str], model: keras.Model, shape: Sequence[int | None]) -> FileImages:
    """The images in files, folders and zips, of a model's input shape.

    If the scale of their pixels is assumed, or files of a folder cannot be read, that is a warning too.
    """
    height, width, channels = shape
    if channels not in (None, 1, 3):
        raise ValueError(
            f"Expected a model of gray or RGB images to read files. Received: {model.name}, which takes {channels} "
            "channels. Pass an array."
        )
    known = known_pixels(model)
    options = known.reading if known else {}
    read = partial(read_image, shape=(height, width, channels or 3), **options)
    names, images, left_out = _read(paths, read)
    sizes = list(dict.fromkeys(f"{image.shape[0]} x {image.shape[1]}" for image in images))
    if len(sizes) > 1:
        some = ", ".join(sizes[:3]) + (", …" if len(sizes) > 3 else "")
        raise ValueError(f"Expected images of one size. Received: {some}. Explain them one at a time.")
    pixels = np.stack(images)
    if known:
        values, sentence, warned = known.to_input(pixels), known.sentence(model.name), list[str]()
    else:
        scale = find_pixel_scale(model)
        values, sentence = scale_pixels(pixels, scale.mode), scale.sentence(model.name, _CONTROL)
        warned = [sentence] if scale.assumed else []
    notes = [sentence]
    if left_out:
        notes.append(f"Files left out: {frequent_reasons(left_out)}.")
        warned.append(notes[-1])
    for note in warned:
        # The level of the line that called an `Explainer`.
        warnings.warn(note, stacklevel=4)
    return FileImages(values, pixels, tuple(names), tuple(notes))


def _read(
    paths: Sequence[str], read: Callable[..., np.ndarray]
) -> tuple[list[str], list[np.ndarray], list[tuple[str, str]]]:
    """Names and images of what can be read, and (name, reason) of what cannot, unless its very path was given."""
    names: list[str] = []
    images: list[np.ndarray] = []
    left_out: list[tuple[str, str]] = []
    with ExitStack() as opened:
        files = [file for path in paths for file in _files(path, left_out, opened)]
        for name, file in files:
            try:
                image = read(io.BytesIO(file.read()), name=name) if isinstance(file, File) else read(file, name=name)
            except BadImage as error:
                if not isinstance(file, File):
                    raise
                left_out.append((name, error.reason))
                continue
            # The float32 values of the images are what is large.
            if image.size * 4 * len(files) > MOST_BYTES:
                most, size = MOST_BYTES // 4 // image.size, f"{image.shape[0]} x {image.shape[1]}"
                raise ValueError(
                    f"Expected at most {most:,} images of {size} pixels, which is {memory(MOST_BYTES)}. "
                    f"Received: {len(files):,}. Explain some at a time."
                )
            names.append(name)
            images.append(image)
    if not images:
        raise ValueError(f"No image can be read: {frequent_reasons(left_out)}.")
    return names, images, left_out


def _files(path: str, left_out: list[tuple[str, str]], opened: ExitStack) -> Iterator[tuple[str, str | File]]:
    """The name and the file of each image at a path."""
    if not is_collection(path):
        yield path, path
        return
    files, refused = loose_images(opened.enter_context(open_source(path)))
    left_out += [(inside(path, name), reason) for name, reason in refused]
    for file in files:
        yield inside(path, file.name), file
