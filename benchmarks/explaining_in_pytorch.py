"""The same networks explained by pytorch-grad-cam: torchvision's ResNets with our weights."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytorch_grad_cam as grad_cam
import torch
import torchvision
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

if TYPE_CHECKING:
    from benchmarks.explaining_case import Case

METHODS = {
    "gradcam": grad_cam.GradCAM,
    "gradcam++": grad_cam.GradCAMPlusPlus,
    "layercam": grad_cam.LayerCAM,
    "scorecam": grad_cam.ScoreCAM,
}
_NAMES = {"kernel": "weight", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean"}
_NAMES |= {"moving_variance": "running_var", "bias": "bias"}


class PytorchGradCam:
    """pytorch-grad-cam in eager PyTorch. It scales maps from 0 to 1 and enlarges them bilinearly."""

    methods = tuple(METHODS)

    def __init__(self, case: Case, folder: Path, channels_last: bool) -> None:
        with np.load(case.weights_path(folder)) as weights:
            self._targets = [ClassifierOutputTarget(target) for target in weights["targets"]]
            model = resnet(case.network, {name: weights[name] for name in weights.files if name != "targets"})
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self._model = model.eval().to(memory_format=layout)
        self._images = torch.from_numpy(case.pixels).permute(0, 3, 1, 2).contiguous(memory_format=layout)

    def forward(self, images: int) -> object:
        with torch.no_grad():
            return self._model(self._images[:images])

    def explain(self, method: str) -> np.ndarray:
        with METHODS[method](model=self._model, target_layers=[self._model.layer4[-1]]) as explainer:
            return explainer(input_tensor=self._images, targets=self._targets)

    def pair(self, method: str, ours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size = tuple(self._images.shape[:1:-1])
        return self.explain(method), np.stack([cv2.resize(heatmap, size) for heatmap in ours])


def resnet(network: str, weights: dict[str, np.ndarray]) -> Any:
    """A ResNet as in He et al. 2015, with weights by their names in Keras."""
    model = getattr(torchvision.models, network)(num_classes=len(weights["predictions/bias"]))
    for block in model.modules():
        if isinstance(block, torchvision.models.resnet.Bottleneck):
            # torchvision strides in the second convolution.
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    state = {name: value for name, value in model.state_dict().items() if name.endswith("tracked")}
    for path, value in weights.items():
        if path.endswith("moving_mean"):
            # torchvision's convolutions have no bias: the mean, which is subtracted next, takes it.
            value = value - weights.get(path.replace("bn/moving_mean", "conv/bias"), 0)
        if not path.endswith("conv/bias"):
            state[_named(path)] = torch.from_numpy(value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T)
    model.load_state_dict(state)
    return model


def _named(path: str) -> str:
    """PyTorch's name of a weight: "layer2.0.bn2.weight" for "conv3_block1_2_bn/gamma"."""
    layer, kind = path.split("/")
    if layer == "predictions":
        return f"fc.{_NAMES[kind]}"
    if inside := re.fullmatch(r"conv(\d)_block(\d+)_(\d)_(conv|bn)", layer):
        stage, block, number, part = inside.groups()
        part = f"{part}{number}" if number != "0" else f"downsample.{('conv', 'bn').index(part)}"
        return f"layer{int(stage) - 1}.{int(block) - 1}.{part}.{_NAMES[kind]}"
    return f"{layer.removeprefix('conv1_')}1.{_NAMES[kind]}"
