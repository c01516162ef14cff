"""Training runs on a cluster of dask.distributed: Dask places tasks and repeats those of workers that died.

`driver` sends queued runs and collects results, `task` is what a Dask worker does for a run, `training_process` trains.
The store is only ever written by the driver, so workers need no access to it. Loads no TensorFlow.
"""
