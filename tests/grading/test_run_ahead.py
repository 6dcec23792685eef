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
from nbgrader_apart.shell import Outputs
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


#: What takes room though hardly a character of it is text; the last two speak for
#: the process of the submission, as nothing of this package does.
LOUD = {
    "text": "print('x' * 4_000)",
    "name of a kind": "display({'x' * 4_000: ''}, raw=True)",
    "kinds": "display({f'k{n}': '' for n in range(35)}, raw=True)",
    "outputs": "for n in range(3): display({'k': ''}, raw=True)",
    "lines of nothing": "shell = get_ipython()\nshell.outputs.list.append({'ename': '',"
    " 'output_type': 'error', 'evalue': '', 'traceback': [''] * 90})",
    "outputs of nothing": "shell = get_ipython()\nfor n in range(6):"
    " shell.outputs.list.append({'output_type': 'stream', 'name': 'x', 'text': ''})",
}


@pytest.mark.autograder
@pytest.mark.parametrize("name", LOUD)
def test_outputs_of_many_cells_count_together(monkeypatch, name):
    monkeypatch.setattr(worker_module, "MOST_SHOWN", 12_000)
    made = workers.worker(Level.LIMITS)
    try:
        loud = LOUD[name]
        passed, outputs = workers.outcome(made, loud, loud, loud, workers.RIGHT)
    finally:
        made.close()
    assert passed == set(workers.TESTS)
    assert [worker_module.TOO_MUCH] not in outputs[1:3]
    assert outputs[3] == [worker_module.TOO_MUCH]


@pytest.mark.parametrize("kinds", [("stdout",), ("stdout", "stderr")])
def test_outputs_of_one_cell_count_with_what_each_costs(kinds):
    made = Outputs()
    for n in range(10_000):
        made.write(kinds[n % len(kinds)], "x")
    one = len(kinds) == 1
    assert (len(made.list) == 1) is one
    assert len(made.list) < 2_100
    for _ in range(10_000):
        made.show("display_data", {"text/plain": "x"})
    assert len(made.list) < 2_100
    assert "the rest was dropped" in made.kept()[-1]["text"]


def test_many_small_prints_take_as_long_as_a_few_large_ones():
    """To add each to one text would copy all that stands there, a million times."""
    made, before = Outputs(), time.process_time()
    for _ in range(900_000):
        made.write("stdout", "x")
    assert time.process_time() - before < 3
    assert [one["text"] for one in made.kept()] == ["x" * 900_000]


@pytest.mark.autograder
@pytest.mark.parametrize("letter", ["x", "é", "字", "😀", "\x00", "\ud800"])
def test_as_much_of_any_letter_is_kept(letter):
    """JSON could write each of them as twelve bytes, and then refuse the message."""
    made = workers.worker(Level.LIMITS)
    try:
        loud = f"print({letter!r} * 950_000)"
        passed, outputs = workers.outcome(made, loud, workers.RIGHT)
    finally:
        made.close()
    assert passed == set(workers.TESTS)
    kept = letter if letter != "\ud800" else "?"  # no file can hold it
    assert outputs[1][0]["text"] == kept * 950_000 + "\n"


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
