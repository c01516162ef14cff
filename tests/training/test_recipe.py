import pytest

import tfpool as tp


def test_a_recipe_survives_its_config() -> None:
    recipe = tp.Recipe(epochs=3, freeze=("backbone",), train_images=100, optimizer="sgd")
    assert tp.Recipe(**recipe.config) == recipe


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
        ({"freeze": "head"}, r"such as freeze=\('head',\)"),
        ({"seed": 2**31}, "seed has to be below"),
        ({"learning_rate": 0.0}, "above 0, got 0.0"),
        ({"learning_rate": float("nan")}, "above 0, got nan"),
        ({"learning_rate": float("inf")}, "above 0, got inf"),
        ({"seed": -1}, "at least 0 is needed for seed, got -1"),
        ({"optimizer": "adagrad"}, "Unknown optimizer 'adagrad'. Use one of: adam, sgd"),
        ({"schedule": "linear"}, "Unknown schedule 'linear'"),
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
