"""Which system calls a submission can make: these by name, and no others.

libseccomp turns the names into a filter for the machine at hand, in the grader's
process. A fork takes the finished filter on. A call that is not on the list fails
with "Function not implemented", as on a kernel that is older than the call; so the
C library falls back to an older one where there is one.

What is left out and why: shared memory that belongs to no process and outlives it
(``shmget``, ``msgget``, ``memfd_create``, ``mq_open``), memory that is shared without
a file (nobody counts what of it is mapped no more), memory that the kernel holds and
nobody counts (parts of files on their way through a pipe or a socket, by ``splice``,
``tee`` and ``sendfile``; what ``inotify`` has to tell; filters and more room for a
socket), disk that the size of a file does not tell (``fallocate`` beyond its end),
other processes (``ptrace``, ``process_vm_readv``, ``pidfd_getfd``), closing what
``/proc`` tells of a process (by ``prctl``), priorities and the choice of processor
(also the one who shares its core), name spaces and mounts, keys, and the parts of the
kernel in which most of its faults were found (``io_uring``, ``bpf``, ``userfaultfd``,
``perf_event_open``, and urgent data, which no UNIX socket needs).
"""

import ctypes
import ctypes.util
import errno
import functools
import importlib
import struct
import tempfile
from types import ModuleType

from ..options import Level
from . import landlock
from .libc import check, libc

PR_SET_SECCOMP, MODE_FILTER = 22, 2
#: The bytes of one instruction of a filter.
INSTRUCTION = struct.Struct("HBBI")

ALLOWED = {
    "files": """
        access chdir close close_range copy_file_range creat dup dup2 dup3 faccessat
        faccessat2 fadvise64 fchdir fcntl fdatasync fgetxattr flistxattr flock fstat
        fstatfs fsync ftruncate getcwd getdents getdents64 getxattr lgetxattr link
        linkat listxattr llistxattr lseek lstat mkdir mkdirat mknod mknodat newfstatat
        open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read
        readahead readlink readlinkat readv rename renameat renameat2 rmdir stat statfs
        statx symlink symlinkat sync_file_range umask unlink unlinkat write writev
    """,
    "memory": """
        brk madvise membarrier mincore mlock mprotect mremap msync munlock munmap
    """,
    "processes and threads": """
        arch_prctl capget execve execveat exit exit_group fork futex futex_waitv
        get_robust_list getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid
        getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid
        getuid rseq sched_get_priority_max sched_get_priority_min
        sched_getaffinity sched_getparam sched_getscheduler sched_yield
        set_robust_list set_tid_address setpgid setrlimit setsid sysinfo times uname
        vfork wait4 waitid
    """,
    "signals and timers": """
        alarm getitimer kill pause pidfd_open pidfd_send_signal restart_syscall
        rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
        rt_sigsuspend rt_sigtimedwait setitimer sigaltstack signalfd signalfd4 tgkill
        timer_create timer_delete timer_getoverrun timer_gettime timer_settime
        timerfd_create timerfd_gettime timerfd_settime tkill
    """,
    "time and chance": """
        clock_getres clock_gettime clock_nanosleep getrandom gettimeofday nanosleep
        time
    """,
    "waiting": """
        epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait
        eventfd eventfd2 pipe pipe2 poll ppoll pselect6 select
    """,
    "sockets that are open": """
        accept accept4 bind connect getpeername getsockname getsockopt listen shutdown
    """,
}
#: What sends an open file to another process. A file that is on its way, and has no
#: name, is in no list: where the kernel caps no disk, nobody could count it.
OF_OPEN_FILES = ("sendmmsg", "sendmsg")
#: What talks through a socket: the place of its flags among the arguments.
FLAGS = {
    "recvfrom": 3,
    "recvmmsg": 3,
    "recvmsg": 2,
    "sendto": 3,
    "sendmmsg": 3,
    "sendmsg": 2,
}
#: What empties a file that is not open: an older Landlock does not stop it.
BY_PATH = "truncate"
#: What changes a file's owner, mode or times. Landlock does not stop these where the
#: file belongs to the same user: then they do nothing, and say that they did it.
OF_A_FILES_OWNER = """
    chmod chown fchmod fchmodat fchmodat2 fchown fchownat futimesat lchown utime
    utimensat utimes
"""
AF_UNIX, SOCK_STREAM, SOCK_TYPE_MASK = 1, 1, 0xF
#: Urgent data: select says that they wait, and then nothing can be read.
MSG_OOB = 1
#: What may be asked of `prctl`, by the names of ``linux/prctl.h``.
OF_PRCTL = {
    **{"PR_SET_PDEATHSIG": 1, "PR_GET_PDEATHSIG": 2, "PR_GET_DUMPABLE": 3},
    **{"PR_SET_NAME": 15, "PR_GET_NAME": 16, "PR_GET_SECCOMP": 21},
    **{"PR_CAPBSET_READ": 23, "PR_SET_TIMERSLACK": 29, "PR_GET_TIMERSLACK": 30},
    **{"PR_SET_CHILD_SUBREAPER": 36, "PR_GET_CHILD_SUBREAPER": 37},
    **{"PR_SET_NO_NEW_PRIVS": 38, "PR_GET_NO_NEW_PRIVS": 39},
    **{"PR_GET_TID_ADDRESS": 40, "PR_SET_THP_DISABLE": 41, "PR_GET_THP_DISABLE": 42},
}
#: What may be set of a socket, by the names of ``asm-generic/socket.h``.
SOL_SOCKET = 1
OF_SOCKETS = {
    **{"SO_REUSEADDR": 2, "SO_RCVBUF": 8, "SO_KEEPALIVE": 9, "SO_LINGER": 13},
    **{"SO_REUSEPORT": 15, "SO_PASSCRED": 16, "SO_RCVTIMEO": 20, "SO_SNDTIMEO": 21},
}
#: What may be asked of `ioctl`, by the second byte of a request: terminals with all
#: that goes for any open file, and copies of files that share their blocks.
OF_IOCTL, IOCTL_KIND = {"T": 0x5400, "FICLONE": 0x9400}, 0xFF00
MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS = 0x01, 0x02, 0x20
#: Flags of ``clone`` that would make name spaces (``CLONE_NEW...``).
NEW_NAMESPACES = 0x7E020080


@functools.cache
def _pyseccomp() -> ModuleType | None:
    # It looks for libseccomp with programs; one that was killed has found nothing.
    for _ in range(2):
        try:
            module = importlib.import_module("pyseccomp")
        except (ImportError, OSError, RuntimeError):
            continue
        return module
    return None


def available() -> bool:
    """Say whether filters can be made here, which needs libseccomp."""
    return _pyseccomp() is not None


@functools.cache
def make_filter(level: Level) -> bytes:
    """Return the filter for a level of the box, as the kernel takes it.

    Parameters
    ----------
    level : Level
        ``bwrap``, where a submission finds no other's sockets and files; elsewhere
        it may not ask for the former nor change the latter.
    """
    seccomp = _pyseccomp()
    if seccomp is None:
        raise RuntimeError("system calls cannot be filtered: libseccomp is missing")
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    for names in ALLOWED.values():
        _add(seccomp, rules, seccomp.ALLOW, names)
    apart = level is Level.BWRAP
    if apart or landlock.abi() >= landlock.SINCE[landlock.Right.TRUNCATE]:
        _add(seccomp, rules, seccomp.ALLOW, BY_PATH)
    _add(seccomp, rules, seccomp.ALLOW if apart else seccomp.ERRNO(0), OF_A_FILES_OWNER)
    for name, arguments in _conditions(seccomp, apart).items():
        for condition in arguments:
            rules.add_rule_exactly(seccomp.ALLOW, name, condition)
    unsupported = seccomp.ERRNO(errno.EOPNOTSUPP)
    rules.add_rule(unsupported, "socket", seccomp.Arg(0, seccomp.NE, AF_UNIX))
    of_sockets = seccomp.Arg(1, seccomp.EQ, SOL_SOCKET)
    for option in OF_SOCKETS.values():
        which = seccomp.Arg(2, seccomp.EQ, option)
        rules.add_rule(seccomp.ALLOW, "setsockopt", of_sockets, which)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _conditions(seccomp: ModuleType, apart: bool) -> dict[str, list[object]]:
    """Return the calls that are allowed with some arguments only."""
    only_itself = seccomp.Arg(0, seccomp.EQ, 0)
    not_urgent = {
        name: [seccomp.Arg(place, seccomp.MASKED_EQ, MSG_OOB, 0)]
        for name, place in FLAGS.items()
        if apart or name not in OF_OPEN_FILES
    }
    pair = seccomp.Arg(1, seccomp.MASKED_EQ, SOCK_TYPE_MASK, SOCK_STREAM)
    conditions: dict[str, list[object]] = {
        **not_urgent,
        # A new thread or process, in the same name spaces. `clone3` hides its flags
        # in memory, where a filter cannot look, and is not on the list.
        "clone": [seccomp.Arg(0, seccomp.MASKED_EQ, NEW_NAMESPACES, 0)],
        "prlimit64": [only_itself],
        "prctl": [seccomp.Arg(0, seccomp.EQ, one) for one in OF_PRCTL.values()],
        "ioctl": [
            seccomp.Arg(1, seccomp.MASKED_EQ, IOCTL_KIND, kind)
            for kind in OF_IOCTL.values()
        ],
        # Up to the size that the file then has.
        "fallocate": [seccomp.Arg(1, seccomp.EQ, 0)],
        "mmap": [
            seccomp.Arg(3, seccomp.MASKED_EQ, MAP_ANONYMOUS, 0),
            seccomp.Arg(3, seccomp.MASKED_EQ, MAP_SHARED | MAP_PRIVATE, MAP_PRIVATE),
        ],
        # A pair of datagram sockets can send to any other socket by its path.
        "socketpair": [pair],
    }
    if apart:
        conditions["socket"] = [seccomp.Arg(0, seccomp.EQ, AF_UNIX)]
        conditions["socketpair"] = [seccomp.Arg(0, seccomp.EQ, AF_UNIX)]
    return conditions


def _add(seccomp: ModuleType, rules: object, action: object, names: str) -> None:
    for name in names.split():
        try:
            seccomp.resolve_syscall(seccomp.system_arch(), name)
            rules.add_rule(action, name)  # type: ignore[attr-defined]
        except (ValueError, OSError):
            continue  # this machine has no such call, or the library is too old


def restrict(program: bytes) -> None:
    """Take on a filter, in this process and all that it starts."""
    memory = ctypes.create_string_buffer(program, len(program))
    count = len(program) // INSTRUCTION.size
    head = struct.pack("HxxxxxxQ", count, ctypes.addressof(memory))
    check(libc().prctl(PR_SET_SECCOMP, MODE_FILTER, head, 0, 0))
