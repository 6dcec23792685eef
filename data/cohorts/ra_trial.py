"""A placebo-controlled trial of an interleukin-6 receptor blocker in arthritis.

Three arms, seven visits, and a latent disease activity that no trial sees. The
activity drives the joints, what patient and physician report, and the
acute-phase reactants. The drug acts twice: it lowers the activity, and it
stops the liver from making C-reactive protein whatever the joints do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ._base import (
    Cohort,
    check_size,
    column,
    generator,
    identifiers,
    sd_of_log,
    table,
)
from ._truth import SHARE, Planted, true_values

ARMS = ("placebo", "4 mg/kg", "8 mg/kg")
WEEKS = (0, 2, 4, 8, 12, 16, 24)
SITES = 24
REASONS = ("in trial", "lack of efficacy", "adverse event")


class RaTrial(NamedTuple):
    """The three tables of the trial."""

    patients: pd.DataFrame
    visits: pd.DataFrame
    latent: pd.DataFrame


TRUTH: dict[str, Planted] = {
    "activity_left_week24": Planted(
        {"placebo": 0.86, "4 mg/kg": 0.44, "8 mg/kg": 0.31},
        "Median share of the usual latent activity that is left at week 24, had "
        "everyone stayed; set so that the ACR20 response is that of the trial cited",
        (0.05, 3),
        source="Smolen2008option",
    ),
    "activity_left_log_sd": Planted(
        1.00, "SD between patients of the logarithm of that share", (0, 1.5)
    ),
    "activity_left_most": Planted(
        1.5, "Nobody's usual activity rises above this multiple", (0.5, 5)
    ),
    "response_time_weeks": Planted(
        5.0,
        "Time constant with which activity moves to its end",
        (0.5, 50),
        unit="weeks",
    ),
    "acr20_week24": Planted(
        {"placebo": 0.266, "4 mg/kg": 0.480, "8 mg/kg": 0.587},
        "Probability of an ACR20 response at week 24 when a dropout counts as a "
        "non-responder. The consequence of the other values, found by drawing "
        "10⁶ patients an arm",
        source="Smolen2008option",
    ),
    "crp_removed_week2": Planted(
        {"placebo": 0.0, "4 mg/kg": 0.80, "8 mg/kg": 0.90},
        "Share of CRP removed by mechanism alone at week 2, in mid-interval, for the "
        "median patient",
        (0, 0.99),
    ),
    "crp_removed_from_week4": Planted(
        {"placebo": 0.0, "4 mg/kg": 0.60, "8 mg/kg": 0.90},
        "The same from week 4 on, when every visit falls just before an infusion. "
        "Teaching values: that the lower dose loses its hold before the next "
        "infusion follows from the troughs of Frey 2010, and Li 2018 puts the "
        "largest inhibition of CRP production in arthritis at 97 %",
        (0, 0.99),
    ),
    "esr_removed_week2": Planted(
        {"placebo": 0.0, "4 mg/kg": 0.45, "8 mg/kg": 0.55},
        "Share of ESR removed by mechanism at week 2: fibrinogen, too, is made on "
        "the order of interleukin-6",
        (0, 0.99),
    ),
    "esr_removed_from_week4": Planted(
        {"placebo": 0.0, "4 mg/kg": 0.45, "8 mg/kg": 0.72},
        "Share of ESR removed by mechanism from week 4 on",
        (0, 0.99),
    ),
    "removal_log_sd": Planted(
        0.3,
        "SD between patients of the logarithm of the share of CRP or ESR that the "
        "mechanism leaves",
        (0, 1),
    ),
    "crp_activity_slope": Planted(
        1.0, "Rise of ln CRP for a rise of 1 in ln activity", (-0.5, 2)
    ),
    "crp_cv_within": Planted(
        0.422,
        "CV of CRP within a person from visit to visit at the same activity",
        (0, 1),
        source="Macy1997crpvariation",
    ),
    "crp_detection_limit": Planted(
        0.2, "Lower values are reported as this one", (0.2, 10), unit="mg/L"
    ),
    "crp_upper_limit": Planted(
        300.0, "Higher values are reported as this one", (50, 300), unit="mg/L"
    ),
    "dropout_efficacy_intercept": Planted(
        -6.2,
        "Log-odds of leaving for lack of efficacy before a visit, from week 8 on, "
        "after a visit without tender or swollen joint",
        (-10, 0),
        unit="log-odds",
    ),
    "dropout_efficacy_slope": Planted(
        0.10,
        "Rise of these log-odds for each joint of tjc28 + sjc28 at the visit before: "
        "missing at random, given what was seen",
        (-0.5, 0.5),
        unit="log-odds per joint",
    ),
    "dropout_adverse_event": Planted(
        {"placebo": 0.004, "4 mg/kg": 0.008, "8 mg/kg": 0.010},
        "Probability, before each visit after entry, of leaving for an adverse event",
        (0, 0.5),
    ),
    "missed_item": Planted(
        0.01,
        "Probability that one item of a visit after entry was not recorded, for no "
        "reason. The joint counts are never missed",
        SHARE,
    ),
    "site_log_sd": Planted(
        0.1,
        "SD between sites of the logarithm of how readily a joint is called tender "
        "or swollen",
        (0, 1),
    ),
    "pain_noninflammatory": Planted(
        0.75,
        "Weight in pain of a lasting part that is not inflammation (SD 1)",
        (0, 2),
        unit="log-odds",
    ),
    # What candidates are like, and what the latent activity does to each measure:
    # teaching values, set together so that the table at entry is that of RADIATE
    # (Emery2008radiate).
    "site_size_offset": Planted(
        4.0,
        "Site number k, from 0, enrols in proportion to 1 / (k + this): large and "
        "small hospitals",
        (0.5, 100),
    ),
    "age_years": Planted(
        {"mean": 53.0, "sd": 13.0},
        "Mean and SD of age of candidates",
        (1, 85),
        unit="years",
    ),
    "disease_years": Planted(
        {"shape": 1.6, "scale": 7.4},
        "Shape and scale (years) of the gamma distribution of time since diagnosis",
        (0.5, 20),
    ),
    "female_share": Planted(0.81, "Share of women among candidates", SHARE),
    "entry_joints": Planted(
        {"tjc68": 8, "sjc66": 6},
        "Tender and swollen joints that a candidate must have to enter",
        (0, 20),
        unit="joints",
        source="Emery2008radiate",
    ),
    "activity_log_sd": Planted(
        0.42, "SD between candidates of the logarithm of the usual activity", (0, 1)
    ),
    "flare_log_sd": Planted(
        0.20, "SD from visit to visit of the logarithm of the activity", (0, 1)
    ),
    "joint_log_rate": Planted(
        {
            "tender": {"of 28": -0.31, "others": -0.87},
            "swollen": {"of 28": -0.74, "others": -1.86},
        },
        "Logarithm of the rate at which a joint is involved at activity 1: one of the "
        "short count (hands, wrists, elbows, shoulders, knees), or another",
        (-4, 2),
    ),
    "joint_log_sd": Planted(
        0.60, "SD between candidates of the logarithm of that rate", (0, 1.5)
    ),
    "joint_visit_log_sd": Planted(
        {"tender": 0.15, "swollen": 0.15}, "SD of the same from visit to visit", (0, 1)
    ),
    "tender_noninflammatory": Planted(
        0.15, "Weight of the non-inflammatory part (SD 1) in the same, tender", (-1, 1)
    ),
    "day_sd": Planted(
        0.65,
        "SD from visit to visit of what colours all that the patient reports on a day",
        (0, 2),
        unit="log-odds",
    ),
    "scale_activity": Planted(
        {"pain_mm": 1.2, "ptga_mm": 1.2, "phga_mm": 1.3, "haq": 0.9},
        "Rise of the log-odds of the score, as a part of its scale, for a rise of 1 in "
        "ln activity",
        (-3, 3),
        unit="log-odds",
    ),
    "scale_at_activity_1": Planted(
        {"pain_mm": 0.70, "ptga_mm": 1.00, "phga_mm": 0.75, "haq": 0.28},
        "Log-odds of the score at activity 1 (HAQ: 12 years after diagnosis)",
        (-4, 4),
        unit="log-odds",
    ),
    "scale_error": Planted(
        {"pain_mm": 0.35, "ptga_mm": 0.35, "phga_mm": 0.60, "haq": 0.25},
        "SD from visit to visit of the log-odds of one score beyond all else",
        (0, 2),
        unit="log-odds",
    ),
    "phga_noninflammatory": Planted(
        0.2,
        "Weight of the non-inflammatory part in what the physician sees",
        (-2, 2),
        unit="log-odds",
    ),
    "haq_parts": Planted(
        {
            "day": 0.4,
            "noninflammatory": 0.50,
            "damage": 0.55,
            "disease_years": 0.03,
        },
        "Weight in the HAQ of the patient's day, of the non-inflammatory part, of "
        "damage (SD 1), and of each year since diagnosis",
        (-2, 2),
        unit="log-odds",
    ),
    "crp_median": Planted(21.0, "Median CRP at activity 1", (1, 100), unit="mg/L"),
    "esr_median": Planted(
        41.0, "Median ESR at activity 1 of a man of 53", (2, 100), unit="mm/h"
    ),
    "marker_log_sd": Planted(
        {"crp": 0.71, "esr": 0.40},
        "SD between candidates of the logarithm of CRP and ESR at the same activity",
        (0, 1.5),
    ),
    "marker_parts": Planted(
        {"shared": 0.7, "own": 0.714},
        "Weights in that of what CRP and ESR share, the liver's answer to "
        "interleukin-6, and of what each has of its own: a correlation of about a half",
        SHARE,
    ),
    "esr_activity_slope": Planted(
        0.5, "Rise of ln ESR for a rise of 1 in ln activity", (-0.5, 2)
    ),
    "esr_age_slope": Planted(0.008, "Rise of ln ESR per year of age", (-0.05, 0.05)),
    "esr_female": Planted(0.12, "Rise of ln ESR in women", (-1, 1)),
    "esr_visit_log_sd": Planted(
        0.18, "SD from visit to visit of ln ESR at the same activity", (0, 1)
    ),
    "dropout_efficacy_from_week": Planted(
        8,
        "First week in which a patient may leave for lack of efficacy",
        (2, 24),
        unit="weeks",
    ),
}

LEFT = (
    "after the patient has left the trial (for lack of efficacy, more likely the more "
    "joints were involved at the visit before, or for an adverse event)"
)
ITEM = LEFT + ", or the item was missed, for no reason, at 1 in 100 later visits"

PATIENTS = table(
    {
        "patient": column(str, "Patient", unique=True),
        "site": column(str, "Hospital; 24 of unequal size."),
        "sex": column(str, "Sex", isin=["female", "male"]),
        "age_years": column(int, "Age at entry", unit="years", between=(18, 90)),
        "disease_years": column(
            float, "Time since diagnosis", unit="years", between=(0.5, 60)
        ),
        "arm": column(
            str,
            "Dose of the blocker, by infusion every 4 weeks; all take methotrexate",
            isin=ARMS,
        ),
    },
    key=["patient"],
)

VISITS = table(
    {
        "patient": column(str, "Patient."),
        "week": column(
            int, "Week of the visit", unit="weeks", between=(0, 24), isin=WEEKS
        ),
        "tjc68": column(
            float, "Tender joints of 68", unit="joints", between=(0, 68), missing=LEFT
        ),
        "sjc66": column(
            float, "Swollen joints of 66", unit="joints", between=(0, 66), missing=LEFT
        ),
        "tjc28": column(
            float, "Tender joints of 28", unit="joints", between=(0, 28), missing=LEFT
        ),
        "sjc28": column(
            float, "Swollen joints of 28", unit="joints", between=(0, 28), missing=LEFT
        ),
        "pain_mm": column(
            float, "Pain, by the patient", unit="mm", between=(0, 100), missing=ITEM
        ),
        "ptga_mm": column(
            float,
            "Global assessment of disease activity by the patient",
            unit="mm",
            between=(0, 100),
            missing=ITEM,
        ),
        "phga_mm": column(
            float,
            "Global assessment of disease activity by the physician",
            unit="mm",
            between=(0, 100),
            missing=ITEM,
        ),
        "haq": column(
            float,
            "Health Assessment Questionnaire disability index, in steps of 0.125",
            unit="points",
            between=(0, 3),
            missing=ITEM,
        ),
        "esr_mm_h": column(
            float,
            "Erythrocyte sedimentation rate",
            unit="mm/h",
            between=(1, 140),
            missing=ITEM,
        ),
        "crp_mg_l": column(
            float,
            "C-reactive protein; below 0.2 mg/L reported as 0.2, above 300 as 300",
            unit="mg/L",
            between=(0.2, 300),
            missing=ITEM,
        ),
    },
    key=["patient", "week"],
)

LATENT = table(
    {
        "patient": column(str, "Patient."),
        "week": column(
            int, "Week of the visit", unit="weeks", between=(0, 24), isin=WEEKS
        ),
        "activity": column(
            float,
            "Inflammatory activity, 1 in the median candidate; goes on after a "
            "dropout as if the patient had stayed on treatment",
            unit="1",
            between=(0, 100),
        ),
        "crp_if_not_blocked_mg_l": column(
            float,
            "CRP that the same activity would give if the drug did not act on the "
            "liver",
            unit="mg/L",
            between=(0.2, 300),
        ),
        "dropout_reason": column(
            str, "In trial at this visit, or why not", isin=REASONS
        ),
    },
    key=["patient", "week"],
)


class _People(NamedTuple):
    """Lasting traits of candidates, each an array of shape (n,)."""

    site: np.ndarray
    female: np.ndarray
    age: np.ndarray
    disease: np.ndarray
    activity: np.ndarray  # ln of the usual activity
    other: np.ndarray  # non-inflammatory part of pain and function
    joints: np.ndarray  # how readily joints become involved
    damage: np.ndarray
    crp: np.ndarray
    esr: np.ndarray


def _candidates(
    rng: np.random.Generator, n: int, site_effect: np.ndarray, true: dict
) -> _People:
    """Draw the lasting traits of n candidates."""
    share = 1 / (np.arange(SITES) + true["site_size_offset"])
    site = rng.choice(SITES, n, p=share / share.sum())
    years = true["age_years"]
    age = np.clip(np.rint(rng.normal(years["mean"], years["sd"], n)), 18, 90)
    years = true["disease_years"]
    disease = rng.gamma(years["shape"], years["scale"], n)
    disease = np.clip(disease, 0.5, np.minimum(age - 16, 60)).round(1)
    marker = rng.standard_normal(n)
    spread, part = true["marker_log_sd"], true["marker_parts"]
    return _People(
        site=site,
        female=rng.random(n) < true["female_share"],
        age=age,
        disease=np.maximum(disease, 0.5),
        activity=rng.normal(0, true["activity_log_sd"], n),
        other=rng.standard_normal(n),
        joints=rng.normal(0, true["joint_log_sd"], n) + site_effect[site],
        damage=rng.standard_normal(n),
        # The liver's answer to interleukin-6 is a trait that CRP and ESR share.
        crp=spread["crp"]
        * (part["shared"] * marker + part["own"] * rng.standard_normal(n)),
        esr=spread["esr"]
        * (part["shared"] * marker + part["own"] * rng.standard_normal(n)),
    )


def _examine(
    rng: np.random.Generator, who: _People, activity: np.ndarray, true: dict
) -> dict[str, np.ndarray]:
    """Measure everything at the given ln activity, before the drug acts on the liver.

    Parameters
    ----------
    rng : numpy.random.Generator
        The stream.
    who : _People
        Traits of n people.
    activity : ndarray, shape (n, visits)
        ln of the latent activity.
    true : dict
        The planted values.

    Returns
    -------
    dict of str to ndarray, shape (n, visits)
        The columns of the table `visits`; ESR and CRP not yet rounded.
    """
    shape = activity.shape

    def trait(values: np.ndarray) -> np.ndarray:
        return values[:, None]

    def joints(of: int, log_rate: np.ndarray) -> np.ndarray:
        # A joint is involved unless it escapes: 1 - exp(-rate).
        return rng.binomial(of, -np.expm1(-np.exp(log_rate))).astype(float)

    def scale(measure: str, log_odds: np.ndarray) -> np.ndarray:
        log_odds = log_odds + true["scale_at_activity_1"][measure]
        log_odds += rng.normal(0, true["scale_error"][measure], shape)
        return 1 / (1 + np.exp(-log_odds))

    found = {}
    of, visit = true["joint_log_rate"], true["joint_visit_log_sd"]
    rate = activity + trait(who.joints)
    tender = rate + trait(true["tender_noninflammatory"] * who.other)
    tender += rng.normal(0, visit["tender"], shape)
    found["tjc28"] = joints(28, tender + of["tender"]["of 28"])
    found["tjc68"] = found["tjc28"] + joints(40, tender + of["tender"]["others"])
    del tender
    rate += rng.normal(0, visit["swollen"], shape)
    found["sjc28"] = joints(28, rate + of["swollen"]["of 28"])
    found["sjc66"] = found["sjc28"] + joints(38, rate + of["swollen"]["others"])
    del rate

    # A bad day colours all that the patient reports at that visit.
    slope = true["scale_activity"]
    day = rng.normal(0, true["day_sd"], shape)
    lasting = trait(true["pain_noninflammatory"] * who.other)
    for measure in ("pain_mm", "ptga_mm"):
        felt = slope[measure] * activity + day + lasting
        found[measure] = np.rint(100 * scale(measure, felt))
    seen = slope["phga_mm"] * activity
    seen += trait(true["phga_noninflammatory"] * who.other)
    found["phga_mm"] = np.rint(100 * scale("phga_mm", seen))
    part = true["haq_parts"]
    lasting = part["noninflammatory"] * who.other + part["damage"] * who.damage
    lasting = lasting + part["disease_years"] * (who.disease - 12)
    felt = slope["haq"] * activity + part["day"] * day + trait(lasting)
    found["haq"] = np.rint(24 * scale("haq", felt)) / 8
    del felt, seen, day

    lasting = who.esr + true["esr_age_slope"] * (who.age - 53)
    lasting = lasting + true["esr_female"] * who.female
    found["esr_mm_h"] = true["esr_median"] * np.exp(
        true["esr_activity_slope"] * activity
        + trait(lasting)
        + rng.normal(0, true["esr_visit_log_sd"], shape)
    )
    within = sd_of_log(true["crp_cv_within"])
    found["crp_mg_l"] = true["crp_median"] * np.exp(
        true["crp_activity_slope"] * activity
        + trait(who.crp)
        + rng.normal(0, within, shape)
    )
    return found


def _recruit(
    rng: np.random.Generator, n: int, true: dict
) -> tuple[_People, np.ndarray, dict[str, np.ndarray]]:
    """Screen candidates until n fulfil the entry criteria; return their visit 0."""
    site_effect = rng.normal(0, true["site_log_sd"], SITES)
    least = true["entry_joints"]
    people, activities, examined, found = [], [], [], 0
    while found < n:
        who = _candidates(rng, int(1.2 * (n - found)) + 10, site_effect, true)
        activity = who.activity + rng.normal(0, true["flare_log_sd"], len(who.activity))
        measures = _examine(rng, who, activity[:, None], true)
        enters = (measures["tjc68"] >= least["tjc68"]) & (
            measures["sjc66"] >= least["sjc66"]
        )
        enters = np.flatnonzero(enters[:, 0])[: n - found]
        people.append(_People(*(values[enters] for values in who)))
        activities.append(activity[enters])
        examined.append({name: values[enters] for name, values in measures.items()})
        found += len(enters)
    return (
        _People(*(np.concatenate(values) for values in zip(*people, strict=True))),
        np.concatenate(activities),
        {
            name: np.concatenate([part[name] for part in examined])
            for name in examined[0]
        },
    )


def _left_by_mechanism(
    rng: np.random.Generator, marker: str, arm: np.ndarray, true: dict
) -> np.ndarray:
    """Return the share of a marker that the mechanism leaves, shape (n, 6)."""
    left = np.empty((len(ARMS), len(WEEKS) - 1))
    for row, name in enumerate(ARMS):
        left[row, 0] = 1 - true[f"{marker}_removed_week2"][name]
        left[row, 1:] = 1 - true[f"{marker}_removed_from_week4"][name]
    person = np.exp(rng.normal(0, true["removal_log_sd"], len(arm)))
    # Where nothing is removed, nobody differs.
    acts = left[arm] < 1
    return np.where(acts, np.minimum(left[arm] * person[:, None], 1), 1)


def _leave(
    rng: np.random.Generator, arm: np.ndarray, joints: np.ndarray, true: dict
) -> np.ndarray:
    """Return the index into REASONS at each visit, shape (n, 7), from joint counts."""
    intercept = true["dropout_efficacy_intercept"]
    slope = true["dropout_efficacy_slope"]
    adverse = np.array([true["dropout_adverse_event"][name] for name in ARMS])
    reason = np.zeros(joints.shape, dtype=np.int8)
    for visit in range(1, len(WEEKS)):
        now = reason[:, visit - 1].copy()
        hurt = rng.random(len(arm)) < adverse[arm]
        now[(now == 0) & hurt] = 2
        odds = np.exp(intercept + slope * joints[:, visit - 1])
        fails = rng.random(len(arm)) < odds / (1 + odds)
        if WEEKS[visit] >= true["dropout_efficacy_from_week"]:
            # Who would leave for both reasons is entered under lack of efficacy.
            now[(reason[:, visit - 1] == 0) & fails] = 1
        reason[:, visit] = now
    return reason


def make_ra_trial(
    n_per_arm: int = 200,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
) -> RaTrial:
    """Draw a trial of placebo against two doses of an interleukin-6 receptor blocker.

    The state at entry is calibrated to the RADIATE trial [1]_, the ACR20 response
    at week 24 to the OPTION trial [2]_, so that this trial is neither of them.

    Parameters
    ----------
    n_per_arm : int
        Patients in each of the three arms.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Seed of the draw.

    Returns
    -------
    RaTrial
        `patients` (one row a patient), `visits` (seven rows a patient, missing
        after a dropout), `latent` (seven rows a patient: what no trial sees).

    Raises
    ------
    ValueError
        If `n_per_arm` is not a whole number of 1 or more, or `random_state` is
        no seed.

    References
    ----------
    .. [1] Emery et al., Ann Rheum Dis 2008;67:1516, doi 10.1136/ard.2008.092932
    .. [2] Smolen et al., Lancet 2008;371:987, doi 10.1016/S0140-6736(08)60453-5
    """
    n_per_arm = check_size("n_per_arm", n_per_arm)
    rng = generator(random_state, "ra_trial")
    true = true_values(TRUTH, truth)
    n = n_per_arm * len(ARMS)
    later = np.array(WEEKS[1:])

    who, at_entry, entry = _recruit(rng, n, true)
    arm = rng.permutation(np.repeat(np.arange(len(ARMS)), n_per_arm))

    # Activity moves from its usual level to the patient's own end point.
    change = np.log([true["activity_left_week24"][name] for name in ARMS])[arm]
    change = change + rng.normal(0, true["activity_left_log_sd"], n)
    change = np.minimum(change, np.log(true["activity_left_most"]))
    moved = -np.expm1(-later / true["response_time_weeks"])
    activity = who.activity[:, None] + change[:, None] * moved / moved[-1]
    activity += rng.normal(0, true["flare_log_sd"], activity.shape)

    measures = _examine(rng, who, activity, true)
    measures = {
        name: np.hstack([entry.pop(name), measures.pop(name)]) for name in list(entry)
    }
    activity = np.exp(np.hstack([at_entry[:, None], activity]))

    assay = true["crp_detection_limit"], true["crp_upper_limit"]
    unblocked = np.clip(measures["crp_mg_l"].round(1), *assay)
    measures["crp_mg_l"][:, 1:] *= _left_by_mechanism(rng, "crp", arm, true)
    measures["crp_mg_l"] = np.clip(measures["crp_mg_l"].round(1), *assay)
    measures["esr_mm_h"][:, 1:] *= _left_by_mechanism(rng, "esr", arm, true)
    measures["esr_mm_h"] = np.clip(np.rint(measures["esr_mm_h"]), 1, 140)

    reason = _leave(rng, arm, measures["tjc28"] + measures["sjc28"], true)
    gone = reason > 0
    for name in VISITS.columns:
        if name not in measures:
            continue
        values = measures[name]
        values[gone] = np.nan
        if not name.startswith(("tjc", "sjc")):
            missed = rng.random(activity.shape) < true["missed_item"]
            missed[:, 0] = False
            values[missed] = np.nan

    names = identifiers("R", n).astype(object)
    patients = pd.DataFrame(
        {
            "patient": names,
            "site": identifiers("S", SITES, 2).astype(object)[who.site],
            "sex": np.array(["male", "female"], object)[who.female.astype(int)],
            "age_years": who.age.astype(int),
            "disease_years": who.disease,
            "arm": np.array(ARMS, object)[arm],
        }
    )
    key = {
        "patient": np.repeat(names, len(WEEKS)),
        "week": np.tile(np.array(WEEKS), n),
    }
    visits = pd.DataFrame(
        key | {c: measures.pop(c).ravel() for c in VISITS.columns if c not in key}
    )
    latent = pd.DataFrame(
        key
        | {
            "activity": activity.round(3).ravel(),
            "crp_if_not_blocked_mg_l": unblocked.ravel(),
            "dropout_reason": np.array(REASONS, object)[reason.ravel()],
        }
    )
    return RaTrial(patients, visits, latent)


def picture(ax: Any, made: RaTrial) -> None:
    """Draw the median CRP and swollen joints by arm, in % of entry."""
    frame = made.visits.merge(made.patients[["patient", "arm"]], on="patient")
    middle = frame.groupby(["arm", "week"])[["crp_mg_l", "sjc66"]].median()
    for arm, shade in zip(ARMS, ("#6e6e6e", "#56b4e9", "#0072b2"), strict=True):
        share = 100 * middle.loc[arm] / middle.loc[arm].iloc[0]
        ax.plot(share.index, share["crp_mg_l"], color=shade, label=f"{arm}, CRP")
        ax.plot(share.index, share["sjc66"], ":", color=shade, label=f"{arm}, joints")
    ax.set(xlabel="Week", ylabel="Median, % of entry", ylim=(0, 125))
    ax.legend(ncols=3, fontsize=7)


COHORT = Cohort(
    name="ra_trial",
    title="A trial of an interleukin-6 receptor blocker in rheumatoid arthritis",
    about=(
        "600 patients with active rheumatoid arthritis on methotrexate, randomised to "
        "placebo, 4 or 8 mg/kg of an interleukin-6 receptor blocker every 4 weeks and "
        "seen at weeks 0, 2, 4, 8, 12, 16 and 24. The state at entry is calibrated to "
        "the RADIATE trial, the ACR20 response at week 24 to the OPTION trial. The "
        "table `latent` holds what no trial sees: the inflammatory activity, the CRP "
        "that it would give without the drug's action on the liver, and why a patient "
        "left. After a dropout all measures are missing; lack of efficacy makes "
        "patients leave according to the joints seen at the visit before (missing at "
        "random), adverse events by arm. No rescue treatment, no antibodies against "
        "the drug, no fibrinogen or haemoglobin are simulated."
    ),
    make=make_ra_trial,
    tables={"patients": PATIENTS, "visits": VISITS, "latent": LATENT},
    truth=TRUTH,
    size="n_per_arm",
    bundle=RaTrial,
    picture=picture,
)
