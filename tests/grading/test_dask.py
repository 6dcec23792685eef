"""The same scores from two workers on loopback, one of which is killed midway."""

import signal
import subprocess
import sys
import threading
import time

import pytest
import workers
from nbgrader_apart import cluster
from nbgrader_apart.options import Level

pytestmark = pytest.mark.autograder

pytest.importorskip("distributed", reason="dask's distributed is not installed")


def start(*command):
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def cluster_of_two(tmp_path):
    """The address of a scheduler, and two workers on this machine."""
    from distributed import Client

    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file)]
    loopback = ["--host", "127.0.0.1", "--no-dashboard"]
    started = [start("dask_scheduler", *common, *loopback, "--port", "0")]
    one = ["--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)]
    for _ in range(2):
        started.append(start("dask_worker", *common, *loopback, *one))
    try:
        with Client(scheduler_file=str(file), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_lost_worker_costs_nobody_a_point(cluster_of_two):
    address, processes = cluster_of_two
    options = workers.options(Level.LIMITS)
    answers = [workers.RIGHT, workers.WRONG] * 6
    ours, got, files = workers.cells, {}, {"data.csv": b"a\n1\n"}

    def grade(number):
        got[number] = cluster.run(
            address, workers.plan(), options, ours(answers[number]), files
        )

    threads = [threading.Thread(target=grade, args=[n]) for n in range(len(answers))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while len(got) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    processes[0].send_signal(signal.SIGKILL)
    for thread in threads:
        thread.join(120)
    assert len(got) == len(answers)
    for number, outputs in got.items():
        errors = [
            any(one["output_type"] == "error" for one in shown)
            for shown in outputs[-len(workers.TESTS) :]
        ]
        assert errors == [answers[number] is workers.WRONG] * len(workers.TESTS)
