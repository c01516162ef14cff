"""Runs put into a store as if they had been trained."""

import json
from typing import Any

import numpy as np

import tfpool as tp
from tfpool import data
from tfpool.system.process import Process
from tfpool.tracking import training_maps
from tfpool.tracking.lease import Lease
from tfpool.tracking.store import Run, RunStore
from tfpool.tracking.training_maps import TrainingMaps, fixed_images


def claimed(store: RunStore, worker: Process | None = None) -> Lease:
    """The oldest queued run, claimed by a worker, by default this process."""
    lease = store.claim(worker or Process.of())
    assert lease
    return lease


def finished(store: RunStore, accuracy: float, head: str = "gap", seed: int = 0, **recipe: Any) -> Run:
    """A run that is done, of two epochs, the second worse on the validation images."""
    spec = {
        "plan": tp.plan("resnet8", head=head, input_shape=(28, 28, 1)).spec,
        "data": "fashion_mnist",
        "class_names": list(data.load("fashion_mnist").class_names),
        "recipe": tp.Recipe(epochs=2, seed=seed, train_images=100, batch_size=30, **recipe).config,
    }
    run_id = store.add(spec, sweep="both" if head == "gap" else None)
    lease = claimed(store)
    for epoch, (training, validation) in enumerate(((0.5, accuracy), (0.9, accuracy - 0.1))):
        metrics = {"loss": 2.0 - epoch, "accuracy": training, "val_loss": 1.0 + epoch, "val_accuracy": validation}
        lease.record(epoch, {**metrics, "seconds": 2.0 + epoch})
    lease.end("done", result={"loss": 1 - accuracy, "accuracy": accuracy})
    return store.get(run_id)


def with_maps(run: Run, epochs: int = 2) -> Run:
    """Keep random class maps of each epoch, as large as the epoch's number; the last one predicts the true classes."""
    images = data.load(run.spec["data"])
    positions = fixed_images(images.test.labels)
    classes = images.test.labels[positions]
    numbers = np.arange(1, epochs + 1)
    signs = np.random.default_rng(0).uniform(-1, 1, (epochs, len(positions), 7, 7))
    predicted = np.repeat((classes[np.newaxis] + 1) % 10, epochs, axis=0)
    predicted[-1] = classes
    maps = (numbers[:, np.newaxis, np.newaxis, np.newaxis] * signs).astype(np.float32)
    kept = TrainingMaps("cam", positions, classes, numbers, maps, maps.mean(axis=(2, 3)), predicted)
    training_maps.write(training_maps.path(run), kept)
    run.metadata_path.write_text(json.dumps({"data_fingerprint": images.fingerprint}))
    return run


def unknown(store: RunStore, **changed: Any) -> Run:
    """A run that is done, of a network, head or setting of another branch, unknown to this version."""
    spec = finished(store, 0.9).spec
    store.delete(store.runs()[0].id)
    run_id = store.add({**spec, "plan": {**spec["plan"], **changed}})
    claimed(store).end("done", result={"loss": 0.1, "accuracy": 0.9})
    return store.get(run_id)
