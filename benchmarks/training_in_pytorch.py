"""The same ResNets for CIFAR in PyTorch, for a row beside ours, where PyTorch is installed.

They train in a process of their own, one epoch per request: a process that loads both PyTorch's compiler and TensorFlow
crashes.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import tfpool as tp  # noqa: E402
from tfpool import data as data_sets  # noqa: E402
from tfpool.counting.plan import Plan  # noqa: E402
from tfpool.data import Part  # noqa: E402

KINDS = {"PyTorch, eager": False, "PyTorch, compiled, channels last": True}


def ways(plan: Plan, images: int, batch_size: int, learning_rate: float, evaluated: int) -> dict[str, Iterator[None]]:
    """Epochs of a hand-written step with one thread, by name; empty where PyTorch is not installed."""
    if importlib.util.find_spec("torch") is None:
        return {}
    return {
        name: _elsewhere([plan.spec, images, batch_size, learning_rate, evaluated, compiled])
        for name, compiled in KINDS.items()
    }


def _elsewhere(facts: list[Any]) -> Iterator[None]:
    command = [sys.executable, __file__, json.dumps(facts)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("The pipes of the process that trains in PyTorch are missing.")
        while True:
            print("epoch", file=child.stdin, flush=True)
            if not child.stdout.readline():
                raise RuntimeError("The process that trains in PyTorch ended. Its error is above.")
            yield


def main(facts: str) -> None:
    import torch

    torch.set_num_threads(1)
    spec, images, batch_size, learning_rate, evaluated, compiled = json.loads(facts)
    plan = tp.plan(**spec)
    model = _resnet(plan)
    statistics = [buffer for name, buffer in model.named_buffers() if "running" in name]
    params = sum(tensor.numel() for tensor in [*model.parameters(), *statistics])
    if params != plan.params:
        raise ValueError(f"Expected PyTorch's network to have our {plan.params:,} parameters, got {params:,}.")
    if compiled:
        model = torch.compile(model.to(memory_format=torch.channels_last))
    epochs = _epochs(model, images, batch_size, learning_rate, evaluated, compiled)
    for _ in sys.stdin:
        next(epochs)
        print("done", flush=True)


def _epochs(
    model: Any, images: int, batch_size: int, learning_rate: float, evaluated: int, channels_last: bool
) -> Iterator[None]:
    import torch

    data = data_sets.load("fashion_mnist")
    optimizer = torch.optim.Adam(model.parameters(), learning_rate, eps=1e-7)
    layout = torch.channels_last if channels_last else torch.contiguous_format

    def tensors(part: Part) -> tuple[Any, Any]:
        pixels = torch.from_numpy(part.images.astype("float32") / 255).permute(0, 3, 1, 2)
        return pixels.contiguous(memory_format=layout), torch.from_numpy(part.labels.astype("int64"))

    train, validation = tensors(data.train.first(images)), tensors(data.validation)
    loss = torch.nn.functional.cross_entropy
    while True:
        model.train()
        for batch, labels in zip(*(tensor.split(batch_size) for tensor in train), strict=True):
            optimizer.zero_grad()
            loss(model(batch), labels).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for batch, labels in zip(*(tensor.split(evaluated) for tensor in validation), strict=True):
                loss(model(batch), labels).item()
        yield


def _resnet(plan: Plan) -> Any:
    """He et al.'s ResNet of 6n + 2 layers with GAP and parameter-free shortcuts, as `plan` counts it."""
    import torch
    from torch import nn

    def conv(channels: int, filters: int, stride: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)
        )

    class Block(nn.Module):
        def __init__(self, channels: int, filters: int) -> None:
            super().__init__()
            self.stride, self.more = filters // channels, filters - channels
            self.first, self.second = conv(channels, filters, self.stride), conv(filters, filters, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            short = nn.functional.pad(
                x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.more // 2, self.more // 2)
            )
            return torch.relu(self.second(torch.relu(self.first(x))) + short)

    blocks = (int(plan.backbone.removeprefix("resnet")) - 2) // 6
    layers: list[nn.Module] = [conv(plan.input_shape[-1], 16, 1), nn.ReLU()]
    channels = 16
    for filters in (16, 32, 64):
        for _ in range(blocks):
            layers.append(Block(channels, filters))
            channels = filters
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, plan.classes)]
    return nn.Sequential(*layers, *head)


if __name__ == "__main__":
    main(sys.argv[1])
