"""Runs put into a store as if they had been trained."""

from typing import Any

import tfpool as tp
from tfpool.system.process import Process
from tfpool.tracking.store import Run, RunStore


def finished(store: RunStore, accuracy: float, head: str = "gap", seed: int = 0, **recipe: Any) -> Run:
    """A run that is done, of two epochs, the second worse on the validation images."""
    spec = {
        "plan": tp.plan("resnet8", head=head, input_shape=(28, 28, 1)).spec,
        "data": "fashion_mnist",
        "class_names": ["a", "b"],
        "recipe": tp.Recipe(epochs=2, seed=seed, train_images=100, batch_size=30, **recipe).config,
    }
    run_id = store.add(spec, sweep="both" if head == "gap" else None)
    store.claim(Process.of())
    for epoch, (training, validation) in enumerate(((0.5, accuracy), (0.9, accuracy - 0.1))):
        metrics = {"loss": 2.0 - epoch, "accuracy": training, "val_loss": 1.0 + epoch, "val_accuracy": validation}
        store.record(run_id, epoch, {**metrics, "seconds": 2.0 + epoch})
    store.end(run_id, "done", result={"loss": 1 - accuracy, "accuracy": accuracy})
    return store.get(run_id)


def unknown(store: RunStore, **changed: Any) -> Run:
    """A run that is done, of a network, head or setting of another branch, unknown to this version."""
    spec = finished(store, 0.9).spec
    store.delete(store.runs()[0].id)
    run_id = store.add({**spec, "plan": {**spec["plan"], **changed}})
    store.claim(Process.of())
    store.end(run_id, "done", result={"loss": 0.1, "accuracy": 0.9})
    return store.get(run_id)
