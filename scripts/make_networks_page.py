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

Made by `python scripts/make_networks_page.py`. Parameters are all weights, trainable or not, with the head that the
network was published with; multiply-adds (MACs) are for one image. Every network takes every head, at other image sizes
and class counts too: `tp.plan(name, head=…, input_shape=…, classes=…, setting=…)`.

| name | network | image | last feature map | head | parameters | MACs | settings |
|---|---|---|---|---|---|---|---|
{networks}

There are CIFAR networks of every other depth 6n + 2 as well: `resnet26` (shortcut A), `resnet26b` (shortcut B),
`plain26` (no shortcuts); `cifar50` and `cifar152`, since `resnet50` and `resnet152` are the networks for ImageNet.

## Heads

With a last feature map of H×W×C and K classes, the heads have these parameters:

| head | name | in Python | what it does | parameters | color in charts |
|---|---|---|---|---|---|
{heads}

U₁ and U₂ are the units of the hidden layers (`tp.FC(units=(4096, 4096))`), l the cells per side of SPP's grids
(`tp.SPP(levels=(1, 2, 4))`), s the cells per side of AdaptiveAvg's (`tp.AdaptiveAvg(size=2)`). On the command line,
`--set width=0.5` sets a network's own setting.
"""


def page() -> str:
    """The page's text: each network as published, and each head with its formula."""
    networks = []
    for name, backbone in CATALOG.items():
        published = plan(name)
        cells = (
            f"`{name}`",
            backbone.title,
            text(backbone.input_shape),
            text(published.feature_shape),
            f"`{published.head.name}`",
            count(published.params),
            short(published.macs or 0),
            ", ".join(f"`{setting}`" for setting in backbone.settings) or "–",
        )
        networks.append("| " + " | ".join(cells) + " |")
    heads = [
        f"| {head.label} | `{name}` | `tp.{head.__name__}()` | {head.meaning} | {head.formula} | `{head.color}` |"
        for name, head in HEADS.items()
    ]
    return PAGE_TEXT.format(networks="\n".join(networks), heads="\n".join(heads))


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"{PAGE.name}: {len(CATALOG)} networks, {len(HEADS)} heads")
