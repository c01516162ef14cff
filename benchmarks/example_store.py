"""A store as it is after a while: many finished runs, all with their files."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

from tfpool import examples
from tfpool.system.process import Process
from tfpool.tracking.run_data import description_text
from tfpool.tracking.store import RunStore


def create(folder: Path, count: int) -> RunStore:
    """A new store with this many runs: the two that ship, in turns, each time with the next seed."""
    store = RunStore(folder)
    pair = list(examples.runs().values())
    for number in range(count):
        example = pair[number % len(pair)]
        spec = copy.deepcopy(example.spec)
        spec["recipe"]["seed"] = number // len(pair)
        run = store.add(spec)
        lease = store.claim(Process.of())
        assert lease
        for epoch in range(len(example.history["loss"])):
            lease.record(epoch, {name: values[epoch] for name, values in example.history.items()})
        lease.end("done", result=example.result)
        shutil.copytree(example.path, folder / run, dirs_exist_ok=True)
        # Pages compare what a run began with.
        description = store.get(run).metadata_path
        facts = json.loads(description.read_text(encoding="utf-8"))
        description.write_text(description_text({**facts, **spec, "id": run}), encoding="utf-8")
    return store
