"""A placebo-controlled trial of an interleukin-6 receptor blocker in arthritis.

Three arms, seven visits, and a latent disease activity that no trial sees. The
activity drives the joints, what patient and physician report, and the
acute-phase reactants. The drug acts twice: it lowers the activity, and it
stops the liver from making C-reactive protein whatever the joints do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ._base import (
    Cohort,
    Planted,
    check_size,
    column,
    generator,
    identifiers,
    sd_of_log,
    table,
)

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
        "1",
        "Median share of the usual latent activity that is left at week 24, had "
        "everyone stayed; set so that the ACR20 response is that of the trial cited",
        "Smolen2008option",
    ),
    "activity_left_log_sd": Planted(
        1.00, "1", "SD between patients of the logarithm of that share", "teaching"
    ),
    "activity_left_most": Planted(
        1.5, "1", "Nobody's usual activity rises above this multiple", "teaching"
    ),
    "response_time_weeks": Planted(
        5.0, "weeks", "Time constant with which activity moves to its end", "teaching"
    ),
    "acr20_week24": Planted(
        {"placebo": 0.266, "4 mg/kg": 0.480, "8 mg/kg": 0.587},
        "1",
        "Probability of an ACR20 response at week 24 when a dropout counts as a "
        "non-responder. The consequence of the other values, found by drawing "
        "10⁶ patients an arm",
        "Smolen2008option",
    ),
    "crp_removed_week2": Planted(
        {"placebo": 0.0, "4 mg/kg": 0.80, "8 mg/kg": 0.90},
        "1",
        "Share of CRP removed by mechanism alone at week 2, in mid-interval, for the "
        "median patient",
        "teaching",
    ),
    "crp_removed_from_week4": Planted(
        {"placebo": 0.0, "4 mg/kg": 0.60, "8 mg/kg": 0.90},
        "1",
        "The same from week 4 on, when every visit falls just before an infusion. "
        "Teaching values: that the lower dose loses its hold before the next "
        "infusion follows from the troughs of Frey 2010, and Li 2018 puts the "
        "largest inhibition of CRP production in arthritis at 97 %",
        "teaching",
    ),
    "esr_removed_week2": Planted(
        {"placebo": 0.0, "4 mg/kg": 0.45, "8 mg/kg": 0.55},
        "1",
        "Share of ESR removed by mechanism at week 2: fibrinogen, too, is made on "
        "the order of interleukin-6",
        "teaching",
    ),
    "esr_removed_from_week4": Planted(
        {"placebo": 0.0, "4 mg/kg": 0.45, "8 mg/kg": 0.72},
        "1",
        "Share of ESR removed by mechanism from week 4 on",
        "teaching",
    ),
    "removal_log_sd": Planted(
        0.3,
        "1",
        "SD between patients of the logarithm of the share of CRP or ESR that the "
        "mechanism leaves",
        "teaching",
    ),
    "crp_activity_slope": Planted(
        1.0, "1", "Rise of ln CRP for a rise of 1 in ln activity", "teaching"
    ),
    "crp_cv_within": Planted(
        0.422,
        "1",
        "CV of CRP within a person from visit to visit at the same activity",
        "Macy1997crpvariation",
    ),
    "crp_detection_limit": Planted(
        0.2, "mg/L", "Lower values are reported as this one", "teaching"
    ),
    "crp_upper_limit": Planted(
        300.0, "mg/L", "Higher values are reported as this one", "teaching"
    ),
    "dropout_efficacy_intercept": Planted(
        -6.2,
        "log-odds",
        "Log-odds of leaving for lack of efficacy before a visit, from week 8 on, "
        "after a visit without tender or swollen joint",
        "teaching",
    ),
    "dropout_efficacy_slope": Planted(
        0.10,
        "log-odds per joint",
        "Rise of these log-odds for each joint of tjc28 + sjc28 at the visit before: "
        "missing at random, given what was seen",
        "teaching",
    ),
    "dropout_adverse_event": Planted(
        {"placebo": 0.004, "4 mg/kg": 0.008, "8 mg/kg": 0.010},
        "1",
        "Probability, before each visit after entry, of leaving for an adverse event",
        "teaching",
    ),
    "missed_item": Planted(
        0.01,
        "1",
        "Probability that one item of a visit after entry was not recorded, for no "
        "reason. The joint counts are never missed",
        "teaching",
    ),
    "site_log_sd": Planted(
        0.1,
        "1",
        "SD between sites of the logarithm of how readily a joint is called tender "
        "or swollen",
        "teaching",
    ),
    "pain_noninflammatory": Planted(
        0.75,
        "log-odds",
        "Weight in pain of a lasting part that is not inflammation (SD 1)",
        "teaching",
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

# What the latent activity does to each measure; teaching values, set together so
# that the table at entry is that of RADIATE (Emery2008radiate).
ACTIVITY_LOG_SD = 0.42  # between candidates
FLARE_LOG_SD = 0.20  # from visit to visit
# Log of the rate at which a joint is involved at activity 1: the 28 joints of the
# short count (hands, wrists, elbows, shoulders, knees), then the others.
TENDER_28, TENDER_REST = -0.31, -0.87
SWOLLEN_28, SWOLLEN_REST = -0.74, -1.86
# Of the trial cited: tender and swollen joints a candidate must have to enter.
ENTRY_TJC68, ENTRY_SJC66 = 8, 6
MG_CRP, MM_ESR = 21.0, 41.0  # medians at activity 1; ESR for a man of 53 years


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


def _candidates(rng: np.random.Generator, n: int, site_effect: np.ndarray) -> _People:
    """Draw the lasting traits of n candidates."""
    # Large and small hospitals: site k enrols in proportion to 1/(k + 4).
    share = 1 / (np.arange(SITES) + 4)
    site = rng.choice(SITES, n, p=share / share.sum())
    age = np.clip(np.rint(rng.normal(53, 13, n)), 18, 90)
    disease = np.clip(rng.gamma(1.6, 7.4, n), 0.5, np.minimum(age - 16, 60)).round(1)
    marker = rng.standard_normal(n)
    return _People(
        site=site,
        female=rng.random(n) < 0.81,
        age=age,
        disease=np.maximum(disease, 0.5),
        activity=rng.normal(0, ACTIVITY_LOG_SD, n),
        other=rng.standard_normal(n),
        joints=rng.normal(0, 0.60, n) + site_effect[site],
        damage=rng.standard_normal(n),
        # The liver's answer to interleukin-6 is a trait that CRP and ESR share.
        crp=0.71 * (0.7 * marker + 0.714 * rng.standard_normal(n)),
        esr=0.40 * (0.7 * marker + 0.714 * rng.standard_normal(n)),
    )


def _examine(
    rng: np.random.Generator, who: _People, activity: np.ndarray
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

    def scale(log_odds: np.ndarray, noise: float) -> np.ndarray:
        log_odds += rng.normal(0, noise, shape)
        return 1 / (1 + np.exp(-log_odds))

    found = {}
    rate = activity + trait(who.joints)
    tender = rate + trait(0.15 * who.other) + rng.normal(0, 0.15, shape)
    found["tjc28"] = joints(28, tender + TENDER_28)
    found["tjc68"] = found["tjc28"] + joints(40, tender + TENDER_REST)
    del tender
    rate += rng.normal(0, 0.15, shape)
    found["sjc28"] = joints(28, rate + SWOLLEN_28)
    found["sjc66"] = found["sjc28"] + joints(38, rate + SWOLLEN_REST)
    del rate

    # A bad day colours all that the patient reports at that visit.
    weight = TRUTH["pain_noninflammatory"].value
    day = rng.normal(0, 0.65, shape)
    felt = 1.2 * activity + day + trait(weight * who.other)
    found["pain_mm"] = np.rint(100 * scale(felt + 0.70, 0.35))
    found["ptga_mm"] = np.rint(100 * scale(felt + 1.00, 0.35))
    seen = 1.3 * activity + trait(0.2 * who.other)
    found["phga_mm"] = np.rint(100 * scale(seen + 0.75, 0.60))
    lasting = 0.50 * who.other + 0.55 * who.damage + 0.03 * (who.disease - 12)
    felt = 0.9 * activity + 0.4 * day + trait(lasting)
    found["haq"] = np.rint(24 * scale(felt + 0.28, 0.25)) / 8
    del felt, seen, day

    lasting = who.esr + 0.008 * (who.age - 53) + 0.12 * who.female
    found["esr_mm_h"] = MM_ESR * np.exp(
        0.5 * activity + trait(lasting) + rng.normal(0, 0.18, shape)
    )
    slope = TRUTH["crp_activity_slope"].value
    within = sd_of_log(TRUTH["crp_cv_within"].value)
    found["crp_mg_l"] = MG_CRP * np.exp(
        slope * activity + trait(who.crp) + rng.normal(0, within, shape)
    )
    return found


def _recruit(
    rng: np.random.Generator, n: int
) -> tuple[_People, np.ndarray, dict[str, np.ndarray]]:
    """Screen candidates until n fulfil the entry criteria; return their visit 0."""
    site_effect = rng.normal(0, TRUTH["site_log_sd"].value, SITES)
    people, activities, examined, found = [], [], [], 0
    while found < n:
        who = _candidates(rng, int(1.2 * (n - found)) + 10, site_effect)
        activity = who.activity + rng.normal(0, FLARE_LOG_SD, len(who.activity))
        measures = _examine(rng, who, activity[:, None])
        enters = (measures["tjc68"] >= ENTRY_TJC68) & (measures["sjc66"] >= ENTRY_SJC66)
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
    rng: np.random.Generator, marker: str, arm: np.ndarray
) -> np.ndarray:
    """Return the share of a marker that the mechanism leaves, shape (n, 6)."""
    left = np.empty((len(ARMS), len(WEEKS) - 1))
    for row, name in enumerate(ARMS):
        left[row, 0] = 1 - TRUTH[f"{marker}_removed_week2"].value[name]
        left[row, 1:] = 1 - TRUTH[f"{marker}_removed_from_week4"].value[name]
    person = np.exp(rng.normal(0, TRUTH["removal_log_sd"].value, len(arm)))
    treated = (arm > 0)[:, None]
    return np.where(treated, np.minimum(left[arm] * person[:, None], 1), 1)


def _leave(rng: np.random.Generator, arm: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Return the index into REASONS at each visit, shape (n, 7), from joint counts."""
    intercept = TRUTH["dropout_efficacy_intercept"].value
    slope = TRUTH["dropout_efficacy_slope"].value
    adverse = np.array([TRUTH["dropout_adverse_event"].value[name] for name in ARMS])
    reason = np.zeros(joints.shape, dtype=np.int8)
    for visit in range(1, len(WEEKS)):
        now = reason[:, visit - 1].copy()
        hurt = rng.random(len(arm)) < adverse[arm]
        now[(now == 0) & hurt] = 2
        odds = np.exp(intercept + slope * joints[:, visit - 1])
        fails = rng.random(len(arm)) < odds / (1 + odds)
        if WEEKS[visit] >= 8:
            # Who would leave for both reasons is entered under lack of efficacy.
            now[(reason[:, visit - 1] == 0) & fails] = 1
        reason[:, visit] = now
    return reason


def make_ra_trial(n_per_arm: int = 200, *, random_state: Any = None) -> RaTrial:
    """Draw a trial of placebo against two doses of an interleukin-6 receptor blocker.

    The state at entry is calibrated to the RADIATE trial [1]_, the ACR20 response
    at week 24 to the OPTION trial [2]_, so that this trial is neither of them.

    Parameters
    ----------
    n_per_arm : int
        Patients in each of the three arms.
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
    n = n_per_arm * len(ARMS)
    later = np.array(WEEKS[1:])

    who, at_entry, entry = _recruit(rng, n)
    arm = rng.permutation(np.repeat(np.arange(len(ARMS)), n_per_arm))

    # Activity moves from its usual level to the patient's own end point.
    change = np.log([TRUTH["activity_left_week24"].value[name] for name in ARMS])[arm]
    change = change + rng.normal(0, TRUTH["activity_left_log_sd"].value, n)
    change = np.minimum(change, np.log(TRUTH["activity_left_most"].value))
    moved = -np.expm1(-later / TRUTH["response_time_weeks"].value)
    activity = who.activity[:, None] + change[:, None] * moved / moved[-1]
    activity += rng.normal(0, FLARE_LOG_SD, activity.shape)

    measures = _examine(rng, who, activity)
    measures = {
        name: np.hstack([entry.pop(name), measures.pop(name)]) for name in list(entry)
    }
    activity = np.exp(np.hstack([at_entry[:, None], activity]))

    assay = TRUTH["crp_detection_limit"].value, TRUTH["crp_upper_limit"].value
    unblocked = np.clip(measures["crp_mg_l"].round(1), *assay)
    measures["crp_mg_l"][:, 1:] *= _left_by_mechanism(rng, "crp", arm)
    measures["crp_mg_l"] = np.clip(measures["crp_mg_l"].round(1), *assay)
    measures["esr_mm_h"][:, 1:] *= _left_by_mechanism(rng, "esr", arm)
    measures["esr_mm_h"] = np.clip(np.rint(measures["esr_mm_h"]), 1, 140)

    reason = _leave(rng, arm, measures["tjc28"] + measures["sjc28"])
    gone = reason > 0
    for name in VISITS.columns:
        if name not in measures:
            continue
        values = measures[name]
        values[gone] = np.nan
        if not name.startswith(("tjc", "sjc")):
            missed = rng.random(activity.shape) < TRUTH["missed_item"].value
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
