"""Synthetic cohorts whose truth is known.

>>> import cohorts
>>> cohorts.names()[0]
'crp_timecourse'

``cohorts.make_<name>(random_state=...)`` draws a cohort, ``cohorts.load(name)``
reads the shipped one, ``cohorts.truth(name)`` says what was planted. With
``make_<name>(truth={...})`` something else is planted:

>>> cohorts.truth("clinic_diary")["effect"]
0.0
>>> made = cohorts.make_clinic_diary(truth={"effect": -10}, random_state=1)
>>> made.trial.groupby("arm")["score_after"].mean().round().to_dict()
{'placebo': 55.0, 'remedy': 43.0}
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from . import curated as curated
from . import trial_reports as trial_reports
from . import trials as trials
from ._base import DEFAULT_SEED as DEFAULT_SEED
from ._base import Cohort as Cohort
from ._base import pick
from ._files import SYNTHETIC as SYNTHETIC
from ._files import read_table as read_table
from ._files import write_all as write_all
from ._truth import Planted as Planted
from ._truth import true_values

# The list of the cohorts, in the order of the chapters: one line each, from which
# all else follows. What is imported "as" itself is for others to use.
# isort: off
from .crp_timecourse import make_crp_timecourse as make_crp_timecourse
from .dose_response import make_dose_response as make_dose_response
from .expression import make_expression as make_expression
from .transplant_tdm import make_transplant_tdm as make_transplant_tdm
from .acute_phase import make_acute_phase as make_acute_phase
from .flow_panel import make_flow_panel as make_flow_panel
from .lymphocyte_followup import make_lymphocyte_followup as make_lymphocyte_followup
from .ra_trial import make_ra_trial as make_ra_trial
from .checkpoint_cohort import make_checkpoint_cohort as make_checkpoint_cohort
from .biologic_registry import make_biologic_registry as make_biologic_registry
from .spontaneous_reports import make_spontaneous_reports as make_spontaneous_reports
from .clinic_diary import make_clinic_diary as make_clinic_diary
from .booster_trials import make_booster_trials as make_booster_trials
from .class_trial import make_class_trial as make_class_trial
from .capstone_dossier import make_capstone_dossier as make_capstone_dossier
# isort: on

COHORTS: dict[str, Cohort] = {
    name.removeprefix("make_"): sys.modules[make.__module__].COHORT
    for name, make in list(globals().items())
    if name.startswith("make_")
}


def names() -> list[str]:
    """Return the names of all cohorts, in chapter order."""
    return list(COHORTS)


def get(name: str) -> Cohort:
    """Return the description of a cohort.

    Raises
    ------
    ValueError
        If there is no cohort of that name; the message lists those there are.
    """
    return pick(COHORTS, name, "cohort")


def load(name: str) -> Any:
    """Read the shipped files of a cohort.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    pandas.DataFrame or named tuple of pandas.DataFrame
        What ``make_<name>`` returns: one frame, or several by name.

    Raises
    ------
    ValueError
        If the name is unknown or a file does not fit its schema.
    FileNotFoundError
        If a file is missing.
    """
    cohort = get(name)
    frames = [
        read_table(SYNTHETIC / cohort.filename(table), schema)
        for table, schema in cohort.tables.items()
    ]
    return frames[0] if cohort.bundle is None else cohort.bundle(*frames)


def truth(name: str, changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the planted values of a cohort, by name of the parameter.

    Parameters
    ----------
    name : str
        One of `names`.
    changed : mapping, optional
        New values, as the argument ``truth`` of ``make_<name>`` takes them.

    Returns
    -------
    dict
        All planted values; with `changed`, without those that follow from others.

    Raises
    ------
    ValueError
        If the name is unknown, or a new value is not allowed.
    """
    return true_values(get(name).truth, changed)
