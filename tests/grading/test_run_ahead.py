"""What is kept of hand-ins that are run ahead is bounded, and nobody waits for ever."""

import subprocess
import sys
import time
from concurrent.futures import wait

import pytest
import workers
from miniature import MINI, RIGHT
from nbgrader_apart import worker as worker_module
from nbgrader_apart.execute import Ahead
from nbgrader_apart.options import Level
from nbgrader_apart.submission import Submission


class OfSize:
    """A result of a run, of which only the size counts here."""

    def __init__(self, size):
        self.size = lambda: size


def ahead(students, run, most=100, workers=2):
    made = Ahead(students, run, workers, most)
    made.go_on()
    return made


def settled(made):
    """Wait for what is under way; return who has been run."""
    wait(list(made.results.values()))
    while made.under_way:  # the last steps of a thread
        time.sleep(0.001)
    return "".join(sorted(made.results))


def test_no_hand_in_is_begun_while_too_much_is_kept():
    made = ahead("abcdef", lambda student: OfSize(70), workers=1)
    assert settled(made) == "ab"
    made.take("a").result()
    assert settled(made) == "b"
    made.let_go("a")
    assert settled(made) == "bc"


def test_all_are_run_ahead_while_there_is_room():
    assert settled(ahead("abcdef", lambda student: OfSize(1))) == "abcdef"


def test_what_fails_is_not_kept_and_is_raised_where_it_is_taken():
    def fails(student):
        raise OSError(student)

    made = ahead("abc", fails, most=1)
    assert settled(made) == "abc" and made.kept == {}
    with pytest.raises(OSError, match="b"):
        made.take("b").result()


def test_one_that_waits_is_left_to_whom_takes_it():
    made = ahead("abc", lambda student: OfSize(500), workers=1)
    assert settled(made) == "a"
    assert made.take("b") is None
    made.take("a")
    made.let_go("a")
    assert settled(made) == "c"


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
import time
from nbgrader_apart.execute import Ahead
Ahead("abcdef" * 100, lambda student: time.sleep(1), 2, 1).go_on()
raise KeyboardInterrupt
"""


def test_a_command_that_is_stopped_does_not_run_all_that_wait():
    done = subprocess.run(
        [sys.executable, "-c", ENDS], timeout=120, capture_output=True, text=True
    )
    assert "KeyboardInterrupt" in done.stderr
