"""The claims by name, each read from the docstring of its module."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING

from tfpool.lab.protocol import Record, Scale

if TYPE_CHECKING:
    from tfpool.lab.laboratory import Laboratory
    from tfpool.lab.verdict import Judgement

CLAIMS = (
    "parameters",
    "overfitting",
    "convergence",
    "translation",
    "image_size",
    "position",
    "gradients",
    "localisation",
    "cost",
    "degradation",
    "dilation",
    "nin",
)
"""Names of the claims in their order: each is a module of `tfpool.lab.claims`."""
SECTIONS = ("Statement", "Protocol", "Measure", "Rule", "Overturned by", "Does not show", "Source")
REVISED = "Revised"
"""A section of some claims: what was changed after a first run."""
_FIXED = ("Statement", "Protocol", "Measure", "Rule", "Overturned by")
"""Sections that a result depends on. The others comment on it and may change later."""


@dataclass(frozen=True)
class Claim:
    """A statement found in articles, as an experiment: `observe` takes measurements, and `judge` decides by them alone.

    `number` is the position in `CLAIMS`, from 1; `title` the statement in a few words; `sections` the text of the
    module's docstring, by the names in `SECTIONS`, and `REVISED` where there is one; `scales` by the names in `SCALES`.
    """

    name: str
    number: int
    title: str
    sections: Mapping[str, str]
    scales: Mapping[str, Scale]
    observe: Callable[[Laboratory, Scale], list[Record]]
    judge: Callable[[Sequence[Record]], Judgement]

    @property
    def fixed(self) -> str:
        """SHA-256 of everything that is fixed before a run, so that a result made under another text is recognized."""
        texts = [f"{name}: {self.sections[name]}" for name in _FIXED]
        return sha256("\n".join([*texts, repr(self.scales["full"])]).encode()).hexdigest()


def claims() -> list[Claim]:
    """All claims, in their order."""
    return [find(name) for name in CLAIMS]


@lru_cache
def find(name: str) -> Claim:
    """The claim of that name; a ValueError if there is none."""
    if name not in CLAIMS:
        raise ValueError(f"There is no claim {name!r}. Use one of: {', '.join(CLAIMS)}.")
    module = import_module(f"tfpool.lab.claims.{name}")
    title, sections = _read(inspect.cleandoc(module.__doc__ or ""))
    return Claim(name, CLAIMS.index(name) + 1, title, sections, module.SCALES, module.observe, module.judge)


def _read(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its first line, without the period, and its sections by name."""
    title, _, rest = text.partition("\n")
    parts = re.split(rf"^({'|'.join((*SECTIONS, REVISED))}): ", rest.strip(), flags=re.MULTILINE)
    sections = {name: " ".join(words.split()) for name, words in zip(parts[1::2], parts[2::2], strict=True)}
    return title.removesuffix("."), sections
