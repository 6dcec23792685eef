"""A view of its own for each submission: mounts, processes, memory, sockets.

A fork server in a bubblewrap box makes a process name space for each fork. The fork
is the first process in it: it mounts a small disk in memory where the submission
writes, and then runs the submission itself. When the first process of a name space
ends, the kernel ends all others, and frees the disk and everything shared. So ending a
submission is one signal, whatever it has started. From within, no signal that it does
not handle reaches the first process.
"""

import contextlib
import ctypes
import os
import shutil

from .libc import check, libc

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x00020000, 0x08000000, 0x20000000
CLONE_NEWNET = 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
#: Where programs share memory by name, in bytes.
SHARED_MEMORY = 64 << 20


def new_processes() -> None:
    """Let the next fork of this process be the first of a new process name space."""
    # Only a process whose forks belong to its own name space may ask for a new one.
    own = os.open("/proc/self/ns/pid", os.O_RDONLY)
    try:
        check(libc().setns(own, CLONE_NEWPID))
    finally:
        os.close(own)
    check(libc().unshare(CLONE_NEWPID))


def separate(arena: str, size: int, files: int, user: int | None) -> None:
    """Give this process mounts, shared memory and names of sockets of its own.

    Parameters
    ----------
    arena : str
        The folder that holds those of all submissions. Here an empty disk takes its
        place.
    size, files : int
        How many bytes and files that disk holds.
    user : int or None
        To whom it belongs.
    """
    check(libc().unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET))
    _mount("none", "/", None, MS_REC | MS_PRIVATE, "")
    owner = "" if user is None else f",uid={user},gid={user}"
    plain = MS_NOSUID | MS_NODEV
    disk = f"size={size},nr_inodes={files},mode=0700{owner}"
    _mount("tmpfs", arena, "tmpfs", plain, disk)
    shared = f"size={SHARED_MEMORY},nr_inodes={files},mode=0700{owner}"
    _mount("tmpfs", "/dev/shm", "tmpfs", plain, shared)
    # Where the machine hides parts of /proc, a new one is refused; then the box's own
    # stays, which shows the other processes of the box but lets nobody reach them.
    with contextlib.suppress(OSError):
        _mount("proc", "/proc", "proc", plain | MS_NOEXEC, "")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str) -> None:
    words = [word.encode() if word else None for word in (source, target, kind)]
    check(libc().mount(*words, ctypes.c_ulong(flags), data.encode()))


def copy_files(opened: int, folder: str) -> None:
    """Copy what lies in an opened folder into a new one."""
    shutil.copytree(f"/proc/self/fd/{opened}", folder)
    os.close(opened)
