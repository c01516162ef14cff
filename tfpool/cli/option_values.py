"""What people type after an option, such as 28x28x1 or width=0.5, as Python values; a ValueError names a wrong one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from tfpool.training.cluster.connection import Placement, place_on


def settings(texts: Sequence[str]) -> dict[str, Any]:
    """Keyword arguments from texts such as width=0.5."""
    values: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name.isidentifier():
            raise ValueError(f"Expected a setting such as width=0.5, got {text!r}.")
        try:
            values[name] = json.loads(value)
        except json.JSONDecodeError:
            values[name] = value
    return values


def input_shape(text: str | None) -> tuple[int | None, ...] | None:
    """(height, width, channels) from 224, 224x192, 28x28x1 or any; None stays None."""
    if text is None:
        return None
    if text == "any":
        return None, None, 3
    sizes = _whole_numbers(text)
    if len(sizes) not in (1, 2, 3):
        raise ValueError(f"Expected an image size such as 224, 224x192, 28x28x1 or any, got {text!r}.")
    return tuple(sizes) if len(sizes) == 3 else (sizes[0], sizes[-1], 3)


def image_size(text: str) -> tuple[int, int]:
    """(height, width) from 64 or 48x64."""
    sizes = _whole_numbers(text)
    if len(sizes) not in (1, 2):
        raise ValueError(f"Expected an image size such as 64 or 48x64, height first, got {text!r}.")
    return sizes[0], sizes[-1]


def split_fractions(text: str) -> list[float]:
    """The three numbers of a split such as 70/15/15."""
    try:
        return [float(fraction) for fraction in text.split("/")]
    except ValueError:
        raise ValueError(f"Expected a split such as 70/15/15, for train, validation and test, got {text!r}.") from None


def _whole_numbers(text: str) -> list[int]:
    """The numbers of 48x64; none if the text is anything else."""
    try:
        return [int(number) for number in text.lower().replace("×", "x").split("x")]
    except ValueError:
        return []


def place_of(args: argparse.Namespace) -> Placement:
    """Where --on and --artifacts say that runs are trained."""
    if args.artifacts and not args.on:
        raise ValueError(f"--artifacts {args.artifacts} needs --on, the cluster that returns its files there.")
    return place_on(args.on, args.artifacts)
