import json
from dataclasses import replace

import pytest

import tfpool as tp
from tfpool.training.recipe import RECIPES, family, named


def test_a_recipe_survives_its_config() -> None:
    recipe = tp.Recipe(epochs=3, freeze=("backbone",), train_images=100, optimizer="sgd", augment=("flip", "crop"))
    assert tp.Recipe(**json.loads(json.dumps(recipe.config))) == recipe


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "at least 1 is needed for epochs, got 0"),
        ({"epochs": 1.5}, "whole number .* got 1.5"),
        ({"batch_size": -1}, "at least 1 is needed for batch_size"),
        ({"train_images": 0}, "at least 1 is needed for train_images"),
        ({"epochs": None}, "whole number .* got None"),
        ({"epochs": True}, "whole number .* got True"),
        ({"learning_rate": "fast"}, "number above 0, got 'fast'"),
        ({"freeze": "head"}, r"for freeze, as a tuple such as \('head',\)"),
        ({"seed": 2**31}, "seed has to be below"),
        ({"learning_rate": 0.0}, "above 0, got 0.0"),
        ({"learning_rate": float("nan")}, "above 0, got nan"),
        ({"learning_rate": float("inf")}, "above 0, got inf"),
        ({"seed": -1}, "at least 0 is needed for seed, got -1"),
        ({"optimizer": "adagrad"}, "Unknown optimizer 'adagrad'. Use one of: adam, adamw, sgd"),
        ({"schedule": "linear"}, "Unknown schedule 'linear'"),
        ({"augment": "flip"}, r"such as \('flip',\), got 'flip'"),
        ({"augment": ("blur",)}, "Unknown augment 'blur'. Use one of: flip, shift, crop, cutout"),
        ({"loss": "mse"}, "Unknown loss 'mse'"),
        ({"initializer": "zeros"}, "Unknown initializer 'zeros'. Use one of: glorot, he"),
        ({"precision": "float16"}, "Unknown precision 'float16'"),
        ({"label_smoothing": 1.0}, "label smoothing has to be a number of at least 0 and below 1, got 1.0"),
        ({"label_smoothing": 0.1, "loss": "hinge"}, "Label smoothing is for cross_entropy and focal"),
        ({"warmup": 5}, "warmup has to be a number of at least 0 and below 5, got 5"),
        ({"warmup": 1, "schedule": "onecycle"}, "onecycle rises by itself"),
        ({"weight_decay": -1e-4}, "weight decay has to be a number of at least 0, got -0.0001"),
        ({"patience": 0}, "at least 1 is needed for patience"),
        ({"freeze": ("neck",)}, "Unknown freeze 'neck'. Use one of: backbone, head"),
    ],
    ids=str,
)
def test_a_value_out_of_range_is_one_clear_sentence(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.Recipe(**settings)  # type: ignore[arg-type]


def test_a_frozen_model_with_nothing_to_train_names_both_causes() -> None:
    plan = tp.plan("resnet8")
    tp.Recipe(freeze=("backbone",)).check(plan)
    tp.Recipe(freeze=("head",)).check(plan)
    with pytest.raises(ValueError, match="nothing to train in resnet8-gap: the backbone is frozen and the head is"):
        tp.Recipe(freeze=("backbone", "head")).check(plan)


@pytest.mark.parametrize("name", RECIPES)
def test_a_named_recipe_can_be_changed(name: str) -> None:
    assert named(name) == RECIPES[name]
    assert named(name, seed=7, epochs=9) == replace(RECIPES[name], seed=7, epochs=9)


def test_every_network_has_a_recipe_of_its_family() -> None:
    assert {name: family(name) for name in ("resnet20", "cifar50", "plain20", "vgg16_bn", "convnet")} == {
        "resnet20": "resnet",
        "cifar50": "resnet",
        "plain20": "resnet",
        "vgg16_bn": "vgg",
        "convnet": "default",
    }
    assert all(family(name) in RECIPES for name in tp.catalog())


def test_an_unknown_recipe_or_value_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"Unknown recipe 'best'\. Use one of: quick, default"):
        named("best")
    with pytest.raises(ValueError, match="A recipe has no momentum"):
        named("quick", momentum=0.9)
