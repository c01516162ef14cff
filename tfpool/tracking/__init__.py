"""Runs: the store and its database, one run, what runs have come to, how certain that is, and files for elsewhere.

Training a run is in `training`. Others use `store.RunStore`, `run.Run` and `results`.
"""
