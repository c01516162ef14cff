"""Colors of figures: matplotlib's diverging color map `coolwarm` for signed evidence."""

from __future__ import annotations

import numpy as np

FOR = (180, 4, 38)
AGAINST = (59, 76, 192)
"""The ends of the color map: red speaks for the class, blue against it."""

# A table, since loading matplotlib takes longer than a page. Written by:
#   python -c "import numpy as np; from matplotlib import colormaps, colors
#   print(*(colors.to_hex(c)[1:] for c in colormaps['coolwarm'](np.linspace(0, 1, 33))))"
_HEX = """
3b4cc0 445acc 4e68d8 5875e1 6282ea 6c8ff1 779af7 82a6fb 8db0fe 98b9ff a3c2fe aec9fc b9d0f9 c3d5f4 ccd9ed
d5dbe5 dddcdc e5d8d1 ecd3c5 f1ccb8 f5c4ac f7ba9f f7b093 f6a586 f4987a f08b6e eb7d62 e46e56 dd5f4b d44e41
ca3b37 be242e b40426
"""
_TABLE = np.array([list(bytes.fromhex(color)) for color in _HEX.split()], np.float64)
_MIDDLE = len(_TABLE) // 2

# The paint at each strength of the table from 0 to 1, against and for. Without evidence, it is the limit for ever less.
_STRENGTHS = np.linspace(0, 1, _MIDDLE + 1)
_FRACTIONS = _STRENGTHS[[1, *range(1, _MIDDLE + 1)], np.newaxis]


def _paint_of(colors: np.ndarray) -> np.ndarray:
    """Colors without the gray that their strength leaves in them."""
    return np.clip((colors[[1, *range(1, _MIDDLE + 1)]] - (1 - _FRACTIONS) * _TABLE[_MIDDLE]) / _FRACTIONS, 0, 255)


_PAINT_AGAINST, _PAINT_FOR = _paint_of(_TABLE[_MIDDLE::-1]), _paint_of(_TABLE[_MIDDLE:])


def coolwarm(strengths: np.ndarray) -> np.ndarray:
    """The diverging color map from −1, against, over gray at 0 to 1, for: (…) to sRGB 0 to 255, float (…, 3)."""
    return _interpolated(strengths, np.linspace(-1, 1, len(_TABLE)), _TABLE)


def paint(strengths: np.ndarray) -> np.ndarray:
    """Colors to lay on an image with an opacity of |strength|, (…) from −1 to 1: sRGB 0 to 255, float (…, 3).

    The color map's gray is taken out of its colors, so that no evidence is no paint. Laid on that gray, the paint
    gives the color map back. On white it darkens with every step of the evidence, and on black it brightens.
    """
    size = np.abs(strengths)
    against, for_it = (_interpolated(size, _STRENGTHS, colors) for colors in (_PAINT_AGAINST, _PAINT_FOR))
    return np.where(np.asarray(strengths)[..., np.newaxis] < 0, against, for_it)


def colorscale(alpha: float) -> list[list[float | str]]:
    """The same paint as the stops of a Plotly color scale, with the opacity `alpha` at full evidence, 0 to 1."""
    strengths = [*-_STRENGTHS[::-1], *_STRENGTHS]
    colors = [*_PAINT_AGAINST[::-1], *_PAINT_FOR]
    return [
        [float(0.5 + strength / 2), f"rgba({', '.join(f'{part:.0f}' for part in color)}, {alpha * abs(strength):.4g})"]
        for strength, color in zip(strengths, colors, strict=True)
    ]


def _interpolated(values: np.ndarray, places: np.ndarray, colors: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(values, places, part) for part in colors.T], axis=-1)
