"""Explaining a model's scores: one compiled function per model and method, run in batches."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.anatomy.limits import FEWEST_POSITIONS
from tfpool.anatomy.split import Anatomy, split_at_image, split_model
from tfpool.cam import computation
from tfpool.cam.attribution.methods import METHODS, check_settings
from tfpool.cam.explanation import Explanation, Terms
from tfpool.cam.input_batches import BATCH, Compiled, computed
from tfpool.cam.model_inputs import ModelInputs, checked, other_specs, read_inputs
from tfpool.cam.targets import NONE, TOP, Contrast, Target, check_function, class_numbers


class Explainer:
    """A model and a method, compiled on first use and then quick for any number of images.

    Args:
        model: a Keras classifier from images (N, H, W, C) to (N, K) logits, softmax or sigmoid.
        method: a name from `methods()`.
        layer: name of the layer whose output to explain, such as "backbone/conv1" for a layer of a nested model.
            Several layers are fused: each map is divided by its largest value and enlarged to the finest one, and the
            result is their mean. Default: the layer that feeds the head.
        output: name of the output to explain, if the model has several.
        input: name of the input to explain, if the model has several of images. Images are then a dictionary of all
            inputs by their names.
        call: the number of a layer's call, from 0, if the model calls the layer several times.
        relu: whether to keep only what speaks for the target. Default: the method's own.
        augment: whether to average the maps of the image and its mirror image, each also at 0.9 and 1.1 times its
            values. Scores stay those of the image itself.
        settings: of the method: `similar`, `gamma` (finercam), `window`, `stride` (occlusion), `masks`, `cells`,
            `shown`, `seed` (rise), `samples`, `noise`, `seed` (smoothgrad), `steps` (integrated_gradients).

    Raises:
        ValueError: on an unknown method, layer, output or setting, or a method that this model's head does not allow.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1)))
        >>> explainer = tp.Explainer(model, method="cam")
        >>> images = np.random.default_rng(0).random((2, 28, 28, 1))
        >>> explainer(images, target=3).heatmaps.shape
        (2, 7, 7)
        >>> explainer(images, target=[3, 5]).targets.tolist()  # compiled once, called often
        [3, 5]
    """

    def __init__(
        self,
        model: keras.Model,
        method: str = "gradcam",
        layer: str | Sequence[str] | None = None,
        *,
        output: str | None = None,
        input: str | None = None,
        call: int | None = None,
        relu: bool | None = None,
        augment: bool = False,
        **settings: Any,
    ) -> None:
        if method not in METHODS:
            raise ValueError(f"Unknown method {method!r}. Use one of: {', '.join(METHODS)}.")
        self._method, self._name = METHODS[method], method
        on_image = self._method.on_image
        if on_image and layer is not None:
            raise ValueError(
                f"{method} reads the image itself and no layer. Received: layer={layer!r}. Leave layer= out."
            )
        check_settings(method, settings)
        self._make = partial(self._method.make, **settings)
        self._relu = self._method.relu if relu is None else relu
        self._augment = augment
        names = [layer] if layer is None or isinstance(layer, str) else list(layer)
        if not names:
            raise ValueError("Expected the name of a layer, or several. Received: layer=[].")
        self._model = model
        self._anatomies = [
            split_at_image(model, output, input) if on_image else split_model(model, name, output, input, call)
            for name in names
        ]
        first = self._anatomies[0]
        if self._method.compares and first.classes < 2:
            raise ValueError(f"{method} compares classes, and {model.name} gives one number. Use another method.")
        images, others = tf.TensorSpec((None, *first.image_shape)), other_specs(first)
        self._signature = [images, *[tf.TensorSpec((None,), tf.int64)] * 2, *others]
        self._compiled = self._compile(self._anatomies)
        self._of_functions: dict[Callable[[Any], Any], Compiled] = {}
        self._compiled_scores = Compiled(partial(computation.scores, first), [images, *others])
        self._compiled_terms = Compiled(partial(computation.terms, first), self._signature)
        self._compiled_likeliest: dict[int, Compiled] = {}
        self._is_checked = False
        self._warned: set[str] = set()

    @property
    def layer(self) -> str:
        """Name of the feature layer; several names are separated by commas."""
        return ", ".join(anatomy.layer for anatomy in self._anatomies)

    @property
    def of(self) -> str:
        """What the scores are: "logit", "probability" or "number". Known once images have been explained."""
        return self._anatomies[0].of

    @property
    def unit(self) -> str:
        """Unit of the heatmaps: "score" if their values are parts of the explained score."""
        return self._method.unit if len(self._anatomies) == 1 else "fraction of the largest"

    def __call__(self, images: Any, target: Target = None, labels: Any = None) -> Explanation:
        """Explain the scores of images.

        Args:
            images: (N, H, W, C), or one image (H, W, C), scaled as in training. Images of another size than the
                model's are resized, with a warning. The path of an image file, a folder or a zip works too, and several
                paths: pixels are then scaled as a run or a network of tfpool was trained, or else as the model's graph
                says, and `Explanation.notes` says how. So does a `tf.data.Dataset` of images or paths, in batches or
                not, with or without labels. A model with several inputs takes a dictionary of these, by their names.
            target: the class to explain, one for all images or one per image; "top" (the default) for the class with
                the highest score; "true" for the labels; a `Contrast` of two classes; or a function from scores (N, K)
                to the explained score, (N,).
            labels: int (N,), the true classes, if a target is "true".

        Raises:
            ValueError: if the images do not fit the model, the model has no such class, or the model computes something
                else than its layers do.
        """
        inputs = read_inputs(images, self._model, self._anatomies[0])
        count = len(inputs.images)
        targets, others, explain = self._targets(target, inputs.labels if labels is None else labels, count)
        parts = [computed(explain, *part) for part in inputs.in_parts(self._method.batch, targets, others)]
        whole = (np.concatenate(values)[:count] for values in zip(*parts, strict=True))
        heatmaps, targets, others, scores, all_scores = whole
        if callable(target):
            targets = np.full_like(targets, TOP)
            if not self._is_checked:
                self._scores(inputs)
        else:
            self._check(inputs, all_scores)
        against = others if isinstance(target, Contrast) else None
        notes = inputs.notes + self._notes(heatmaps)
        shown = inputs.images if inputs.pixels is None else inputs.pixels
        about = (self.layer, self.unit, against, self.of, notes, self._name)
        return Explanation(heatmaps, targets, scores, *about, shown, inputs.files)

    def terms(self, image: Any, target: Target = None, label: int | None = None) -> Terms:
        """Break a score down into gradient times activation, channel by channel, of the (first) feature layer.

        Args:
            image: (H, W, C), or a batch of one.
            target: as for maps, but not a function.
            label: the true class, if a target is "true".

        Raises:
            ValueError: if there is more than one image, or as for maps.
        """
        return self._terms(image, [target], label)[0]

    def terms_of_classes(self, image: Any, classes: Sequence[int]) -> list[Terms]:
        """The `terms` of several classes by their numbers, for which the features of the image are computed once.

        Raises:
            ValueError: as for `terms`.
        """
        return self._terms(image, list(classes))

    def likeliest_terms(self, image: Any, count: int, also: int | None = None) -> tuple[dict[int, Terms], np.ndarray]:
        """The `terms` of the classes with the highest scores by their numbers, highest first, and all scores (K,).

        Everything comes of one pass over the image. The class `also` is added at the end, unless it is there.

        Raises:
            ValueError: as for `terms`.
        """
        inputs = self._single(image)
        if count not in self._compiled_likeliest:
            work = partial(computation.likeliest_terms, self._anatomies[0], count)
            self._compiled_likeliest[count] = Compiled(work, self._signature)
        targets = np.array([] if also is None else [also], np.int64)
        *values, numbers = computed(
            self._compiled_likeliest[count], inputs.images, targets, np.full_like(targets, NONE), *inputs.others
        )
        self._check(inputs, values[-1])
        terms: dict[int, Terms] = {}
        for number, features, weights, score, bias, _ in zip(numbers, *values, strict=True):
            terms.setdefault(int(number), Terms(features, weights, float(score), float(bias)))
        return terms, values[-1][0]

    def _single(self, image: Any) -> ModelInputs:
        inputs = read_inputs(image, self._model, self._anatomies[0])
        if len(inputs.images) != 1:
            raise ValueError(f"Expected one image to break its score down. Received: {len(inputs.images)}.")
        return inputs

    def _terms(self, image: Any, choices: Sequence[Target], label: int | None = None) -> list[Terms]:
        inputs = self._single(image)
        if any(callable(target) for target in choices):
            raise ValueError(
                "Expected a class or a Contrast as the target of terms. Received a function of the scores."
            )
        pairs = [self._targets(target, label, 1)[:2] for target in choices]
        targets, others = (np.concatenate(numbers) for numbers in zip(*pairs, strict=True))
        activations, weights, score, bias, scores = computed(
            self._compiled_terms, inputs.images, targets, others, *inputs.others
        )
        self._check(inputs, scores)
        parts = zip(activations, weights, score, bias, strict=True)
        return [Terms(features, own, float(score), float(bias)) for features, own, score, bias in parts]

    def scores(self, images: Any) -> np.ndarray:
        """Scores (N, K) float32 of images (N, H, W, C) before softmax."""
        return self._scores(read_inputs(images, self._model, self._anatomies[0]))

    def probabilities(self, images: Any) -> np.ndarray:
        """Probabilities (N, K) float32 of images (N, H, W, C): softmax of the scores, or a sigmoid of each if the model
        ends in sigmoid. A single unit has two classes, no and yes.

        Raises:
            ValueError: if the model gives numbers that are no probabilities.
        """
        return self.to_probabilities(self.scores(images))

    def to_probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities (N, K) float32 of scores (N, K) that the model has given.

        Raises:
            ValueError: if the model gives numbers that are no probabilities.
        """
        return np.asarray(self._anatomies[0].probabilities(scores))

    def _scores(self, inputs: ModelInputs) -> np.ndarray:
        parts = [computed(self._compiled_scores, *part)[0] for part in inputs.in_parts(BATCH)]
        scores = np.concatenate(parts)[: len(inputs.images)]
        self._check(inputs, scores)
        return scores

    def _check(self, inputs: ModelInputs, scores: np.ndarray) -> None:
        """Compare the scores of the first image with the model's own outputs, once."""
        if not self._is_checked and len(inputs.images):
            self._anatomies = checked(self._model, self._anatomies, inputs, scores)
            self._is_checked = True

    def _notes(self, heatmaps: np.ndarray) -> tuple[str, ...]:
        """What the maps cannot show; each sentence is a warning the first time."""
        anatomy, size = self._anatomies[0], heatmaps.shape[1:]
        notes = [note for anatomy in self._anatomies for note in anatomy.notes]
        if size[0] * size[1] < FEWEST_POSITIONS and not self._method.on_image:
            larger = ", ".join(map(repr, anatomy.larger[:3])) or "none"
            notes.append(
                f"The map of {self.layer!r} has {size[0]} × {size[1]} positions and says next to nothing about where. "
                f"Layers with larger maps: {larger}. Choose one by layer=."
            )
        for note in notes:
            if note not in self._warned:
                warnings.warn(note, stacklevel=3)
        self._warned.update(notes)
        return tuple(notes)

    def _compile(self, anatomies: Iterable[Anatomy]) -> Compiled:
        parts = [(anatomy, self._make(anatomy)) for anatomy in anatomies]
        return Compiled(partial(computation.maps, parts, self._relu, self._augment), self._signature)

    def _targets(self, target: Target, labels: Any, images: int) -> tuple[np.ndarray, np.ndarray, Compiled]:
        """Numbers of the explained classes and of those they are contrasted with, and the compiled function to call."""
        none = np.full(images, NONE, np.int64)
        classes = self._anatomies[0].classes
        if (callable(target) or isinstance(target, Contrast)) and self._method.compares:
            raise ValueError(f"{self._name} picks the classes to compare with. Use a single class as its target.")
        if callable(target):
            return none * 0, none, self._of_function(target, classes)
        pair = (target.target, target.other) if isinstance(target, Contrast) else (target, None)
        number, other = (
            none if choice is None else class_numbers(choice, images, classes, labels)
            for choice in ("top" if pair[0] is None else pair[0], pair[1])
        )
        return number, other, self._compiled

    def _of_function(self, function: Callable[[Any], Any], classes: int) -> Compiled:
        if function not in self._of_functions:
            check_function(function, classes)
            self._of_functions[function] = self._compile(
                computation.with_score(function, anatomy) for anatomy in self._anatomies
            )
        return self._of_functions[function]


def explain(
    model: keras.Model,
    images: Any,
    method: str = "gradcam",
    target: Target = None,
    layer: str | Sequence[str] | None = None,
    labels: Any = None,
    **settings: Any,
) -> Explanation:
    """Class activation maps of images: where a model finds evidence for a class. Uses an `Explainer` once.

    Args:
        model: a Keras classifier from images (N, H, W, C) to (N, K) logits, softmax or sigmoid.
        images: (N, H, W, C), or one image (H, W, C), scaled as in training; or the path of an image file or a folder,
            a list of paths, or a `tf.data.Dataset`, as an `Explainer` takes them.
        method: a name from `methods()`.
        target: the class to explain, one for all images or one per image; "top" (the default) for the class with the
            highest score; "true" for the labels; a `Contrast` of two classes; or a function from scores (N, K) to the
            explained score, (N,).
        layer: name of the layer whose output to explain, or several to fuse. Default: the layer that feeds the head.
        labels: int (N,), the true classes, if a target is "true".
        settings: further arguments of `Explainer`: `output`, `input`, `call`, `relu`, `augment` and the method's own.

    Raises:
        ValueError: on an unknown method, layer, setting or target, or images that do not fit the model.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> model = tp.build(tp.plan("convnet", head="gap", input_shape=(28, 28, 1)))
        >>> e = tp.explain(model, np.random.default_rng(0).random((28, 28, 1)), method="cam", target=3)
        >>> e.heatmaps.shape
        (1, 7, 7)
        >>> bias = model.layers[-1].bias.numpy()[3]
        >>> bool(np.isclose(e.heatmaps.mean() + bias, e.scores[0], atol=1e-5))  # after GAP, the map is the score
        True
    """
    return Explainer(model, method, layer, **settings)(images, target, labels)
