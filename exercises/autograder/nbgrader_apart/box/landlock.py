"""Landlock: which paths a process can reach, and which processes it can signal.

The numbers are those of the kernel's ``linux/landlock.h``; glibc has no functions
for these three system calls, which have the same numbers on every machine.
"""

import ctypes
import functools
import os
import struct
import sys
from collections.abc import Iterable, Sequence
from enum import IntFlag

from .libc import check, libc

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
RULE_PATH_BENEATH = 1


class Right(IntFlag):
    """What can be done with a path."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Right.EXECUTE | Right.READ_FILE | Right.READ_DIR
#: What can be done with a file that is not a folder.
ON_FILES = (
    Right.EXECUTE
    | Right.WRITE_FILE
    | Right.READ_FILE
    | Right.TRUNCATE
    | Right.IOCTL_DEV
)
#: The version of Landlock that each later right came with.
SINCE = {Right.REFER: 2, Right.TRUNCATE: 3, Right.IOCTL_DEV: 5}
#: Binding and connecting by TCP, from version 4 on.
NET_TCP, NET_SINCE = 1 << 0 | 1 << 1, 4
#: Abstract Unix sockets and signals, from version 6 on.
SCOPED, SCOPED_SINCE = 1 << 0 | 1 << 1, 6


@functools.cache
def abi() -> int:
    """Return the version of Landlock in this kernel, 0 without it."""
    if sys.platform != "linux":
        return 0
    version: int = libc().syscall(CREATE_RULESET, None, 0, ASK_VERSION)
    return max(0, version)


def restrict(read: Iterable[str], write: Iterable[str]) -> None:
    """Let this process read and write below these paths only, signal only itself."""
    every = _known_rights()
    rules = _ruleset(every)
    for rights, paths in ((READ, read), (every, write)):
        for path in filter(os.path.exists, paths):
            possible = every if os.path.isdir(path) else every & ON_FILES
            _add_rule(rules, path, rights & possible)
    check(libc().syscall(RESTRICT_SELF, rules, 0))
    os.close(rules)


def _known_rights() -> Right:
    rights = Right(0)
    for right in Right:
        if abi() >= SINCE.get(right, 1):
            rights |= right
    return rights


def _ruleset(rights: Right) -> int:
    # A kernel that knows fewer of these three fields takes them while they are zero.
    attributes = struct.pack(
        "QQQ",
        rights,
        NET_TCP if abi() >= NET_SINCE else 0,
        SCOPED if abi() >= SCOPED_SINCE else 0,
    )
    size = ctypes.c_size_t(len(attributes))
    return check(libc().syscall(CREATE_RULESET, attributes, size, 0))


def _add_rule(rules: int, path: str, rights: Right) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("<Qi", rights, place)
        check(libc().syscall(ADD_RULE, rules, RULE_PATH_BENEATH, rule, 0))
    finally:
        os.close(place)


def devices() -> Sequence[str]:
    """Return the devices that programs expect.

    Not among them is ``zero``: mapped, it is memory that is shared without a file.
    """
    return [f"/dev/{name}" for name in ("null", "urandom", "random")]
