"""Connecting to a Dask scheduler. Dask is loaded here alone, since only clusters need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfpool.system.extras import named_extras

if TYPE_CHECKING:
    from distributed import Client

_SECONDS = 10


def connect(address: str, seconds: float = _SECONDS) -> Client:
    """A client of the scheduler at an address such as "tcp://192.168.0.5:8786".

    TLS and other settings are Dask's own: its configuration files, or environment variables DASK_….

    Raises:
        ValueError: if dask.distributed is not installed, or no scheduler answers.
    """
    with named_extras():
        from distributed import Client
    try:
        return Client(address, timeout=seconds, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(
            f"No Dask scheduler answers at {address}. Start one with `dask scheduler`, and workers with "
            f"`dask worker {address} --nthreads 1`."
        ) from error


@dataclass(frozen=True)
class Placement:
    """Where runs are trained.

    Attributes:
        executor: address of a Dask scheduler; None for workers of this machine.
        artifacts: URL of a folder that all machines reach, through which files return; None if Dask sends them.
    """

    executor: str | None = None
    artifacts: str | None = None


HERE = Placement()


def place_on(on: Any, artifacts: str | None = None) -> Placement:
    """Where runs are trained: on the cluster that `on` names, of which the scheduler answers, or here if it is None.

    Args:
        on: the address of a Dask scheduler, a `distributed.Client`, a cluster such as `LocalCluster`, or None.
        artifacts: an fsspec URL, such as "s3://bucket/runs" or a folder on a shared disk.

    Raises:
        ValueError: if `on` is none of these, the scheduler does not answer, or dask.distributed is not installed.
    """
    if on is None:
        return HERE
    # A client has a scheduler with an address; a cluster has the address itself.
    address = on if isinstance(on, str) else getattr(on, "scheduler_address", None)
    address = address or getattr(getattr(on, "scheduler", None), "address", None)
    if not isinstance(address, str):
        raise ValueError(f"Expected the address of a Dask scheduler, a Client or a cluster as on=, got {on!r}.")
    connect(address).close()
    return Placement(address, artifacts)
