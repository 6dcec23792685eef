"""Honest notebooks with the habits of students: the same marks in the box as in stock.

Each is drawn from a seed: answers that are right, wrong or missing, and around them
what students' notebooks are full of. ``make fuzz`` compares 300 (``HABITS=300``),
here are a few.
"""

import os
import random
import shutil

import nbformat
import pytest
from miniature import MINI, Course, cell, demo

pytestmark = pytest.mark.autograder

HABITS = int(os.environ.get("HABITS", "8"))
DATA = "patient,crp,day\na,31.5,0\na,12.0,7\nb,8.25,0\nb,9.5,7\nc,,0\nc,4.0,7\n"
SETUP = """\
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

measured = pd.read_csv("crp.csv")"""
TESTS = {
    "mean": "assert abs(mean_crp(measured) - 13.05) < 1e-9",
    "mean_hidden": "rng = np.random.default_rng()\n"
    "other = pd.DataFrame({'crp': rng.uniform(1, 9, 20)})\n"
    "assert np.isclose(mean_crp(other), other['crp'].mean())",
    "change": "assert list(change(measured)) == [-19.5, 1.25]",
    "change_hidden": "two = pd.DataFrame({'patient': list('xx'), 'crp': [1.0, 3.0],"
    " 'day': [0, 7]})\nassert list(change(two)) == [2.0]",
    "half_life": "assert np.allclose(left_after(np.array([0, 19, 38])), [1, .5, .25])",
    "draw": "ax = draw(measured)\n"
    "assert ax.get_ylabel() == 'CRP (mg/L)' and len(ax.lines) == 2",
}
#: Answers to each task, and only the first ones are right.
ANSWERS = {
    "mean_solution": [
        "def mean_crp(table):\n    return table['crp'].mean()",
        "mean_crp = lambda t: np.nanmean(t.crp.to_numpy())",
        "import functools\n\n@functools.lru_cache\ndef _one():\n    return 1\n\n"
        "def mean_crp(table):\n    return float(table['crp'].dropna().sum() / "
        "table['crp'].count()) * _one()",
        "class Mean:\n    def __call__(self, table):\n        return table.crp.mean()\n"
        "\nmean_crp = Mean()",
        "def mean_crp(table):\n    return table['crp'].sum() / len(table)",
        "def mean_crp(table):\n    print(table.crp.mean())",
        "raise NotImplementedError",
    ],
    "change_solution": [
        "def change(table):\n    wide = table.pivot(index='patient', columns='day',"
        " values='crp').dropna()\n    return wide[7] - wide[0]",
        "def change(table):\n    found = []\n    for _, rows in table.dropna()"
        ".groupby('patient'):\n        if len(rows) == 2:\n"
        "            found.append(rows.crp.iloc[1] - rows.crp.iloc[0])\n"
        "    return found",
        "def change(table):\n    return table.crp.diff()",
        "def change(table)\n    return 1",
    ],
    "half_life_solution": [
        "def left_after(hours, half_life=19):\n    return 0.5 ** (hours / half_life)",
        "LN2 = np.log(2)\ndef left_after(hours):\n    return np.exp(-LN2 * hours / 19)",
        "from math import exp, log\ndef left_after(hours):\n"
        "    return [exp(-log(2) * h / 19) for h in hours]",
        "def left_after(hours):\n    return 1 - hours / 38",
    ],
    "draw_solution": [
        "def draw(table):\n    _, ax = plt.subplots()\n"
        "    for name, rows in table.dropna().groupby('patient'):\n"
        "        if len(rows) == 2:\n            ax.plot(rows.day, rows.crp)\n"
        "    ax.set(xlabel='day', ylabel='CRP (mg/L)')\n    return ax",
        "def draw(table):\n    plt.figure()\n    plt.plot([0, 7], [31.5, 12])\n"
        "    plt.plot([0, 7], [8, 9])\n    plt.ylabel('CRP (mg/L)')\n"
        "    return plt.gca()",
        "def draw(table):\n    plt.plot([1, 2])\n    plt.ylabel('CRP')",
    ],
}
#: Cells of their own, anywhere. `exit()` and `quit` are not among them: they end
#: stock's kernel, and what follows has no mark there; in the box they end nothing.
CELLS = [
    "!ls",
    "!echo $((40 + 2)) && pwd",
    "files = !ls\nprint(len(files) > 0)",
    "!python -c 'print(6 * 7)'",
    "%pip list",
    "%pip install numpy",
    "%ls",
    "%cd .",
    "%pwd",
    "%matplotlib inline",
    "%config InlineBackend.figure_format = 'svg'",
    "%load_ext autoreload\n%autoreload 2",
    "%time sum(range(10))",
    "total = %time sum([40, 2])",
    "%%time\nx = measured.crp.max()\nx",
    "%timeit -n1 -r1 measured.crp.mean()",
    "%%capture out\nprint('hidden')",
    "%%bash\necho from bash",
    "%%writefile halves.py\ndef half(x):\n    return x / 2",
    "%who",
    "measured?",
    "import helper\nhelper.half(3)",
    "from helper import half\nassert half(2) == 1",
    "import subprocess, sys\nsubprocess.run([sys.executable, '--version'])",
    "import subprocess\nprint(subprocess.check_output('echo 1', shell=True))",
    "from threading import Thread\nt = Thread(target=print, args=(1,))\nt.start()\n"
    "t.join()",
    "from concurrent.futures import ThreadPoolExecutor as E\n"
    "with E(4) as e:\n    print(list(e.map(abs, range(-3, 0))))",
    "import multiprocessing as mp\nwith mp.get_context('fork').Pool(2) as pool:\n"
    "    print(pool.map(abs, [-1, -2]))",
    "from concurrent.futures import ProcessPoolExecutor as P\nimport multiprocessing\n"
    "with P(2, multiprocessing.get_context('fork')) as e:\n"
    "    print(list(e.map(abs, [-1])))",
    "import asyncio\nawait asyncio.sleep(0)",
    "display(measured)\ndisplay(measured.describe())",
    "from IPython.display import HTML, Markdown, display\ndisplay(HTML('<b>b</b>'))\n"
    "Markdown('*x*')",
    "measured.plot(x='day', y='crp')\nplt.show()",
    "fig, ax = plt.subplots(1, 2)\nax[0].hist(measured.crp.dropna())\n"
    "plt.savefig('mine.png')",
    "plt.rcParams['figure.dpi'] = 60\nplt.figure();",
    "pd.read_csv('./crp.csv').head()",
    "import os\npd.read_csv(os.path.join(os.getcwd(), 'crp.csv')).shape",
    "from pathlib import Path\npd.read_csv(Path('crp.csv').resolve()).shape",
    "with open('crp.csv') as f:\n    print(f.readline())",
    "pd.read_csv('../crp.csv')",
    "pd.read_csv('C:\\\\Users\\\\me\\\\crp.csv')",
    "measured.to_csv('copy.csv', index=False)\npd.read_csv('copy.csv')",
    "import pickle\npickle.loads(pickle.dumps(measured)).shape",
    "import tempfile\nwith tempfile.TemporaryDirectory() as d:\n    print(len(d) > 0)",
    "import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute('select 1').fetchall()",
    "np.random.seed(1)\nnp.random.normal(size=3)",
    "import random\nrandom.seed(4)\nrandom.random()",
    "import warnings\nwarnings.warn('careful')",
    "import warnings\nwarnings.filterwarnings('ignore')",
    "import logging\nlogging.basicConfig()\nlogging.warning('x')",
    "import sys\nprint('to err', file=sys.stderr)\nsys.stdout.flush()",
    "import sys\nsys.path.append('..')\nsys.setrecursionlimit(2000)",
    "print('é ß Ω μ 中文 🙂 \\u202e')\nμ = 3\nμ",
    "Größe = {'a': 1}\nGrößer = Größe['a'] + 1",
    "1 / 0",
    "undefined_name",
    "def broken(:\n    pass",
    "for i in range(3): print(i, end=' ')",
    "%%html\n<b>x</b>",
    "%%latex\n$x$",
    "%%javascript\nalert(1)",
    "counter = 0\ndef count():\n    global counter\n    counter += 1\n"
    "    return counter\ncount()",
    "from math import *\nsqrt(4)",
    "from scipy import stats\nstats.ttest_ind([1, 2, 3], [2, 3, 5])",
    "pd.set_option('display.max_rows', 5)\npd.options.mode.copy_on_write = True",
    "np.seterr(all='ignore')\nnp.log(np.array([0.0]))",
    "input('your name? ')",
    "_",
    "Out",
    "del np\nimport numpy as np",
    "",
    "# nothing but a comment",
    "x = 5;\nx;",
    "import gc\ngc.collect();",
    "import time\ntime.sleep(0.01)",
    "from datetime import datetime\ndatetime.now().year > 2000",
    "help(len)",
    "import inspect\ninspect.getsource(pd.DataFrame.head)[:20]",
    "%history",
    "%reset_selective -f nothing_like_this",
    "get_ipython().run_line_magic('time', 'pass')",
    "print('x' * 20_000)",
    "list(range(5_000))",
    "import os\nos.environ['MY_VAR'] = '1'\n!echo $MY_VAR",
    "assert mean_crp(measured) > 0",
    "change(measured)",
    "try:\n    left_after(np.arange(3))\nexcept NameError:\n    print('not yet')",
]
MARKDOWN = ["# Notes ✎", "![p](crp.png) $x<y$", "<b>Was?</b>", "", "| a |\n|--|\n| 1 |"]


def source_notebook():
    hidden = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"
    cells = [cell("markdown", "# Habits"), cell("code", SETUP, "setup", locked=True)]
    for name, answers in ANSWERS.items():
        solved = f"### BEGIN SOLUTION\n{answers[0]}\n### END SOLUTION"
        cells.append(cell("code", solved, name, solution=True))
        task = name.removesuffix("_solution")
        for test, text in TESTS.items():
            if test.removesuffix("_hidden") != task:
                continue
            source = hidden.format(text) if "hidden" in test else text
            cells.append(cell("code", source, test, 1))
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    return notebook


def drawn(seed, released):
    """Return a notebook, and what lies beside it."""
    draw = random.Random(seed)
    notebook = nbformat.from_dict(released)
    for one in notebook.cells:
        name = one.metadata.get("nbgrader", {}).get("grade_id")
        if name in ANSWERS:
            right = draw.random() < 0.7
            answers = ANSWERS[name]
            one.source = draw.choice(
                answers[: 2 + (len(answers) > 5)] * right or answers
            )
    for _ in range(draw.randrange(2, 9)):
        made = cell("code", draw.choice(CELLS))
        if draw.random() < 0.15:
            made = cell("markdown", draw.choice(MARKDOWN))
        notebook.cells.insert(draw.randrange(1, len(notebook.cells) + 1), made)
    setup = next(
        place for place, one in enumerate(notebook.cells) if one.source == SETUP
    )
    if draw.random() < 0.25:  # a cell has been dragged somewhere else
        moved = notebook.cells.pop(draw.randrange(setup + 1, len(notebook.cells)))
        notebook.cells.insert(draw.randrange(setup + 1, len(notebook.cells)), moved)
    if draw.random() < 0.2:  # and another copied
        copied = nbformat.from_dict(draw.choice(notebook.cells[2:]))
        copied.id += "-copy"
        notebook.cells.insert(draw.randrange(2, len(notebook.cells)), copied)
    files = {
        f"{MINI}.ipynb": nbformat.writes(notebook).encode(),
        "helper.py": b"def half(x):\n    return x / 2\n",
        "crp.csv": DATA.encode(),
    }
    return files


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("habits") / "course"
    source = folder.with_name("source")
    source.mkdir()
    nbformat.write(source_notebook(), source / f"{MINI}.ipynb")
    (source / "crp.csv").write_text(DATA)
    demo.new_course(folder, {MINI: source})
    course = Course(folder)
    course.run("generate_assignment", MINI)
    return course


def test_habits_cost_no_point(course, monkeypatch):
    path = course.folder / f"release/{MINI}/{MINI}.ipynb"
    released = nbformat.read(path, as_version=4)
    for seed in range(HABITS):
        folder = course.folder / "submitted" / f"s{seed:03}" / MINI
        folder.mkdir(parents=True)
        for name, content in drawn(seed, released).items():
            (folder / name).write_bytes(content)
    course.run("autograde", MINI)
    boxed = course.scores()
    kept = course.folder / "boxed"
    shutil.move(course.folder / "autograded", kept)
    monkeypatch.setenv("AUTOGRADER", "off")
    course.run("autograde", MINI)
    stock = course.scores()
    assert len(boxed) == HABITS
    points = [sum(one.values()) for one in boxed.values()]
    assert 0 < min(points) < max(points) or HABITS < 8
    assert {name: boxed[name] for name in boxed if boxed[name] != stock[name]} == {}
