import pytest

from tfpool.system.format import clock, count, short, table


def test_numbers_are_written_for_people() -> None:
    assert [count(1234567), count(0), count(None)] == ["1,234,567", "0", "–"]
    assert [short(n) for n in (999, 40551040, 3857973248, 1200)] == ["999", "40.6 M", "3.86 B", "1.2 k"]
    assert [short(n) for n in (999_900_000, 1_780_000_000_000)] == ["1 B", "1.78 T"]
    assert [clock(s) for s in (None, 0.4, 83, 3723)] == ["–", "0:00", "1:23", "1:02:03"]


def test_columns_are_aligned() -> None:
    lines = table(("name", "n"), [("a", "1,000"), ("longer", "7")], right=(1,)).splitlines()
    assert lines == ["name        n", "──────  ─────", "a       1,000", "longer      7"]


def test_a_row_with_another_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        table(("name", "n"), [("a",)])
