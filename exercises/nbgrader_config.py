"""nbgrader's configuration for this course. Run nbgrader's commands in this folder.

These settings may come from the environment:

GRADEBOOK_URL
    A PostgreSQL gradebook, for several graders at once:
    ``postgresql+psycopg2://user:password@host/name`` (and
    ``pip install psycopg2-binary``). Without it the gradebook is the file
    ``gradebook.db`` beside this one.
EXCHANGE
    A folder that students can write to, on a server that they share with you.
    Without it the exchange is the folder ``exchange`` beside this file, for
    hand-ins that come by mail or from a learning platform.
AUTOGRADER
    ``off`` lets nbgrader run the notebooks itself. Otherwise the package
    ``nbgrader_apart`` runs them where it can (on Linux): many times faster, in a box,
    the tests apart from the students' code. See the page "Grading at scale".
"""

import os
from pathlib import Path

import nbgrader_apart
from term import classlist, personal

HERE = Path(__file__).resolve().parent

c = get_config()  # noqa: F821  (traitlets provides it)

# -- where things are
c.CourseDirectory.root = str(HERE)
c.CourseDirectory.course_id = "immune-modulators"
# A second writer waits for the lock; by default it gives up and the run stops.
c.CourseDirectory.db_url = os.environ.get(
    "GRADEBOOK_URL", f"sqlite:///{HERE / 'gradebook.db'}?timeout=60"
)
exchange = Path(os.environ.get("EXCHANGE", HERE / "exchange"))
exchange.mkdir(parents=True, exist_ok=True)
c.Exchange.root = str(exchange)
# For zip_collect: anna_<anything>_metrics.ipynb is Anna's metrics.ipynb.
c.FileNameCollectorPlugin.named_regexp = (
    r"(.*/)?(?P<student_id>[^/_]+)_([^/]*_)?(?P<file_id>[^/_]+\.ipynb)$"
)

# -- what a student finds in place of the solution
c.ClearSolutions.code_stub = {
    "python": "# YOUR CODE HERE\n"
    'raise NotImplementedError("Task not done yet: write your answer here")'
}

# -- what a late hand-in loses; `python -m term due` says when each one is due
c.LatePolicy.rule = "none"
#   "1 point a day"                         for each day that has begun
#   "10% a day"                             of the points got
#   "10% of the maximum a day, at most 50%"
#   "10% a day, nothing after 7 days"       a cut-off
#   "nothing after 0 days, 15 minutes of grace"
# Who has extra days on the class list counts from a later due date.
c.LatePolicy.extra_days = classlist.extra_days

# -- where the data files are that notebooks name
DATA = HERE.parent / "data"
c.AutogradeReadOnce.data_folders = [
    str(DATA / name) for name in ("synthetic", "curated", "trials")
]

# Whoever was given a cohort of their own is graded on it (`term release --personal`).
c.AutogradeReadOnce.own_data = personal.own_data

# -- how it is run
# Who works in this course's environment may build on the helpers of its pages.
c.RunAhead.offered = ["course"]
c.Execute.timeout = 60  # seconds a cell
# Students' errors are in their notebooks; the kernel need not log its own.
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.log_level=ERROR",
]

# -- how hand-ins are read and run, and what the run says (autograder/)
nbgrader_apart.use(c, apart=os.environ.get("AUTOGRADER") != "off")
