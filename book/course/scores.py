"""Clinical scores of rheumatoid arthritis, as their publications define them.

Every function takes numbers, arrays or pandas Series and works element by
element; a Series in gives a Series out. A missing component (NaN) makes a score
missing. Units are part of each argument's name, because the scores disagree
about them: CRP is in mg/L for DAS28-CRP and in mg/dL for SDAI and for Boolean
remission; a global assessment is in mm for DAS28 and in cm for the others.

References are keys of ``book/references.bib``.
"""

import numpy as np
import pandas as pd

ACTIVITY = ("remission", "low", "moderate", "high")
EULAR = ("none", "moderate", "good")

#: Components of the ACR response beside the two joint counts and the reactant.
ACR_OTHERS = ("pain_mm", "ptga_mm", "phga_mm", "haq")
ACUTE_PHASE = ("crp_mg_l", "esr_mm_h")

#: What each component can be; the unit is in the name.
ALLOWED = {
    "tjc28": (0, 28),
    "sjc28": (0, 28),
    "tjc68": (0, 68),
    "sjc66": (0, 66),
    "esr_mm_h": (0, np.inf),
    "crp_mg_l": (0, np.inf),
    "crp_mg_dl": (0, np.inf),
    "pain_mm": (0, 100),
    "ptga_mm": (0, 100),
    "phga_mm": (0, 100),
    "ptga_cm": (0, 10),
    "phga_cm": (0, 10),
    "haq": (0, 3),
}

# Sums of one-decimal numbers miss a cut-off by 1e-16 (1 + 0 + 0 + 0.1 + 2.2 > 3.3);
# the scores are not meant to more than a few decimals.
DECIMALS = 9


def checked(name, value):
    """Return `value` as floats, or say what is impossible about it.

    Parameters
    ----------
    name : str
        Component, a key of `ALLOWED`; its unit is in the name.
    value : float, array_like or Series
        Measured values; NaN where missing.

    Returns
    -------
    ndarray or Series of float
        Same shape as `value`.

    Raises
    ------
    ValueError
        If a value is not a number or lies outside what the component can be.

    Examples
    --------
    >>> checked("tjc28", [0, 28, float("nan")])
    array([ 0., 28., nan])
    """
    low, high = ALLOWED[name]
    allowed = f"from {low} to {high}" if np.isfinite(high) else f"of {low} or more"
    allowed = f"give numbers {allowed}, NaN where missing"
    try:
        if isinstance(value, pd.Series):
            numbers = value.astype(float)
        else:
            numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not numeric: {allowed}") from None
    array = np.asarray(numbers)
    impossible = (array < low) | (array > high) | np.isinf(array)
    if impossible.any():
        first = array[impossible].flat[0]
        raise ValueError(f"{name}={first:g} is not allowed: {allowed}")
    return numbers


def _joints(tjc28, sjc28):
    """Return the two joint terms that all DAS28 forms share."""
    tender, swollen = checked("tjc28", tjc28), checked("sjc28", sjc28)
    return 0.56 * np.sqrt(tender) + 0.28 * np.sqrt(swollen)


def _esr_term(esr_mm_h):
    # ln(0) is minus infinity: a rate below 1 mm/h counts as 1 mm/h.
    return 0.70 * np.log(np.maximum(checked("esr_mm_h", esr_mm_h), 1))


def _crp_term(crp_mg_l):
    return 0.36 * np.log(checked("crp_mg_l", crp_mg_l) + 1)


def das28_esr(tjc28, sjc28, esr_mm_h, ptga_mm):
    """Disease Activity Score in 28 joints with ESR.

    0.56 √TJC + 0.28 √SJC + 0.70 ln(ESR) + 0.014 PtGA.

    Parameters
    ----------
    tjc28, sjc28 : float, array_like or Series
        Tender and swollen joints, 0–28.
    esr_mm_h : float, array_like or Series
        Erythrocyte sedimentation rate, mm/h; below 1 counts as 1.
    ptga_mm : float, array_like or Series
        Patient's global assessment, 0–100 mm.

    Returns
    -------
    float, ndarray or Series
        Points; NaN where a component is missing.

    Raises
    ------
    ValueError
        If a component is impossible.

    References
    ----------
    Prevoo1995das28

    Examples
    --------
    >>> round(float(das28_esr(8, 6, 40, 60)), 4)
    5.692
    """
    return (
        _joints(tjc28, sjc28)
        + _esr_term(esr_mm_h)
        + 0.014 * checked("ptga_mm", ptga_mm)
    )


def das28_crp(tjc28, sjc28, crp_mg_l, ptga_mm):
    """Disease Activity Score in 28 joints with CRP.

    0.56 √TJC + 0.28 √SJC + 0.36 ln(CRP + 1) + 0.014 PtGA + 0.96, CRP in mg/L.

    Parameters
    ----------
    tjc28, sjc28 : float, array_like or Series
        Tender and swollen joints, 0–28.
    crp_mg_l : float, array_like or Series
        C-reactive protein, mg/L.
    ptga_mm : float, array_like or Series
        Patient's global assessment, 0–100 mm.

    Returns
    -------
    float, ndarray or Series
        Points, at least 0.96; NaN where a component is missing.

    Raises
    ------
    ValueError
        If a component is impossible.

    References
    ----------
    Prince2012remission, table 1

    Examples
    --------
    >>> round(float(das28_crp(8, 6, 25, 60)), 4)
    5.2427
    """
    return (
        _joints(tjc28, sjc28)
        + _crp_term(crp_mg_l)
        + 0.014 * checked("ptga_mm", ptga_mm)
        + 0.96
    )


def das28_esr3(tjc28, sjc28, esr_mm_h):
    """DAS28-ESR from three variables, without the patient's global assessment.

    1.08 [0.56 √TJC + 0.28 √SJC + 0.70 ln(ESR)] + 0.16.

    Parameters
    ----------
    tjc28, sjc28 : float, array_like or Series
        Tender and swollen joints, 0–28.
    esr_mm_h : float, array_like or Series
        Erythrocyte sedimentation rate, mm/h; below 1 counts as 1.

    Returns
    -------
    float, ndarray or Series
        Points, at least 0.16; NaN where a component is missing.

    Raises
    ------
    ValueError
        If a component is impossible.

    Examples
    --------
    >>> round(float(das28_esr3(8, 6, 40)), 4)
    5.4002
    """
    return 1.08 * (_joints(tjc28, sjc28) + _esr_term(esr_mm_h)) + 0.16


def das28_crp3(tjc28, sjc28, crp_mg_l):
    """DAS28-CRP from three variables, without the patient's global assessment.

    1.10 [0.56 √TJC + 0.28 √SJC + 0.36 ln(CRP + 1)] + 1.15, CRP in mg/L.

    Parameters
    ----------
    tjc28, sjc28 : float, array_like or Series
        Tender and swollen joints, 0–28.
    crp_mg_l : float, array_like or Series
        C-reactive protein, mg/L.

    Returns
    -------
    float, ndarray or Series
        Points, at least 1.15; NaN where a component is missing.

    Raises
    ------
    ValueError
        If a component is impossible.

    Examples
    --------
    >>> round(float(das28_crp3(8, 6, 25)), 4)
    4.937
    """
    return 1.10 * (_joints(tjc28, sjc28) + _crp_term(crp_mg_l)) + 1.15


def cdai(tjc28, sjc28, ptga_cm, phga_cm):
    """Clinical Disease Activity Index: TJC + SJC + PtGA + PhGA. No laboratory.

    Parameters
    ----------
    tjc28, sjc28 : float, array_like or Series
        Tender and swollen joints, 0–28.
    ptga_cm, phga_cm : float, array_like or Series
        Global assessment by patient and by physician, 0–10 cm.

    Returns
    -------
    float, ndarray or Series
        Points, 0–76; NaN where a component is missing.

    Raises
    ------
    ValueError
        If a component is impossible.

    References
    ----------
    Aletaha2005cdai

    Examples
    --------
    >>> float(cdai(8, 6, 6, 5))
    25.0
    """
    return (
        checked("tjc28", tjc28)
        + checked("sjc28", sjc28)
        + checked("ptga_cm", ptga_cm)
        + checked("phga_cm", phga_cm)
    )


def sdai(tjc28, sjc28, ptga_cm, phga_cm, crp_mg_dl):
    """Simplified Disease Activity Index: CDAI + CRP, CRP in mg/dL.

    Parameters
    ----------
    tjc28, sjc28 : float, array_like or Series
        Tender and swollen joints, 0–28.
    ptga_cm, phga_cm : float, array_like or Series
        Global assessment by patient and by physician, 0–10 cm.
    crp_mg_dl : float, array_like or Series
        C-reactive protein, mg/dL: a tenth of the value in mg/L.

    Returns
    -------
    float, ndarray or Series
        Points; NaN where a component is missing.

    Raises
    ------
    ValueError
        If a component is impossible.

    References
    ----------
    Smolen2003sdai

    Examples
    --------
    >>> float(sdai(8, 6, 6, 5, 2.5))
    27.5
    """
    return cdai(tjc28, sjc28, ptga_cm, phga_cm) + checked("crp_mg_dl", crp_mg_dl)


def _ordered(codes, like, categories):
    """Return categories in the form of `like`: a str, a Categorical or a Series.

    A code of -1 is missing.
    """
    ordered = pd.Categorical.from_codes(
        np.atleast_1d(codes), categories=categories, ordered=True
    )
    if np.ndim(like) == 0:
        return ordered[0]
    if isinstance(like, pd.Series):
        return pd.Series(ordered, index=like.index)
    return ordered


def _category(score, in_remission, low, moderate):
    """Return the activity category of a score, given the last value of each."""
    points = np.round(np.asarray(score, dtype=float), DECIMALS)
    conditions = [
        np.isnan(points),
        in_remission(points),
        points <= low,
        points <= moderate,
    ]
    return _ordered(np.select(conditions, [-1, 0, 1, 2], default=3), score, ACTIVITY)


def das28_category(score):
    """Disease activity by DAS28: remission < 2.6, low ≤ 3.2, moderate ≤ 5.1, high.

    The cut-offs were derived for DAS28-ESR; for the same patient DAS28-CRP tends
    to run lower.

    Parameters
    ----------
    score : float, array_like or Series
        DAS28, points.

    Returns
    -------
    str, Categorical or Series
        ``"remission"``, ``"low"``, ``"moderate"`` or ``"high"``, ordered; missing
        (NaN) where the score is.

    Examples
    --------
    >>> das28_category(2.6)
    'low'
    """
    return _category(score, lambda points: points < 2.6, 3.2, 5.1)


def cdai_category(score):
    """Disease activity by CDAI: remission ≤ 2.8, low ≤ 10, moderate ≤ 22, high.

    Parameters
    ----------
    score : float, array_like or Series
        CDAI, points.

    Returns
    -------
    str, Categorical or Series
        As in `das28_category`.

    Examples
    --------
    >>> cdai_category(2.8)
    'remission'
    """
    return _category(score, lambda points: points <= 2.8, 10, 22)


def sdai_category(score):
    """Disease activity by SDAI: remission ≤ 3.3, low ≤ 11, moderate ≤ 26, high.

    Parameters
    ----------
    score : float, array_like or Series
        SDAI, points.

    Returns
    -------
    str, Categorical or Series
        As in `das28_category`.

    Examples
    --------
    >>> sdai_category(3.3)
    'remission'
    """
    return _category(score, lambda points: points <= 3.3, 11, 26)


def acr_response(baseline, followup, level=20, acute_phase="crp_mg_l"):
    """ACR response: better by `level` % in both joint counts and in 3 of 5 others.

    The five others are pain, the patient's and the physician's global
    assessment, the HAQ disability index, and one acute-phase reactant.

    What cannot be shown is not counted: a component that is missing at either
    visit, or that is 0 at baseline (no percentage of 0 exists), is not improved.
    A patient without a row at follow-up is a non-responder. Trials call this
    non-responder imputation.

    Parameters
    ----------
    baseline, followup : DataFrame
        One row a patient, the same index, with the columns ``tjc68``, ``sjc66``
        (joints), ``pain_mm``, ``ptga_mm``, ``phga_mm`` (0–100 mm), ``haq`` (0–3)
        and the one named by `acute_phase`.
    level : float
        Improvement asked for, %: 20, 50 or 70.
    acute_phase : {"crp_mg_l", "esr_mm_h"}
        The reactant (mg/L or mm/h).

    Returns
    -------
    Series of bool
        Whether each patient of `baseline` responded.

    Raises
    ------
    ValueError
        If a column is missing, a value impossible, an index not unique, or the
        level not in (0, 100].

    References
    ----------
    Felson1995acr

    Examples
    --------
    >>> columns = ["tjc68", "sjc66", "pain_mm", "ptga_mm", "phga_mm", "haq",
    ...            "crp_mg_l"]
    >>> before = pd.DataFrame([[20, 12, 60, 50, 60, 1.5, 30]], columns=columns)
    >>> after = pd.DataFrame([[12, 9, 45, 45, 42, 1.25, 15]], columns=columns)
    >>> acr_response(before, after).tolist(), acr_response(before, after, 50).tolist()
    ([True], [False])
    """
    if not 0 < level <= 100:
        raise ValueError(f"level={level!r} is not allowed: give a % such as 20, 50, 70")
    if acute_phase not in ACUTE_PHASE:
        raise ValueError(
            f"acute_phase={acute_phase!r} is not allowed: give one of {ACUTE_PHASE}"
        )
    components = ["tjc68", "sjc66", *ACR_OTHERS, acute_phase]
    for name, frame in {"baseline": baseline, "followup": followup}.items():
        missing = [column for column in components if column not in frame]
        if missing:
            raise ValueError(f"{name} has no column {missing[0]!r}: add it")
        if not frame.index.is_unique:
            raise ValueError(f"{name} has a patient twice: give one row a patient")
    followup = followup.reindex(baseline.index)

    def improved(component):
        before = checked(component, baseline[component])
        after = checked(component, followup[component])
        # 100 (b - a) ≥ level · b, not a ratio: 35 → 28 is 20 %, whatever floats say.
        enough = 100 * (before - after) >= level * before - 10.0**-DECIMALS
        return (before > 0) & enough

    others = sum(improved(name).astype(int) for name in components[2:])
    response = improved("tjc68") & improved("sjc66") & (others >= 3)
    return response.rename(f"acr{level:g}")


def eular_response(das28_before, das28_after):
    """EULAR response: how far DAS28 fell, judged by where it ended.

    Good: fell by more than 1.2 to 3.2 or less. None: fell by 0.6 or less, or by
    1.2 or less and still above 5.1. Moderate: the rest.

    Parameters
    ----------
    das28_before, das28_after : float, array_like or Series
        DAS28 at the two visits, points; the same form at both.

    Returns
    -------
    str, Categorical or Series
        ``"none"``, ``"moderate"`` or ``"good"``, ordered; missing (NaN) where
        either score is.

    References
    ----------
    vanGestel1996eular

    Examples
    --------
    >>> eular_response(5.69, 3.25)
    'moderate'
    """
    fall = np.subtract(das28_before, das28_after)
    drop = np.round(np.asarray(fall, dtype=float), DECIMALS)
    reached = np.round(np.asarray(das28_after, dtype=float), DECIMALS)
    none = (drop <= 0.6) | ((drop <= 1.2) & (reached > 5.1))
    good = (drop > 1.2) & (reached <= 3.2)
    codes = np.select([np.isnan(drop), none, good], [-1, 0, 2], default=1)
    return _ordered(codes, fall, EULAR)


def boolean_remission(tjc28, sjc28, crp_mg_dl, ptga_cm, ptga_limit=1.0):
    """ACR/EULAR Boolean remission: TJC, SJC, CRP and PtGA each at or below a limit.

    The limit is 1 for joints and for CRP in mg/dL. For the patient's global
    assessment it was 1 cm in 2011 and is 2 cm since 2022 (``ptga_limit=2``).

    Parameters
    ----------
    tjc28, sjc28 : float, array_like or Series
        Tender and swollen joints, 0–28.
    crp_mg_dl : float, array_like or Series
        C-reactive protein, mg/dL: a tenth of the value in mg/L.
    ptga_cm : float, array_like or Series
        Patient's global assessment, 0–10 cm.
    ptga_limit : float
        Highest `ptga_cm` allowed, cm.

    Returns
    -------
    bool, ndarray or Series of bool
        Whether in remission. With a missing component remission is not shown:
        False.

    Raises
    ------
    ValueError
        If a component is impossible.

    References
    ----------
    Felson2011remission and Studenic2023boolean

    Examples
    --------
    >>> bool(boolean_remission(1, 0, 0.5, 1.8))
    False
    >>> bool(boolean_remission(1, 0, 0.5, 1.8, ptga_limit=2))
    True
    """
    return (
        (checked("tjc28", tjc28) <= 1)
        & (checked("sjc28", sjc28) <= 1)
        & (checked("crp_mg_dl", crp_mg_dl) <= 1)
        & (checked("ptga_cm", ptga_cm) <= ptga_limit)
    )
