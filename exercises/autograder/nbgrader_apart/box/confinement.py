"""The order in which a fork gives up what no submission needs."""

import contextlib
import functools
import os
import resource
import struct
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..options import Level, Limits, Role
from . import bubblewrap, landlock, syscalls
from .libc import check, libc
from .processes import user_of

#: The first user ids of forks, by role.
FIRST_USER = {Role.STUDENT: 61000, Role.TESTS: 57000}
#: The kernel counts a user's processes over the whole machine: graders that run at the
#: same time have users apart, so that nobody loses by another course's hand-ins.
USERS_OF_A_GRADER, GRADERS = 64, 60
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 24, 38
#: In which order the kernel ends processes when the machine has no memory left: first
#: what runs students' code, then fork servers and tests, and the grader last.
GOES_FIRST, GOES_SECOND = 1000, 500
#: The form in which capabilities are given to ``capset``.
CAPABILITY_VERSION = 0x20080522
MAX_CAPABILITY = 64


@functools.cache
def best_level() -> Level:
    """Return the strongest level that works on this machine."""
    if syscalls.available():
        if bubblewrap.works():
            return Level.BWRAP
        if landlock.abi():
            return Level.LANDLOCK
    return Level.LIMITS


def what_is_missing(level: Level) -> str | None:
    """Return why no stronger level than this one is used, or None."""
    if level is Level.BWRAP:
        return None
    if not syscalls.available():
        return "system calls cannot be filtered: libseccomp is not installed"
    if level is Level.LANDLOCK:
        return "bubblewrap (the program bwrap) is not installed, or may not run here"
    return "there is neither bubblewrap nor Landlock here"


def user_id(level: Level, role: Role, slot: int) -> int | None:
    """Return the user id that a fork takes on: one of its own, if we are root."""
    if os.geteuid() != 0 or level is Level.NONE:
        return None
    if level is not Level.BWRAP and not _others_can_come_in():
        return None
    ours = os.getpid() % GRADERS * USERS_OF_A_GRADER
    return FIRST_USER[role] + ours + slot


def _others_can_come_in() -> bool:
    """Say whether Python, and the folder for temporary files, are open to any user.

    Elsewhere a fork with a user of its own would find neither, and fail in every cell.
    """
    wanted = [Path(sys.base_prefix), Path(sys.prefix), Path(tempfile.gettempdir())]
    on_the_way = [folder for path in wanted for folder in (path, *path.parents)]
    return all(folder.stat().st_mode & 1 for folder in on_the_way)


def confine(
    role: Role,
    level: Level,
    limits: Limits,
    readable: Sequence[str],
    writable: Sequence[str],
    syscall_filter: bytes,
) -> None:
    """Give up, in a fork and for good, what no submission needs.

    Parameters
    ----------
    role : Role
        The memory of tests stays closed: whoever could write there could let them
        pass.
    level : Level
    limits : Limits
    readable, writable : sequence of str
        Folders.
    syscall_filter : bytes
        As `syscalls.make_filter` returns it; empty where none can be made.
    """
    if level is Level.NONE:
        return
    set_limits(limits, beside=0 if level is Level.BWRAP else _tasks_of_user())
    os.umask(0o077)
    _drop_capabilities()
    libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if role is Role.STUDENT:
        _open_memory()
        go_early_if_memory_is_short(GOES_FIRST)
    if level in (Level.BWRAP, Level.LANDLOCK) and landlock.abi():
        landlock.restrict([*readable, "/proc"], [*writable, *landlock.devices()])
    if syscall_filter:
        syscalls.restrict(syscall_filter)


def close_memory() -> None:
    """Let no other process of this user read or change this one's memory.

    It holds for what this one forks, too.
    """
    libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _open_memory() -> None:
    """Undo it: what `/proc` says of this process then belongs to its user again."""
    libc().prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def go_early_if_memory_is_short(score: int) -> None:
    """Let the kernel rather end this process when the machine has no memory left.

    Parameters
    ----------
    score : int
        From 0 to 1000; those with the highest go first.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(score))


def set_limits(limits: Limits, beside: int = 0) -> None:
    """Set this process's resource limits.

    Parameters
    ----------
    limits : Limits
    beside : int
        How many processes and threads its user has that are not the submission's:
        the kernel counts them together.
    """
    for which, wanted in (
        # One byte: with none, the kernel would still give all to a program that asks.
        (resource.RLIMIT_CORE, 1),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_DATA, limits.memory),
        # The former does not count what processes share.
        (resource.RLIMIT_AS, _address_space() + limits.memory),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_NPROC, beside + limits.processes),
    ):
        _, hard = resource.getrlimit(which)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (value, value))


def _tasks_of_user() -> int:
    """Return how many processes and threads there are of this process's user."""
    count, user = 0, os.geteuid()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            # Its folder is root's if its memory is closed.
            if user_of(int(folder.name)) == user:
                count += len(os.listdir(folder / "task"))
    return count


def _address_space() -> int:
    """Return how much address space this process has taken so far, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def take_user(user: int | None) -> None:
    """Become another user, if one is given."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def _drop_capabilities() -> None:
    """Drop them all: root without them has only the rights of a file's owner."""
    for number in range(MAX_CAPABILITY):
        libc().prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    check(libc().capset(struct.pack("<Ii", CAPABILITY_VERSION, 0), bytes(24)))
