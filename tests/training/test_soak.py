from pathlib import Path

import pytest

from tests.helpers.soak import histories, soak, train


@pytest.mark.exhaustive
def test_a_sweep_with_kills_ends_as_one_without(few: str, tmp_path: Path) -> None:
    killed = soak(tmp_path / "killed", kills=4, seeds=1, data=few)
    assert histories(killed) == histories(train(tmp_path / "whole", seeds=1, data=few))
