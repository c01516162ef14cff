"""How a model is trained: plain values, checked, without TensorFlow."""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tfpool.counting.counts import SLOTS
from tfpool.counting.plan import Plan
from tfpool.models.op_layers import INITIALIZERS
from tfpool.validation import at_least

TRAINING_VERSION = 2
"""Grows when the same recipe gives other results. 2: batch normalizations measure their statistics after each epoch."""
OPTIMIZERS = tuple(SLOTS)
AUGMENTATIONS = ("flip", "shift", "crop", "cutout")
PARTS = ("backbone", "head")
CHOICES: dict[str, tuple[str, ...]] = {
    "optimizer": OPTIMIZERS,
    "schedule": ("cosine", "constant", "step", "onecycle"),
    "loss": ("cross_entropy", "focal", "hinge"),
    "initializer": tuple(INITIALIZERS),
    "augment": AUGMENTATIONS,
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
    "device": ("auto", "cpu", "gpu"),
    "freeze": PARTS,
    "weights": ("imagenet",),
    "class_weight": ("balanced",),
}
_OPTIONAL = ("weights", "class_weight")
_NOT_SAVED: dict[str, Any] = {"device": "auto", "class_weight": None}
"""Values that a saved recipe leaves out, so that runs from before there was a choice are found again."""


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    The command line and the Train page show these texts as the help of their options and controls.

    Args:
        epochs: number of passes over the training images.
        batch_size: number of images per training step.
        optimizer: how a step follows from the gradients: "adam" scales the step of each weight, "adamw" does the same
            and keeps weight decay separate, "sgd" is gradient descent with Nesterov momentum 0.9.
        learning_rate: how far each step moves the weights, at its highest after any warm-up. Too low a rate learns
            slowly, too high a rate not at all.
        schedule: how the learning rate changes: "cosine" falls to zero at the last step, "constant" stays, "step" falls
            to a tenth after half and again after three quarters of the steps, "onecycle" rises for three tenths of the
            steps and then falls to zero.
        warmup: number of epochs over which the learning rate first rises from zero. Has to be below the number of
            epochs.
        weight_decay: fraction of each weight that a step removes, times the learning rate. Biases and normalization
            layers do not decay.
        loss: what training minimizes: "cross_entropy" measures how surprised the network is by the true class, "focal"
            does the same and gives easy images less weight (Lin et al. 2017, arXiv 1708.02002), "hinge" measures how
            far the score of the true class is from leading by one.
        class_weight: "balanced" lets an image of a rare class weigh more in training: by n / (K · n_c), for n training
            images of K classes, n_c of them of the image's class. Reported losses and accuracies, of training,
            validation and test, count each image once. By default, all images weigh the same.
        label_smoothing: fraction of the label that is spread over all classes, below 1. Not for the hinge loss.
        initializer: random numbers that convolutions and dense layers start from: "glorot" scales them by the units on
            both sides of a layer, "he" suits layers with ReLU (He et al. 2015, arXiv 1502.01852).
        augment: random changes to a training image each time it is used: "flip" left to right, "shift" by up to an
            eighth, "crop" to 80 to 100 % of each side, "cutout" of a square of a third of the side (DeVries and Taylor
            2017, arXiv 1708.04552).
        patience: number of epochs without a lower validation loss after which training stops and keeps the model of the
            best epoch. By default, training runs to the end and keeps the model of the last epoch.
        precision: number format of the layers: "float32", "mixed_bfloat16", which computes in half the memory, or
            "mixed_float16" for GPUs that have no bfloat16; the loss is scaled so that no gradient rounds to zero.
        device: what computes: "cpu", "gpu", or "auto" for a GPU where TensorFlow finds one.
        train_images: number of training images to use. By default, all are used.
        freeze: parts that are not trained, "backbone" or "head". What a frozen backbone computes is kept in the store,
            up to 10 GB, unless images are augmented.
        weights: "imagenet" starts the backbone from weights trained on ImageNet. By default, weights start at random.
        image_size: side in pixels that images are resized to. By default, images keep their size.
        seed: number that fixes the initial weights, the order of images, dropout and augmentation.

    Raises:
        ValueError: if a value is out of range.

    Example:
        >>> import tfpool as tp
        >>> recipe = tp.Recipe(epochs=3, optimizer="sgd", learning_rate=0.1, augment=("flip", "shift"))
        >>> recipe.schedule, recipe.batch_size
        ('cosine', 64)
        >>> tp.Recipe(**recipe.config) == recipe
        True
    """

    epochs: int = 5
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    warmup: float = 0.0
    weight_decay: float = 0.0
    loss: str = "cross_entropy"
    class_weight: str | None = None
    label_smoothing: float = 0.0
    initializer: str = "glorot"
    augment: tuple[str, ...] = ()
    patience: int | None = None
    precision: str = "float32"
    device: str = "auto"
    train_images: int | None = None
    freeze: tuple[str, ...] = ()
    weights: str | None = None
    image_size: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("freeze", "augment"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise ValueError(f"{name} has to be a tuple, such as ({value!r},), got {value!r}.")
            object.__setattr__(self, name, tuple(value or ()))
        for name in ("epochs", "batch_size", "train_images", "patience", "image_size", "seed"):
            value = getattr(self, name)
            if value is not None or name not in ("train_images", "patience", "image_size"):
                object.__setattr__(self, name, at_least(0 if name == "seed" else 1, value, name))
        if self.seed >= 2**31:
            raise ValueError(f"The seed has to be below 2³¹, got {self.seed}.")
        self._check_number("learning_rate", 0, math.inf, above=True)
        self._check_number("warmup", 0, self.epochs)
        self._check_number("weight_decay", 0, math.inf)
        self._check_number("label_smoothing", 0, 1)
        if self.loss == "hinge" and self.label_smoothing:
            raise ValueError("The hinge loss has no label smoothing. Use label_smoothing=0, or another loss.")
        if self.schedule == "onecycle" and self.warmup:
            raise ValueError("The schedule onecycle has its own warm-up. Use warmup=0, or another schedule.")
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            values = value if isinstance(value, tuple) else () if value is None and name in _OPTIONAL else (value,)
            if unknown := [value for value in values if value not in choices]:
                raise ValueError(f"Unknown {name} {', '.join(map(repr, unknown))}. Use one of: {', '.join(choices)}.")

    def _check_number(self, name: str, least: float, below: float, above: bool = False) -> None:
        value = getattr(self, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (least < value if above else least <= value) or not value < below:
            limit = "" if below == math.inf else f" and below {below}"
            raise ValueError(f"{name} has to be {'above' if above else 'at least'} {least}{limit}, got {value!r}.")

    @property
    def config(self) -> dict[str, Any]:
        """Plain data: `Recipe(**config)` makes an equal recipe."""
        config = {**asdict(self), "freeze": list(self.freeze), "augment": list(self.augment)}
        return {name: value for name, value in config.items() if value != _NOT_SAVED.get(name, ...)}

    def check(self, plan: Plan) -> None:
        """Check that the recipe leaves something to train in a plan."""
        trainable = {part: sum(row.trainable_params for row in plan.rows if row.part == part) for part in PARTS}
        if any(trainable[part] for part in PARTS if part not in self.freeze):
            return
        causes = " and ".join(
            f"the {part} is frozen" if part in self.freeze else f"the {part} has no parameters" for part in PARTS
        )
        raise ValueError(f"There is nothing to train in {plan.name}: {causes}. Unfreeze a part or take another head.")


MEANINGS = {
    name: " ".join(text.split())
    for name, text in re.findall(r"^    (\w+): (.+(?:\n     .+)*)", inspect.cleandoc(Recipe.__doc__ or ""), re.M)
    if name in Recipe.__dataclass_fields__
}
"""What each field of a recipe means, read from the docstring of `Recipe`."""


_AUGMENTED = Recipe(epochs=30, augment=("flip", "shift"))
_ADAMW = replace(_AUGMENTED, optimizer="adamw", weight_decay=0.05)
RECIPES = {
    "quick": Recipe(epochs=3, train_images=4000),
    "default": Recipe(),
    # The features of SqueezeNet differ in scale by far, so a head needs many large steps.
    "transfer": Recipe(
        epochs=20, batch_size=16, learning_rate=5e-3, freeze=("backbone",), weights="imagenet", image_size=96
    ),
    "resnet": replace(
        _AUGMENTED, batch_size=128, optimizer="sgd", learning_rate=0.1, warmup=1, weight_decay=5e-4, initializer="he"
    ),
    "nin": replace(_ADAMW, learning_rate=1e-3, warmup=1),
    "vgg": replace(_ADAMW, learning_rate=5e-4, warmup=2, initializer="he"),
    "efficientnet": replace(_ADAMW, learning_rate=2e-3, warmup=3, label_smoothing=0.1, augment=("flip", "crop")),
}
"""Recipes by name: for a first look, for heads on a pretrained backbone, and one per family of networks."""

FEW = 2000
"""Number of training images below which a head on a pretrained backbone beats a small network trained from scratch.

On Fashion-MNIST, which looks little like the photographs of ImageNet, it leads by 1 to 4 points below this number.
"""


@dataclass(frozen=True)
class Start:
    """A network and a recipe, by name, to start from."""

    network: str
    recipe: str

    @property
    def arguments(self) -> str:
        """The arguments of `python -m tfpool train`."""
        return f"{self.network} --recipe {self.recipe}" if self.recipe != "default" else self.network


FROM_SCRATCH, PRETRAINED = Start("resnet8", "default"), Start("squeezenet", "transfer")
WHY_PRETRAINED = (
    "are too few to train from scratch; start from pretrained features. The recipe transfer trains only the head, "
    "after a SqueezeNet whose weights were trained on the photographs of ImageNet and are bundled."
)


def start_on(images: int) -> Start:
    """The network and recipe to start from, given the number of training images."""
    return PRETRAINED if images < FEW else FROM_SCRATCH


_FAMILIES = {
    "resnet": ("resnet", "plain", "cifar"),
    "nin": ("nin", "squeezenet"),
    "vgg": ("vgg", "alexnet"),
    "efficientnet": ("efficientnet",),
}
FULL = tuple(_FAMILIES)
"""Recipes for a full training, one per family of networks."""


def named(name: str, **changes: Any) -> Recipe:
    """A recipe by its name, with some values changed."""
    if name not in RECIPES:
        raise ValueError(f"Unknown recipe {name!r}. Use one of: {', '.join(RECIPES)}.")
    if unknown := set(changes) - {field.name for field in fields(Recipe)}:
        raise ValueError(f"A recipe has no {', '.join(sorted(unknown))}. Its values are: {', '.join(Recipe().config)}.")
    return replace(RECIPES[name], **changes)


def family(backbone: str) -> str:
    """Name of the recipe for a network's family."""
    return next((recipe for recipe, networks in _FAMILIES.items() if backbone.startswith(networks)), "default")
