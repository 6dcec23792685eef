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

import atexit
import logging
import os
import sys
import warnings
from pathlib import Path

from nbgrader.apps import AutogradeApp
from sqlalchemy.exc import SAWarning
from traitlets.config import Application

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# nbgrader 0.9.6 adds rows in an order that SQLAlchemy warns of; it is harmless.
warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")

import nbgrader_apart  # noqa: E402
from nbgrader_apart import closing, intake  # noqa: E402

# nbgrader starts `alembic` by name: let it find the one of this environment.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ["PATH"]]
)

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

# -- what is taken from a hand-in (autograder/, intake.py)
c.Autograde.pre_convert_hook = intake.adopt_misnamed
c.Autograde.exporter_class = intake.SubmissionExporter
c.Autograde.autograde_preprocessors = intake.AUTOGRADE
c.GenerateFeedback.preprocessors = intake.FEEDBACK
c.GenerateFeedback.post_convert_hook = intake.drop_data

# -- how it is run
c.Execute.timeout = 60  # seconds a cell
# Students' errors are in their notebooks; the kernel need not log its own.
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.log_level=ERROR",
]
c.Execute.shutdown_kernel = "immediate"
# By default a cell tagged `skip-execution` is not run, and a test that is not
# run counts as passed. No cell can carry this tag.
c.Execute.skip_cells_with_tag = "<random>"
# Tests that a student deleted come back (intake restores every other cell).
c.OverwriteCells.add_missing_cells = True

# -- faster, in a box, the tests apart from students' code (autograder/)
grading = Application.initialized() and isinstance(Application.instance(), AutogradeApp)
if os.environ.get("AUTOGRADER") != "off":
    why_not = nbgrader_apart.use(c)
    if why_not and grading:
        print(f"nbgrader runs the notebooks itself, without a box: {why_not}")

# -- what the run says (autograder/, closing.py)
if grading:
    for log in (Application.instance().log, logging.getLogger("tornado.application")):
        log.addFilter(closing.EXPLAIN)
    atexit.unregister(closing.print_closing)  # this file may be read twice
    atexit.register(closing.print_closing, Application.instance())
