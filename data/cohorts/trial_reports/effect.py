"""What a planted flaw did to the estimate of a report, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .flaws import FLAWS
from .prose import points
from .trial import Trial


def effect_of(flaw: str, trial: Trial, true: Mapping[str, Any]) -> str:
    """Return what one flaw did, as a sentence for the answer key.

    Parameters
    ----------
    flaw : str
        A name of `flaws.FLAWS` that was planted in the trial.
    trial : Trial
    true : mapping
        What was planted.

    Returns
    -------
    str
        Differences are in percentage points, agent minus comparator, in the events
        that the report counts.
    """
    special = {
        "surrogate": _surrogate,
        "stopped_early": _stopped_early,
        "unit_of_analysis": _unit_of_analysis,
        "spin": _spin,
    }
    if flaw in special:
        return special[flaw](trial)
    known = FLAWS[flaw].bias
    if known is None:
        return _chosen(trial)
    bias = points(trial.world.sign * known(trial.world, true))
    return f"By itself it moves the difference by {bias} points, on average."


def _chosen(trial: Trial) -> str:
    shown, registered = trial.rows[trial.headline], trial.rows[trial.main]
    return (
        f"The result reported first is {points(shown.difference)} points; that of the "
        f"register, {points(registered.difference)}."
    )


def _surrogate(trial: Trial) -> str:
    marker, clinical = trial.rows["marker"], trial.rows[trial.main]
    low, high = clinical.interval
    return (
        f"The marker differs by {points(marker.difference)} points; "
        f"{trial.world.outcome.name} by {points(clinical.difference)}, with an "
        f"interval from {points(low)} to {points(high)}."
    )


def _stopped_early(trial: Trial) -> str:
    planned = len(trial.arm)
    shown = trial.rows[trial.headline]
    return (
        f"It stopped at {trial.size} of {planned} patients with a difference of "
        f"{points(shown.difference)} points. The same patients and those who would "
        "have followed, in a trial without flaws, give "
        f"{points(trial.clean_row().difference)}."
    )


def _unit_of_analysis(trial: Trial) -> str:
    name = trial.headline
    printed, right = trial.rows[name].interval, trial.right_interval(name)
    wider = (right[1] - right[0]) / (printed[1] - printed[0])
    return (
        "It does not move the difference. The interval should reach from "
        f"{points(right[0])} to {points(right[1])} points, which is {wider:.1f} times "
        "as wide as the one printed."
    )


def _spin(trial: Trial) -> str:
    row = trial.rows[trial.main]
    return (
        f"None: {points(row.difference)} points ({points(row.interval[0])} to "
        f"{points(row.interval[1])}) stands as it is printed."
    )
