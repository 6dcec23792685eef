"""What tests usually do with an answer: the same outcome as in one process."""

import pytest
import workers
from nbgrader_apart.cells import CellKind
from nbgrader_apart.plan import CodeCell
from workers import SETUP

pytestmark = pytest.mark.autograder

ANSWER = '''
import matplotlib.pyplot as plt

class DoseError(ValueError):
    pass

def dose(weight, per_kg=8.0, *, cap=800):
    """Return the dose in mg."""
    if weight <= 0:
        raise DoseError(f"no weight: {weight}")
    return min(weight * per_kg, cap)

def draws(n):
    return np.random.normal(size=n)

def drawn(rng, n=3):
    return rng.normal(size=n)

def shout(text):
    print(text.upper())

def steps(n):
    for i in range(n):
        yield i * i

def clear(values):
    values.clear()

def apply(function, value):
    return function(value) + 1

def adder(n):
    return lambda x: x + n

def by_arm(table):
    return table.groupby(["arm", "week"])["crp"].median()

def picture(x):
    fig, ax = plt.subplots()
    ax.plot(x, label="CRP")
    ax.set(xlabel="week", ylabel="CRP (mg/l)", yscale="log")
    ax.legend()
    return ax

limits = {"low": 5, "high": [10, 100]}
table = pd.DataFrame({"arm": ["a", "b", "a"], "week": [0, 0, 4], "crp": [1., 2., 3.]})
'''
#: Each holds for the answer above; each is run on its own.
HOLD = {
    "value": "assert dose(50) == 400 and dose(200) == 800",
    "keyword": "assert dose(weight=50, per_kg=4, cap=100) == 100",
    "type": "assert isinstance(dose(50), (int, float))",
    "variable": "assert limits == {'low': 5, 'high': [10, 100]} and callable(dose)",
    "frame": "assert table.shape == (3, 3) and list(table) == ['arm', 'week', 'crp']",
    "error": "try:\n    dose(0)\nexcept ValueError as error:\n"
    "    assert 'no weight: 0' in str(error)\nelse:\n    raise AssertionError",
    "own_error": "try:\n    dose(0)\nexcept DoseError:\n    pass\n"
    "else:\n    raise AssertionError",
    "docstring": "assert 'mg' in dose.__doc__ and dose.__name__ == 'dose'",
    "signature": "import inspect\nassert list(inspect.signature(dose).parameters) == "
    "['weight', 'per_kg', 'cap']\n"
    "assert inspect.signature(dose).parameters['per_kg'].default == 8.0",
    "seed": "np.random.seed(3)\ngot = draws(4)\nnp.random.seed(3)\n"
    "assert np.array_equal(got, np.random.normal(size=4))",
    "generator": "assert np.array_equal(drawn(np.random.default_rng(5)), "
    "np.random.default_rng(5).normal(size=3))",
    "print": "import contextlib, io\nsaid = io.StringIO()\n"
    "with contextlib.redirect_stdout(said):\n    shout('x')\n"
    "assert said.getvalue() == 'X\\n'",
    "generator_function": "assert list(steps(4)) == [0, 1, 4, 9]",
    "in_place": "# in place\ngiven = [1, 2]\nclear(given)\nassert given == []",
    "callback": "assert apply(lambda x: 2 * x, 4) == 9",
    "library_function": "assert apply(np.sqrt, 4.0) == 3 and apply(len, 'ab') == 3",
    "function_returned": "assert adder(3)(4) == 7",
    "grouped": "got = by_arm(table)\nassert got.loc[('a', 4)] == 3\n"
    "assert got.index.names == ['arm', 'week']",
    "figure": "ax = picture([1, 10, 100])\nassert ax.get_yscale() == 'log'\n"
    "assert 'mg/l' in ax.get_ylabel()\n"
    "assert list(ax.get_lines()[0].get_ydata()) == [1, 10, 100]\n"
    "assert ax.get_legend().get_texts()[0].get_text() == 'CRP'",
    "nan": "assert np.isnan(apply(lambda x: np.nan, 1))",
}
#: Each fails for the answer above.
FAIL = {
    "value": "assert dose(50) == 401",
    "no_error": "try:\n    dose(10)\nexcept ValueError:\n    pass\n"
    "else:\n    raise AssertionError",
    "other_error": "try:\n    dose(0)\nexcept KeyError:\n    pass",
    "missing": "assert no_such_name(3) == 3",
    "attribute": "assert table.no_such_column.sum() == 3",
    "arguments": "dose(1, 2, 3, 4)",
    "figure": "assert picture([1, 2]).get_yscale() == 'linear'",
}


@pytest.fixture(scope="module")
def passed():
    """Which tests pass, by table and name: in one process, and apart."""
    tests = {("hold", name): source for name, source in HOLD.items()}
    tests |= {("fail", name): source for name, source in FAIL.items()}
    worker = workers.worker()
    try:
        apart, outputs = workers.outcome(worker, ANSWER, tests=tests)
    finally:
        worker.close()
    together = set()
    for key, source in tests.items():
        names = {}
        exec(f"import matplotlib; matplotlib.use('agg')\n{SETUP}\n{ANSWER}", names)
        try:
            exec(source, names)
        except Exception:
            continue
        together.add(key)
    said = {"together": "", "apart": workers.text_of(outputs)}
    return {"together": together, "apart": apart, "said": said}


@pytest.mark.parametrize("way", ["together", "apart"])
@pytest.mark.parametrize("name", HOLD)
def test_a_right_answer_passes(passed, name, way):
    assert ("hold", name) in passed[way], passed["said"][way]


@pytest.mark.parametrize("way", ["together", "apart"])
@pytest.mark.parametrize("name", FAIL)
def test_a_wrong_answer_fails(passed, name, way):
    assert ("fail", name) not in passed[way]


def test_what_a_test_had_drawn_is_not_shown_by_the_next_cell():
    draws = {"draws": "assert picture([1, 10]).get_yscale() == 'log'"}
    cells = [
        *workers.cells(ANSWER, tests=draws),
        CodeCell(CellKind.STUDENT, "after = 1"),
    ]
    worker = workers.worker()
    try:
        outputs = worker.run(cells, {})
    finally:
        worker.close()
    assert outputs[-1] == []
