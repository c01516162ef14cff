"""GAP makes class maps readable.

Statement: Since GlobalAveragePooling2D keeps the correspondence between maps and classes, its class activation maps
show where the object is; after Flatten or dense layers there is nothing as readable.

Protocol: resnet8 on objects scattered over textured canvases (data set scattered, brought to 32×32 pixels, 4,000
training images, 6 epochs), under the heads GAP, Flatten, and FC (a hidden layer of 128 with dropout 0.5), one recipe,
each head's learning rate tuned over one grid on the validation images with a seed that is not measured. Each head is
explained by its own exact map of the true class's score: CAM for GAP and Flatten, gradient × activation (HiResCAM) for
FC.

Measure: On 500 test images: the share of objects that a box round the map covers with an intersection over union of
0.3, 0.5 and 0.7, the mean of the three (MaxBoxAccV2); average precision of the map's pixels against the object's own
pixels; how often its highest point lies on the object. On 100 of them, the class's probability while pixels are added
in the map's order (insertion) or taken away (deletion). Beside them a map that knows nothing but the centre.

Rule: Does GAP's map exceed that of Flatten, and that of FC, by one point or more in MaxBoxAccV2, and in average
precision of pixels? Does it exceed the centre map in both? Six questions, pairs over seeds; an interval that lies
wholly on one side answers. All yes: holds; all no: does not hold; some yes: holds in part; else it is not decided.

Overturned by: Flatten's or FC's exact map as good as GAP's in both measures.

Does not show: How maps of these heads would do on photographs: on these canvases the object is also the brightest
thing, so it is easy to point at. Nor maps made by other methods. The heads differ in accuracy after equal training, and
a network that has not learnt the task has no good map of it: the rule does not ask whether it has. Insertion (the
higher the better) and deletion (the lower) follow each model's own confidence and are no fair race between models.

Source: Zhou et al. 2015, arXiv 1512.04150; Choe et al. 2020, arXiv 2001.07437; Draelos and Carin 2020, arXiv
2011.08891.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfpool.lab.cells import COMPARED, Cell
from tfpool.lab.figure import Figure
from tfpool.lab.laboratory import Laboratory
from tfpool.lab.localization_scores import MEASURES, masking_scores, pointing_scores
from tfpool.lab.protocol import Record, Scale
from tfpool.lab.records import by_seed, compare, levels, line, mean
from tfpool.lab.statistics import paired
from tfpool.lab.verdict import Judgement, above, verdict, with_answers
from tfpool.tracking.store import Run
from tfpool.training.recipe import Recipe

NAMES = {"gap": "GAP, CAM", "flatten": "Flatten, CAM", "fc": "FC, HiResCAM"}
METHODS = {"gap": "cam", "flatten": "cam", "fc": "hirescam"}
DECIDING = ("boxes", "pixels")
LEARNED = 0.5
"""Test accuracy from which on a network has learned the task, so that its map says something about its head."""
SIDE = 32
"""Size in pixels that images are scaled to."""
SCALES = {
    "quick": Scale(seeds=2, epochs=1, images=(500,), rates=(2e-3,), measured=50, levels=("gap", "flatten")),
    "full": Scale(epochs=6, images=(4000,), tuning_seeds=1, measured=500, levels=("gap", "flatten", "fc")),
}
"""Levels are heads."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    recipe = Recipe(epochs=scale.epochs, batch_size=32, train_images=scale.images[0], image_size=SIDE)
    cells = [Cell({"head": head}, "resnet8", COMPARED[head], "scattered", recipe) for head in scale.levels]

    def judged(run: Run) -> dict[str, Any]:
        from tfpool.cam import Explainer

        method = METHODS[run.spec["plan"]["head"]["name"]]
        explainer = Explainer(run.load_model(), method=method)
        return {**pointing_scores(run, explainer, scale.measured), **masking_scores(run, explainer, scale.measured)}

    return laboratory.train(cells, scale, judged)


def judge(records: Sequence[Record]) -> Judgement:
    heads = levels(records, "head")
    effects = [
        compare(f"{what}: GAP − {_short(head)}", records, what, {"head": "gap"}, {"head": head})
        for what in DECIDING
        for head in heads
        if head != "gap"
    ]
    for what in DECIDING:
        of_map, of_centre = (by_seed(records, measure, head="gap") for measure in (what, f"centre {what}"))
        effects.append(paired(f"{what}: GAP − centre", of_map, of_centre))
    right = {head: mean(records, "test", head=head).value for head in heads}
    scores = {head: [mean(records, what, head=head) for what in MEASURES] for head in heads}
    centre = [mean(records, f"centre {what}", head="gap") for what in MEASURES]
    rows = [
        (NAMES[head], f"{right[head]:.1%}", *(f"{each.value:.1%}" for each in scores[head]), *_areas(records, head))
        for head in heads
    ]
    rows.append(("centre map, GAP", "–", *(f"{each.value:.1%}" for each in centre), *_areas(records, "gap", "centre ")))
    series = [line(NAMES[head], MEASURES.values(), scores[head], head) for head in heads]
    series.append(line("centre map", MEASURES.values(), centre))
    answers = [*map(above, effects)]
    return Judgement(
        verdict(answers),
        f"Boxes round GAP's maps fit {mean(records, 'boxes', head='gap').value:.0%} of objects, "
        f"{effects[0]:more/less} than round Flatten's; the centre alone fits {centre[0].value:.0%}. The networks "
        f"behind them are right in {right['gap']:.0%} and {right['flatten']:.0%} of test images."
        + "".join(
            f" {_short(head)}'s are right in {part:.0%} and have not learnt the task: that GAP's map is better says "
            f"nothing of {_short(head)}'s."
            for head, part in right.items()
            if part < LEARNED
        ),
        with_answers(effects, answers),
        ("map", "accuracy", *MEASURES.values(), "insertion", "deletion"),
        rows,
        [Figure("Where each head's own exact map points", "measure", "share", series, "bar")],
    )


def _short(head: str) -> str:
    return NAMES[head].partition(",")[0]


def _areas(records: Sequence[Record], head: str, of: str = "") -> list[str]:
    """Means of the areas under insertion and deletion."""
    areas = (mean(records, f"{of}{what}", "number", head=head) for what in ("insertion", "deletion"))
    return [f"{each.value:.3f}" for each in areas]
