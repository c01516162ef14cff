"""Runs: the store, one run, groups of runs with intervals over seeds (`results`), exported files.

Runs are trained in `training`; `confidence` is about one accuracy's images. Others use `store.RunStore`, `run.Run`.
"""
