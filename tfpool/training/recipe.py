"""How a model is trained: plain values, checked, without TensorFlow."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tfpool.counting.counts import SLOTS
from tfpool.counting.plan import Plan
from tfpool.models.build import INITIALIZERS
from tfpool.validation import at_least

OPTIMIZERS = tuple(SLOTS)
SCHEDULES = ("cosine", "constant", "step", "onecycle")
LOSSES = ("cross_entropy", "focal", "hinge")
AUGMENTATIONS = ("flip", "shift", "crop", "cutout")
PRECISIONS = ("float32", "mixed_bfloat16")
PARTS = ("backbone", "head")
CHOICES: dict[str, tuple[str, ...]] = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "initializer": tuple(INITIALIZERS),
    "augment": AUGMENTATIONS,
    "precision": PRECISIONS,
    "freeze": PARTS,
    "weights": ("imagenet",),
}


@dataclass(frozen=True)
class Recipe:
    """A training recipe.

    Args:
        epochs: passes over the training images.
        batch_size: images a step.
        optimizer: "adam", "adamw", or "sgd" with Nesterov momentum 0.9.
        learning_rate: the highest, after any warm-up.
        schedule: "cosine" falls to zero at the last step, "step" to a tenth after half and after three quarters of the
            steps, "onecycle" rises for three tenths of the steps and falls to zero, "constant" does not change.
        warmup: epochs over which the learning rate first rises from zero, at least 0 and below `epochs`.
        weight_decay: share of each weight that a step takes off, times the learning rate; of biases and normalisation
            it takes none.
        loss: "cross_entropy", "focal" (Lin et al. 2017, arXiv 1708.02002), or "hinge".
        label_smoothing: share of the label that is spread over all classes, 0 ≤ label_smoothing < 1; not for "hinge".
        initializer: of convolutions and dense layers: "glorot", or "he" (He et al. 2015, arXiv 1502.01852).
        augment: how training images are changed each time they are seen: "flip" left to right, "shift" by up to an
            eighth, "crop" to 80 to 100 % of each side, "cutout" of a square of a third of the side (DeVries and Taylor
            2017, arXiv 1708.04552).
        patience: epochs without a lower validation loss after which to stop, with the model of the best epoch. Default:
            train to the end, with the model of the last.
        precision: "float32", or "mixed_bfloat16", which computes in half the memory.
        train_images: use only the first so many training images. Default: all.
        freeze: parts that are not trained, "backbone" or "head". What a frozen backbone makes of the images is computed
            once, unless they are augmented, and kept in the store's folder `features`, up to 10 GB of it.
        weights: "imagenet" where the backbone starts from ImageNet's weights. Default: from initial ones.
        image_size: side in pixels that images are resized to. Default: as they are.
        seed: fixes initial weights, the order of images, dropout and augmentation.

    Raises:
        ValueError: on a value out of range.
    """

    epochs: int = 5
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    warmup: float = 0.0
    weight_decay: float = 0.0
    loss: str = "cross_entropy"
    label_smoothing: float = 0.0
    initializer: str = "glorot"
    augment: tuple[str, ...] = ()
    patience: int | None = None
    precision: str = "float32"
    train_images: int | None = None
    freeze: tuple[str, ...] = ()
    weights: str | None = None
    image_size: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("freeze", "augment"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise ValueError(f"Several may be given for {name}, as a tuple such as ({value!r},), got {value!r}.")
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
            raise ValueError("Label smoothing is for cross_entropy and focal. Use one of these, or label_smoothing=0.")
        if self.schedule == "onecycle" and self.warmup:
            raise ValueError("The schedule onecycle rises by itself. Use warmup=0, or another schedule.")
        for name, known in CHOICES.items():
            given = getattr(self, name)
            several = given if isinstance(given, tuple) else () if given is None and name == "weights" else (given,)
            unknown = [value for value in several if value not in known]
            if unknown:
                raise ValueError(f"Unknown {name} {', '.join(map(repr, unknown))}. Use one of: {', '.join(known)}.")

    def _check_number(self, name: str, least: float, below: float, above: bool = False) -> None:
        value = getattr(self, name)
        words = name.replace("_", " ")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not (least < value if above else least <= value) or not value < below:
            limit = "" if below == math.inf else f" and below {below}"
            raise ValueError(
                f"The {words} has to be a number {'above' if above else 'of at least'} {least}{limit}, got {value!r}."
            )

    @property
    def config(self) -> dict[str, Any]:
        """Plain data: `Recipe(**config)` makes an equal recipe."""
        return {**asdict(self), "freeze": list(self.freeze), "augment": list(self.augment)}

    def check(self, plan: Plan) -> None:
        """Refuse a plan that this recipe would leave with nothing to train.

        Raises:
            ValueError: naming what is frozen and what has no parameters.
        """
        trainable = {part: sum(row.trainable_params for row in plan.rows if row.part == part) for part in PARTS}
        if any(trainable[part] for part in PARTS if part not in self.freeze):
            return
        causes = " and ".join(
            f"the {part} is frozen" if part in self.freeze else f"the {part} has no parameters" for part in PARTS
        )
        raise ValueError(f"There is nothing to train in {plan.name}: {causes}. Unfreeze a part or take another head.")


RECIPES = {
    "quick": Recipe(epochs=3, train_images=4000),
    "default": Recipe(),
    # SqueezeNet's features are far apart in size, so that a head needs many steps and large ones.
    "transfer": Recipe(
        epochs=20, batch_size=16, learning_rate=5e-3, freeze=("backbone",), weights="imagenet", image_size=96
    ),
    "resnet": Recipe(
        epochs=30,
        batch_size=128,
        optimizer="sgd",
        learning_rate=0.1,
        warmup=1,
        weight_decay=5e-4,
        initializer="he",
        augment=("flip", "shift"),
    ),
    "nin": Recipe(
        epochs=30, optimizer="adamw", learning_rate=1e-3, weight_decay=0.05, warmup=1, augment=("flip", "shift")
    ),
    "vgg": Recipe(
        epochs=30,
        optimizer="adamw",
        learning_rate=5e-4,
        weight_decay=0.05,
        warmup=2,
        initializer="he",
        augment=("flip", "shift"),
    ),
    "efficientnet": Recipe(
        epochs=30,
        optimizer="adamw",
        learning_rate=2e-3,
        weight_decay=0.05,
        warmup=3,
        label_smoothing=0.1,
        augment=("flip", "crop"),
    ),
}
"""Recipes by name: to look with, to put heads on a pretrained backbone, and one a family of networks."""

FEW = 2000
"""Training images below which a head on a pretrained backbone does better than a small network from scratch.

Of Fashion-MNIST, which is far from the photographs of ImageNet, it leads by 1 to 4 points with so many.
"""


@dataclass(frozen=True)
class Start:
    """What to begin with on some images: names of a network and a recipe."""

    network: str
    recipe: str

    @property
    def words(self) -> str:
        """As `python -m tfpool train` takes it."""
        return f"{self.network} --recipe {self.recipe}" if self.recipe != "default" else self.network


FROM_SCRATCH, PRETRAINED = Start("resnet8", "default"), Start("squeezenet", "transfer")
WHY_PRETRAINED = (
    "are few to learn to see from. The recipe transfer begins with SqueezeNet as ImageNet's photographs taught it (its "
    "weights are bundled) and trains the head alone."
)


def start_on(images: int) -> Start:
    """What to begin with on so many training images."""
    return PRETRAINED if images < FEW else FROM_SCRATCH


_FAMILIES = {
    "resnet": "resnet",
    "plain": "resnet",
    "cifar": "resnet",
    "nin": "nin",
    "vgg": "vgg",
    "alexnet": "vgg",
    "squeezenet": "nin",
    "efficientnet": "efficientnet",
}
FULL = tuple(dict.fromkeys(_FAMILIES.values()))
"""Recipes for a full training of one family of networks."""


def named(name: str, **changes: Any) -> Recipe:
    """The recipe of that name with some values changed.

    Raises:
        ValueError: if there is none, or a value is out of range.
    """
    if name not in RECIPES:
        raise ValueError(f"Unknown recipe {name!r}. Use one of: {', '.join(RECIPES)}.")
    if unknown := set(changes) - {field.name for field in fields(Recipe)}:
        raise ValueError(f"A recipe has no {', '.join(sorted(unknown))}.")
    return replace(RECIPES[name], **changes)


def family(backbone: str) -> str:
    """Name of the recipe for a network's family."""
    return next((recipe for stem, recipe in _FAMILIES.items() if backbone.startswith(stem)), "default")
