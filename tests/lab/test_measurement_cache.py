"""Measurements in files."""

from pathlib import Path

import pytest

from tfpool.lab import scores
from tfpool.lab.claims import nin, position
from tfpool.lab.measurement_cache import digest, kept


def test_what_is_kept_is_not_taken_again(tmp_path: Path) -> None:
    assert kept(tmp_path / "new" / "one.json", lambda: {"value": [1, 2]}) == {"value": [1, 2]}
    assert kept(tmp_path / "new" / "one.json", lambda: {"value": 3}) == {"value": [1, 2]}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["one.json"]


def test_a_measurement_that_fails_keeps_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        kept(tmp_path / "one.json", lambda: {"value": 1 / 0})
    assert not list(tmp_path.iterdir())


def test_other_code_is_told_apart_and_other_words_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert digest(nin._dead) != digest(position._elsewhere)
    source = Path(nin.__file__).read_text()

    def changed(find: str, put: str) -> str:
        assert find in source
        real = {scores.__name__: Path(scores.__file__).read_text()}
        with monkeypatch.context() as patched:
            patched.setattr(
                "tfpool.lab.measurement_cache.inspect.getsource",
                lambda module: source.replace(find, put) if module is nin else real.get(module.__name__, ""),
            )
            patched.setattr(
                "tfpool.lab.measurement_cache.inspect.getdoc", lambda module: nin.__doc__.strip().replace(find, put)
            )
            return digest(nin._dead)

    same = changed("NAMES", "NAMES")
    assert changed("scores == 0", "scores <= 0") != same
    assert changed("GAP + Dense, {network}", "GAP, {network}") == same
    assert changed("A parameter-free head", "Any head") == same


@pytest.mark.parametrize("what", ["versions", "machine", "_maps"])
def test_other_packages_machines_and_maps_are_told_apart(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(nin._dead)
    monkeypatch.setattr(f"tfpool.lab.measurement_cache.{what}", lambda: "another")
    assert digest(nin._dead) != before
