"""A recipe on the command line: an option a value, all on top of a recipe by name."""

from __future__ import annotations

import argparse
from dataclasses import fields

from tfpool.training.recipe import CHOICES, RECIPES, Recipe, named

_HELP = {
    "epochs": "passes over the training images",
    "batch_size": "images a step",
    "learning_rate": "the highest, after any warm-up",
    "warmup": "epochs over which the learning rate first rises",
    "weight_decay": "share of each weight that a step takes off, times the learning rate",
    "label_smoothing": "share of the label that is spread over all classes",
    "augment": "how training images are changed each time they are seen",
    "patience": "epochs without a lower validation loss after which to stop",
    "train_images": "use only the first so many training images",
    "freeze": "parts that are not trained; a frozen backbone's features are kept in the store, up to 10 GB of them",
    "weights": "where the backbone starts, instead of initial weights",
    "image_size": "side in pixels that images are resized to",
    "seed": "of all that is drawn at random",
}


def add_options(command: argparse.ArgumentParser) -> None:
    """Add --recipe, and an option for each of a recipe's values."""
    text = f"values to start from, one of {', '.join(RECIPES)} (default: %(default)s)"
    command.add_argument("--recipe", default="default", metavar="NAME", help=text)
    group = command.add_argument_group("values of the recipe", "each as the recipe has it by default")
    for field in fields(Recipe):
        choices = CHOICES.get(field.name)
        several = isinstance(field.default, tuple)
        group.add_argument(
            f"--{field.name.replace('_', '-')}",
            choices=choices,
            nargs="*" if several else None,
            type=str if choices else float if isinstance(field.default, float) else int,
            help=_HELP.get(field.name),
        )


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe that the options say.

    Raises:
        ValueError: if there is no recipe of that name, or a value is out of range.
    """
    given = {field.name: getattr(args, field.name) for field in fields(Recipe)}
    return named(args.recipe, **{name: value for name, value in given.items() if value is not None})
