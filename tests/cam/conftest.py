"""What tests of maps share: a network that ends in GAP, and one that ends in Flatten."""

import pytest

from tests.helpers.explained_models import Model, model_of


@pytest.fixture(scope="module", params=["random", "trained"])
def gap(request: pytest.FixtureRequest) -> Model:
    return model_of("gap", request)


@pytest.fixture(scope="module", params=["random", "trained"])
def flatten(request: pytest.FixtureRequest) -> Model:
    return model_of("flatten", request)
