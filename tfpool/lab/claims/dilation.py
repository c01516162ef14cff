"""Dilation gives finer maps at equal parameters.

Statement: Where the last stage of a network takes dilated convolutions instead of a stride, its class activation map
has four times as many positions, at no parameter more, and shows better where the object is.

Protocol: resnet8 under GAP on objects scattered over textured canvases (data set scattered, brought to 32×32 pixels,
4,000 training images, 6 epochs), with an output stride of 4 and of 2. One recipe, each network's learning rate tuned
over one grid on the validation images with a seed that is not measured.

Measure: Parameters, and multiply-adds. On 500 test images, by CAM of the true class: the share of objects that a box
round the map covers with an intersection over union of 0.3, 0.5 and 0.7, the mean of the three (MaxBoxAccV2); average
precision of the map's pixels against the object's own; how often its highest point lies on the object. Test accuracy.

Rule: Are the parameters equal? Does the dilated network's map exceed the other's by one point or more in MaxBoxAccV2,
and in average precision of pixels? Pairs over seeds; an interval that lies wholly on one side answers. All yes: holds;
all no: does not hold; some yes: holds in part; else it is not decided.

Overturned by: Maps no better in both measures.

Does not show: That it comes for nothing: the multiply-adds beside it say what it costs. Nor that a map of the other
network, computed on an enlarged image, would not do as well.

Source: Yu, Koltun and Funkhouser 2017, arXiv 1705.09914.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfpool.lab.cells import Cell
from tfpool.lab.claims.localisation import SIDE
from tfpool.lab.figure import Figure
from tfpool.lab.laboratory import Laboratory
from tfpool.lab.localization_scores import MEASURES, pointing_scores
from tfpool.lab.protocol import Record, Scale
from tfpool.lab.records import compare, levels, line, mean, select, texts
from tfpool.lab.verdict import NO, YES, Judgement, above, verdict, with_answers
from tfpool.tracking.store import Run
from tfpool.training.recipe import Recipe

DECIDING = ("boxes", "pixels")
SCALES = {
    "quick": Scale(seeds=2, epochs=1, images=(500,), rates=(2e-3,), measured=100, levels=(4, 2)),
    "full": Scale(epochs=6, images=(4000,), tuning_seeds=1, measured=500, levels=(4, 2)),
}
"""Levels are output strides."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    recipe = Recipe(epochs=scale.epochs, batch_size=32, train_images=scale.images[0], image_size=SIDE)
    cells = [
        # The default is left out of the settings, so that other claims share the run.
        Cell(
            {"stride": stride}, "resnet8", "gap", "scattered", recipe, {} if stride == 4 else {"output_stride": stride}
        )
        for stride in scale.levels
    ]

    def judged(run: Run) -> dict[str, Any]:
        from tfpool.cam import Explainer

        counted = {"params": run.plan.params, "macs": run.plan.macs, "side": run.plan.feature_shape[0]}
        return {**counted, **pointing_scores(run, Explainer(run.load_model(), method="cam"), scale.measured)}

    return laboratory.train(cells, scale, judged)


def judge(records: Sequence[Record]) -> Judgement:
    coarse, fine = levels(records, "stride")
    of = {stride: select(records, stride=stride)[0] for stride in (coarse, fine)}
    effects = {
        what: compare(f"{words}: stride {fine} − stride {coarse}", records, what, {"stride": fine}, {"stride": coarse})
        for what, words in {**MEASURES, "test": "test"}.items()
    }
    deciding = [effects[what] for what in DECIDING]
    answers = [*map(above, deciding)]
    equal = YES if of[coarse]["params"] == of[fine]["params"] else NO
    macs_ratio = of[fine]["macs"] / of[coarse]["macs"]
    series = [
        line(f"output stride {stride}", MEASURES.values(), [mean(records, what, stride=stride) for what in MEASURES])
        for stride in of
    ]
    return Judgement(
        verdict([equal, *answers]),
        f"With {of[fine]['params']:,} parameters on {of[fine]['side']}×{of[fine]['side']} positions, boxes round the "
        f"map fit {effects['boxes']:more/less} of the objects than with {of[coarse]['params']:,} on "
        f"{of[coarse]['side']}×{of[coarse]['side']}, for {macs_ratio:.2g} times the multiply-adds.",
        [*with_answers(deciding, answers), *(effect for what, effect in effects.items() if what not in DECIDING)],
        ("output stride", "map", "parameters", "MACs", "accuracy", *MEASURES.values()),
        [
            (
                str(stride),
                f"{each['side']}×{each['side']}",
                f"{each['params']:,}",
                f"{each['macs']:,}",
                *texts(records, ("test", *MEASURES), stride=stride),
            )
            for stride, each in of.items()
        ],
        [Figure("CAM with and without dilation", "measure", "share", series, "bar")],
        {"the parameters are equal": equal},
    )
