"""Another processor moves last digits, sums, ties and fits, and nothing exact."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: What is computed here and elsewhere, each by an expression of Python.
COMPUTED = """\
import json, math
import numpy as np
import pandas as pd
from scipy import optimize, special, stats

x = np.linspace(0.1, 9, 400)
dice = np.random.default_rng(3)
noisy = 5 * np.exp(-0.3 * x) + 0.3 * np.sin(40 * x)

def rate(**stop):
    def misfit(p):
        return p[0] * np.exp(-p[1] * x) - noisy
    return optimize.least_squares(misfit, [1.0, 1.0], **stop).x[1]

tied = pd.DataFrame({"score": [1.0, 2.0, 1.0], "name": ["a", "b", "c"]})
print(json.dumps({
    "exp": np.exp(x).tolist(),
    "normal tail": special.ndtr(-x).tolist(),
    "drawn": dice.normal(size=400).tolist(),
    "uniform": dice.uniform(size=400).tolist(),
    "sums": [(x[:n] / 3).sum() for n in range(50, 400)],
    "plain": math.log(3),
    "solved": np.linalg.solve(np.cov(noisy[:30].reshape(3, 10)), x[:3]).tolist(),
    "exact": [*map(float, [np.exp(0), np.log10(1000), math.log2(8), sum(range(9))])],
    "series": np.log(tied["score"]).tolist(),
    "infinite": float(stats.truncnorm(1.6, np.inf).mean()),
    "early": rate(ftol=1e-2, xtol=1e-2),
    "converged": rate(ftol=1e-12, xtol=1e-12, gtol=1e-12),
    "root": optimize.brentq(lambda t: t**3 - 2, 0, 2),
    "ties": tied.sort_values("score")["name"].tolist(),
    "stable": tied.sort_values("score", kind="stable")["name"].tolist(),
}))
"""


def computed(seed=None):
    """Return what a new Python computes, as on another processor if a seed is given."""
    first = f"import elsewhere; elsewhere.install({seed})\n" if seed is not None else ""
    done = subprocess.run(
        [sys.executable, "-c", first + COMPUTED],
        cwd=HERE,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def here():
    return computed()


@pytest.fixture(scope="module", params=[1, 2, 3])
def there(request):
    return computed(request.param)


@pytest.mark.parametrize("name", ["exp", "normal tail", "drawn", "sums", "solved"])
def test_last_digits_differ_and_no_others(here, there, name):
    assert there[name] != here[name]
    close = 1e-10 if name == "solved" else 2e-15  # a matrix enlarges what differs
    assert there[name] == pytest.approx(here[name], rel=close, abs=0)


@pytest.mark.parametrize("name", ["exact", "uniform", "stable"])
def test_what_is_exact_everywhere_stays(here, there, name):
    assert there[name] == here[name]


@pytest.mark.parametrize("name", ["converged", "root", "infinite", "plain", "series"])
def test_what_is_determined_by_the_data_keeps_its_digits(here, there, name):
    assert there[name] == pytest.approx(here[name], rel=1e-6)


def test_a_fit_that_stops_early_shows_other_digits(here):
    elsewhere = computed(2)  # ten times as tight
    assert elsewhere["early"] != pytest.approx(here["early"], rel=1e-4)


def test_ties_change_places(here, there):
    assert here["ties"] == ["a", "c", "b"]
    assert there["ties"] == ["c", "a", "b"]


def test_a_notebook_whose_digit_hangs_on_the_processor_is_red_elsewhere(tmp_path):
    """Its kernel computes as another processor, or nothing here would be tested."""
    source = "import numpy as np\nprint(np.exp(np.arange(1, 40) / 7).tolist())"
    made = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    cell = nbformat.v4.new_code_cell(source, execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=made.stdout)]
    path = tmp_path / "digits.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "--nbval", path]
    plain, elsewhere = (
        subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True)
        for more in ([], ["--elsewhere", "1"])
    )
    assert plain.returncode == 0, plain.stdout
    assert elsewhere.returncode == 1, elsewhere.stdout
    assert "Cell outputs differ" in elsewhere.stdout
