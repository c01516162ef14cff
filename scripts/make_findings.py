"""Judge the findings that ship anew from their measurements, and write docs/findings.md and its figures from them.

With a store, its full findings are shipped first. Findings made under another text of their claim stay as they are.

python scripts/make_findings.py [STORE]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tfpool.lab import CLAIMS, Finding, find  # noqa: E402
from tfpool.lab import finding as findings  # noqa: E402
from tfpool.lab.matplotlib_figures import draw  # noqa: E402
from tfpool.lab.report import FIGURES, page  # noqa: E402
from tfpool.system.files import atomic  # noqa: E402

PAGE = ROOT / "docs" / "findings.md"


def full_findings(store: Path) -> list[Finding]:
    """The full findings of a store.

    Raises:
        ValueError: if there is none, or one cannot be read or was made under another text of its claim.
    """
    paths = [store / findings.FOLDER / f"{name}-full.json" for name in CLAIMS]
    full = [findings.read(path) for path in paths if path.exists()]
    if not full:
        raise ValueError(f"{store} has no full finding. Make one: python -m tfpool lab NAME --full --store {store}")
    for finding in full:
        if finding.fixed != find(finding.claim).fixed:
            raise ValueError(
                f"The finding of {finding.claim!r} in {store} was made under another text than its claim has now. "
                f"Make a new one: python -m tfpool lab {finding.claim} --full --store {store}"
            )
    return full


def shipped() -> dict[str, Finding]:
    """The findings that ship with tfpool, by claim."""
    return {name: finding for name in CLAIMS if (finding := findings.shipped(name))}


def ship(full: Sequence[Finding], folder: Path) -> None:
    """Write findings to a folder, each judged anew from its measurements."""
    for finding in full:
        findings.write(replace(finding, judgement=find(finding.claim).judge(finding.records)), folder)


def write(by_claim: dict[str, Finding], path: Path) -> None:
    """Write the page and one figure per finding, and delete figures without a finding."""
    figures = path.parent / FIGURES
    for name, finding in by_claim.items():
        draw(finding.judgement.figures, figures / f"{name}.svg")
    for figure in figures.glob("*.svg"):
        if figure.stem not in by_claim:
            figure.unlink()
    with atomic(path) as temporary:
        temporary.write_text(page(by_claim))


def main(arguments: Sequence[str]) -> str | None:
    try:
        if arguments:
            ship(full_findings(Path(arguments[0])), findings.SHIPPED)
        current = [finding for finding in shipped().values() if finding.fixed == find(finding.claim).fixed]
        ship(current, findings.SHIPPED)
        by_claim = shipped()
    except ValueError as error:
        return str(error)
    write(by_claim, PAGE)
    missing = [name for name in CLAIMS if name not in by_claim]
    print(f"{PAGE.name}: {len(by_claim)} findings" + (f", none yet of {', '.join(missing)}" if missing else ""))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
