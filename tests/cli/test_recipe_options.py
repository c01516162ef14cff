import argparse
from dataclasses import fields

import pytest

from tfpool.cli.recipe_options import add_options, recipe_of
from tfpool.training.recipe import MEANINGS, RECIPES, Recipe, named


@pytest.fixture
def command() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser()
    add_options(command)
    return command


def test_the_help_of_an_option_is_what_the_value_means(command: argparse.ArgumentParser) -> None:
    printed = " ".join(command.format_help().split())
    for field in fields(Recipe):
        assert f"--{field.name.replace('_', '-')}" in printed
        assert MEANINGS[field.name].removesuffix(".").replace("-", "") in printed.replace("- ", "").replace("-", "")


@pytest.mark.parametrize("name", RECIPES)
def test_options_change_a_recipe_by_name(name: str, command: argparse.ArgumentParser) -> None:
    assert recipe_of(command.parse_args(["--recipe", name])) == RECIPES[name]
    changed = recipe_of(command.parse_args(["--recipe", name, "--seed", "7", "--augment", "crop", "flip"]))
    assert changed == named(name, seed=7, augment=("crop", "flip"))
