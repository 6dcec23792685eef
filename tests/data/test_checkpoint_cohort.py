"""`checkpoint_cohort`: each hazard, the cumulative incidence, and the immortal time."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from cohorts.checkpoint_cohort import ARMS, ORGANS
from recovery import assert_recovered, assert_share, only_shipped, worlds
from scipy import stats
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

#: Later events, which protect from death, on a combination that is common.
ANOTHER = {
    "irae_rate": {
        "skin": {"weeks 1-6": 0.08, "weeks 7-24": 0.09, "later": 0.03},
        "colon": {"weeks 1-6": 0.05, "weeks 7-24": 0.02, "later": 0.02},
        "liver": {"weeks 1-6": 0.02, "weeks 7-24": 0.03, "later": 0.01},
        "thyroid": {"weeks 1-6": 0.03, "weeks 7-24": 0.02, "later": 0.02},
        "lung": {"weeks 1-6": 0.02, "weeks 7-24": 0.02, "later": 0.015},
    },
    "irae_ratio_combination": dict(zip(ORGANS, (2.5, 1.5, 2.0, 0.8, 4.0), strict=True)),
    "grade_34": {
        ARMS[0]: dict(zip(ORGANS, (0.2, 0.3, 0.3, 0.2, 0.6), strict=True)),
        ARMS[1]: dict(zip(ORGANS, (0.4, 0.4, 0.5, 0.3, 0.3), strict=True)),
    },
    "toxicity_stop": 0.2,
    "progression_rate": {"melanoma": 0.04, "kidney": 0.12, "lung": 0.07},
    "death_rate": {"0": 0.012, "1": 0.02, "2": 0.04},
    "death_ratio_progression": 3.0,
    "irae_death_ratio": 0.5,
    "combination_share": 0.6,
    "female_share": 0.55,
    "age_years": {"mean": 58.0, "sd": 8.0},
    "tumour_share": {"melanoma": 0.2, "kidney": 0.5, "lung": 0.3},
    "ecog_share": {"0": 0.3, "1": 0.3, "2": 0.4},
}
world = worlds("checkpoint_cohort", ANOTHER)
SEEDS = range(5)
PEOPLE = 3000
MONTH = 365.25 / 12
STARTS, ENDS = np.array([0, 42, 168]), np.array([42, 168, np.inf])
ONE_YEAR, LANDMARK = 365, 84


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(PEOPLE, random_state=s) for s in SEEDS]


def first_day(made, *, grade=None, organ=None):
    """Return the day of a patient's first such event, NaN without one."""
    events = made.events
    if grade:
        events = events[events["grade"] == grade]
    if organ:
        events = events[events["organ"] == organ]
    return events.groupby("patient")["day"].min().reindex(made.patients["patient"])


# Hazards


def poisson(events, months, design):
    return sm.GLM(
        events, design, family=sm.families.Poisson(), offset=np.log(months)
    ).fit()


@pytest.mark.parametrize("organ", ORGANS)
def test_rates_of_adverse_events(world, drawn, organ):
    """Events over months on treatment without one yet, period by period."""
    rates = list(world.true["irae_rate"][organ].values())
    planted = [*np.log(rates), np.log(world.true["irae_ratio_combination"][organ])]
    fits = []
    for made in drawn:
        patients = made.patients
        day = first_day(made, organ=organ).to_numpy()
        # Days are rounded up: on average half a day is too much.
        until = np.where(np.isnan(day), patients["treatment_days"], day) - 0.5
        combination = patients["treatment"] == ARMS[1]
        rows = []
        for i, (begin, end) in enumerate(zip(STARTS, ENDS, strict=True)):
            for arm in (False, True):
                of = combination == arm
                time = np.clip(until[of], begin, end) - begin
                events = ((day[of] > begin) & (day[of] <= end)).sum()
                rows.append([events, time.sum() / MONTH, *(i == np.arange(3)), arm])
        rows = np.array(rows, float)
        fits.append(poisson(rows[:, 0], rows[:, 1], rows[:, 2:]))
    for i, value in enumerate(planted):
        assert_recovered([f.params[i] for f in fits], [f.bse[i] for f in fits], value)


def test_grades(world, drawn):
    events = pd.concat([made.events.merge(made.patients) for made in drawn])
    for (arm, organ), of in events.groupby(["treatment", "organ"]):
        severe = (of["grade"] == "3-4").sum()
        share = world.true["grade_34"][arm][organ]
        assert stats.binomtest(int(severe), len(of), share).pvalue > 1e-4, (arm, organ)


def test_stops_for_toxicity(world, drawn):
    """Each severe event stops treatment with one probability, whatever came before."""
    severe = sum((made.events["grade"] == "3-4").sum() for made in drawn)
    stops = sum((made.patients["stop_reason"] == "toxicity").sum() for made in drawn)
    share = world.true["toxicity_stop"]
    assert abs(stops - share * severe) < 4 * np.sqrt(severe * share * (1 - share))
    for made in drawn:
        stopped = made.patients[made.patients["stop_reason"] == "toxicity"]
        last = made.events[made.events["grade"] == "3-4"].groupby("patient")["day"]
        day = stopped["patient"].map(last.max())
        assert (day == stopped["treatment_days"]).all()


def without_progression(made):
    return made.patients["progression_days"].fillna(made.patients["follow_up_days"])


def test_progression_depends_on_the_tumour_and_not_on_the_arm(world, drawn):
    fits = []
    for made in drawn:
        patients = made.patients
        design = pd.DataFrame(
            {
                name: patients["tumour"] == name
                for name in world.true["progression_rate"]
            }
        ).assign(arm=patients["treatment"] == ARMS[1], ecog=patients["ecog"])
        seen = patients["progression_days"].notna().astype(float)
        months = (without_progression(made) - 0.5) / MONTH
        fits.append(poisson(seen, months, design.astype(float)))
    planted = {k: np.log(v) for k, v in world.true["progression_rate"].items()}
    for name, value in (planted | {"arm": 0, "ecog": 0}).items():
        assert_recovered(
            [f.params[name] for f in fits], [f.bse[name] for f in fits], value
        )


def test_death_depends_on_status_progression_and_event(world, drawn):
    """Person-time split at a first event and at progression."""
    fits = []
    for made in drawn:
        rows = split(made)
        design = pd.DataFrame({f"ecog{k}": rows["ecog"] == k for k in range(3)})
        design = design.assign(
            after=rows["progressed"], had=rows["had"], arm=rows["combination"]
        )
        # Who stays in the same state to the end loses half a day of rounding up.
        months = (rows["until"] - rows["begin"] - 0.5 * rows["last"]) / MONTH
        fits.append(poisson(rows["dead"], months, design.astype(float)))
    planted = {f"ecog{k}": np.log(v) for k, v in world.true["death_rate"].items()}
    planted |= {
        "after": np.log(world.true["death_ratio_progression"]),
        "had": np.log(world.true["irae_death_ratio"]),
        "arm": 0,
    }
    for name, value in planted.items():
        assert_recovered(
            [f.params[name] for f in fits], [f.bse[name] for f in fits], value
        )


def test_who_the_patients_are(world, drawn):
    patients = pd.concat([made.patients for made in drawn])
    n = len(patients)
    women = (patients["sex"] == "female").sum()
    assert_share(women, n, world.true["female_share"])
    combination = (patients["treatment"] == ARMS[1]).sum()
    assert_share(combination, n, world.true["combination_share"])
    for column, name in [("tumour", "tumour_share"), ("ecog", "ecog_share")]:
        counts = patients[column].astype(str).value_counts()
        for group, share in world.true[name].items():
            assert_share(counts[group], n, share)
    age, planted = patients["age_years"], world.true["age_years"]
    shaken = age + np.random.default_rng(2).uniform(-0.5, 0.5, n)
    low, middle, high = shaken.quantile([0.2, 0.5, 0.8])
    error = planted["sd"] / np.sqrt(n)
    assert_recovered([middle], [1.2533 * error], planted["mean"])
    assert_recovered([(high - low) / 1.6832], [error], planted["sd"])


# Cumulative incidence


def event_free(world, arm, days, severe):
    """Return the probability of no (severe) event yet if nothing competed."""
    free = np.ones_like(days)
    for organ in ORGANS:
        ratio = world.true["irae_ratio_combination"][organ] if arm == ARMS[1] else 1.0
        rates = np.array(list(world.true["irae_rate"][organ].values())) * ratio / MONTH
        spent = np.clip(days[:, None], STARTS, ENDS) - STARTS
        happened = -np.expm1(-spent @ rates)
        free *= 1 - happened * (world.true["grade_34"][arm][organ] if severe else 1.0)
    return free


def closed_form(world, made, arm, severe):
    """Return the incidence by one year: what competes is constant in a patient."""
    patients = made.patients[made.patients["treatment"] == arm]
    other = patients["tumour"].map(world.true["progression_rate"])
    other = other + patients["ecog"].astype(str).map(world.true["death_rate"])
    days = np.linspace(0, ONE_YEAR, 4 * ONE_YEAR + 1)
    first = -np.diff(event_free(world, arm, days, severe))
    middle = (days[1:] + days[:-1]) / 2
    shares = other.value_counts(normalize=True)
    return sum(
        share * (first @ np.exp(-rate / MONTH * middle))
        for rate, share in shares.items()
    )


def times(made, arm, severe):
    """Return days to, and kind of, what came first: 1 event, 2 progression, 3 death."""
    day = first_day(made, grade="3-4" if severe else None).to_numpy()
    patients = made.patients
    kind = patients["stop_reason"].map({"progression": 2, "death": 3}).fillna(0)
    kind = np.where(np.isnan(day), kind, 1).astype(int)
    time = np.where(np.isnan(day), patients["treatment_days"], day)
    of = patients["treatment"] == arm
    return time[of], kind[of]


def within_a_year(time, kind):
    return np.minimum(time, ONE_YEAR + 1), np.where(time > ONE_YEAR, 0, kind)


@only_shipped
@pytest.mark.parametrize("severe", [False, True])
@pytest.mark.parametrize("arm", ARMS)
def test_aalen_johansen_finds_the_cumulative_incidence(world, drawn, arm, severe):
    found, errors = [], []
    for made in drawn:
        fit = CumIncidenceRight(*within_a_year(*times(made, arm, severe)))
        found.append(fit.cinc[0][-1] - closed_form(world, made, arm, severe))
        errors.append(fit.cinc_se[0][-1])
    assert_recovered(found, errors, 0)


@only_shipped
@pytest.mark.parametrize(
    ("arm", "severe", "too_much"),
    [
        (ARMS[0], False, 0.16),
        (ARMS[0], True, 0.06),
        (ARMS[1], False, 0.15),
        (ARMS[1], True, 0.16),
    ],
)
def test_one_minus_kaplan_meier_overshoots(world, drawn, arm, severe, too_much):
    """It finds what would be if nothing competed: so much more than what happens."""
    found, errors, excess = [], [], []
    for made in drawn:
        time, kind = within_a_year(*times(made, arm, severe))
        fit = SurvfuncRight(time, (kind == 1).astype(int))
        found.append(fit.surv_prob[-1])
        errors.append(fit.surv_prob_se[-1])
        excess.append(1 - fit.surv_prob[-1] - closed_form(world, made, arm, severe))
    alone = event_free(world, arm, np.array([float(ONE_YEAR)]), severe)[0]
    assert_recovered(found, errors, alone)
    assert np.mean(excess) == pytest.approx(too_much, abs=0.02), excess


@only_shipped
def test_severe_events_are_about_as_frequent_as_in_the_trial(world, drawn):
    """CheckMate 067: 16.3 and 55.0 %."""
    for arm, published in world.true["ever_grade_34"].items():
        shares = [(times(made, arm, True)[1] == 1).mean() for made in drawn]
        assert np.mean(shares) == pytest.approx(published, abs=0.025)


# Immortal time


def cox(frame, *columns, entry=None):
    """Return the log hazard ratio of the first column and its standard error."""
    # statsmodels takes an entry as at risk on that very day: move it past the day.
    fit = sm.PHReg(
        frame["until"],
        frame[list(columns)].astype(float),
        status=frame["dead"].astype(int),
        entry=None if entry is None else frame[entry] + 0.5,
        ties="breslow",
    ).fit()
    return fit.params[0], fit.bse[0]


def survival(made):
    patients = made.patients.set_index("patient")
    return patients[["progression_days", "ecog"]].assign(
        combination=patients["treatment"] == ARMS[1],
        first=first_day(made),
        until=patients["follow_up_days"],
        dead=patients["status"] == "dead",
    )


@only_shipped
def test_ever_against_never_makes_adverse_events_look_protective(world, drawn):
    ratios = []
    for made in drawn:
        frame = survival(made).assign(ever=lambda f: f["first"].notna())
        ratio, error = cox(frame, "ever")
        assert ratio / error < -4
        ratios.append(ratio)
    assert 0.55 < np.exp(np.mean(ratios)) < 0.70


def landmark(made, alive_only):
    frame = survival(made)
    frame = frame[frame["until"] > LANDMARK]
    if not alive_only:
        frame = frame[~(frame["progression_days"] <= LANDMARK)]
    had = frame["first"] <= LANDMARK
    return cox(frame.assign(had=had, until=frame["until"] - LANDMARK), "had")


@only_shipped
def test_a_landmark_without_progression_finds_no_effect(world, drawn):
    found = [landmark(made, alive_only=False) for made in drawn]
    assert_recovered(*np.transpose(found), np.log(world.true["irae_death_ratio"]))


@only_shipped
def test_a_landmark_among_all_alive_leaves_a_bias(world, drawn):
    """Who progressed before it had less time for an event, and dies sooner."""
    ratios = [landmark(made, alive_only=True)[0] for made in drawn]
    assert 0.85 < np.exp(np.mean(ratios)) < 0.97


def split(made):
    """Return a row a patient and stretch of time with the same state."""
    frame = survival(made)
    rows = []
    bounds = frame[["first", "progression_days"]].clip(upper=frame["until"], axis=0)
    bounds = np.sort(bounds.fillna(np.inf).to_numpy(), axis=1)
    until = frame["until"].to_numpy(float)
    edges = np.column_stack(
        [np.zeros(len(frame)), np.minimum(bounds, until[:, None]), until]
    )
    for i in range(3):
        row = frame.assign(begin=edges[:, i], until=edges[:, i + 1])
        row["dead"] = frame["dead"] & (row["until"] == frame["until"])
        row["had"] = row["first"] <= row["begin"]
        row["progressed"] = row["progression_days"] <= row["begin"]
        row["last"] = row["until"] == frame["until"]
        rows.append(row[row["until"] > row["begin"]])
    return pd.concat(rows)


@only_shipped
def test_an_event_that_counts_from_its_day_on_has_no_effect(world, drawn):
    """With progression, which ends the risk of an event, as it changes with time."""
    found, without = [], []
    for made in drawn:
        rows = split(made)
        found.append(cox(rows, "had", "progressed", "ecog", entry="begin"))
        without.append(cox(rows, "had", entry="begin")[0])
    assert_recovered(*np.transpose(found), np.log(world.true["irae_death_ratio"]))
    # Without progression the event still looks protective, if less than at first.
    assert 0.72 < np.exp(np.mean(without)) < 0.85
