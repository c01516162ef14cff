"""Measurements in files."""

from pathlib import Path

import pytest

from tfpool.lab import scores
from tfpool.lab.claims import nin, position
from tfpool.lab.measurement_cache import cached, digest


def test_a_cached_measurement_is_not_taken_again(tmp_path: Path) -> None:
    assert cached(tmp_path / "new" / "one.json", lambda: {"value": [1, 2]}) == {"value": [1, 2]}
    assert cached(tmp_path / "new" / "one.json", lambda: {"value": 3}) == {"value": [1, 2]}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["one.json"]


def test_a_measurement_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        cached(tmp_path / "one.json", lambda: {"value": 1 / 0})
    assert not list(tmp_path.iterdir())


def test_other_code_changes_the_digest_and_other_words_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert digest(nin._dead) != digest(position._elsewhere)
    source = Path(nin.__file__).read_text()

    def digest_with(old: str, new: str) -> str:
        assert old in source
        real = {scores.__name__: Path(scores.__file__).read_text()}
        with monkeypatch.context() as patched:
            patched.setattr(
                "tfpool.lab.measurement_cache.inspect.getsource",
                lambda module: source.replace(old, new) if module is nin else real.get(module.__name__, ""),
            )
            patched.setattr(
                "tfpool.lab.measurement_cache.inspect.getdoc", lambda module: nin.__doc__.strip().replace(old, new)
            )
            return digest(nin._dead)

    same = digest_with("NAMES", "NAMES")
    assert digest_with("scores == 0", "scores <= 0") != same
    assert digest_with("GAP + Dense, {network}", "GAP, {network}") == same
    assert digest_with("A parameter-free head", "Any head") == same


@pytest.mark.parametrize("what", ["versions", "machine", "_cam_source"])
def test_other_packages_machines_and_maps_change_the_digest(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(nin._dead)
    monkeypatch.setattr(f"tfpool.lab.measurement_cache.{what}", lambda: "another")
    assert digest(nin._dead) != before
