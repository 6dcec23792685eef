"""Without any box, tests still run apart, and greed is still capped.

Files and other processes are open then: `test_attacks` is about those. Network and
system calls are closed where libseccomp is installed.
"""

import contextlib
import os
import subprocess
import sys

import pytest
import test_attacks
import test_box
import workers
from nbgrader_apart import box
from nbgrader_apart.options import Level, Role

pytestmark = pytest.mark.autograder

#: As root, and without a box, nothing keeps a process from its parent.
CAPPED = sorted(set(test_attacks.GREEDY) - {"kills_its_parent"})


@pytest.fixture(scope="module")
def worker():
    made = workers.worker(Level.LIMITS, **workers.SHORT)
    yield made
    made.close()


@pytest.fixture(scope="module")
def patient():
    made = workers.worker(Level.LIMITS, call_seconds=5)
    yield made
    made.close()


needs_libseccomp = pytest.mark.skipif(
    not box.syscalls.available(), reason="libseccomp is not installed"
)
others_are_unaffected = test_attacks.others_are_unaffected


@pytest.mark.parametrize("name", test_attacks.CHEATS)
def test_cheats_win_nothing(worker, name):
    passed, _ = workers.outcome(worker, test_attacks.CHEATS[name], workers.WRONG)
    assert passed == set()


@pytest.mark.parametrize("name", CAPPED)
def test_greed_ends_in_time(worker, name):
    test_attacks.test_greed_ends_in_time_and_costs_nobody_else(worker, name)


@needs_libseccomp
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_network_and_sockets_are_closed(worker, tmp_path, kind):
    test_attacks.test_no_network(worker, kind)
    test_box.test_named_sockets_of_the_host_are_closed(worker, tmp_path, kind)


@needs_libseccomp
@pytest.mark.parametrize("name", test_box.LEFT_OUT)
def test_calls_that_are_not_of_the_list_are_refused(worker, name):
    test_box.test_calls_that_are_not_of_the_list_are_refused(worker, name)


@needs_libseccomp
@pytest.mark.parametrize("name", sorted(set(test_box.SHARED) - {"posix"}))
def test_shared_memory_counts(worker, name):
    test_box.test_shared_memory_counts(worker, name)


@needs_libseccomp
def test_the_grader_cannot_be_limited(worker):
    test_box.test_the_grader_cannot_be_limited(worker)


def test_memory_of_the_tests_is_closed(worker):
    """Whoever could write there could let any test pass."""
    server = worker.servers[Role.TESTS].client.process.pid
    look = f"""
def tests():
    return open("/proc/{server}/task/{server}/children").read().split()
for pid in [{server}, *tests()]:
    try: open(f"/proc/{{pid}}/mem", "r+b").close()
    except OSError as error: print(type(error).__name__)
    else: print("OPENED")
print("LOOKED AT", len(tests()))
"""
    said = test_box.said(worker, look)
    assert "LOOKED AT 1" in said and "OPENED" not in said


def test_processes_work_or_fail_on_their_own_line(patient):
    test_box.test_processes_work_or_fail_on_their_own_line(patient)


def test_files_that_are_only_mapped_count(patient):
    test_box.test_files_that_are_only_mapped_count(patient)


#: Maps as many pieces as it is told to, each a page that differs from its neighbour.
PIECES = """
import ctypes, mmap, sys
number = int(sys.argv[1])
kept = mmap.mmap(-1, number * mmap.PAGESIZE)
start = ctypes.addressof(ctypes.c_char.from_buffer(kept))
for n in range(0, number, 2):
    page = ctypes.c_void_p(start + n * mmap.PAGESIZE)
    ctypes.CDLL(None).mprotect(page, mmap.PAGESIZE, mmap.PROT_READ)
print("MAPPED", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
@pytest.mark.parametrize("pieces, whole", [(30_000, False), (300, True)])
def test_a_look_at_what_is_mapped_ends(tmp_path, monkeypatch, pieces, whole):
    """No more is read of it than was allowed, and what is not seen is not nothing."""
    monkeypatch.setattr(box.disk, "MOST_MAPS", 100_000)
    read, maps = [], box.disk._maps

    def counted(thread, most):
        read.extend(maps(thread, most))
        return read

    monkeypatch.setattr(box.disk, "_maps", counted)
    words = [sys.executable, "-c", PIECES, str(pieces)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, **pipes) as process:
        assert process.stdout.readline() == b"MAPPED\n"
        told = contextlib.nullcontext() if whole else pytest.raises(box.disk.Unseen)
        with told:
            assert box.disk.unnamed([process.pid], str(tmp_path), 1) == 0
        process.communicate()
    assert sum(map(len, read)) < 110_000


def test_what_is_on_its_way_in_sockets_counts(patient, monkeypatch):
    test_box.test_what_is_on_its_way_in_sockets_counts(patient, monkeypatch)


@pytest.mark.parametrize("name", test_box.COSTS_ITS_TASK)
def test_one_bad_function_costs_no_other_task(patient, name):
    test_box.test_one_bad_function_costs_no_other_task(patient, name)


def test_a_cell_that_ends_its_process_costs_no_other(patient):
    ends = "import os; os._exit(0)"
    test_box.test_a_cell_that_ends_its_process_costs_no_other(patient, ends)


@pytest.mark.skipif(os.getuid() == 0, reason="the kernel counts no process of root's")
def test_processes_are_capped(patient):
    test_box.processes_are_capped(patient)


def test_when_memory_is_short_the_submission_goes_first(patient):
    """It may take that back here."""
    look = "print('SCORE', open('/proc/self/oom_score_adj').read().strip())"
    assert "SCORE 1000" in test_box.said(patient, look)


@pytest.mark.parametrize("size", [1_000, 20_000_000])
def test_a_long_message_costs_no_other_task(patient, size):
    test_box.test_a_long_message_costs_no_other_task(patient, size)


def test_memory_of_eight_fast_processes_counts(patient, monkeypatch):
    test_box.test_memory_of_eight_fast_processes_counts(patient, monkeypatch)


@pytest.mark.parametrize("name", test_box.HONEST)
def test_what_works_in_a_notebook_works_here(patient, name):
    test_box.test_what_works_in_a_notebook_works_here(patient, name)


@pytest.mark.parametrize("name", test_box.NAMES)
def test_a_process_and_a_socket_may_have_any_name(patient, name):
    test_box.test_a_process_and_a_socket_may_have_any_name(patient, name)
