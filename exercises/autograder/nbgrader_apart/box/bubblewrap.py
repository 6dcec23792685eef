"""The command that starts a fork server in a box of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import landlock

#: What a fork server needs to give each fork name spaces of its own. The forks have
#: no capability.
FOR_NAMESPACES = ("CAP_SYS_ADMIN",)
#: What a fork server that is root needs, to give each fork a user of its own.
FOR_USERS = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")
#: Does what a fork server does for each fork, and what some machines refuse.
PROBE = ("unshare", "--mount", "--ipc", "--net", "--pid", "true")


def works() -> bool:
    """Say whether bubblewrap is there, and what runs in it may make name spaces.

    Some systems let it make a box, but give it no rights inside.
    """
    if not shutil.which("bwrap"):
        return False
    # One that was killed, for memory was short or by mistake, has not said no.
    ended = _probe()
    return (_probe() if ended < 0 else ended) == 0


def _probe() -> int:
    """Make a box and a name space in it; return the status, negative if killed."""
    process = subprocess.Popen(
        [*bwrap_command(["/"], []), *PROBE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    # If it was killed, what was to become the box may live on.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def bwrap_command(read: Sequence[str], write: Sequence[str]) -> list[str]:
    """Return the command that starts a process in a box of its own.

    Parameters
    ----------
    read, write : sequence of str
        Folders that it sees; of anything else it sees not even the name.
    """
    return [
        "bwrap",
        *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--hostname", "box"),
        *("--die-with-parent", "--new-session"),
        *_privileges(),
        *_mounts(read, write),
        "--",
    ]


def _privileges() -> list[str]:
    rootless = os.geteuid() != 0
    words = ["--cap-drop", "ALL"]
    if rootless:
        # bubblewrap's own `--disable-userns` would put it into a second user name
        # space, which has no say over the first one's processes. `syscalls` keeps
        # submissions from making name spaces.
        words += ["--unshare-user"]
    for name in FOR_NAMESPACES if rootless else FOR_NAMESPACES + FOR_USERS:
        words += ["--cap-add", name]
    return words


def _mounts(read: Sequence[str], write: Sequence[str]) -> list[str]:
    words = []
    for path in _folders_on_the_way(read, write):
        words += ["--perms", "0755", "--dir", path]
    for path in read:
        words += ["--ro-bind", path, path]
    for path in write:
        words += ["--bind", path, path]
    words += ["--proc", "/proc", *_devices(), "--remount-ro", "/"]
    # Each submission has a place of its own for shared memory.
    return [*words, "--perms", "0000", "--tmpfs", "/dev/shm"]


def _devices() -> list[str]:
    """Return what makes a folder ``/dev`` with the devices that programs expect.

    bubblewrap's own ``--dev`` has terminals, for which it makes a second user name
    space if it is not root: then the fork server could make no name spaces.
    """
    words = ["--perms", "0755", "--tmpfs", "/dev", "--dir", "/dev/shm"]
    for path in landlock.devices():
        words += ["--dev-bind", path, path]
    words += ["--symlink", "/proc/self/fd", "/dev/fd"]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        words += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    return [*words, "--remount-ro", "/dev"]


def _folders_on_the_way(read: Sequence[str], write: Sequence[str]) -> list[str]:
    """Return the folders that have to be made, outermost first."""
    above = {str(folder) for path in (*read, *write) for folder in Path(path).parents}
    return [
        path
        for path in sorted(above - {"/"})
        if not any(path == known or path.startswith(f"{known}/") for known in read)
    ]
