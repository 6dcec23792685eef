"""Which system calls a process can make: seccomp.

Sockets are Unix sockets or none; the calls of `DENIED` fail.
"""

import ctypes
import platform
import struct
from enum import IntEnum
from typing import NamedTuple

from .libc import check, libc

PR_SET_SECCOMP, MODE_FILTER = 22, 2
AF_UNIX = 1
#: Calls of the x32 ABI have this bit set.
X32_BIT = 0x40000000


class Machine(NamedTuple):
    """What seccomp calls a machine, and the number of its call ``socket``."""

    audit_arch: int
    socket: int


MACHINES = {
    "x86_64": Machine(0xC000003E, 41),
    "aarch64": Machine(0xC00000B7, 198),
}


class Denied(NamedTuple):
    """The numbers of a call that is denied, by machine."""

    x86_64: int
    aarch64: int


DENIED = {
    # other processes
    "ptrace": Denied(101, 117),
    "process_vm_readv": Denied(310, 270),
    "process_vm_writev": Denied(311, 271),
    "perf_event_open": Denied(298, 241),
    # the file system
    "mount": Denied(165, 40),
    "umount2": Denied(166, 39),
    "pivot_root": Denied(155, 41),
    "chroot": Denied(161, 51),
    "open_tree": Denied(428, 428),
    "move_mount": Denied(429, 429),
    "fsopen": Denied(430, 430),
    "fsmount": Denied(432, 432),
    "mount_setattr": Denied(442, 442),
    # namespaces
    "unshare": Denied(272, 97),
    "setns": Denied(308, 268),
    # the kernel itself, and large parts of it that are rarely needed
    "bpf": Denied(321, 280),
    "userfaultfd": Denied(323, 282),
    "io_uring_setup": Denied(425, 425),
    "io_uring_enter": Denied(426, 426),
    "io_uring_register": Denied(427, 427),
    "init_module": Denied(175, 105),
    "finit_module": Denied(313, 273),
    "kexec_load": Denied(246, 104),
    "kexec_file_load": Denied(320, 294),
    "reboot": Denied(169, 142),
    # keys
    "add_key": Denied(248, 217),
    "request_key": Denied(249, 218),
    "keyctl": Denied(250, 219),
}


class Op(IntEnum):
    """Instructions of the kernel's packet filter, and what they return."""

    LOAD = 0x20
    JUMP_IF_EQUAL = 0x15
    JUMP_IF_AT_LEAST = 0x35
    RETURN = 0x06


class Verdict(IntEnum):
    """What happens to a call."""

    KILL = 0x80000000
    #: EPERM
    FORBID = 0x00050001
    #: EAFNOSUPPORT-like answer that libzmq survives: EOPNOTSUPP
    UNSUPPORTED = 0x0005005F
    ALLOW = 0x7FFF0000


class Place(IntEnum):
    """Where in what the filter is given a value stands."""

    NUMBER = 0
    MACHINE = 4
    FIRST_ARGUMENT = 16


#: An instruction: what it does, how far it jumps if so and if not, and a value.
Instruction = tuple[int, int, int, int]


def restrict() -> None:
    """Make the calls of `DENIED` fail in this process and all that it starts."""
    if platform.machine() not in MACHINES:
        return
    program = _program(platform.machine())
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    memory = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(memory))
    check(libc().prctl(PR_SET_SECCOMP, MODE_FILTER, head, 0, 0))


def _program(name: str) -> list[Instruction]:
    machine = MACHINES[name]
    program: list[Instruction] = [
        (Op.LOAD, 0, 0, Place.MACHINE),
        (Op.JUMP_IF_EQUAL, 1, 0, machine.audit_arch),
        (Op.RETURN, 0, 0, Verdict.KILL),
        (Op.LOAD, 0, 0, Place.NUMBER),
        (Op.JUMP_IF_AT_LEAST, 0, 1, X32_BIT),
        (Op.RETURN, 0, 0, Verdict.KILL),
    ]
    for numbers in DENIED.values():
        program += [
            (Op.JUMP_IF_EQUAL, 0, 1, getattr(numbers, name)),
            (Op.RETURN, 0, 0, Verdict.FORBID),
        ]
    return [
        *program,
        (Op.JUMP_IF_EQUAL, 0, 3, machine.socket),
        (Op.LOAD, 0, 0, Place.FIRST_ARGUMENT),
        (Op.JUMP_IF_EQUAL, 1, 0, AF_UNIX),
        (Op.RETURN, 0, 0, Verdict.UNSUPPORTED),
        (Op.RETURN, 0, 0, Verdict.ALLOW),
    ]
