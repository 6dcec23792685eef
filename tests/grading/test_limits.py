"""Without any box, tests still run apart, and greed is still capped.

Files and other processes are open then: `test_attacks` is about those. Network and
system calls are closed where libseccomp is installed.
"""

import pytest
import test_attacks
import test_box
import workers
from nbgrader_apart import box
from nbgrader_apart.options import Level

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
    made = workers.worker(Level.LIMITS)
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


def test_processes_work_or_fail_on_their_own_line(patient):
    test_box.test_processes_work_or_fail_on_their_own_line(patient)


def test_files_that_are_only_mapped_count(patient):
    test_box.test_files_that_are_only_mapped_count(patient)


def test_what_is_on_its_way_in_sockets_counts(patient, monkeypatch):
    test_box.test_what_is_on_its_way_in_sockets_counts(patient, monkeypatch)


@pytest.mark.parametrize("size", [1_000, 20_000_000])
def test_a_long_message_costs_no_other_task(patient, size):
    test_box.test_a_long_message_costs_no_other_task(patient, size)


def test_memory_of_eight_fast_processes_counts(worker, monkeypatch):
    test_box.test_memory_of_eight_fast_processes_counts(worker, monkeypatch)


@pytest.mark.parametrize("name", test_box.HONEST)
def test_what_works_in_a_notebook_works_here(patient, name):
    test_box.test_what_works_in_a_notebook_works_here(patient, name)
