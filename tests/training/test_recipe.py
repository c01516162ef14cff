import json
from dataclasses import fields, replace

import pytest

import tfpool as tp
from tfpool.training.recipe import CHOICES, MEANINGS, RECIPES, family, named


def test_a_recipe_survives_its_config() -> None:
    recipe = tp.Recipe(epochs=3, freeze=("backbone",), train_images=100, optimizer="sgd", augment=("flip", "crop"))
    assert tp.Recipe(**json.loads(json.dumps(recipe.config))) == recipe


def test_a_run_is_found_again_by_its_config_from_before_there_were_devices() -> None:
    assert "device" not in tp.Recipe().config
    assert tp.Recipe(**tp.Recipe(device="gpu").config).device == "gpu"


def test_a_run_is_found_again_by_its_config_from_before_classes_could_be_balanced() -> None:
    assert "class_weight" not in tp.Recipe().config
    assert tp.Recipe().config["patience"] is None
    assert tp.Recipe(**tp.Recipe(class_weight="balanced").config).class_weight == "balanced"


def test_every_value_has_a_meaning_that_names_its_choices() -> None:
    assert list(MEANINGS) == [field.name for field in fields(tp.Recipe)]
    for name, choices in CHOICES.items():
        assert all(f'"{choice}"' in MEANINGS[name] for choice in choices)


@pytest.mark.parametrize(
    ("settings", "named_values"),
    [
        ({"epochs": 0}, "epochs 0"),
        ({"epochs": 1.5}, "1.5"),
        ({"batch_size": -1}, "batch_size -1"),
        ({"train_images": 0}, "train_images 0"),
        ({"epochs": None}, "None"),
        ({"epochs": True}, "True"),
        ({"learning_rate": "fast"}, "learning_rate 'fast'"),
        ({"freeze": "head"}, "freeze ('head',)"),
        ({"seed": 2**31}, "seed 2147483648"),
        ({"learning_rate": 0.0}, "learning_rate 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate nan"),
        ({"learning_rate": float("inf")}, "learning_rate inf"),
        ({"seed": -1}, "seed -1"),
        ({"optimizer": "adagrad"}, "optimizer 'adagrad' adam adamw sgd"),
        ({"schedule": "linear"}, "schedule 'linear'"),
        ({"augment": "flip"}, "augment ('flip',)"),
        ({"augment": ("blur",)}, "augment 'blur' flip shift crop cutout"),
        ({"loss": "mse"}, "loss 'mse'"),
        ({"initializer": "zeros"}, "initializer 'zeros' glorot he"),
        ({"precision": "float16"}, "precision 'float16'"),
        ({"device": "tpu"}, "device 'tpu' auto cpu gpu"),
        ({"class_weight": "heavy"}, "class_weight 'heavy' balanced"),
        ({"label_smoothing": 1.0}, "label_smoothing 1.0"),
        ({"label_smoothing": 0.1, "loss": "hinge"}, "hinge label_smoothing"),
        ({"warmup": 5}, "warmup 5"),
        ({"warmup": 1, "schedule": "onecycle"}, "onecycle warmup"),
        ({"weight_decay": -1e-4}, "weight_decay -0.0001"),
        ({"patience": 0}, "patience 0"),
        ({"freeze": ("neck",)}, "freeze 'neck' backbone head"),
    ],
    ids=str,
)
def test_an_error_names_the_value_that_is_out_of_range(settings: dict[str, object], named_values: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        tp.Recipe(**settings)  # type: ignore[arg-type]
    assert all(word in str(error.value) for word in named_values.split())


def test_a_frozen_model_with_nothing_to_train_names_both_causes() -> None:
    plan = tp.plan("resnet8")
    tp.Recipe(freeze=("backbone",)).check(plan)
    tp.Recipe(freeze=("head",)).check(plan)
    with pytest.raises(ValueError, match=r"backbone .* head"):
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


def test_an_unknown_recipe_or_value_is_named() -> None:
    with pytest.raises(ValueError, match="best"):
        named("best")
    with pytest.raises(ValueError, match="momentum"):
        named("quick", momentum=0.9)
