"""Colours of signed evidence: one diverging map for pictures and charts, laid on an image like paint."""

from __future__ import annotations

from functools import cache

import numpy as np

FOR = (180, 4, 38)
AGAINST = (59, 76, 192)
"""The ends of the cool-warm map: red speaks for the class, blue against it. Moreland 2009, "Diverging Color Maps for
Scientific Visualization"."""
_MIDDLE = 88.0
"""Length of the middle's colour vector in CIELAB, a light grey, as that paper has it."""

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(axis=1)
_STEPS = 33


def cool_warm(strengths: np.ndarray) -> np.ndarray:
    """The diverging map itself, equal steps of which look equal: sRGB 0 to 255, float (…, 3).

    Args:
        strengths: (…), −1 is full evidence against, 0 the grey middle, 1 full evidence for.
    """
    strengths = np.asarray(strengths, np.float64)[..., np.newaxis]
    return np.where(strengths < 0, _arm(AGAINST, -strengths), _arm(FOR, strengths))


def paint(strengths: np.ndarray) -> np.ndarray:
    """Colours to lay on an image with an opacity of |strength|: sRGB 0 to 255, float (…, 3).

    The map's grey is taken out of its colours, so that no evidence is no paint. Laid on that grey they give the map
    back; on white they darken with every step of the evidence, and on black they brighten until shortly before its end.

    Args:
        strengths: (…), −1 to 1.
    """
    steps, against, for_it = _paints()
    size = np.abs(strengths)
    arms = [np.stack([np.interp(size, steps, part) for part in colours.T], axis=-1) for colours in (against, for_it)]
    return np.where(np.asarray(strengths)[..., np.newaxis] < 0, *arms)


def colorscale(alpha: float) -> list[list[float | str]]:
    """The same paint as the stops of a Plotly colour scale from full evidence against to full evidence for.

    Every other step has one, since Plotly validates each: between them the paint is off by 4 of 255 at most.

    Args:
        alpha: opacity of full evidence, 0 to 1.
    """
    steps, against, for_it = _paints()
    ordered = [*zip(-steps[::-2], against[::-2], strict=True), *zip(steps[::2], for_it[::2], strict=True)]
    return [
        [float(0.5 + place / 2), f"rgba({', '.join(f'{part:.0f}' for part in colour)}, {alpha * abs(place):.4g})"]
        for place, colour in ordered
    ]


@cache
def _paints() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Strengths from 0 to 1, and the paint against and for at each."""
    steps = np.linspace(0, 1, _STEPS)
    # At no evidence the paint is the limit of ever less.
    share = np.maximum(steps, 1e-4)[:, np.newaxis]
    grey = cool_warm(np.zeros(1))
    against, for_it = (
        np.clip((cool_warm(sign * share[:, 0]) - (1 - share) * grey) / share, 0, 255) for sign in (-1, 1)
    )
    return steps, against, for_it


def _arm(end: tuple[int, int, int], strength: np.ndarray) -> np.ndarray:
    """From the grey middle to an end in polar CIELAB: length, saturation and hue each change evenly."""
    lab = _to_lab(np.array(end, np.float64))
    length = np.linalg.norm(lab)
    saturation, hue = np.arccos(lab[0] / length), np.arctan2(lab[2], lab[1])
    # The grey has no hue of its own. Turning it away from the end's keeps the steps equal while the length changes.
    turn = saturation * np.sqrt(_MIDDLE**2 - length**2) / (length * np.sin(saturation))
    lengths = _MIDDLE + (length - _MIDDLE) * strength
    saturations = saturation * strength
    hues = hue + (1 - strength) * (turn if hue > -np.pi / 3 else -turn)
    across = lengths * np.sin(saturations)
    polar = [lengths * np.cos(saturations), across * np.cos(hues), across * np.sin(hues)]
    return _to_srgb(np.concatenate(polar, axis=-1))


def _to_lab(rgb: np.ndarray) -> np.ndarray:
    light = np.where(rgb > 0.04045 * 255, ((rgb / 255 + 0.055) / 1.055) ** 2.4, rgb / 255 / 12.92)
    ratio = light @ _TO_XYZ.T / _WHITE
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _to_srgb(lab: np.ndarray) -> np.ndarray:
    y = (lab[..., 0] + 16) / 116
    root = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    light = np.clip((ratio * _WHITE) @ np.linalg.inv(_TO_XYZ).T, 0, 1)
    return 255 * np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)
