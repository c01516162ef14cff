"""Models that several tests of maps read. Do not change their weights, or put them back."""

import pytest

from tests.helpers.explained_models import Model, model_of, small_model

WEIGHTS = ["random", pytest.param("trained", marks=pytest.mark.exhaustive)]
"""Of random weights all relations must hold; of trained ones they do as well."""


@pytest.fixture(scope="module", params=WEIGHTS)
def gap(request: pytest.FixtureRequest) -> Model:
    return model_of("gap", request)


@pytest.fixture(scope="module", params=WEIGHTS)
def flatten(request: pytest.FixtureRequest) -> Model:
    return model_of("flatten", request)


@pytest.fixture(scope="module")
def small() -> Model:
    return small_model()
