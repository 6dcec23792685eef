"""Puts the autograder into nbgrader's configuration."""

import logging
import secrets
import sys

from nbgrader.apps import AutogradeApp
from nbgrader.preprocessors import CheckCellMetadata, Execute, OverwriteKernelspec
from traitlets.config import Application, Config

from . import (
    archives,
    closing,
    collecting,
    exchange,
    explain,
    export,
    feedback,
    intake,
    late,
    patches,
    required,
    safehtml,
    stock,
)


def use(c: Config, apart: bool = True) -> str | None:
    """Let nbgrader read hand-ins with `intake` and run them with `execute.RunAhead`.

    Parameters
    ----------
    c : traitlets.config.Config
        As ``get_config()`` gives it in an ``nbgrader_config.py``.
    apart : bool
        If false, nbgrader runs the notebooks itself, in one process and without a
        box; what is read from a hand-in is the same.

    Returns
    -------
    str or None
        Why notebooks are not run apart from their tests.
    """
    required.in_use = True
    patches.find_alembic()
    patches.read_any_path()
    patches.ignore_order_of_rows()
    patches.read_hand_ins_once()
    patches.serve_files_harmlessly()
    patches.set_formulas_without_a_network()
    patches.miss_pictures_quietly()
    c.Autograde.exporter_class = intake.SubmissionExporter
    c.Autograde.autograde_preprocessors = [
        stock.ExecuteOrSay if step is Execute else step for step in intake.AUTOGRADE
    ]
    c.ExchangeFactory.collect = collecting.CollectReadOnce
    c.ExchangeFactory.list = exchange.ListReadOnce
    c.ExchangeFactory.release_feedback = exchange.ReleaseFeedbackToEach
    c.ZipCollectApp.extractor_plugin = archives.SafeExtractor
    c.ZipCollectApp.collector_plugin = archives.OnTheClassList
    c.ExportApp.plugin_class = export.SafeCsvExport
    c.AssignLatePenalties.plugin_class = late.LatePolicy
    c.GenerateFeedback.preprocessors = feedback.STEPS
    c.GenerateFeedback.exporter_class = feedback.FeedbackExporter
    c.GenerateFeedback.post_convert_hook = feedback.drop_data
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.filters = safehtml.FILTERS
    _harden_stock(c)
    reason = _why_not(apart)
    if reason is None:
        _run_apart(c)
    if Application.initialized():
        Application.instance().log.addFilter(explain.HARMLESS)
        if isinstance(Application.instance(), AutogradeApp):
            _say_how_it_went(Application.instance(), reason)
    return reason


def _why_not(apart: bool) -> str | None:
    if not apart:
        return "this is switched off"
    if sys.platform != "linux":
        return f"this needs Linux, and here is {sys.platform}"
    return None


def _say_how_it_went(app: AutogradeApp, reason: str | None) -> None:
    """Print the closing table when the command ends, and explain what stops it."""
    if reason is not None:
        print(f"nbgrader runs the notebooks itself, without a box: {reason}")
    for log in (app.log, logging.getLogger("tornado.application")):
        log.addFilter(explain.EXPLAIN)
    closing.tell_at_the_end(app)


def _harden_stock(c: Config) -> None:
    """Set what stock nbgrader leaves open, whoever runs the notebooks."""
    # By default a cell tagged `skip-execution` is not run, and a test that is not
    # run counts as passed. No cell can carry this tag.
    c.Execute.skip_cells_with_tag = secrets.token_hex()
    # A kernel that is asked to shut down takes up to five seconds; nothing is lost.
    c.Execute.shutdown_kernel = "immediate"
    # Tests that a student deleted come back (`intake` restores every other cell).
    c.OverwriteCells.add_missing_cells = True


def _run_apart(c: Config) -> None:
    from .execute import RunAhead, RunAheadExporter

    # `intake` takes nothing but text from a hand-in; the rest is the gradebook's. To
    # overwrite it with the gradebook's and to check it would be as slow as a test.
    c.Autograde.sanitize_preprocessors = [OverwriteKernelspec]
    c.Autograde.autograde_preprocessors = [
        RunAhead if step is Execute else step
        for step in intake.AUTOGRADE
        if step is not CheckCellMetadata
    ]
    c.Autograde.exporter_class = RunAheadExporter
    c.RunAheadExporter.optimistic_validation = True  # once, not after each step
    if "timeout" in c.Execute and "timeout" not in c.RunAhead:
        c.RunAhead.timeout = c.Execute.timeout
