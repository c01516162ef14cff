"""Do maps point at the object? Compared with the image's center, chance, and the image's own brightness.

python benchmarks/localization.py [--seeds 3] [--images 1000] [--train-images 4000] [--epochs 3] [--pasted 200]
                                  [--cutouts FOLDER] [--short]

First a network is trained on `scattered` with two heads, and maps of test images are compared with the objects' boxes.
Then SqueezeNet with its bundled ImageNet weights explains images of a cup and a cat, cut out of the bundled photographs
and pasted on textures. `--cutouts` adds a folder of PNG files with a transparent background, such as
/usr/share/tuxpaint/stamps of Debian's package tuxpaint-stamps-default. Maps are of the predicted class where no other
is named. Brackets hold 95 % bootstrap intervals of the difference to the center, over images, and over seeds if there
are several.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

import tfpool as tp
from benchmarks.report import Rows, options
from tfpool import data as data_sets
from tfpool.cam.explainer import Explainer
from tfpool.cam.interpolation import resize
from tfpool.cam.metrics.box_accuracy import box_overlaps
from tfpool.data import DataSet
from tfpool.data.builtin import scattered
from tfpool.data.dataset import PARTS
from tfpool.models.preprocessing import to_network
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.training.device import take_one_thread
from tfpool.training.fit import initial_model
from tfpool.training.trainer import Trainer

NETWORK = "resnet8"
METHODS = {"gap": ("cam", "gradcam", "layercam", "eigencam"), "flatten": ("cam", "gradcam", "layercam")}
SIZE = (64, 64)
TOLERANCE = 2
"""Pixels of 64: the same fraction as the pointing game's 15 pixels of a photograph's 500."""
IOUS = (0.3, 0.5, 0.7)
DRAWS = 1000
SIDE = 227
LONGER = 110
"""Pixels of the longer side of a cut-out."""
ESPRESSO, CAT = 967, 285

_CUP = [(131, 70), (150, 35), (190, 15), (235, 12), (280, 28), (303, 55), (306, 90), (295, 130), (285, 160), (262, 190)]
_CUP += [(240, 212), (200, 215), (185, 205), (172, 228), (150, 228), (147, 210), (160, 180), (150, 150), (135, 110)]
_CAT = [(38, 0), (400, 0), (368, 62), (366, 120), (345, 170), (322, 215), (312, 262), (295, 299), (30, 299), (18, 200)]
_CAT += [(30, 100)]
OUTLINES = {"cup": ("coffee.jpg", _CUP), "cat": ("cat.jpg", _CAT)}
"""Polygons around the objects in the photographs, drawn by hand: x and y of the corners."""

Judged = dict[str, np.ndarray]


def trained(head: str, seed: int, train_images: int, epochs: int, data: DataSet) -> tuple[keras.Model, float]:
    """A network trained on the first `train_images` of a data set, and its accuracy on the test images."""
    plan = tp.plan(NETWORK, head=head, input_shape=data.image_shape, classes=data.classes)
    recipe = tp.Recipe(epochs=epochs, batch_size=16, seed=seed)
    part = DataSet(data.name, data.class_names, data.train.first(train_images), data.validation.first(500), data.test)
    model = initial_model(plan, recipe)
    trainer = Trainer(model, part, recipe, lambda images: to_network(images, plan))
    trainer.run(lambda: None, lambda metrics: None)
    return model, trainer.evaluate(part.test, lambda: None)[0]["accuracy"]


def hits(heatmaps: np.ndarray, masks: np.ndarray, tolerance: float = 0) -> np.ndarray:
    """The pointing game of single maps: 1 where the peak is inside the mask, else 0."""
    pairs = zip(heatmaps[:, np.newaxis], masks[:, np.newaxis], strict=True)
    return np.array([tp.metrics.pointing_game(heatmap, mask, tolerance=tolerance) for heatmap, mask in pairs])


def judge(heatmaps: np.ndarray, masks: np.ndarray, boxes: np.ndarray) -> Judged:
    """The values that the figures of maps are means of, image by image."""
    points = {f"{tolerance:g} px": hits(heatmaps, masks, tolerance) for tolerance in (0, TOLERANCE)}
    return {**points, "boxes": box_overlaps(heatmaps, boxes)[1]}


def figure(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A figure for each row of weights (draws, N): the mean hit, or MaxBoxAccV2 at the best threshold of that draw."""
    if values.ndim == 1:
        return weights @ values
    return np.mean([(weights @ (values >= least)).max(axis=1) for least in IOUS], axis=0)


def compared(judged: list[np.ndarray], baseline: np.ndarray) -> tuple[str, str]:
    """A figure's mean over seeds, and the interval of its difference to the baseline's."""
    random, images = np.random.default_rng(0), len(baseline)
    even = np.full((1, images), 1 / images)
    weights = random.multinomial(images, even[0], DRAWS) / images
    apart = np.stack([figure(values, weights) for values in judged]) - figure(baseline, weights)
    seeds = random.integers(len(judged), size=apart.shape)
    low, high = np.quantile(np.take_along_axis(apart, seeds, axis=0).mean(axis=0), (0.025, 0.975))
    mean = np.mean([figure(values, even) for values in judged])
    return percent(mean), f"[{100 * low:+.1f}, {100 * high:+.1f}]"


def percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def on_scattered(seeds: int, images: int, train_images: int, epochs: int) -> Iterator[tuple[str, ...]]:
    """Rows of heads and maps on the data set `scattered`."""
    data = data_sets.load("scattered")
    test = data.test.first(images)
    assert test.boxes is not None
    pixels, boxes, masks = data_sets.to_input(test.images), test.boxes, tp.metrics.masks_of(test.boxes, SIZE)
    baselines = {
        "center": np.repeat(tp.metrics.centre_map(SIZE)[np.newaxis], images, axis=0),
        "random": resize(np.stack([tp.metrics.random_map((16, 16), number) for number in range(images)]), SIZE),
        "brightness": pixels[..., 0],
    }
    center = judge(baselines["center"], masks, boxes)

    def row(label: str, accuracy: str, judged: list[Judged]) -> tuple[str, ...]:
        figures = (compared([values[name] for values in judged], center[name]) for name in center)
        return label, accuracy, *itertools.chain(*figures)

    for name, maps in baselines.items():
        yield row(name, "", [judge(maps, masks, boxes)])
    for head, methods in METHODS.items():
        models = [trained(head, seed, train_images, epochs, data) for seed in range(seeds)]
        accuracy = percent(float(np.mean([accuracy for _, accuracy in models])))
        for method in methods:
            explained = (tp.explain(model, pixels, method).resize(SIZE) for model, _ in models)
            yield row(f"{method} with {head}", accuracy, [judge(maps, masks, boxes) for maps in explained])


def cut_out(name: str) -> Image.Image:
    """An object of the bundled photographs on a transparent background."""
    file, outline = OUTLINES[name]
    with Image.open(BUNDLED / "photographs" / file) as opened:
        photograph = opened.convert("RGB")
    mask = Image.new("L", photograph.size)
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    photograph.putalpha(mask)
    return photograph.crop(mask.getbbox())


def cut_outs_in(folder: Path) -> Iterator[Image.Image]:
    """PNG files with a transparent background that are large enough, without letters and drawings."""
    for path in sorted(folder.rglob("*.png")):
        with Image.open(path) as opened:
            picture = opened.convert("RGBA")
        solid = picture.getchannel("A").point(lambda alpha: 255 * (alpha >= 128))
        is_drawing = {"cartoon", "symbols"}.intersection(path.relative_to(folder).parts)
        if not is_drawing and max(picture.size) >= 100 and 0 < np.mean(np.asarray(solid) > 0) <= 0.95:
            yield picture.crop(solid.getbbox())


def textures(count: int) -> Iterator[Image.Image]:
    """The backgrounds of the data set `scattered`, enlarged."""
    canvases, _ = scattered._canvases(0, len(PARTS), 0, count, 1)
    for canvas in canvases:
        yield Image.fromarray(canvas).resize((SIDE, SIDE), Image.Resampling.BILINEAR).convert("RGB")


def paste(canvas: Image.Image, cut: Image.Image, random: np.random.Generator) -> np.ndarray:
    """Put an object at a random place of a canvas, and return its mask, bool (SIDE, SIDE)."""
    scale = LONGER / max(cut.size)
    small = cut.resize((max(1, round(cut.width * scale)), max(1, round(cut.height * scale))))
    x, y = (int(random.integers(SIDE - length + 1)) for length in small.size)
    canvas.paste(small, (x, y), small)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[y : y + small.height, x : x + small.width] = np.asarray(small.getchannel("A")) >= 128
    return mask


def boxed(masks: np.ndarray) -> np.ndarray:
    """The boxes around masks, as masks."""
    slices = [ndimage.find_objects(mask.astype(int))[0] for mask in masks]
    boxes = np.array([(rows.start, columns.start, rows.stop, columns.stop) for rows, columns in slices])
    return tp.metrics.masks_of(boxes, (SIDE, SIDE))


def pasted(cuts: list[Image.Image]) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, SIDE, SIDE, 3) of one object each, and their masks."""
    random, canvases = np.random.default_rng(0), list(textures(len(cuts)))
    masks = np.stack([paste(canvas, cut, random) for canvas, cut in zip(canvases, cuts, strict=True)])
    return np.stack([np.asarray(canvas) for canvas in canvases]), masks


def two_pasted(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images of a cup and a cat whose boxes are apart, and the masks of the cups and of the cats."""
    random, cup, cat, examples = np.random.default_rng(0), cut_out("cup"), cut_out("cat"), []
    for canvas in textures(25 * count):
        masks = np.stack([paste(canvas, cut, random) for cut in (cup, cat)])
        if not boxed(masks).all(axis=0).any():
            examples.append((np.asarray(canvas), *masks))
        if len(examples) == count:
            break
    images, cups, cats = (np.stack(values) for values in zip(*examples, strict=True))
    return images, cups, cats


def on_cut_outs(count: int, folder: Path | None) -> Iterator[tuple[str, ...]]:
    """Rows of pasted objects: whether the peak of SqueezeNet's map of the predicted class is on the object."""
    explainer = tp.Explainer(tp.build(tp.plan("squeezenet"), weights="imagenet"), "cam")
    cases = {name: pasted([cut_out(name)] * count) for name in OUTLINES}
    if folder:
        cases[f"those in {folder.name}"] = pasted(list(cut_outs_in(folder)))
    for name, (images, masks) in cases.items():
        yield cut_out_row(name, explainer, images, masks, None)
    both, cups, cats = two_pasted(count)
    yield cut_out_row("cup beside cat, map of espresso", explainer, both, cups, ESPRESSO)
    yield cut_out_row("cat beside cup, map of Egyptian cat", explainer, both, cats, CAT)


def cut_out_row(
    name: str, explainer: Explainer, images: np.ndarray, masks: np.ndarray, target: int | None
) -> tuple[str, ...]:
    maps = explainer(tp.preprocess_input("squeezenet", images), target).resize((SIDE, SIDE))
    middle = np.repeat(tp.metrics.centre_map((SIDE, SIDE))[np.newaxis], len(maps), axis=0)
    cells: list[str] = []
    for truth in (boxed(masks), masks):
        center = hits(middle, truth)
        cells += [percent(center.mean()), *compared([hits(maps, truth)], center)]
    return name, str(len(maps)), *cells


def main() -> None:
    parser = options(
        __doc__, seeds=(3, 1), images=(1000, 100), train_images=(4000, 500), epochs=(3, 1), pasted=(200, 10)
    )
    parser.add_argument("--cutouts", type=Path)
    settings = parser.parse_args()
    take_one_thread()
    figures = ("points, 0 px", "to center", f"points, {TOLERANCE} px", "to center", "MaxBoxAccV2", "to center")
    rows = Rows("map", "accuracy", *(name.rjust(14) for name in figures), first_width=24)
    for row in on_scattered(settings.seeds, settings.images, settings.train_images, settings.epochs):
        rows.add(*row)
    print()
    figures = ("center in box", "peak in box", "to center", "center on it", "peak on it", "to center")
    rows = Rows("pasted", "images", *(name.rjust(14) for name in figures), first_width=40)
    for row in on_cut_outs(settings.pasted, settings.cutouts):
        rows.add(*row)


if __name__ == "__main__":
    main()
