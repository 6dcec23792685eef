"""A small assignment on a worker: what a submission gets, without nbgrader."""

from nbgrader_apart import box
from nbgrader_apart.cells import CellKind
from nbgrader_apart.options import Options, Role
from nbgrader_apart.plan import CodeCell, Plan
from nbgrader_apart.worker import Worker

SETUP = "import numpy as np\nimport pandas as pd"
#: Enough on a busy machine too, where a test is not about time.
GENEROUS = {"cell_seconds": 60, "call_seconds": 30, "total_seconds": 300}
#: So that what never ends is soon ended.
SHORT = {"cell_seconds": 4, "call_seconds": 2, "total_seconds": 60}
#: The inputs are drawn when the test runs: no answer can be known before.
TESTS = {
    "number": "import random\nn = random.randrange(1000, 10**6)\n"
    "assert square(n) == n * n",
    "table": "table = pd.DataFrame({'a': np.random.default_rng().normal(size=5)})\n"
    "pd.testing.assert_frame_equal(doubled(table), table * 2)",
    "array": "values = np.random.default_rng().normal(size=4)\n"
    "assert np.allclose(shifted(values), values + 1)",
    "text": "word = str(np.random.default_rng().integers(10**9))\n"
    "assert greeting(word) == 'hello ' + word",
    "error": "try:\n    square('x')\nexcept ValueError:\n    pass\n"
    "else:\n    raise AssertionError('no ValueError')",
}
RIGHT = """
def square(n):
    if isinstance(n, str):
        raise ValueError(n)
    return n * n
def doubled(table):
    return table * 2
def shifted(values):
    return values + 1
def greeting(word):
    return "hello " + word
"""
WRONG = """
def square(n): return 0
def doubled(table): return table
def shifted(values): return values
def greeting(word): return "bye"
"""


def plan():
    imports = dict.fromkeys(Role, ["numpy", "pandas"])
    return Plan([SETUP], imports, {"data.csv": b"a\n1\n"})


def options(level=None, **others):
    return Options(level or box.best_level(), **(GENEROUS | others))


def worker(level=None, **others):
    return Worker(plan(), 0, options(level, **others))


def cells(*written, tests=TESTS):
    return [
        CodeCell(CellKind.SETUP, SETUP),
        *(CodeCell(CellKind.STUDENT, source) for source in written),
        *(CodeCell(CellKind.TEST, source) for source in tests.values()),
    ]


def outcome(worker, *written, files=None, tests=TESTS):
    """Return the tests that passed, and all outputs."""
    ours = {"data.csv": b"a\n1\n"} | (files or {})
    outputs = worker.run(cells(*written, tests=tests), ours)
    made = dict(zip(tests, outputs[-len(tests) :], strict=True))
    passed = {
        name
        for name, shown in made.items()
        if not any(one["output_type"] == "error" for one in shown)
    }
    return passed, outputs


def text_of(outputs):
    """Return all that is said in outputs."""
    return "\n".join(
        str(value) for cell in outputs for one in cell for value in one.values()
    )
