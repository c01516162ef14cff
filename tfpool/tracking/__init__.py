"""Runs: the store and its database, a single run, results and their confidence intervals, and exported files.

Runs are trained in `training`. Other packages use `store.RunStore`, `run.Run` and `results`.
"""
