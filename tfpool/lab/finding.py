"""A result as a small JSON file: measurements, judgement and provenance."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from tfpool._version import __version__
from tfpool.lab.claim import CLAIMS, Claim
from tfpool.lab.figure import Figure
from tfpool.lab.protocol import FOLDER, SCALES, Record
from tfpool.lab.statistics import Effect
from tfpool.lab.verdict import Judgement
from tfpool.system.files import atomic
from tfpool.system.notebook import html_lines, html_table
from tfpool.system.provenance import machine, versions

SHIPPED = Path(__file__).with_name("findings")


@dataclass(frozen=True)
class Finding:
    """The result of one claim at one scale.

    `records` are the measurements, `fixed` is `Claim.fixed` at the time, and `provenance` has the command, date,
    seconds on one core, versions and machine.
    """

    claim: str
    scale: str
    judgement: Judgement
    records: Sequence[Record]
    fixed: str
    provenance: dict[str, Any]

    @property
    def seeds(self) -> list[int]:
        """The seeds that were measured; none for arithmetic."""
        return sorted({record["seed"] for record in self.records if "seed" in record})

    def record(self) -> dict[str, Any]:
        judged = self.judgement
        return {
            "claim": self.claim,
            "scale": self.scale,
            "verdict": judged.verdict,
            "headline": judged.headline,
            "effects": [effect.record() for effect in judged.effects],
            "arithmetic": dict(judged.arithmetic),
            "columns": list(judged.columns),
            "rows": [list(row) for row in judged.rows],
            "figures": [figure.record() for figure in judged.figures],
            "seeds": self.seeds,
            "made": self.provenance,
            "fixed": self.fixed,
            "records": list(self.records),
        }

    def _repr_html_(self) -> str:
        """The verdict, what decided it, and the table."""
        judged, numbers = self.judgement, range(1, len(self.judgement.columns))
        return html_lines(f"{self.claim}: {judged.verdict}", judged.headline) + html_table(
            judged.columns, judged.rows, numbers
        )

    @classmethod
    def of(cls, record: dict[str, Any]) -> Finding:
        """The finding that `record` came from."""
        judgement = Judgement(
            record["verdict"],
            record["headline"],
            [Effect(**effect) for effect in record["effects"]],
            record["columns"],
            record["rows"],
            [Figure.of(figure) for figure in record["figures"]],
            record.get("arithmetic", {}),
        )
        return cls(record["claim"], record["scale"], judgement, record["records"], record["fixed"], record["made"])


def write(finding: Finding, folder: Path) -> Path:
    """Write a finding to a folder, replacing an older one of the same claim and scale; return its path."""
    path = _path(folder, finding.claim, finding.scale)
    fields = {name: value for name, value in finding.record().items() if name != "records"}
    lines = json.dumps(fields, indent=1)
    # One measurement per line: readable, and a diff shows which changed.
    records = ",\n  ".join(json.dumps(record) for record in finding.records)
    with atomic(path) as temporary:
        temporary.write_text(f'{lines[:-2]},\n "records": [\n  {records}\n ]\n}}\n')
    return path


def read(path: Path) -> Finding:
    """The finding in a file; a ValueError if it is missing or damaged."""
    try:
        return Finding.of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ValueError(f"There is no finding at {path}. Make one: python -m tfpool lab NAME --full") from None
    except (OSError, KeyError, TypeError, ValueError):
        raise ValueError(f"The finding {path} cannot be read. Delete it and run the claim again.") from None


def shipped(name: str) -> Finding | None:
    """The finding that ships with tfpool, if there is one."""
    path = _path(SHIPPED, name, "full")
    return _cached(path, path.stat().st_mtime_ns) if path.exists() else None


@lru_cache(maxsize=64)
def _cached(path: Path, _changed: int) -> Finding:
    return read(path)


def own(store: Path, name: str) -> tuple[list[Finding], str]:
    """The findings made in a store, the full scale first, and an error message if one cannot be read."""
    readable, message = [], ""
    for path in (_path(store / FOLDER, name, scale) for scale in reversed(SCALES)):
        try:
            readable += [read(path)] if path.exists() else []
        except ValueError as error:
            message = str(error)
    return readable, message


def create(claim: Claim, scale: str, records: Sequence[Record], seconds: float) -> Finding:
    """Judge measurements and record their provenance: `seconds` of training on one core, or elapsed without any."""
    provenance = {
        "command": f"python -m tfpool lab {claim.name} --{scale}",
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds),
        "tfpool": __version__,
        "python": platform.python_version(),
        **versions(),
        "machine": machine(),
    }
    # As they will be read from the file, where tuples are lists.
    records = json.loads(json.dumps(list(records)))
    return Finding(claim.name, scale, claim.judge(records), records, claim.fixed, provenance)


def _path(folder: Path, name: str, scale: str) -> Path:
    assert name in CLAIMS
    return folder / f"{name}-{scale}.json"
