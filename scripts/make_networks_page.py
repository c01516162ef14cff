"""Write docs/networks.md from the catalog.

python scripts/make_networks_page.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tfpool.counting.plan import plan  # noqa: E402
from tfpool.networks.catalog import CATALOG  # noqa: E402
from tfpool.networks.graph import text  # noqa: E402
from tfpool.networks.heads import HEADS  # noqa: E402
from tfpool.system.format import count, short  # noqa: E402

PAGE = ROOT / "docs" / "networks.md"
PAGE_TEXT = """# Networks and heads

Made by `python scripts/make_networks_page.py`. Parameters are all weights, trainable or not, under the head that the
network was published with; multiply-adds (MACs) are for one image. Any other head goes on any network, at any image
size that it takes: `tp.plan(name, head=…, input_shape=…, classes=…, setting=…)`.

| name | network | image | last feature map | head | parameters | MACs | settings |
|---|---|---|---|---|---|---|---|
{networks}

Every other depth 6n + 2 of the CIFAR kind goes by its name too: `resnet26` (shortcut A), `resnet26b` (shortcut B),
`plain26` (no shortcut), and `cifar50` and `cifar152`, where `resnet50` and `resnet152` are those for ImageNet.

## Heads

With a last feature map of H×W×C and K classes the heads have these parameters:

| name | in Python | what it does | parameters |
|---|---|---|---|
{heads}

U₁ and U₂ are the units of the hidden layers (`tp.FC(units=(4096, 4096))`), l the sides of SPP's grids
(`tp.SPP(levels=(1, 2, 4))`), s the side of AdaptiveAvg's (`tp.AdaptiveAvg(size=2)`). On the command line a network's
settings are given as in `--set width=0.5`.
"""


def page() -> str:
    """The page's text: each network as published, and each head with its formula."""
    networks = []
    for name, backbone in CATALOG.items():
        described = plan(name)
        cells = (
            f"`{name}`",
            backbone.title,
            text(backbone.input_shape),
            text(described.feature_shape),
            f"`{described.head.name}`",
            count(described.params),
            short(described.macs or 0),
            ", ".join(f"`{setting}`" for setting in backbone.settings) or "–",
        )
        networks.append("| " + " | ".join(cells) + " |")
    heads = [f"| `{name}` | `tp.{head.__name__}()` | {head.meaning} | {head.formula} |" for name, head in HEADS.items()]
    return PAGE_TEXT.format(networks="\n".join(networks), heads="\n".join(heads))


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"{PAGE.name}: {len(CATALOG)} networks, {len(HEADS)} heads")
