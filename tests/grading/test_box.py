"""What the box promises, at each level, and that honest work is at home in it.

Each attack has an honest twin beside it: the same thing done within the limits. They
touch only processes, files and sockets that this file has made.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace

import pytest
import workers
from nbgrader_apart import box, forkclient
from nbgrader_apart.cells import CellKind
from nbgrader_apart.execute import PRELOAD
from nbgrader_apart.options import Level, Limits, Role
from nbgrader_apart.outputs import has_error
from nbgrader_apart.plan import CodeCell, Plan, SetupCell, imported_by_many
from nbgrader_apart.worker import Worker

pytestmark = pytest.mark.autograder

BEST = box.best_level()
LEVELS = [str(BEST)]
if BEST is Level.BWRAP:
    LEVELS += ["bwrap without root", "landlock"]


@pytest.fixture(scope="module", params=LEVELS)
def worker(request):
    level, _, rootless = request.param.partition(" ")
    with pytest.MonkeyPatch.context() as patch:
        if rootless:  # a name space of the user's own then does what root does
            patch.setattr(os, "geteuid", lambda: 1000)
        made = workers.worker(Level(level), cell_seconds=20, call_seconds=5)
        yield made
        made.close()


def said(worker, *written, **more):
    """Return what the first of the student's cells has printed and raised."""
    _, outputs = workers.outcome(worker, *written, workers.RIGHT, **more)
    return workers.text_of(outputs[1:2])


def honest_passes(worker):
    passed, outputs = workers.outcome(worker, workers.RIGHT)
    assert passed == set(workers.TESTS), workers.text_of(outputs)


GRADES = """
import workers
from nbgrader_apart.options import Level
worker = workers.worker(Level.BWRAP)
passed, outputs = workers.outcome(worker, workers.RIGHT)
worker.close()
assert passed == set(workers.TESTS), workers.text_of(outputs)
"""


@pytest.mark.skipif(BEST is not Level.BWRAP, reason="bubblewrap cannot work here")
def test_an_ordinary_user_has_the_box_too():
    # `geteuid` can be played to this process, but not to bubblewrap, which does other
    # things for an ordinary user. In this name space we are one.
    ordinary = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    command = [*ordinary, sys.executable, "-c", GRADES]
    where = os.path.dirname(__file__)
    subprocess.run(command, check=True, cwd=where, timeout=300)


# -- folders and files

DEEP = """
import os
made = 0
for made in range(1500):
    try:
        os.mkdir("d"); os.chdir("d")
    except OSError as error:
        print(type(error).__name__); break
print("MADE", made)
"""


def test_folders_within_folders_stop_nobody(worker):
    workers.outcome(worker, DEEP)
    honest_passes(worker)
    for server in worker.servers.values():
        server.client.close()
        assert not server.client.arena.exists()
        server.renew(server.client)
    honest_passes(worker)


def test_a_few_folders_are_as_anywhere(worker):
    code = "import os\nos.makedirs('a/b/c/d')\nprint(len(list(os.walk('a'))))"
    assert "4" in said(worker, code)


FILLS_WHAT_NOBODY_SEES = """
import os, time
total = 0
try:
    for _ in range(40):
        file = open("f", "wb"); os.unlink("f")
        globals()[f"kept{_}"] = file
        for _ in range(15):
            total += file.write(bytes(1 << 20))
        file.flush()
except OSError as error:
    print(type(error).__name__)
print("WROTE", total >> 20)
time.sleep(1)
"""


def test_files_without_a_name_count(worker):
    answer = said(worker, FILLS_WHAT_NOBODY_SEES)
    wrote = int(answer.split("WROTE")[1].split()[0]) if "WROTE" in answer else 0
    assert wrote <= 256 or "Stopped" in answer
    honest_passes(worker)


HIDES = """
import os, shutil, sys
from pathlib import Path
from nbgrader_apart import tree
from nbgrader_apart.box.disk import written_below

top = Path("top")
(top / "open" / "below").mkdir(parents=True)
print("OPEN", written_below(str(top)).hidden)
for mode in (0o300, 0o400, 0o000):
    os.mkdir(top / "hidden")
    os.mkdir(top / "hidden" / "below")
    (top / "hidden" / "file").write_bytes(bytes(10_000))
    os.chmod(top / "hidden" / "below", mode)
    os.chmod(top / "hidden", mode)
    print("HIDDEN", written_below(str(top)).hidden)
    tree.remove(top / "hidden")
    print("LEFT", os.path.lexists(top / "hidden"))
"""


@pytest.mark.skipif(BEST is not Level.BWRAP, reason="needs name spaces of users")
def test_folders_that_nobody_may_look_into_are_seen_and_removed(tmp_path):
    """Where there is no disk of its own; root may look into everything."""
    said = as_ordinary_user(HIDES, tmp_path).split()
    assert said == ["OPEN", "False", *["HIDDEN", "True", "LEFT", "False"] * 3]


def as_ordinary_user(code, folder):
    """Run code in a folder without the rights of root; return what it printed."""
    ordinary = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    done = subprocess.run(
        [*ordinary, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


#: Who may not read a program is not told what it holds, even by the same user.
HIDES_WHAT_IT_HOLDS = """
import os, shutil, subprocess
from nbgrader_apart.box.disk import Unseen, unnamed

for mode in (0o500, 0o100):
    with open(shutil.which("sleep"), "rb") as program:
        made = os.open(f"sleep{mode}", os.O_CREAT | os.O_WRONLY, mode)
        os.write(made, program.read())
        os.close(made)
    with open("file", "wb") as file:
        file.write(bytes(10_000))
        file.flush()
        os.unlink("file")
        sleeper = subprocess.Popen([f"./sleep{mode}", "60"], pass_fds=[file.fileno()])
    try:
        print("HELD", unnamed([sleeper.pid], os.getcwd(), 1))
    except Unseen as reason:
        print(reason)
    sleeper.kill()
    # It has ended, and nobody has asked for its status.
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    print("HELD", unnamed([sleeper.pid], os.getcwd(), 1))
"""


@pytest.mark.skipif(BEST is not Level.BWRAP, reason="needs name spaces of users")
def test_a_program_that_hides_what_it_holds_is_ended(tmp_path):
    """Where there is no disk of its own; root is told of every program."""
    said = as_ordinary_user(HIDES_WHAT_IT_HOLDS, tmp_path)
    hidden = "ran a program that nobody may read\n"
    assert said == f"HELD 10000\nHELD 0\n{hidden}HELD 0\n"


#: Files that are in no list of open ones: only a mapping holds them.
FILLS_WHAT_IS_MAPPED = """
import mmap, os, time
kept = []
try:
    for n in range(12):
        with open(f"f{n}", "w+b") as file:
            file.truncate(60 << 20)
            for _ in range(60): file.write(bytes(1 << 20))
            file.flush()
            kept.append(mmap.mmap(file.fileno(), 4096))
        os.unlink(f"f{n}")
        time.sleep(0.1)
    print("GOT ALL")
except OSError as error:
    print(type(error).__name__)
time.sleep(1)
"""


def test_files_that_are_only_mapped_count(worker):
    answer = said(worker, FILLS_WHAT_IS_MAPPED)
    assert "GOT ALL" not in answer or "Stopped" in answer
    honest_passes(worker)


def test_a_file_may_be_mapped_and_removed(worker):
    code = (
        "import mmap, os, time\nwith open('f', 'w+b') as f:\n    f.truncate(1 << 20)\n"
    )
    code += "    m = mmap.mmap(f.fileno(), 1 << 20)\nos.unlink('f')\nm.write(b'xyz')\n"
    assert "xyz" in said(worker, f"{code}time.sleep(1)\nprint(m[:3])")


def test_a_hand_in_with_many_files_has_room_to_write(worker):
    files = {f"part{n % 50}/{n}.csv": b"x" for n in range(1_900)}
    code = "import time\nopen('mine', 'w').write('x')\ntime.sleep(0.5)\nprint('WROTE')"
    passed, outputs = workers.outcome(worker, code, workers.RIGHT, files=files)
    assert passed == set(workers.TESTS), workers.text_of(outputs)
    assert "WROTE" in workers.text_of(outputs[1:2])


def test_some_megabytes_can_be_written(worker):
    code = (
        "open('f', 'wb').write(bytes(50 << 20))\nimport os\nprint(os.stat('f').st_size)"
    )
    assert str(50 << 20) in said(worker, code)


# -- memory

SHARED = {
    "anonymous": "import mmap\nkept = [mmap.mmap(-1, 1 << 28) for _ in range(20)]\n"
    "for one in kept: one.write(bytes(1 << 28))\nprint('GOT ALL')",
    "unmapped": "import ctypes, mmap\nlibc = ctypes.CDLL(None)\n"
    "libc.mmap.restype = ctypes.c_void_p\n"
    "libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3,"
    " ctypes.c_long]\nlibc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]\n"
    "for flags in (0x21, 0x23, 0x8021):\n    for n in range(20):\n"
    "        p = libc.mmap(None, 1 << 28, 3, flags, -1, 0)\n"
    "        if p in (None, 2**64 - 1): break\n"
    "        ctypes.memset(p, 1, 1 << 28)\n"
    "        libc.munmap(p + 4096, (1 << 28) - 4096)\n"
    "    else: print('GOT ALL')",
    "zero": "import mmap\nkept = []\nfor n in range(20):\n"
    "    with open('/dev/zero', 'r+b') as f:\n"
    "        kept.append(mmap.mmap(f.fileno(), 1 << 28))\n"
    "    kept[-1].write(bytes(1 << 28))\nprint('GOT ALL')",
    "memfd": "import os\nfor n in range(20):\n    number = os.memfd_create('x')\n"
    "    for _ in range(60): os.write(number, bytes(1 << 20))\nprint('GOT ALL')",
    "system_v": "import ctypes\nlibc = ctypes.CDLL(None)\n"
    "number = libc.shmget(0x7e57, 1 << 20, 0o1666)\n"
    "print('GOT ALL' if number >= 0 else 'refused')",
    "posix": "for n in range(20):\n    with open(f'/dev/shm/x{n}', 'wb') as f:\n"
    "        for _ in range(60): f.write(bytes(1 << 20))\nprint('GOT ALL')",
}


@pytest.mark.parametrize("name", SHARED)
def test_shared_memory_counts(worker, name):
    assert "GOT ALL" not in said(worker, SHARED[name])
    honest_passes(worker)


def test_memory_can_be_shared_through_a_file_and_mapped_privately(worker):
    write = "m.write(b'x' * 10)\nprint(m[:3])"
    code = "import mmap, os\nopen('f', 'wb').truncate(1 << 24)\n"
    code += f"m = mmap.mmap(os.open('f', os.O_RDWR), 1 << 24)\n{write}"
    assert "xxx" in said(worker, code)
    code = f"import mmap\nm = mmap.mmap(-1, 1 << 24, mmap.MAP_PRIVATE | 32)\n{write}"
    assert "xxx" in said(worker, code)


def test_nothing_shared_is_left_for_the_next(worker):
    said(worker, "open('/dev/shm/left', 'w').write('x')")
    assert "left" not in said(worker, "import os\nprint(os.listdir('/dev/shm'))")


FILLS_SOCKETS = """
import os, socket, time
for _ in range(6):
    if os.fork() == 0:
        kept = []
        for _ in range(110):
            pair = socket.socketpair()
            for one in pair:
                one.setblocking(False)
                try:
                    while True: one.send(bytes(1 << 14))
                except OSError: pass
            kept.append(pair)
        time.sleep(5); os._exit(0)
time.sleep(5)
print("GOT ALL")
"""


def test_what_is_on_its_way_in_sockets_counts(worker, monkeypatch):
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 400 << 20)
    answer = said(worker, FILLS_SOCKETS)
    assert "MB of memory" in answer and "GOT ALL" not in answer
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 3 << 30)
    honest_passes(worker)


#: Sockets that nobody has open: they wait to be accepted.
FILLS_WHAT_WAITS = """
import socket, time
try:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("\\0crowded"); listening.listen(4096)
    for _ in range({}):
        calling = socket.socket(socket.AF_UNIX)
        calling.connect("\\0crowded")
        calling.setblocking(False)
        try:
            while True: calling.send(bytes(1 << 14))
        except OSError: pass
        calling.close()
except OSError as error: print(type(error).__name__)
time.sleep(1)
print("HELD", len(open("/proc/self/net/unix").readlines()))
"""


@pytest.mark.parametrize("count", [20, 800])
def test_what_waits_to_be_accepted_counts(worker, monkeypatch, count):
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 250 << 20)
    answer = said(worker, FILLS_WHAT_WAITS.format(count))
    if worker.options.level is not Level.BWRAP:
        assert "OSError" in answer  # there are no sockets with a name
    elif count == 20:
        assert "HELD" in answer
    else:
        assert "MB of memory" in answer and "HELD" not in answer
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 3 << 30)
    honest_passes(worker)


#: Of a process whose first thread has ended, ``/proc`` tells nothing.
WITHOUT_FIRST_THREAD = """
import ctypes, os, threading, time
def take():
    time.sleep(0.7)
    kept = b"x" * ({} << 20)
    time.sleep(4); os._exit(0)
for _ in range(4):
    if os.fork() == 0:
        threading.Thread(target=take).start()
        ctypes.CDLL(None).syscall({}, 0)
time.sleep(4)
print("GOT ALL")
"""
#: The number of the call ``exit``, which ends one thread.
EXIT = 60 if os.uname().machine == "x86_64" else 93


@pytest.mark.parametrize("megabytes", [10, 150])
def test_memory_of_a_process_without_its_first_thread_counts(
    worker, monkeypatch, megabytes
):
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 400 << 20)
    answer = said(worker, WITHOUT_FIRST_THREAD.format(megabytes, EXIT))
    assert ("GOT ALL" in answer) is (megabytes == 10), answer
    assert ("MB of memory" in answer) is (megabytes == 150), answer
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 3 << 30)
    honest_passes(worker)


#: Its files are open, or mapped, in a thread that is not the first.
FILES_WITHOUT_FIRST_THREAD = """
import ctypes, mmap, os, threading, time
kept = []
def take():
    time.sleep(0.7)
    for n in range({}):
        file = open(f"f{{n}}", "w+b"); os.unlink(file.name)
        for _ in range(60): file.write(bytes(1 << 20))
        file.flush()
        kept.append(file)
        time.sleep(0.1)
    time.sleep(3); print("GOT ALL", file=open("said", "w"), flush=True); os._exit(0)
if os.fork() == 0:
    threading.Thread(target=take).start()
    ctypes.CDLL(None).syscall({}, 0)
time.sleep(7)
print(open("said").read())
"""


@pytest.mark.parametrize("files", [1, 8])
def test_files_of_a_process_without_its_first_thread_count(worker, files):
    answer = said(worker, FILES_WITHOUT_FIRST_THREAD.format(files, EXIT))
    assert ("GOT ALL" in answer) is (files == 1), answer
    honest_passes(worker)


#: Names that whoever reads of a process in ``/proc``, or of a socket, could take for
#: something else.
NAMES = {"plain": b"mine", "of no text": b"\xff\xfe", "a user": b"Uid:x"}
NAMED = """
import ctypes, os, socket, time
ctypes.CDLL(None).prctl(15, {0!r}, 0, 0, 0)
try:
    named = socket.socket(socket.AF_UNIX)
    named.bind(b"\\0" + {0!r}); named.listen()
except OSError as error: print(type(error).__name__)
if os.fork() == 0:
    os.setsid(); time.sleep(600)
time.sleep(1)
print("WENT ON")
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_process_and_a_socket_may_have_any_name(worker, name):
    passed, outputs = workers.outcome(worker, NAMED.format(NAMES[name]), workers.RIGHT)
    assert passed == set(workers.TESTS), workers.text_of(outputs)
    assert "WENT ON" in workers.text_of(outputs[1:2])
    honest_passes(worker)


def test_the_name_of_a_process_does_not_change_its_user(worker, monkeypatch):
    """Else nobody would see what it takes."""
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 400 << 20)
    named = "import ctypes\nctypes.CDLL(None).prctl(15, b'Uid: 0', 0, 0, 0)"
    answer = said(worker, f"{named}\n{EIGHT}")
    assert "MB of memory" in answer and "GOT ALL" not in answer
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 3 << 30)
    honest_passes(worker)


#: As much as may be, as fast as can be, by eight processes.
EIGHT = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = [bytearray(b"x") * (1 << 24) for _ in range(110)]
        time.sleep(20); os._exit(0)
time.sleep(20)
print("GOT ALL")
"""


def test_memory_of_eight_fast_processes_counts(worker, monkeypatch):
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 1 << 30)
    answer = said(worker, EIGHT)
    assert "MB of memory" in answer and "GOT ALL" not in answer
    honest_passes(worker)


def test_some_processes_may_take_some_memory(worker):
    code = EIGHT.replace("110", "4").replace("sleep(20)", "sleep(0)")
    assert "GOT ALL" in said(worker, code)


def test_when_memory_is_short_the_submission_goes_first(worker):
    """The kernel ends the process with the highest score; the grader's stays."""
    code = """
score = "/proc/self/oom_score_adj"
print("SCORE", open(score).read().strip())
try: open(score, "w").write("0")
except OSError as error: print(type(error).__name__)
print("NOW", open(score).read().strip())
"""
    answer = said(worker, code)
    assert "SCORE 1000" in answer
    if box.landlock_abi():
        assert "NOW 1000" in answer


EATS = """
import os, time
def square(n):
    for _ in range(6):
        if os.fork() == 0:
            kept = b"x" * (100 << 20)
            time.sleep(20); os._exit(0)
    time.sleep(4)
    return n * n
"""


def test_memory_counts_during_a_test(worker, monkeypatch):
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 300 << 20)
    before = {"number": workers.TESTS["number"]}
    _, outputs = workers.outcome(worker, EATS, tests=before)
    shown = workers.text_of(outputs[-1:])
    assert "memory" in shown, shown
    honest_passes(worker)


# -- system calls

#: One call of each kind that is left out, with arguments that change nothing.
LEFT_OUT = {
    "memory that outlives its process": ("memfd_create", 'b"x", 0'),
    "other processes": ("ptrace", "0, 0, 0, 0"),
    "name spaces": ("unshare", "0"),
    "mounts": ("mount", "None, None, None, 0, None"),
    "the core": ("prctl", "62, 0, 0, 0, 0"),
    "urgent data": ("send", "pair[0].fileno(), b'x', 1, 1"),
    "parts of files in pipes": ("splice", "0, None, 1, None, 1, 0"),
    "parts of files in two pipes": ("tee", "0, 1, 1, 0"),
    "parts of files in sockets": ("sendfile", "pair[0].fileno(), 0, None, 1"),
    "what happens to files": ("inotify_init1", "0"),
    "filters of sockets": ("setsockopt", "pair[0].fileno(), 1, 26, b'', 0"),
    "room in sockets": ("setsockopt", "pair[0].fileno(), 1, 7, b'0000', 4"),
    "what /proc tells": ("prctl", "4, 2, 0, 0, 0"),
    "more filters": ("prctl", "22, 0, 0, 0, 0"),
    "disk beyond a file's end": ("fallocate", "0, 1, 0, 1"),
    "the same by another way": ("ioctl", "0, 0x40305828, None"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_calls_that_are_not_of_the_list_are_refused(worker, name):
    call, arguments = LEFT_OUT[name]
    code = f"""
import ctypes, errno, socket
pair = socket.socketpair()
libc = ctypes.CDLL(None, use_errno=True)
failed = libc.{call}({arguments}) < 0
print(failed and errno.errorcode[ctypes.get_errno()])
"""
    assert "ENOSYS" in said(worker, code)


#: Honest neighbours of what is left out.
STILL_WORKS = {
    "copies": "import shutil\nopen('f', 'wb').write(b'x' * (5 << 20))\n"
    "shutil.copyfile('f', 'g')\n!cp f h; cat f h > i\n"
    "import os\nprint(os.stat('g').st_size + os.stat('i').st_size == 15 << 20)",
    "room on the disk": "import os\nwith open('f', 'wb') as f:\n"
    "    os.posix_fallocate(f.fileno(), 0, 1 << 20)\n"
    "print(os.stat('f').st_size == 1 << 20)",
    "an event loop": "import asyncio\nasync def told():\n"
    "    ours = await asyncio.create_subprocess_shell('echo 4', stdout=-1)\n"
    "    return (await ours.communicate())[0]\nprint(await told() == b'4\\n')",
    "sockets that wait": "import socket\na, b = socket.socketpair()\n"
    "a.settimeout(1)\nb.setblocking(False)\n"
    "a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)\nb.send(b'x')\n"
    "print(a.recv(1) == b'x')",
    "no terminal": "import os\nprint(os.isatty(0) is os.isatty(1) is False)",
    "names of threads": "import ctypes\nlibc = ctypes.CDLL(None)\n"
    "print(libc.prctl(15, b'mine', 0, 0, 0) == 0)",
}


@pytest.mark.parametrize("name", STILL_WORKS)
def test_what_is_near_a_call_that_is_left_out_works(worker, name):
    assert "True" in said(worker, STILL_WORKS[name])


@pytest.mark.skipif(not box.landlock_abi(), reason="needs Landlock")
def test_an_older_landlock_lets_no_closed_file_be_emptied(monkeypatch):
    """It does not stop this call, so the call is not on the list there."""
    monkeypatch.setattr(box.syscalls.landlock, "abi", lambda: 2)
    box.syscalls.make_filter.cache_clear()
    made = workers.worker(Level.LANDLOCK)
    try:
        honest_passes(made)
        answer = said(made, "import os\nos.truncate('data.csv', 0)")
        assert "Function not implemented" in answer
        code = "f = open('data.csv', 'r+')\nf.truncate(0)\nprint('DONE')"
        assert "DONE" in said(made, code)
    finally:
        made.close()
        box.syscalls.make_filter.cache_clear()


# -- other processes and files of the same user


def test_the_grader_cannot_be_limited(worker):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        limit = f"resource.prlimit({child.pid}, resource.RLIMIT_NOFILE, (0, 0))"
        assert "DONE" not in said(worker, f"import resource\n{limit}\nprint('DONE')")
        with open(f"/proc/{child.pid}/limits") as file:
            line = next(one for one in file if one.startswith("Max open files"))
        assert line.split()[3] != "0"
    finally:
        child.kill()
        child.wait()
        child.stdin.close()


def test_own_limits_can_be_read(worker):
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NOFILE))"
    assert "256" in said(worker, code)


def test_modes_of_others_files_stay(worker, tmp_path):
    book = tmp_path / "gradebook.db"
    book.write_text("marks")
    book.chmod(0o600)
    arena = worker.servers[Role.STUDENT].client.arena
    code = f"""
import os
for path in ({str(book)!r}, {str(arena)!r}, {str(tmp_path)!r}):
    try: os.chmod(path, 0)
    except OSError as error: print(type(error).__name__)
    try: os.utime(path, (0, 0))
    except OSError as error: print(type(error).__name__)
"""
    modes = [path.stat().st_mode for path in (book, arena, tmp_path)]
    said(worker, code)
    assert [path.stat().st_mode for path in (book, arena, tmp_path)] == modes
    assert book.stat().st_mtime > 0
    honest_passes(worker)


def test_own_files_can_be_copied_with_their_mode(worker):
    code = (
        "import shutil\nshutil.copy('data.csv', 'b.csv')\nprint(open('b.csv').read())"
    )
    assert "a\n1" in said(worker, code)


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_named_sockets_of_the_host_are_closed(worker, tmp_path, kind):
    tmp_path.chmod(0o777)
    path = str(tmp_path / "socket")
    server = socket.socket(socket.AF_UNIX, getattr(socket, kind))
    server.bind(path)
    os.chmod(path, 0o777)
    server.settimeout(1)
    if kind == "SOCK_STREAM":
        server.listen()
    ways = f"""
import socket
def way1():
    s = socket.socket(socket.AF_UNIX, socket.{kind}); s.connect({path!r}); s.send(b"x")
def way2():
    s, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.sendto(b"x", {path!r})
def way3():
    s, _ = socket.socketpair(); s.connect({path!r}); s.send(b"x")
for way in (way1, way2, way3):
    try: way()
    except OSError as error: print(type(error).__name__)
    else: print("REACHED")
"""
    assert "REACHED" not in said(worker, ways)
    with pytest.raises(TimeoutError):
        server.accept() if kind == "SOCK_STREAM" else server.recv(1)
    server.close()


LISTENS = """
import socket, time
try:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("\\0of-a-hand-in"); listening.listen()
    listening.settimeout(6)
    listening.accept(); print("MET")
except OSError as error: print(type(error).__name__)
"""
CALLS = """
import socket, time
until = time.monotonic() + 4
while time.monotonic() < until:
    try:
        calling = socket.socket(socket.AF_UNIX)
        calling.connect("\\0of-a-hand-in"); print("MET"); break
    except OSError: time.sleep(0.1)
"""


def test_submissions_share_no_names_of_sockets(worker):
    """Two students who are graded at the same time cannot talk."""
    neighbour = Worker(worker.plan, 1, worker.options, worker.shareable(1))
    heard = []
    listens = threading.Thread(target=lambda: heard.append(said(worker, LISTENS)))
    listens.start()
    try:
        assert "MET" not in said(neighbour, CALLS)
    finally:
        listens.join()
        for role, server in neighbour.servers.items():
            if server is not worker.servers[role]:
                server.client.close()
    assert "MET" not in heard[0]


def test_a_submission_may_talk_to_itself(worker):
    """In a box of its own; elsewhere it says on its own line that it may not."""
    code = LISTENS.replace(
        "listening.accept()",
        "calling = socket.socket(socket.AF_UNIX); calling.connect('\\0of-a-hand-in')\n"
        "    listening.accept()",
    )
    met = "MET" in said(worker, code)
    assert met or worker.options.level is not Level.BWRAP


def test_a_pair_of_sockets_is_open(worker):
    code = (
        "import socket\na, b = socket.socketpair()\na.send(b'hello')\nprint(b.recv(9))"
    )
    assert "hello" in said(worker, code)


# -- processes

FORKS = """
import os, time
count = 0
try:
    for count in range(300):
        if os.fork() == 0:
            time.sleep(60); os._exit(0)
except OSError as error: print(type(error).__name__)
print("FORKS", count, "END")
"""


def test_processes_are_capped(worker, request):
    if os.getuid() == 0 and request.node.callspec.params["worker"] != str(BEST):
        pytest.skip("the kernel counts no process of root's, as these are here")
    processes_are_capped(worker)


def processes_are_capped(worker):
    count = int(said(worker, FORKS).split("FORKS")[1].split()[0])
    assert 20 <= count <= worker.options.limits.processes
    honest_passes(worker)


# -- time of neighbours

SPINS = """
import os
for _ in range(50):
    try:
        if os.fork() == 0:
            os.setsid()
            try: os.sched_setaffinity(0, range(os.cpu_count()))
            except OSError: pass
            while True: pass
    except OSError: break
while True: pass
"""


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")
def test_a_neighbour_keeps_its_processor(worker):
    """Told by the processors that the spinning processes are on, not by a clock."""
    honest_passes(worker)  # its servers are ready: starting, they are busy anywhere
    neighbour = Worker(worker.plan, 1, worker.options, worker.shareable(1))
    attack = threading.Thread(target=workers.outcome, args=(worker, SPINS), daemon=True)
    attack.start()
    try:
        seen = {}
        until = time.monotonic() + 15
        while time.monotonic() < until and len(seen) < 10:
            seen |= spinning_below(worker.servers[Role.STUDENT].client.process.pid)
            time.sleep(0.2)
        passed, outputs = workers.outcome(neighbour, workers.RIGHT)
        assert passed == set(workers.TESTS), workers.text_of(outputs)
        first = sorted(os.sched_getaffinity(0))[0]
        elsewhere = [pid for pid, where in seen.items() if where != {first}]
        assert len(seen) >= 10 and len(elsewhere) <= 1  # the fork server itself
    finally:
        attack.join()
        for role, server in neighbour.servers.items():
            if server is not worker.servers[role]:
                server.client.close()


def spinning_below(pid):
    """Return the busy processes below a process, and where each may run."""
    found, waiting = {}, [pid]
    while waiting:
        one = waiting.pop()
        try:
            state = open(f"/proc/{one}/stat").read().rsplit(")", 1)[1].split()[0]
            if state == "R":
                found[one] = os.sched_getaffinity(one)
            waiting += box.use_of(one).children
        except OSError:
            continue
    return found


SWEEPS = """
import os, subprocess, sys
from types import SimpleNamespace
from nbgrader_apart import forkserver

forkserver.ctypes.CDLL(None).prctl(forkserver.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
napping = [
    subprocess.Popen(
        [sys.executable, "-S", "-c", "import time; time.sleep(60)"],
        start_new_session=True,
    )
    for _ in range(20)
]
spec = SimpleNamespace(options=SimpleNamespace(level=None))
server = forkserver.ForkServer(None, spec)
waitpid = os.waitpid

class Ended(BaseException): pass

def end(*arguments):
    raise Ended

os.waitpid = end
try:
    server._sweep()
except Ended:
    pass
os.waitpid = waitpid
alive = 0
for one in napping:
    try:
        one.wait(10)
    except subprocess.TimeoutExpired:
        alive += 1
        one.kill()
print("LEFT", alive)
"""


def test_a_server_that_is_ended_while_it_sweeps_leaves_nothing_behind():
    done = subprocess.run(
        [sys.executable, "-c", SWEEPS], capture_output=True, text=True, timeout=300
    )
    assert "LEFT 0" in done.stdout, done.stdout + done.stderr


# -- the order of cells


def test_a_locked_cell_counts_where_the_instructor_put_it():
    """Moved behind its test, it does not leave its place to a student's function."""
    helper = "def is_right(answer):\n    return answer == 42"
    test = "assert is_right(answer)"
    cheat = "answer = 1\ndef is_right(answer):\n    return True"
    plan = Plan(places={"helper": 0, "test": 2}, setup=[SetupCell(0, helper)])
    locked = CodeCell(CellKind.SETUP, helper, "helper")
    tested = CodeCell(CellKind.TEST, test, "test")
    with_answer = CodeCell(CellKind.STUDENT, "answer = 42")
    made = Worker(plan, 0, workers.options())
    try:
        moved = made.run([CodeCell(CellKind.STUDENT, cheat), tested, locked], {})
        assert has_error(moved[1])
        for cells in ([locked, with_answer, tested], [with_answer, tested, locked]):
            outputs = made.run(cells, {})
            assert not has_error(outputs[cells.index(tested)]), outputs
    finally:
        made.close()


def test_a_test_sees_what_earlier_tests_have_left_and_no_later_ones():
    plan = Plan(places={"first": 0, "second": 1})
    first = CodeCell(CellKind.TEST, "want = 3\nassert answer == want", "first")
    second = CodeCell(CellKind.TEST, "assert answer == want", "second")
    answer = CodeCell(CellKind.STUDENT, "answer = 3")
    made = Worker(plan, 0, workers.options())
    try:
        outputs = made.run([answer, first, second], {})
        assert not has_error(outputs[1]) and not has_error(outputs[2])
        outputs = made.run([answer, second, first], {})
        assert has_error(outputs[1]) and not has_error(outputs[2])
    finally:
        made.close()


# -- what hangs, ends or takes too much costs its own task only

COSTS_ITS_TASK = {
    "hangs": "while True:\n        try:\n            while True: pass\n"
    "        except BaseException: pass",
    "ends": "import os; os._exit(0)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "memory": "kept = []\n    while True: kept.append(np.zeros(1 << 28))",
    "in_c": "import itertools; "
    "return sum(1 for _ in itertools.product(range(100), repeat=9))",
}


@pytest.mark.parametrize("name", COSTS_ITS_TASK)
def test_one_bad_function_costs_no_other_task(worker, name):
    body = f"def square(n):\n    {COSTS_ITS_TASK[name]}\n"
    passed, outputs = workers.outcome(worker, workers.RIGHT, body)
    assert passed == {"table", "array", "text"}, workers.text_of(outputs)
    shown = workers.text_of(outputs[-len(workers.TESTS) :][:1])
    why = {"memory": "Memory", "hangs": "within 5 s", "in_c": "within 5 s"}
    assert why.get(name, "no longer answers") in shown


#: A test that compiled code does not let go of if the answer is too large: no signal
#: reaches it.
COUNTS = """
from collections import deque
from itertools import product
deque(product(range(square(2)), repeat=10), maxlen=0)
"""
#: What the first one defines, the last one uses.
IN_TURN = {
    "first": "kept = 7\n" + workers.TESTS["text"],
    "counts": COUNTS,
    "array": workers.TESTS["array"],
    "last": "assert kept == 7 and later == 8\n" + workers.TESTS["table"],
}


@pytest.mark.parametrize("root, lost", [(4, set()), (1000, {"counts"})])
def test_a_test_that_does_not_end_costs_no_other_task(root, lost):
    places = {name: place for place, name in enumerate(IN_TURN, 1)}
    later = [SetupCell(0, "later = 8")]
    plan = replace(workers.plan(), places=places, setup=later)
    options = workers.options(BEST, cell_seconds=3, call_seconds=2)
    made = Worker(plan, 0, options)
    written = f"{workers.RIGHT}\ndef square(n):\n    return {root}"
    cells = [
        CodeCell(CellKind.SETUP, workers.SETUP),
        CodeCell(CellKind.STUDENT, written),
        *(CodeCell(CellKind.TEST, test, name) for name, test in IN_TURN.items()),
    ]
    try:
        outputs = made.run(cells, {"data.csv": b"a\n1\n"})
        shown = dict(zip(IN_TURN, outputs[2:], strict=True))
        failed = {name for name, said in shown.items() if has_error(said)}
        assert failed == lost, workers.text_of(outputs)
        assert root == 4 or "not end within 3 s" in workers.text_of([shown["counts"]])
        honest_passes(made)
    finally:
        made.close()


def test_tests_that_do_not_end_have_no_more_time_than_others():
    made = workers.worker(BEST, cell_seconds=2, call_seconds=2, total_seconds=9)
    try:
        body = "def square(n):\n    return 1000"
        tests = {f"number{n}": COUNTS for n in range(30)}
        got, outputs = workers.outcome(made, workers.RIGHT, body, tests=tests)
        assert not got
        assert "not run, because an earlier cell" in workers.text_of(outputs[-1:])
        honest_passes(made)
    finally:
        made.close()


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(0)",
        "import os; os.abort()",
        "import ctypes; ctypes.string_at(0)",
    ],
)
def test_a_cell_that_ends_its_process_costs_no_other(worker, code):
    passed, outputs = workers.outcome(worker, workers.RIGHT, code, "after = 1")
    assert passed == set(workers.TESTS)
    assert "ended its own process" in workers.text_of(outputs[2:3])
    assert not outputs[3]


def test_cells_that_end_their_process_have_no_more_time_than_others(monkeypatch):
    forks = []
    fork = forkclient.Fork.__init__

    def counted(self, *given, **more):
        forks.append(self)
        time.sleep(0.1)
        fork(self, *given, **more)

    monkeypatch.setattr(forkclient.Fork, "__init__", counted)
    made = workers.worker(BEST, total_seconds=2)
    try:
        passed, outputs = workers.outcome(made, *["import os; os._exit(0)"] * 100)
        assert not passed
        assert "used up the time of the whole notebook" in workers.text_of(outputs)
        # Two for the submission, and no more after that than fit into its time.
        assert len(forks) <= 2 + 2 / 0.1
        honest_passes(made)
    finally:
        made.close()


def test_a_submission_ends_when_its_processor_time_is_up():
    made = workers.worker(BEST, limits=Limits(cpu=2))
    try:
        spins = (
            "try:\n    while True: pass\nexcept BaseException:\n    while True: pass"
        )
        _, outputs = workers.outcome(made, spins)
        assert "ended its own process" in workers.text_of(outputs[1:2])
        honest_passes(made)
    finally:
        made.close()


#: A process that stands still takes nothing: not even the text of its next cell.
STANDS_STILL = """
import os, signal, time
signal.signal(signal.SIGUSR1, lambda *_: time.sleep(3600))
me = os.getpid()
if os.fork() == 0:
    time.sleep(0.3); os.kill(me, signal.SIGUSR1); os._exit(0)
"""


def test_a_process_that_stands_still_stops_nobody():
    made = workers.worker(BEST, cell_seconds=3, call_seconds=2)
    try:
        wait = "import time\ntime.sleep(1)"
        long = f"x = {'1' * 4_000_000!r}"
        passed, outputs = workers.outcome(
            made, STANDS_STILL, wait, long, workers.RIGHT, long
        )
        assert "did not end within 3 s" in workers.text_of(outputs[1:4])
        honest_passes(made)
        passed, _ = workers.outcome(made, long, workers.RIGHT)
        assert passed == set(workers.TESTS)
    finally:
        made.close()


@pytest.mark.parametrize("raised", ["Mute()", "ValueError(10**5000)"])
def test_an_error_that_cannot_say_itself_is_told_by_its_kind(worker, raised):
    body = (
        "class Mute(ValueError):\n    def __str__(self): return 1\n"
        "was = square\ndef square(n):\n"
        f"    if isinstance(n, str): raise {raised}\n    return was(n)"
    )
    passed, outputs = workers.outcome(worker, workers.RIGHT, body)
    assert passed == set(workers.TESTS), workers.text_of(outputs)


@pytest.mark.parametrize("size", [1_000, 20_000_000])
def test_a_long_message_costs_no_other_task(worker, size):
    body = f"def greeting(word):\n    return 'x' * {size}"
    text = "got = greeting('a')\nassert got == 'hello a', f'the answer is {got}'"
    tests = {"text": text} | {name: workers.TESTS[name] for name in ("number", "array")}
    passed, outputs = workers.outcome(worker, workers.RIGHT, body, tests=tests)
    assert passed == {"number", "array"}, workers.text_of(outputs)[:1_000]
    shown = workers.text_of(outputs[3:4])
    assert "the answer is xxx" in shown and len(shown) < 100_000


# -- room to be honest

HONEST = {
    "shell": ("!echo $((40 + 2))", "42"),
    "shell_fails": ("!exit 3\nprint(_exit_code)", "3"),
    "shell_assigns": ("found = !echo hello\nprint(found)", "hello"),
    "list": ("%ls", "data.csv"),
    "pip": ("%pip install numpy", "already satisfied"),
    "pip_list": ("!pip list", "numpy"),
    "cd": ("%cd .\n%pwd", "work"),
    "bookmark": ("%bookmark here\n%bookmark -l", "here"),
    "time": ("%time sum([1])", "Wall time"),
    "time_assigns": ("total = %time sum([40, 2])\nprint(total)", "42"),
    "timeit": ("%timeit -n1 -r1 sum([1])", "per loop"),
    "bash": ("%%bash\necho from bash", "from bash"),
    "subprocess": (
        "import subprocess, sys\n"
        "print(subprocess.check_output([sys.executable, '-c', 'print(6 * 7)']))",
        "42",
    ),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "print(sum(ThreadPoolExecutor(8).map(abs, range(-5, 0))))",
        "15",
    ),
    "await": ("import asyncio\nawait asyncio.sleep(0)\nprint('slept')", "slept"),
    "sqlite": (
        "import sqlite3\nbook = sqlite3.connect('a.db')\n"
        "book.execute('create table t(x)')\nbook.commit()\nprint('kept')",
        "kept",
    ),
    "temporary": (
        "import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
        "    open(f'{folder}/a', 'w').close()\nprint('gone')",
        "gone",
    ),
    "package": ("from helpers.halves import half\nprint(half(84))", "42.0"),
    "module": ("import helper\nprint(helper.answer)", "42"),
    "empty_cell": ("%%capture kept\nprint(1)", ""),
}
FILES = {
    "helpers/__init__.py": b"",
    "helpers/halves.py": b"def half(x): return x / 2",
    "helper.py": b"answer = 42",
}


@pytest.mark.parametrize("name", HONEST)
def test_what_works_in_a_notebook_works_here(worker, name):
    code, expected = HONEST[name]
    passed, outputs = workers.outcome(worker, code, workers.RIGHT, files=FILES)
    assert passed == set(workers.TESTS)
    assert not has_error(outputs[1]), workers.text_of(outputs[1:2])
    assert expected in workers.text_of(outputs[1:2])


def test_a_module_written_by_a_cell_can_be_imported(worker):
    write = "%%writefile halves.py\ndef half(x):\n    return x / 2"
    use = "from halves import half\nprint(half(84))"
    passed, outputs = workers.outcome(worker, write, use, workers.RIGHT)
    assert passed == set(workers.TESTS)
    assert "42.0" in workers.text_of(outputs[2:3])


def test_processes_work_or_fail_on_their_own_line(worker):
    code = "import multiprocessing\nwith multiprocessing.Pool(2) as pool:\n"
    code += "    print(pool.map(abs, [-42]))"
    passed, outputs = workers.outcome(worker, code, workers.RIGHT)
    assert passed == set(workers.TESTS)
    worked = "[42]" in workers.text_of(outputs[1:2])
    assert worked or worker.options.level is not Level.BWRAP


# -- what is imported ahead


def test_what_makes_trouble_is_not_imported_ahead(tmp_path, monkeypatch):
    """A module that starts a thread would keep everybody from being graded."""
    (tmp_path / "restless.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    environment = box.environment
    monkeypatch.setattr(
        box,
        "environment",
        lambda home: environment(home) | {"PYTHONPATH": str(tmp_path)},
    )
    plan = replace(workers.plan(), wanted=["restless"])
    made = Worker(plan, 0, workers.options(Level.LIMITS))
    try:
        honest_passes(made)
        assert made.servers[Role.STUDENT].client.wanted == []
    finally:
        made.close()


def test_only_modules_of_the_list_are_imported_ahead():
    """Whatever hand-ins mention."""
    lines = ["from scipy import stats", "import scipy.evil", "import os"]
    hand_ins = [json.dumps({"cells": [{"source": lines}]})] * 5
    assert imported_by_many(hand_ins, PRELOAD, more_than=4) == ["scipy.stats"]
    assert imported_by_many(hand_ins, PRELOAD, more_than=5) == []


# -- what fails is one hand-in's own


def test_a_hand_in_that_ends_the_fork_server_twice_is_alone(monkeypatch):
    """Nobody knows how to; should somebody find out, the class is graded."""
    made = workers.worker(Level.LIMITS)
    try:
        honest_passes(made)
        fork = forkclient.ForkServerClient.fork

        def dies(client, *request):
            if client.role is Role.STUDENT:
                client.process.kill()
                client.process.wait()
            return fork(client, *request)

        with monkeypatch.context() as patch:
            patch.setattr(forkclient.ForkServerClient, "was_ready", True)
            patch.setattr(forkclient.ForkServerClient, "fork", dies)
            passed, outputs = workers.outcome(made, workers.RIGHT)
        assert passed == set() and "stopped twice" in workers.text_of(outputs)
        honest_passes(made)
    finally:
        made.close()


def test_a_fork_server_that_another_worker_has_closed_fails_nobody():
    made = workers.worker(Level.LIMITS)
    try:
        honest_passes(made)
        for server in made.servers.values():
            server.client.close()
            honest_passes(made)
    finally:
        made.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives forks users")
def test_a_temporary_folder_that_is_closed_costs_nobody(tmp_path, monkeypatch):
    """Without bubblewrap a fork with a user of its own could not come in."""
    assert not tmp_path.parents[1].stat().st_mode & 1
    for level in (Level.LANDLOCK, Level.LIMITS):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        made = workers.worker(level)
        try:
            honest_passes(made)
        finally:
            made.close()


#: As bubblewrap when it is killed while it makes a box: half of that lives on.
KILLED_ONCE = """#!/bin/sh
test -e {folder}/once && exit 0
sleep 600 &
echo $! > {folder}/once
kill -9 $$
"""


def test_a_probe_that_was_killed_has_not_said_no(tmp_path, monkeypatch):
    """Else a weaker box would be taken for the whole class, or it would wait."""
    bwrap = tmp_path / "bwrap"
    bwrap.write_text(KILLED_ONCE.format(folder=tmp_path))
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert box.bubblewrap.works()
    left = int((tmp_path / "once").read_text())
    until = time.monotonic() + 20
    while os.path.exists(f"/proc/{left}") and time.monotonic() < until:
        if open(f"/proc/{left}/stat").read().rsplit(")", 1)[1].split()[0] == "Z":
            break  # nobody has buried it yet
        time.sleep(0.05)
    else:
        assert not os.path.exists(f"/proc/{left}")


def test_a_machine_that_cannot_fork_gives_nobody_zero_points(monkeypatch):
    made = workers.worker(Level.LIMITS)
    try:
        honest_passes(made)

        def refused(client, *request):
            raise forkclient.ForkServerError(client, "not permitted", died=False)

        with monkeypatch.context() as patch:
            patch.setattr(forkclient.ForkServerClient, "fork", refused)
            with pytest.raises(forkclient.ForkServerError, match="not permitted"):
                workers.outcome(made, workers.RIGHT)
        honest_passes(made)
    finally:
        made.close()


def test_a_weaker_box_is_said_aloud(monkeypatch):
    assert box.what_is_missing(Level.BWRAP) is None
    assert "bwrap" in box.what_is_missing(Level.LANDLOCK)
    monkeypatch.setattr(box.syscalls, "available", lambda: False)
    assert "libseccomp" in box.what_is_missing(Level.LIMITS)
    assert box.best_level.__wrapped__() is Level.LIMITS
