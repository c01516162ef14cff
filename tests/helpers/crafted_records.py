"""Measurements crafted so that a claim gets a certain verdict."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfpool.lab import VERDICTS, find
from tfpool.lab.claims import image_size, translation
from tfpool.lab.finding import Finding
from tfpool.lab.protocol import Record

HOLDS, IN_PART, HOLDS_NOT, OPEN = VERDICTS
WIDE, NARROW = 0.1, 0.0005


def spread(middle: float, wide: float = NARROW) -> list[float]:
    """Five values around a mean, one per seed."""
    return [middle + wide * step for step in (-2, -1, 0, 1, 2)]


def runs(factors: Mapping[str, Any], **measures: Sequence[Any]) -> list[Record]:
    """A record for each of five seeds."""
    plain: dict[str, Sequence[Any]] = {"training": spread(0.9), "validation": spread(0.8), "test": spread(0.8)}
    return [
        {**factors, "learning_rate": 0.002, "seed": seed, **{k: each[seed] for k, each in (plain | measures).items()}}
        for seed in range(5)
    ]


def parameters(verdict: str) -> list[Record]:
    right, ratio = {HOLDS: (True, 49), IN_PART: (True, 5), HOLDS_NOT: (False, 5)}[verdict]
    quoted = [
        {"quoted": number, "to": 1, "what": f"{head}: {number} weights", "counted": number + (not right)}
        for head, number in (("Flatten", 6400), ("GAP", 64))
    ]
    networks = [
        {"network": name, "map": [7, 7, 512], "backbone": 10**7, "gap": 1000, "flatten": 1000 * ratio, "fc": 10**8}
        for name in ("vgg16", "resnet50")
    ]
    return [*quoted, *networks]


def overfitting(verdict: str) -> list[Record]:
    gaps = {HOLDS: (0.05, 0.15, 0.15), IN_PART: (0.05, 0.15, 0.05), HOLDS_NOT: (0.15, 0.05, 0.05)}
    records = []
    for network, images in (("convnet", 250), ("convnet", 1000), ("convnet", 4000), ("resnet8", 1000)):
        for head, gap in zip(("gap", "flatten", "fc"), gaps.get(verdict, (0.05, 0.05, 0.05)), strict=True):
            wide = WIDE if verdict == OPEN and head == "gap" else NARROW
            factors = {"network": network, "images": images, "head": head, "epochs": 8}
            records += runs(factors, fitted=spread(0.8 + gap, wide), test=[0.8] * 5)
        for epochs in (1, 4):
            shorter = {"network": network, "images": images, "head": "flatten", "epochs": epochs}
            records += runs(shorter, fitted=[0.5 + 0.05 * epochs] * 5, test=[0.45 + 0.05 * epochs] * 5)
    return records


def convergence(verdict: str) -> list[Record]:
    """Curves rise in a straight line to 75 % in so many epochs."""
    epochs = {HOLDS: (8, 4, 4), IN_PART: (8, 4, 8), HOLDS_NOT: (4, 8, 8), OPEN: (40, 40, 40)}[verdict]
    records = []
    for network in ("convnet", "resnet8"):
        for head, until in zip(("gap", "flatten", "fc"), epochs, strict=True):
            curve = [min(0.9, 0.75 * epoch / until) for epoch in range(1, 11)]
            axes = {"step": [125 * epoch for epoch in range(1, 11)], "seconds": [1.5 * each for each in range(1, 11)]}
            by_epoch = {"validation by epoch": curve, **{f"{axis} by epoch": each for axis, each in axes.items()}}
            records += runs({"network": network, "head": head}, **{name: [each] * 5 for name, each in by_epoch.items()})
    return records


def translation_(verdict: str) -> list[Record]:
    records = []
    for number, (way, padding) in enumerate((way, p) for way in ("as they are", "shifted") for p in ("zero", "none")):
        falls = {HOLDS: 0.3, HOLDS_NOT: 0.0, OPEN: 0.0, IN_PART: 0.3 * (number == 0)}[verdict]
        for head, fall in (("gap", 0.05), ("flatten", 0.05 + falls)):
            drops = spread(fall, WIDE if verdict == OPEN and head == "gap" else NARROW)
            others = len(translation.SHIFTS) - 1
            by_shift = {
                "accuracy": [[0.8, *[0.8 - drop] * others] for drop in drops],
                "same": [[1.0] * (others + 1)] * 5,
                "moved": [[0.0, *[0.3] * others]] * 5,
            }
            factors = {"trained": way, "padding": padding, "head": head}
            records += runs(factors, **{f"{name} by shift": each for name, each in by_shift.items()})
    return records


def image_size_(verdict: str) -> list[Record]:
    lost, wide, refuses = {
        HOLDS: (0.0, NARROW, True),
        IN_PART: (0.3, NARROW, True),
        HOLDS_NOT: (0.3, NARROW, False),
        OPEN: (0.05, WIDE, False),
    }[verdict]
    records = []
    for network in ("convnet", "resnet8"):
        at = [
            [0.85 if size == image_size.TRAINED else 0.85 - loss for size in image_size.SIZES]
            for loss in spread(lost, wide)
        ]
        by_size: dict[str, Sequence[Any]] = {
            "accuracy by size": at,
            "brought back by size": [[0.84] * len(image_size.SIZES)] * 5,
        }
        by_size |= {"weights added": [0] * 5, "flatten refuses": [refuses] * 5}
        records += runs({"network": network}, **by_size)
    return records


def position(verdict: str) -> list[Record]:
    means = {HOLDS: (0.25, 0.25), IN_PART: (0.99, 0.25), HOLDS_NOT: (0.99, 0.99), OPEN: (0.9, 0.9)}[verdict]
    records = []
    for padding, mean in zip(("zero", "circular"), means, strict=True):
        of_gap = spread(mean, WIDE if verdict == OPEN else NARROW)
        if verdict == OPEN:
            of_gap = [0.25, 0.3, 0.9, 0.95, 1.0]
        of_flatten = [0.7] * 5 if verdict == OPEN else spread(0.99)
        for head, values in (("gap", of_gap), ("gmp", spread(0.5)), ("flatten", of_flatten)):
            records += runs({"padding": padding, "head": head}, test=values, dissimilar=values)
    return records


def gradients(verdict: str) -> list[Record]:
    sparse, ahead = {HOLDS: (0.05, 0.1), IN_PART: (0.05, -0.1), HOLDS_NOT: (0.5, -0.1), OPEN: (0.5, 0.0)}[verdict]
    wide = WIDE if verdict == OPEN else NARROW
    records = []
    for network in ("convnet", "resnet8"):
        for head, reached, test in (
            ("gap", 0.5, spread(0.7 + ahead, wide)),
            ("gmp", sparse, [0.7] * 5),
            ("avgmax", 0.5, [0.75] * 5),
        ):
            shares = {
                f"{what} {when}": [reached] * 5 for what in ("values", "positions") for when in ("before", "after")
            }
            records += runs({"network": network, "head": head}, test=test, **shares)
    return records


def localisation(verdict: str) -> list[Record]:
    ours, others = {HOLDS: (0.6, 0.4), IN_PART: (0.6, 0.6), HOLDS_NOT: (0.1, 0.4), OPEN: (0.4, 0.4)}[verdict]
    records = []
    for head in ("gap", "flatten", "fc"):
        mean, wide = (ours, WIDE if verdict == OPEN else NARROW) if head == "gap" else (others, NARROW)
        pointed = {name: spread(mean, wide) for name in ("boxes", "pixels", "points")}
        curves = {name: spread(0.5) for name in ("insertion", "deletion")}
        centre = {f"centre {name}": [0.4] * 5 for name in (*pointed, *curves)}
        records += runs({"head": head}, **pointed, **curves, **centre)
    return records


def cost(verdict: str) -> list[Record]:
    macs, slower = {HOLDS: (2.0, 2.0), IN_PART: (1.0, 2.0), HOLDS_NOT: (1.0, 1.0), OPEN: (1.0, 1.2)}[verdict]
    records = []
    for network in ("alexnet", "vgg16", "resnet50"):
        for head in ("gap", "flatten", "fc"):
            times = 1.0 if head == "gap" else slower
            wide = 0.4 if verdict == OPEN and head == "gap" else 0.01
            latencies = spread(0.1 * times, 0.1 * wide)
            records += [
                {
                    "network": network,
                    "head": head,
                    "seed": turn,
                    "params": 10**6,
                    "macs": int(10**9 * (1.0 if head == "gap" else macs)),
                    "seconds": [latency, 1.01 * latency, 1.02 * latency],
                    "bytes": int(10**8 * times * latency / (0.1 * times)),
                }
                for turn, latency in enumerate(latencies)
            ]
    return records


def degradation(verdict: str) -> list[Record]:
    plain, residual = {HOLDS: (0.5, 0.2), IN_PART: (0.2, 0.1), HOLDS_NOT: (0.2, 0.4), OPEN: (0.2, 0.2)}[verdict]
    records = []
    for kind, deepest in (("plain", plain), ("resnet", residual)):
        for depth, error in ((8, 0.2), (44, deepest)):
            wide = WIDE if verdict == OPEN and depth == 44 else NARROW
            errors = spread(error, wide if kind == "plain" else -wide)
            norms = {f"gradients {when}": [[0.5] * (depth - 1)] * 5 for when in ("before", "after")}
            records += runs({"kind": kind, "depth": depth}, error=errors, **norms)
    return records


def dilation(verdict: str) -> list[Record]:
    params, boxes, pixels = {
        HOLDS: (100, 0.6, 0.6),
        IN_PART: (100, 0.4, 0.6),
        HOLDS_NOT: (101, 0.4, 0.4),
        OPEN: (101, 0.4, 0.4),
    }[verdict]
    records = []
    for stride, counted, of_boxes, of_pixels in ((4, 100, 0.4, 0.4), (2, params, boxes, pixels)):
        wide = WIDE if verdict == OPEN and stride == 2 else NARROW
        measures = {"boxes": spread(of_boxes, wide), "pixels": spread(of_pixels, wide), "points": spread(0.5)}
        counts = {"params": [counted] * 5, "macs": [1000 // stride] * 5, "side": [64 // stride] * 5}
        records += runs({"stride": stride}, **measures, **counts)
    return records


def nin(verdict: str) -> list[Record]:
    behind = {HOLDS: (0.0, 0.0), IN_PART: (0.0, 0.2), HOLDS_NOT: (0.2, 0.2), OPEN: (0.02, 0.02)}[verdict]
    records = []
    for network, lost in zip(("convnet", "resnet8"), behind, strict=True):
        for head, test in (("gap", [0.8] * 5), ("nin", spread(0.8 - lost, WIDE if verdict == OPEN else NARROW))):
            counted: dict[str, Sequence[Any]] = {"dead": [0.0] * 5, "head params": [650] * 5}
            records += runs({"network": network, "head": head}, test=test, **counted)
    return records


MAKERS: dict[str, Callable[[str], list[Record]]] = {
    "translation": translation_,
    "image_size": image_size_,
    **{
        each.__name__: each
        for each in (
            parameters,
            overfitting,
            convergence,
            position,
            gradients,
            localisation,
            cost,
            degradation,
            dilation,
            nin,
        )
    },
}


def finding(name: str, verdict: str = HOLDS, scale: str = "full") -> Finding:
    """A finding made from crafted measurements."""
    claim, records = find(name), MAKERS[name](verdict)
    provenance = {
        "command": f"python -m tfpool lab {name} --{scale}",
        "date": "2026-01-02",
        "seconds": 3,
        "tfpool": "0",
        "python": "3.11",
        "tensorflow": "2.21.0",
        "keras": "3.15.0",
        "numpy": "2.4.0",
        "machine": "2 cores",
    }
    return Finding(name, scale, claim.judge(records), records, claim.fixed, provenance)
