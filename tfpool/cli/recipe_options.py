"""The options of a training recipe: one per value, on top of a recipe by name."""

from __future__ import annotations

import argparse
from dataclasses import fields

from tfpool.training.recipe import CHOICES, MEANINGS, RECIPES, Recipe, named


def add_options(command: argparse.ArgumentParser) -> None:
    """Add --recipe, and one option per value of a recipe."""
    text = f"recipe to start from, one of {', '.join(RECIPES)} (default: %(default)s)"
    command.add_argument("--recipe", default="default", metavar="NAME", help=text)
    group = command.add_argument_group("values of the recipe", "the default of each is the recipe's value")
    for field in fields(Recipe):
        choices = CHOICES.get(field.name)
        group.add_argument(
            f"--{field.name.replace('_', '-')}",
            choices=choices,
            nargs="*" if isinstance(field.default, tuple) else None,
            type=str if choices else float if isinstance(field.default, float) else int,
            help=MEANINGS.get(field.name, "").removesuffix(".").replace("%", "%%"),
        )


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe that the options describe."""
    values = {field.name: getattr(args, field.name) for field in fields(Recipe)}
    return named(args.recipe, **{name: value for name, value in values.items() if value is not None})
