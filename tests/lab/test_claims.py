"""How each claim judges measurements."""

import copy
import json
import math

import pytest

from tests.helpers.crafted_records import MAKERS, OPEN
from tfpool.lab import CLAIMS, VERDICTS, find
from tfpool.networks.heads import HEADS

# Arithmetic is never open.
CASES = [(name, verdict) for name in CLAIMS for verdict in VERDICTS if (name, verdict) != ("parameters", OPEN)]


@pytest.mark.parametrize(("name", "verdict"), CASES)
def test_measurements_come_to_their_verdict(name: str, verdict: str) -> None:
    judged = find(name).judge(MAKERS[name](verdict))
    assert judged.verdict == verdict, [str(effect) for effect in judged.effects]


@pytest.mark.parametrize("name", CLAIMS)
def test_the_same_measurements_always_come_to_the_same(name: str) -> None:
    judge, records = find(name).judge, MAKERS[name](VERDICTS[0])
    before = copy.deepcopy(records)
    judged = judge(records)
    assert records == before, "judge changes what it reads"
    assert judge(records) == judged
    assert judge(json.loads(json.dumps(records))) == judged


@pytest.mark.parametrize(("name", "verdict"), CASES)
def test_a_judgement_is_complete(name: str, verdict: str) -> None:
    judged = find(name).judge(MAKERS[name](verdict))
    assert judged.headline.endswith(".")
    assert "nan" not in judged.headline
    for effect in judged.effects:
        assert -math.inf < effect.low <= effect.value <= effect.high < math.inf
        assert effect.count >= 2
    assert len({effect.name for effect in judged.effects}) == len(judged.effects)
    assert judged.rows
    assert all(len(row) == len(judged.columns) and all(isinstance(cell, str) for cell in row) for row in judged.rows)
    assert judged.figures
    for figure in judged.figures:
        assert len({series.name for series in figure.series}) == len(figure.series)
        for series in figure.series:
            assert len(series.x) == len(series.y) > 0
            assert {len(series.low), len(series.high)} <= {0, len(series.y)}
            assert series.head in ("", *HEADS)
