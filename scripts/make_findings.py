"""Judge the findings that ship anew from their measurements, and write docs/findings.md and its figures from them.

With a store, its full findings are shipped first. One that was made under another text of its claim stays as it is.

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


def taken(store: Path) -> list[Finding]:
    """The full findings of a store.

    Raises:
        ValueError: if there is none, or one cannot be read or was made under another text.
    """
    paths = [store / findings.FOLDER / f"{name}-full.json" for name in CLAIMS]
    found = [findings.read(path) for path in paths if path.exists()]
    if not found:
        raise ValueError(f"{store} has no full finding. Make one: python -m tfpool lab NAME --full --store {store}")
    for each in found:
        if each.fixed != find(each.claim).fixed:
            raise ValueError(
                f"The finding of {each.claim!r} in {store} was made under another text than its claim has now. Make "
                f"it again: python -m tfpool lab {each.claim} --full --store {store}"
            )
    return found


def shipped() -> dict[str, Finding]:
    """The findings that are kept with tfpool, by their claims."""
    return {name: each for name in CLAIMS if (each := findings.shipped(name))}


def ship(found: Sequence[Finding], folder: Path) -> None:
    """Keep findings with tfpool, each judged anew from its measurements."""
    for each in found:
        findings.write(replace(each, judgement=find(each.claim).judge(each.records)), folder)


def write(known: dict[str, Finding], path: Path) -> None:
    """Write the page and one figure per finding, and remove figures of findings that are no more."""
    figures = path.parent / FIGURES
    for name, each in known.items():
        draw(each.judgement.figures, figures / f"{name}.svg")
    for left in figures.glob("*.svg"):
        if left.stem not in known:
            left.unlink()
    with atomic(path) as temporary:
        temporary.write_text(page(known))


def main(arguments: Sequence[str]) -> str | None:
    try:
        if arguments:
            ship(taken(Path(arguments[0])), findings.SHIPPED)
        ship([each for each in shipped().values() if each.fixed == find(each.claim).fixed], findings.SHIPPED)
        known = shipped()
    except ValueError as error:
        return str(error)
    write(known, PAGE)
    missing = [name for name in CLAIMS if name not in known]
    print(f"{PAGE.name}: {len(known)} findings" + (f", none yet of {', '.join(missing)}" if missing else ""))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
