"""The command that starts a fork server in a box of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

#: What a fork server needs to give each fork name spaces of its own. The forks have
#: no capability.
FOR_NAMESPACES = ("CAP_SYS_ADMIN",)
#: What a fork server that is root needs, to give each fork a user of its own.
FOR_USERS = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")


#: What a fork server does for each fork, and what some machines refuse.
PROBE = "from nbgrader_apart.box import namespaces; namespaces.new_processes()"


def works() -> bool:
    """Say whether bubblewrap is there and may do its work on this machine."""
    if not shutil.which("bwrap"):
        return False
    everything = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    command = [*_apart(), *everything, "--", sys.executable, "-c", PROBE]
    return subprocess.run(command, capture_output=True).returncode == 0


def bwrap_command(read: Sequence[str], write: Sequence[str]) -> list[str]:
    """Return the command that starts a process in a box of its own.

    Parameters
    ----------
    read, write : sequence of str
        Folders that it sees; of anything else it sees not even the name.
    """
    return [*_apart(), *_mounts(read, write), "--"]


def _apart() -> list[str]:
    return [
        "bwrap",
        *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--hostname", "box"),
        *("--die-with-parent", "--new-session"),
        *_privileges(),
    ]


def _privileges() -> list[str]:
    rootless = os.geteuid() != 0
    words = ["--cap-drop", "ALL"]
    if rootless:
        # bubblewrap's own `--disable-userns` would put it into a second user name
        # space, which has no say over the first one's processes. `syscalls` keeps
        # submissions from making name spaces. For anybody but that name space's root
        # it would make the second one, too, once it has mounted /dev/pts.
        words += ["--unshare-user", "--uid", "0", "--gid", "0"]
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
    words += ["--proc", "/proc", "--dev", "/dev"]
    # Mapped, it would be memory that is shared without a file.
    words += ["--dev-bind", "/dev/null", "/dev/zero", "--remount-ro", "/"]
    # Each submission has a place of its own for shared memory.
    return [*words, "--perms", "0000", "--tmpfs", "/dev/shm"]


def _folders_on_the_way(read: Sequence[str], write: Sequence[str]) -> list[str]:
    """Return the folders that have to be made, outermost first."""
    above = {str(folder) for path in (*read, *write) for folder in Path(path).parents}
    return [
        path
        for path in sorted(above - {"/"})
        if not any(path == known or path.startswith(f"{known}/") for known in read)
    ]
