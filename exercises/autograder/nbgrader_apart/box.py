"""What a process that runs students' code may not do.

========  =====================================================================
bwrap     bubblewrap: a network, processes and a file system of its own, which
          hold the interpreter and one work folder; and all of the below
landlock  files and signals by Landlock, network by seccomp; and all of the below
limits    time, memory, processes, size of files, by resource limits
none      nothing
========  =====================================================================
"""

import contextlib
import ctypes
import functools
import os
import platform
import resource
import shutil
import struct
import subprocess
import sys
from pathlib import Path

#: For one process: seconds of CPU, bytes of memory and of a file, files, processes.
LIMITS = {"cpu": 600, "memory": 2 << 30, "file": 64 << 20}
LIMITS |= {"files": 256, "processes": 64}
#: What is left of the grader's environment; what names a folder of its own; what
#: keeps a process to one core.
KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "SOURCE_DATE_EPOCH")
HOMES = ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
#: What any Python process must read besides its interpreter and libraries.
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/fonts")
SYSTEM += ("/var/cache/fontconfig", "/etc/localtime", "/etc/mime.types")
SYSTEM += ("/etc/passwd", "/etc/group")
STUDENT_UID, TRUSTED_UID = 61000, 57000
CREATE_RULESET, ADD_RULE, RESTRICT_SELF, LANDLOCK_ABI = 444, 445, 446, 1
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE = 24, 38, 4
PR_SET_SECCOMP, FILTER = 22, 2


@functools.cache
def best_level():
    """Return the strongest level that works on this machine."""
    if shutil.which("bwrap"):
        command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc"]
        tried = subprocess.run([*command, "true"], capture_output=True)
        if tried.returncode == 0:
            return "bwrap"
    return "landlock" if landlock_abi() else "limits"


def system_paths():
    """Return what any Python process must read: interpreter, libraries, fonts."""
    wanted = {sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), *SYSTEM}
    wanted |= {path for path in sys.path if path.endswith("-packages")}
    wanted.add(str(Path(__file__).parent))
    return outermost(path for path in wanted if os.path.exists(path))


def environment(home):
    """Return the environment of a process whose own files are in the folder `home`."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    own = dict.fromkeys(HOMES, home) | dict.fromkeys(THREADS, "1")
    own["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin", "/bin"])
    own["PYTHONPATH"] = str(Path(__file__).parents[1])
    # Read when matplotlib is imported; the backend itself is loaded by a first figure.
    own["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    return kept | own | {"NBGRADER_EXECUTION": "autograde"}


def outermost(paths):
    """Leave out what lies inside another of the paths; sort."""
    paths = set(paths)
    return sorted(
        path
        for path in paths
        if not any(path.startswith(f"{p}/") for p in paths - {path})
    )


def bwrap(read, write):
    """Return the command that starts a process in a box of its own.

    Parameters
    ----------
    read, write : list of str
        Folders that it sees; of anything else it sees not even the name.
    """
    command = ["bwrap", "--unshare-net", "--unshare-pid", "--unshare-ipc"]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "box"]
    command += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.geteuid() == 0:
        for name in ("SETUID", "SETGID", "KILL"):
            command += ["--cap-add", f"CAP_{name}"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    parents = {str(one) for path in read + write for one in Path(path).parents}
    for path in sorted(parents - {"/"}):
        if not any(path == one or path.startswith(f"{one}/") for one in read):
            command += ["--perms", "0755", "--dir", path]
    for path in read:
        command += ["--ro-bind", path, path]
    for path in write:
        command += ["--bind", path, path]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/"]
    # Shared memory would outlive a submission.
    return [*command, "--perms", "0000", "--tmpfs", "/dev/shm", "--"]


def user(level, role, slot):
    """Return the user id that a fork takes on: one of its own, if we are root."""
    if os.geteuid() != 0 or level in ("limits", "none"):
        return None
    python = [Path(sys.base_prefix), Path(sys.prefix)]
    above = [folder for path in python for folder in (path, *path.parents)]
    if level == "landlock" and not all(one.stat().st_mode & 1 for one in above):
        return None  # another user could not read the interpreter
    return (TRUSTED_UID if role == "trusted" else STUDENT_UID) + slot


def confine(conf):
    """Give up, in a fork and for good, what no submission needs.

    Parameters
    ----------
    conf : dict
        ``level``, ``user`` (a number or None), ``read``, ``write`` (lists of
        folders), ``limits``.
    """
    if conf["level"] == "none":
        return
    set_limits(LIMITS | conf["limits"])
    os.umask(0o077)
    libc = ctypes.CDLL(None, use_errno=True)
    if conf["user"]:
        os.setgroups([])
        os.setresgid(*[conf["user"]] * 3)
        os.setresuid(*[conf["user"]] * 3)
    if os.geteuid() == 0:  # root without capabilities is nobody in particular
        for number in range(64):
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
        _call(libc.capset(struct.pack("<Ii", 0x20080522, 0), bytes(24)))
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if conf["level"] in ("bwrap", "landlock"):
        if landlock_abi():
            devices = [f"/dev/{name}" for name in ("null", "zero", "urandom", "random")]
            landlock(conf["read"] + ["/proc"], conf["write"] + devices)
        seccomp(libc)


def set_limits(limits):
    """Set this process's resource limits."""
    for which, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_DATA, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NOFILE, limits["files"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
    ):
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def user_of(pid):
    """Return the user id that a process runs as, or None if it has ended."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[0])


def use_of(pid):
    """Return the private memory of a process in bytes, and the processes it started."""
    _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    started = [int(one) for file in lists for one in file.read_text().split()]
    return (int(resident) - int(shared)) * resource.getpagesize(), started


def memory_below(pid, inherited, user=None):
    """Return the memory in bytes that a process and all below it take together.

    Parameters
    ----------
    pid : int
    inherited : int
        What each of them shares with a warm process.
    user : int, optional
        Count the processes of this user only.
    """
    total, waiting = 0, [pid]
    while waiting:
        pid = waiting.pop()
        try:
            private, started = use_of(pid)
        except OSError:
            continue  # it has ended
        if user is None or user_of(pid) == user:
            total += max(0, private - inherited)
        waiting += started
    return total


def _call(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


@functools.cache
def landlock_abi():
    """Return the version of Landlock in this kernel, 0 without it."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, LANDLOCK_ABI))


def landlock(read, write):
    """Let this process read and write below these paths only, signal only itself."""
    libc, abi = ctypes.CDLL(None, use_errno=True), landlock_abi()
    every = (1 << 13) - 1  # the rights of version 1
    for version, right in ((2, 13), (3, 14), (5, 15)):
        if abi >= version:
            every |= 1 << right
    reading = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, list a folder
    of_files = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
    # A kernel that knows fewer of these takes them while they are zero.
    attributes = struct.pack("QQQ", every, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = ctypes.c_size_t(len(attributes))
    rules = _call(libc.syscall(CREATE_RULESET, attributes, size, 0))
    for rights, paths in ((reading, read), (every, write)):
        for path in filter(os.path.exists, paths):
            allowed = rights & every & (~0 if os.path.isdir(path) else of_files)
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = struct.pack("<Qi", allowed, place)
            _call(libc.syscall(ADD_RULE, rules, 1, rule, 0))
            os.close(place)
    _call(libc.syscall(RESTRICT_SELF, rules, 0))
    os.close(rules)


#: System calls by number: ptrace, reading other processes, mounts, namespaces,
#: modules, bpf, io_uring, keys, reboot, ... (x86-64; arm64)
DENIED = {
    "x86_64": "101 310 311 165 166 272 308 321 298 323 248 249 250 155 161 246 320 175 "
    "313 169 425 426 427 428 429 430 432 442",
    "aarch64": "117 270 271 40 39 97 268 280 241 282 217 218 219 41 51 104 294 105 273 "
    "142 425 426 427 428 429 430 432 442",
}
#: The machine's number for seccomp, and that of its call `socket`.
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
KILL, FORBID, UNSUPPORTED, ALLOW = 0x80000000, 0x00050001, 0x0005005F, 0x7FFF0000
AF_UNIX, X32 = 1, 0x40000000


def seccomp(libc):
    """Allow no sockets but Unix ones, and none of `DENIED`."""
    if platform.machine() not in DENIED:
        return
    denied = DENIED[platform.machine()]
    machine, socket_call = MACHINES[platform.machine()]
    program = [(LOAD, 0, 0, 4), (JUMP_IF_EQUAL, 1, 0, machine), (RETURN, 0, 0, KILL)]
    program += [(LOAD, 0, 0, 0), (JUMP_IF_AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for number in map(int, denied.split()):
        program += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, FORBID)]
    program += [(JUMP_IF_EQUAL, 0, 3, socket_call), (LOAD, 0, 0, 16)]
    program += [(JUMP_IF_EQUAL, 1, 0, AF_UNIX), (RETURN, 0, 0, UNSUPPORTED)]
    program += [(RETURN, 0, 0, ALLOW)]
    code = b"".join(struct.pack("HBBI", op, yes, no, k) for op, yes, no, k in program)
    memory = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(memory))
    _call(libc.prctl(PR_SET_SECCOMP, FILTER, head, 0, 0))
