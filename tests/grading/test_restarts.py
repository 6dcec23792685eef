"""What is run again after a test or a function did not end, and what that may cost.

A test that compiled code does not let go of takes both processes of a submission with
it. Each attack has an honest twin beside it.
"""

import time
from pathlib import Path

import pytest
import workers
from nbgrader_apart import box, forkclient
from nbgrader_apart.cells import CellKind
from nbgrader_apart.options import Level
from nbgrader_apart.outputs import has_error
from nbgrader_apart.plan import CodeCell, Plan
from nbgrader_apart.worker import Worker

pytestmark = pytest.mark.autograder

BEST = box.best_level()
LEVELS = [BEST, Level.LIMITS] if BEST is not Level.LIMITS else [BEST]
LEVELS += [Level.LANDLOCK] if BEST is Level.BWRAP else []
SHORT = {"cell_seconds": 2, "call_seconds": 2}
#: A test that no signal ends if the answer is too large.
COUNTS = """
from collections import deque
from itertools import product
deque(product(range(square(2)), repeat=10), maxlen=0)
"""
#: An answer that lets it hang.
LARGE = "def square(n):\n    return 1000"


def student(source):
    return CodeCell(CellKind.STUDENT, source)


def a_test(source):
    return CodeCell(CellKind.TEST, source)


def run(cells, level=BEST, own=None, prefix=(workers.SETUP,), **options):
    """Return the outputs of cells behind the set-up cells, each test at its place."""
    placed = [
        CodeCell(cell.kind, cell.source, f"cell{place}")
        for place, cell in enumerate(cells)
    ]
    plan = Plan(
        prefix=list(prefix),
        imports=workers.plan().imports,
        files={"data.csv": b"a\n1\n"},
        places={cell.name: place for place, cell in enumerate(placed)},
    )
    ready = [CodeCell(CellKind.SETUP, source) for source in prefix]
    made = Worker(plan, 0, workers.options(level, **SHORT | options))
    try:
        return made.run([*ready, *placed], {"data.csv": b"a\n1\n"}, own)[len(ready) :]
    finally:
        made.close()


@pytest.mark.parametrize("answer", [2, 1000])
def test_what_is_run_again_is_run_in_the_order_in_which_it_ran(answer):
    """A name may stand for another task's answer by then."""
    outputs = run(
        [
            student("answer = 3"),
            a_test("assert answer == 3\nkept = 7"),
            student(f"answer = 4\ndef square(n):\n    return {answer}"),
            a_test(COUNTS),
            a_test("assert answer == 4 and kept == 7"),
        ]
    )
    failed = [has_error(shown) for shown in outputs]
    assert failed == [False, False, False, answer == 1000, False], outputs


@pytest.mark.parametrize("seconds, again", [(3, False), (0.3, True)])
def test_what_does_not_fit_into_the_time_is_not_run_again(seconds, again):
    """Cells that come later have the time that is left, as without a restart."""
    outputs = run(
        [
            student(f"import time\ntime.sleep({seconds})\n{workers.RIGHT}\n{LARGE}"),
            a_test(COUNTS),
            student("print('drawn')"),
            a_test(workers.TESTS["array"]),
        ],
        cell_seconds=4,
        total_seconds=11,
    )
    assert has_error(outputs[1])
    assert "drawn" in workers.text_of(outputs[2:3])
    assert has_error(outputs[3]) is not again, outputs


#: Processes that take too much, but not before the function has ended.
TAKES_LATER = """
import os, time
def square(n):
    for _ in range({}):
        if os.fork() == 0:
            kept = b"x" * (100 << 20)
            time.sleep(20); os._exit(0)
    return n * n
"""


@pytest.mark.parametrize("processes", [1, 6])
def test_what_a_test_has_started_costs_no_cell_behind_it(processes, monkeypatch):
    monkeypatch.setattr(forkclient, "TOTAL_MEMORY", 400 << 20)
    outputs = run(
        [
            student(workers.RIGHT + TAKES_LATER.format(processes)),
            a_test("import time\nassert square(3) == 9\ntime.sleep(4)"),
            student("print('drawn')"),
            a_test(workers.TESTS["array"]),
        ],
        cell_seconds=10,
    )
    failed = [has_error(shown) for shown in outputs]
    assert failed == [False, processes == 6, False, False], outputs
    assert "drawn" in workers.text_of(outputs[2:3])


def test_ending_a_process_takes_from_its_time(monkeypatch):
    """What is slow to end would have more time than others."""
    ended = []
    end = forkclient.Fork.end

    def slowly(fork):
        ended.append(fork)
        time.sleep(0.5)
        end(fork)

    monkeypatch.setattr(forkclient.Fork, "end", slowly)
    run([student("import os; os._exit(0)")] * 100, total_seconds=3)
    # Those of a restart, and two for the submission.
    assert len(ended) <= 2 + 3 / 0.5


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("answer", [2, 1000])
def test_a_students_own_files_are_there_again(level, answer):
    """On both sides, as the instructor gave them; what cells wrote is written again."""
    setup = "import numpy as np\nown = open('own.csv').read()"
    cells = [
        CodeCell(CellKind.SETUP, setup),
        student("open('mine', 'a').write('x')"),
        student(f"def read():\n    return own, open('own.csv').read()\n{LARGE}"),
        student(f"def square(n):\n    return {answer}"),
        a_test(COUNTS),
        student("print(own, open('mine').read())"),
        a_test("assert read() == (own, open('own.csv').read()) == ('7', '7')"),
    ]
    outputs = run(cells, level, own={"own.csv": b"7"}, prefix=())
    failed = [has_error(shown) for shown in outputs]
    assert failed == [False] * 4 + [answer == 1000, False, False], outputs
    assert "7 x\n" in workers.text_of(outputs[5:6])


#: Places where something may stay when a process has ended.
MAY_STAY = ("/dev/shm", "/tmp", "/var/tmp")
#: How often the cell has run before, if any place remembers.
COUNTED = f"""
import os
times = 0
for folder in (".", "..", os.environ["TMPDIR"], *{MAY_STAY}):
    path = os.path.join(folder, "counter-of-test-restarts")
    try:
        with open(path, "a") as file:
            file.write("x")
        times = max(times, os.path.getsize(path) - 1)
    except OSError:
        pass
"""
#: What a cell does when it is run again.
AGAIN = {
    "nothing": "",
    "ends": "os._exit(0)",
    "stops": "os.kill(os.getpid(), 19)",
    "hangs": "while True: pass",
    "raises": "raise ValueError",
    "answers": """
    from nbgrader_apart import wire
    from nbgrader_apart.studentside import StudentSide
    def answer(self):
        question, _ = wire.receive(self.sock)
        wire.send(self.sock, {"number": question["number"], "value": True})
    StudentSide.answer = answer""",
}
AMONG_THOSE_THAT_HANG = {"counts": COUNTS, **workers.TESTS, "again": COUNTS}


@pytest.fixture(scope="module", params=LEVELS)
def worker(request):
    made = workers.worker(request.param, cell_seconds=2, call_seconds=2)
    yield made
    made.close()


@pytest.fixture
def nothing_stays():
    yield
    for folder in MAY_STAY:
        Path(folder, "counter-of-test-restarts").unlink(missing_ok=True)


@pytest.mark.parametrize("name", AGAIN)
def test_a_cell_that_does_something_else_when_run_again_wins_nothing(
    worker, name, nothing_stays
):
    cell = f"{COUNTED}\nif times:\n    pass\n    {AGAIN[name]}"
    passed, outputs = workers.outcome(
        worker, cell, workers.WRONG, LARGE, tests=AMONG_THOSE_THAT_HANG
    )
    assert passed == set(), workers.text_of(outputs)
    passed, outputs = workers.outcome(worker, workers.RIGHT)
    assert passed == set(workers.TESTS), workers.text_of(outputs)


def test_a_cell_that_counts_loses_nothing_else(worker, nothing_stays):
    passed, outputs = workers.outcome(
        worker, COUNTED, workers.RIGHT, LARGE, tests=AMONG_THOSE_THAT_HANG
    )
    assert passed == {"table", "array", "text"}, workers.text_of(outputs)
