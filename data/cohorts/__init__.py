"""Synthetic cohorts whose truth is known.

>>> import cohorts
>>> cohorts.names()[0]
'crp_timecourse'

``cohorts.make_<name>(random_state=...)`` draws a cohort, ``cohorts.load(name)``
reads the shipped one, ``cohorts.truth(name)`` says what was planted.
"""

from __future__ import annotations

from typing import Any

from . import (
    acute_phase,
    biologic_registry,
    booster_trials,
    capstone_dossier,
    checkpoint_cohort,
    clinic_diary,
    crp_timecourse,
    curated,
    dose_response,
    expression,
    flow_panel,
    lymphocyte_followup,
    ra_trial,
    spontaneous_reports,
    transplant_tdm,
    trials,
)
from ._base import DEFAULT_SEED, Cohort, Planted, pick
from ._files import SYNTHETIC, read_table, write_all
from .acute_phase import make_acute_phase
from .biologic_registry import make_biologic_registry
from .booster_trials import make_booster_trials
from .capstone_dossier import make_capstone_dossier
from .checkpoint_cohort import make_checkpoint_cohort
from .clinic_diary import make_clinic_diary
from .crp_timecourse import make_crp_timecourse
from .dose_response import make_dose_response
from .expression import make_expression
from .flow_panel import make_flow_panel
from .lymphocyte_followup import make_lymphocyte_followup
from .ra_trial import make_ra_trial
from .spontaneous_reports import make_spontaneous_reports
from .transplant_tdm import make_transplant_tdm

# The order of the chapters: the data dictionary keeps it.
COHORTS: dict[str, Cohort] = {
    cohort.name: cohort
    for cohort in (
        crp_timecourse.COHORT,
        dose_response.COHORT,
        expression.COHORT,
        transplant_tdm.COHORT,
        acute_phase.COHORT,
        flow_panel.COHORT,
        lymphocyte_followup.COHORT,
        ra_trial.COHORT,
        checkpoint_cohort.COHORT,
        biologic_registry.COHORT,
        spontaneous_reports.COHORT,
        clinic_diary.COHORT,
        booster_trials.COHORT,
        capstone_dossier.COHORT,
    )
}

__all__ = [
    "COHORTS",
    "DEFAULT_SEED",
    "SYNTHETIC",
    "Cohort",
    "Planted",
    "curated",
    "get",
    "load",
    "make_acute_phase",
    "make_biologic_registry",
    "make_booster_trials",
    "make_capstone_dossier",
    "make_checkpoint_cohort",
    "make_clinic_diary",
    "make_crp_timecourse",
    "make_dose_response",
    "make_expression",
    "make_flow_panel",
    "make_lymphocyte_followup",
    "make_ra_trial",
    "make_spontaneous_reports",
    "make_transplant_tdm",
    "names",
    "read_table",
    "trials",
    "truth",
    "write_all",
]


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


def truth(name: str) -> dict[str, Any]:
    """Return the planted values of a cohort, by name of the parameter."""
    return {key: planted.value for key, planted in get(name).truth.items()}
