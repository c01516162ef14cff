"""Images, zips and tables that were mutated at random are read, or refused in a sentence."""

import pytest

from tests.helpers.mutated_files import MAKERS
from tests.helpers.mutations import check


def test_a_few_random_mutations() -> None:
    assert set(check(36, seed=0)) == set(MAKERS)


@pytest.mark.exhaustive
def test_a_thousand_random_mutations() -> None:
    assert sum(check(1000, seed=1).values()) == 1000
