"""What is kept of hand-ins that are run ahead is bounded, and nobody waits for ever."""

import subprocess
import sys
import threading

import pytest
import workers
from miniature import MINI, RIGHT
from nbgrader_apart import worker as worker_module
from nbgrader_apart.execute import Kept
from nbgrader_apart.options import Level
from nbgrader_apart.submission import Submission

SECONDS = 30


def waiting(kept, student):
    """Let a thread wait for room; return it, and what is set when it has some."""
    got = threading.Event()

    def wait():
        kept.wait_for_room(student)
        got.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread, got


def test_a_hand_in_waits_while_too_much_is_kept():
    kept = Kept(most=100)
    kept.wait_for_room("a")
    kept.keep("a", 70)
    kept.wait_for_room("b")
    kept.keep("b", 70)
    thread, got = waiting(kept, "c")
    assert not got.wait(0.1)
    kept.come_to("a")
    assert not got.wait(0.1)
    kept.let_go("a")
    assert got.wait(SECONDS)
    thread.join()


def test_the_one_that_nbgrader_waits_for_never_waits():
    kept = Kept(most=100)
    kept.keep("z", 1_000)
    thread, got = waiting(kept, "a")
    assert not got.wait(0.1)
    kept.come_to("a")
    assert got.wait(SECONDS)
    thread.join()


def test_the_size_of_a_hand_in_counts_its_files():
    files = {"a.csv": bytes(1_000), "b/c.csv": bytes(500)}
    assert Submission("ada", MINI, {}, files).size() == 1_500


@pytest.mark.autograder
def test_a_class_is_graded_though_hardly_anything_is_kept(new_course):
    for number in range(4):
        new_course.hand_in(f"s{number}", new_course.filled(RIGHT))
    new_course.run("collect", MINI)
    settings = new_course.folder / "nbgrader_config.py"
    with open(settings, "a") as file:
        file.write("from nbgrader_apart import execute\nexecute.KEPT = 1\n")
    new_course.run("autograde", MINI)
    assert {sum(one.values()) for one in new_course.scores().values()} == {5}


@pytest.mark.autograder
def test_outputs_of_many_cells_count_together(monkeypatch):
    monkeypatch.setattr(worker_module, "MOST_SHOWN", 10_000)
    made = workers.worker(Level.LIMITS)
    try:
        loud = "print('x' * 4_000)"
        passed, outputs = workers.outcome(made, loud, loud, loud, workers.RIGHT)
    finally:
        made.close()
    assert passed == set(workers.TESTS)
    sizes = [len(workers.text_of([one])) for one in outputs[1:4]]
    assert sizes[0] > 4_000 and sizes[1] > 4_000 and sizes[2] < 200
    assert "left out" in workers.text_of(outputs[3:4])


ENDS = """
import subprocess
import sys
import threading
from nbgrader_apart.execute import Kept
from concurrent.futures import ThreadPoolExecutor
kept = Kept(most=1)
kept.keep("z", 5)
threads = ThreadPoolExecutor(2)
waiting = [threads.submit(kept.wait_for_room, name) for name in "abc"]
raise KeyboardInterrupt
"""


def test_a_command_that_is_stopped_ends_though_hand_ins_wait():
    done = subprocess.run(
        [sys.executable, "-c", ENDS], timeout=120, capture_output=True, text=True
    )
    assert "KeyboardInterrupt" in done.stderr
