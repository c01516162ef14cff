"""What an explainer returns: maps of images, and the terms of one score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tfpool.cam.interpolation import resize
from tfpool.system.notebook import html_lines, html_picture, html_table, is_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FEW = 8
"""Images or channels that a notebook shows of many."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Maps of N images.

    Attributes:
        heatmaps: float32 (N, h, w) at the resolution of the features, or of the image for methods that read the image
            itself. Not normalized: in the units of the method's formula.
        targets: int64 (N,), the explained class; -1 for a function of the scores.
        scores: float32 (N,), the explained score: the class's score before softmax, minus that of the class it is
            contrasted with, or the value of the function of all scores.
        layer: name of the feature layer, or of the input for methods that read the image itself.
        unit: of the heatmaps' values: "score" if they are parts of the explained score.
        others: int64 (N,), the class that each target is contrasted with; None without a contrast.
        of: what the scores are: "logit", before softmax or sigmoid; "probability", where what ends the model can't be
            taken off; or "number", of a model that is no classifier.
        notes: sentences on how the pixels of image files were scaled, which files were left out, and what these maps
            cannot show; all but a scale that is known are warnings too.
        method: name of the method.
        images: the explained images, (N, H, W, C): uint8 of image files, or as the model takes them.
        files: the paths of the images, where files were given.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1)))
        >>> e = tp.explain(model, np.zeros((2, 28, 28, 1)), method="hirescam", target=[3, 5])
        >>> e.heatmaps.shape, e.targets.tolist(), e.unit
        ((2, 7, 7), [3, 5], 'score')
        >>> e.resize((28, 28)).shape  # as large as the images
        (2, 28, 28)
    """

    heatmaps: np.ndarray
    targets: np.ndarray
    scores: np.ndarray
    layer: str
    unit: str = "score"
    others: np.ndarray | None = None
    of: str = "logit"
    notes: tuple[str, ...] = ()
    method: str = ""
    images: np.ndarray | None = field(default=None, repr=False)
    files: tuple[str, ...] = field(default=(), repr=False)

    def resize(self, size: tuple[int, int]) -> np.ndarray:
        """The heatmaps at another (height, width), bilinear, float32 (N, height, width)."""
        return resize(self.heatmaps, size)

    def plot(self, images: np.ndarray | None = None, class_names: Sequence[str] | None = None) -> Figure:
        """Draw the maps on their images, with color bars.

        Args:
            images: (N, H, W, C) to draw the maps on, uint8 or float from 0 to 1. Default: the explained images; those
                in another range are stretched from black to white, each by its own values.
            class_names: K names, in the order of the classes. Default: the numbers of the classes.

        Returns:
            A figure of matplotlib, for `savefig`.

        Raises:
            ValueError: if the images are neither gray nor RGB, or not as many as the maps, or a class has no name.

        Example:
            >>> import numpy as np
            >>> import tfpool as tp
            >>> model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1)))
            >>> e = tp.explain(model, np.zeros((1, 28, 28, 1)), target=3)
            >>> type(e.plot(class_names=list("abcdefghij"))).__name__
            'Sheet'
        """
        from tfpool.cam.figures.explanation_sheet import explanation_sheet

        return explanation_sheet(self, images, class_names)

    def show(self, images: np.ndarray | None = None, class_names: Sequence[str] | None = None) -> None:
        """Show what `plot` draws: below the cell of a notebook, or else in the system's picture viewer."""
        from tfpool.cam.figures.sheet import pixels_of

        pixels = pixels_of(self.plot(images, class_names))
        if is_notebook():
            from IPython.display import HTML, display

            display(HTML(html_picture(pixels, self._text)))
            return
        from PIL import Image

        Image.fromarray(pixels).show()

    @property
    def _text(self) -> str:
        maps = "map" if len(self.heatmaps) == 1 else "maps"
        return f"{len(self.heatmaps)} {maps} by {self.method} of {self.layer}"

    def _repr_html_(self) -> str:
        """The first images and their maps; without images that can be drawn, the numbers alone."""
        from tfpool.cam.figures.explanation_sheet import explanation_sheet
        from tfpool.cam.figures.sheet import pixels_of

        numbers = ", ".join(
            f"class {target}: {score:.4g}" for target, score in zip(self.targets, self.scores, strict=True)
        )
        lines = [f"{self._text}, of shape {self.heatmaps.shape[1:]}", *self.notes]
        if len(self.heatmaps) > _FEW:
            lines.append(f"Shown: the first {_FEW}.")
        try:
            picture = html_picture(pixels_of(explanation_sheet(self, None, None, _FEW)), f"{self._text}. {numbers}")
        except ValueError as error:
            return html_lines(*lines, str(error))
        return picture + html_lines(*lines)


@dataclass(frozen=True, eq=False)
class Terms:
    """What each channel adds to the score at each position of one image: gradient times activation.

    For a head that is linear in the features, their sum plus the head's bias is the score, exactly.

    Attributes:
        activations: float32 (h, w, C), the features A.
        weights: float32 (h, w, C), the gradient of the explained score at the features.
        score: the explained score.
        bias: the score if every feature were zero: the bias of a linear head.
    """

    activations: np.ndarray
    weights: np.ndarray
    score: float
    bias: float

    @property
    def products(self) -> np.ndarray:
        """float32 (h, w, C); their sum over channels is HiResCAM."""
        return self.activations * self.weights

    @property
    def total(self) -> float:
        """The sum over all positions and channels."""
        return float(self.products.sum(dtype=np.float64))

    @property
    def left(self) -> float:
        """The rest of the score, neither at a position nor in the bias: 0, up to rounding, for a linear head."""
        return self.score - self.total - self.bias

    def _repr_html_(self) -> str:
        """The sum as a table: the channels that add most, all others, the bias, the rest, and the score."""
        of_channel = self.products.sum(axis=(0, 1), dtype=np.float64)
        strongest = np.argsort(-np.abs(of_channel), kind="stable")[:_FEW]
        others = self.total - float(of_channel[strongest].sum())
        rows = [(f"channel {channel}", f"{of_channel[channel]:+.4g}") for channel in strongest]
        rows += [(f"{len(of_channel) - len(strongest):,} other channels", f"{others:+.4g}")]
        rows += [("bias", f"{self.bias:+.4g}"), ("the rest", f"{self.left:+.4g}"), ("score", f"{self.score:.4g}")]
        return html_table(("part of the score", "value"), rows, (1,))

    def strongest(self, row: int, column: int, number: int) -> np.ndarray:
        """Channels at a position, strongest first whether for or against, int64 (up to `number`,)."""
        return np.argsort(-np.abs(self.products[row, column]), kind="stable")[:number]
