"""A claim says beforehand what is measured and what decides."""

import importlib
from dataclasses import replace

import pytest

from tfpool.lab import CLAIMS, Claim, find
from tfpool.lab.claim import REVISED, SECTIONS, claims
from tfpool.lab.protocol import SCALES


@pytest.fixture(params=CLAIMS)
def claim(request: pytest.FixtureRequest) -> Claim:
    return find(request.param)


def test_all_claims_come_in_their_order() -> None:
    assert [each.name for each in claims()] == list(CLAIMS)
    assert [each.number for each in claims()] == list(range(1, len(CLAIMS) + 1))
    assert len({each.title for each in claims()}) == len(CLAIMS)


def test_its_docstring_has_all_sections(claim: Claim) -> None:
    assert [name for name in claim.sections if name != REVISED] == list(SECTIONS)
    assert all(text.endswith(".") and len(text) > 20 for text in claim.sections.values())


def test_its_title_is_the_first_line_of_its_module(claim: Claim) -> None:
    docstring = importlib.import_module(f"tfpool.lab.claims.{claim.name}").__doc__ or ""
    assert docstring.splitlines()[0] == f"{claim.title}."


def test_it_is_run_quick_and_full_with_five_seeds_or_none_for_arithmetic(claim: Claim) -> None:
    assert tuple(claim.scales) == SCALES
    quick, full = claim.scales["quick"], claim.scales["full"]
    assert full.seeds >= 5 or full.seeds == quick.seeds == 0
    # An interval needs two.
    assert quick.seeds in (0, *range(2, full.seeds))


def test_the_checksum_covers_what_is_fixed_before_a_run(claim: Claim) -> None:
    for name in SECTIONS:
        changed = replace(claim, sections={**claim.sections, name: claim.sections[name] + " Or so."})
        # What speaks of a result may say more once there is one.
        assert (changed.fixed == claim.fixed) == (name in ("Does not show", "Source"))
    revised = replace(claim, sections={**claim.sections, REVISED: "It asked for less before."})
    assert revised.fixed == claim.fixed
    more = {**claim.scales, "full": replace(claim.scales["full"], epochs=99)}
    assert replace(claim, scales=more).fixed != claim.fixed
    quick = {**claim.scales, "quick": replace(claim.scales["quick"], epochs=99)}
    assert replace(claim, scales=quick).fixed == claim.fixed
    assert replace(claim, sections=dict(claim.sections)).fixed == claim.fixed


def test_no_two_claims_have_the_same_checksum() -> None:
    assert len({each.fixed for each in claims()}) == len(CLAIMS)


@pytest.mark.parametrize("name", ["nonsense", "", "../laboratory", "Position"])
def test_an_unknown_claim_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="parameters, overfitting"):
        find(name)
