"""What kind of disk a folder is on."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_NETWORK = {
    *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "afs", "9p", "virtiofs"),
    *("ceph", "glusterfs", "lustre", "gpfs", "beegfs", "pvfs2", "orangefs", "ocfs2", "gfs2", "vboxsf", "prl_fs"),
}
"""File systems that several machines, or a machine and its host, share."""


def network_file_system(folder: Path) -> str:
    """The type of the network file system that a folder is on, such as "nfs4"; empty for a local disk."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return _network_file_system(existing.resolve())


@lru_cache(maxsize=64)
def _network_file_system(folder: Path) -> str:
    import psutil

    mounts = {Path(disk.mountpoint): disk.fstype for disk in psutil.disk_partitions(all=True)}
    kind = next((mounts[path] for path in (folder, *folder.parents) if path in mounts), "")
    # A file system in user space, such as fuse.sshfs, is nearly always one of another machine.
    return kind if kind in _NETWORK or kind.startswith("fuse.") else ""


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder; a disk may be mounted for reading only."""
    return os.access(folder, os.W_OK)
