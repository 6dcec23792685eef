"""The planted truth of `lymphocyte_followup` is recovered, complete cases mislead.

Counts are missing more often after an infection, so the means below weight every
visit that took place by the inverse of how often such a visit does.
"""

from functools import partial

import cohorts
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from recovery import assert_recovered, assert_share, only_shipped, worlds
from scipy import optimize

#: A shallow depletion, a slow return, patients who rather come when they are ill.
ANOTHER = {
    "baseline_mean": {
        "female": {"cd4": 700.0, "cd8": 500.0, "cd19": 250.0, "other": 400.0},
        "male": {"cd4": 950.0, "cd8": 450.0, "cd19": 300.0, "other": 350.0},
    },
    "baseline_sd": {
        "female": {"cd4": 150.0, "cd8": 180.0, "cd19": 90.0, "other": 120.0},
        "male": {"cd4": 300.0, "cd8": 140.0, "cd19": 120.0, "other": 100.0},
    },
    "baseline_correlation": 0.6,
    "fraction_left": {"cd4": 0.25, "cd8": 0.3, "cd19": 0.2, "other": 0.4},
    "half_dose_power": 0.7,
    "fraction_concentration": 25.0,
    "nadir_month": 0.8,
    "recovery_half_time": {"cd4": 5.0, "cd8": 4.0, "cd19": 6.0, "other": 2.5},
    "recovery_rate_cv": 0.5,
    "count_cv": {"shared": 0.06, "own": 0.15},
    "infection_rate_at_500": 0.1,
    "infection_ratio_per_100": 1.1,
    "missed_visit": {"no infection": 0.2, "infection": 0.1},
    "half_dose_share": 0.5,
    "female_share": 0.3,
    "visit_shift_sd": 2.0,
    "visit_shift_most": 5.0,
}
world = worlds("lymphocyte_followup", ANOTHER)
SUBSETS = ["cd4", "cd8", "cd19", "other"]
MONTH = 30.4375


def make(world, n, seed, n_months=18):
    """Return one row a visit, with the counts under short names and who it was."""
    made = world.make(n, n_months, random_state=seed)
    counts = made.counts.rename(columns=lambda name: name.removesuffix("_cells_ul"))
    counts["other"] = counts["alc"] - counts[["cd4", "cd8", "cd19"]].sum(axis=1)
    counts["came"] = counts["alc"].notna()
    who = made.patients.set_index("patient")
    for column in ("sex", "agent_dose"):
        counts[column] = who[column].repeat(n_months).array
    counts["weight"] = counts["came"] / counts.groupby("infection")["came"].transform(
        "mean"
    )
    counts.loc[counts["month"] == 0, "weight"] = 1.0
    return counts


def over(batches, estimator):
    """Return the mean of the batches' estimates, and its error from their spread."""
    found = np.array([estimator(batch) for batch in batches])
    return found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(len(found))


@pytest.fixture(scope="module")
def batches(world):
    return [make(world, 3000, seed) for seed in range(24)]


@pytest.fixture(scope="module")
def large(world):
    return [make(world, 8000, seed) for seed in range(100, 104)]


# --- Before treatment ---------------------------------------------------------


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("subset", SUBSETS)
def test_baseline_mean(world, large, sex, subset):
    found = []
    for counts in large:
        first = counts[(counts["month"] == 0) & (counts["sex"] == sex)][subset]
        found.append((first.mean(), first.sem()))
    assert_recovered(
        *zip(*found, strict=True), world.true["baseline_mean"][sex][subset]
    )


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("subset", SUBSETS)
def test_baseline_sd(world, large, sex, subset):
    # What is seen at one visit is baseline times fluctuation, both log-normal.
    fluctuation = np.prod([1 + cv**2 for cv in world.true["count_cv"].values()])
    mean, sd = (world.true[f"baseline_{what}"][sex][subset] for what in ("mean", "sd"))
    truth = (1 + (sd / mean) ** 2) * fluctuation - 1
    found = []
    for counts in large:
        first = counts[(counts["month"] == 0) & (counts["sex"] == sex)][subset]
        log = np.log(first[first > 0])
        found.append((log.var(), log.var() * np.sqrt(2 / len(log))))
    assert_recovered(*zip(*found, strict=True), np.log1p(truth))


# --- Depletion and recovery ---------------------------------------------------


def present(world, months, left, rate, cv):
    """Return the mean fraction present if rates are gamma: 1 - (1 - f) E[exp(-k t)]."""
    t = np.maximum(months - world.true["nadir_month"], 0)
    return 1 - (1 - left) * (1 + cv**2 * rate * t) ** (-1 / cv**2)


def fit_recovery(world, counts, subset, dose="standard"):
    """Return fraction left, half-time and CV of the rate from the mean curve."""
    counts = counts[counts["agent_dose"] == dose]
    weighted = counts[subset].mul(counts["weight"]).groupby(counts["month"]).sum()
    mean = weighted / counts["weight"].groupby(counts["month"]).sum()
    months = counts["day"].groupby(counts["month"]).mean() / MONTH
    share = mean.to_numpy()[1:] / mean.to_numpy()[0]
    (left, rate, cv), _ = optimize.curve_fit(
        partial(present, world),
        months.to_numpy()[1:],
        share,
        p0=[0.2, 0.1, 0.5],
        bounds=([0, 0.01, 0.01], [0.9, 1, 2]),
    )
    return left, np.log(2) / rate, cv


@pytest.mark.parametrize("subset", SUBSETS)
def test_depth_and_half_time_of_recovery(world, batches, subset):
    values, errors = over(batches, lambda one: fit_recovery(world, one, subset))
    truth = [
        world.true["fraction_left"][subset],
        world.true["recovery_half_time"][subset],
        world.true["recovery_rate_cv"],
    ]
    z = (values - truth) / errors
    assert np.all(np.abs(z) < 4), dict(zip(["left", "half-time", "cv"], z, strict=True))


@pytest.mark.parametrize("subset", SUBSETS)
def test_half_the_dose_leaves_the_square_root(world, batches, subset):
    def power(one):
        left = {
            dose: fit_recovery(world, one, subset, dose)[0]
            for dose in ("half", "standard")
        }
        return np.log(left["half"]) / np.log(left["standard"])

    value, error = over(batches, power)
    assert abs(value - world.true["half_dose_power"]) < 4 * error


def test_depth_differs_between_patients(world, batches):
    """Second moments: E[C1²] / E[C0²] = E[P²], with P the fraction present."""
    mean = world.true["fraction_left"]["cd8"]
    cv = world.true["recovery_rate_cv"]
    rate = np.log(2) / world.true["recovery_half_time"]["cd8"]

    def concentration(one):
        one = one[one["agent_dose"] == "standard"]
        first, second = one[one["month"] == 0], one[one["month"] == 1]
        square = np.average(second["cd8"].fillna(0) ** 2, weights=second["weight"])
        square /= np.mean(first["cd8"] ** 2)
        t = second["day"] / MONTH
        slow = np.mean(1 - present(world, t, 0, rate, cv))
        slow_squared = np.mean(1 - present(world, t, 0, 2 * rate, cv))
        gone_squared = (square - 1 + 2 * (1 - mean) * slow) / slow_squared
        return gone_squared - (1 - mean) ** 2

    value, error = over(batches, concentration)
    truth = mean * (1 - mean) / (world.true["fraction_concentration"] + 1)
    assert abs(value - truth) < 4 * error


def test_counts_vary_together_from_visit_to_visit(world):
    # After decades everybody has recovered; what is left varies about the baseline.
    counts = make(world, 300, 7, n_months=600)
    late = counts[(counts["month"] >= 560) & counts["came"]]
    log = np.log(late[["cd4", "cd8"]])
    own = log - log.groupby(late["patient"]).transform("mean")
    visits = late.groupby("patient")["month"].size()
    product = (own["cd4"] * own["cd8"]).groupby(late["patient"]).sum() / (visits - 1)
    square = (own["cd4"] ** 2).groupby(late["patient"]).sum() / (visits - 1)
    shared = np.log1p(world.true["count_cv"]["shared"] ** 2)
    both = shared + np.log1p(world.true["count_cv"]["own"] ** 2)
    for found, truth in ((product, shared), (square, both)):
        assert abs(found.mean() - truth) < 4 * found.sem()


# --- Infections and missed visits ---------------------------------------------


def intervals(counts):
    """Return the months that opened with a visit: infection, CD4 before, length."""
    before = counts.shift(1)
    keep = (counts["month"] > 0) & before["cd4"].notna()
    table = pd.DataFrame(
        {
            "infection": counts["infection"].astype(float),
            "fewer": (500 - before["cd4"]) / 100,
            "months": (counts["day"] - before["day"]) / MONTH,
            "came": counts["came"],
        }
    )
    return table[keep]


def test_infection_hazard_is_log_linear_in_cd4(world, large):
    rates, ratios = [], []
    for counts in large:
        at_risk = intervals(counts)
        family = sm.families.Binomial(sm.families.links.CLogLog())
        fit = sm.GLM(
            at_risk["infection"],
            sm.add_constant(at_risk["fewer"]),
            family=family,
            offset=np.log(at_risk["months"]),
        ).fit()
        rates.append((fit.params["const"], fit.bse["const"]))
        ratios.append((fit.params["fewer"], fit.bse["fewer"]))
    assert_recovered(
        *zip(*rates, strict=True), np.log(world.true["infection_rate_at_500"])
    )
    truth = np.log(world.true["infection_ratio_per_100"])
    assert_recovered(*zip(*ratios, strict=True), truth)


def test_visits_are_missed_after_infections(world, large):
    for infection, name in ((False, "no infection"), (True, "infection")):
        found = []
        for counts in large:
            due = counts[(counts["month"] > 0) & (counts["infection"] == infection)]
            p = 1 - due["came"].mean()
            found.append((p, np.sqrt(p * (1 - p) / len(due))))
        assert_recovered(*zip(*found, strict=True), world.true["missed_visit"][name])


@only_shipped
def test_complete_cases_hide_two_infections_in_five(world, large):
    counts = pd.concat(large)
    due = counts[counts["month"] > 0]
    all_months, complete = (
        due["infection"].mean(),
        due.loc[due["came"], "infection"].mean(),
    )
    error = np.sqrt(complete / due["came"].sum())
    assert complete < all_months - 20 * error
    assert 0.55 < complete / all_months < 0.65


@only_shipped
def test_complete_cases_make_the_blood_look_better(world, batches):
    """Those who came had fewer infections, so their CD4 cells were more."""

    def flattery(one):
        month = one[(one["month"] == 6) & one["came"]]
        return month["cd4"].mean() - np.average(month["cd4"], weights=month["weight"])

    value, error = over(batches, flattery)
    assert value > 4 * error


@only_shipped
def test_complete_cases_keep_the_odds_ratio(world, large):
    """Missing by outcome alone moves a logistic model's intercept, not its slope."""
    for counts in large[:2]:
        at_risk = intervals(counts)
        slopes = []
        for rows in (at_risk, at_risk[at_risk["came"]]):
            exog = sm.add_constant(rows["fewer"])
            fit = sm.GLM(rows["infection"], exog, family=sm.families.Binomial()).fit()
            slopes.append((fit.params["fewer"], fit.bse["fewer"]))
        (every, _), (complete, error) = slopes
        assert abs(complete - every) < 3.5 * error


def test_share_with_half_the_dose(world, large):
    found = []
    for counts in large:
        half = counts.loc[counts["month"] == 0, "agent_dose"] == "half"
        found.append((half.mean(), half.sem()))
    assert_recovered(*zip(*found, strict=True), world.true["half_dose_share"])


def test_who_the_patients_are_and_when_they_come(world, large):
    women, shifts = [], []
    for counts in large:
        women.append(counts.loc[counts["month"] == 0, "sex"] == "female")
        later = counts[counts["month"] > 0]
        shifts.append(later["day"] - MONTH * later["month"])
    women, shifts = np.concatenate(women), np.concatenate(shifts)
    assert_share(women.sum(), women.size, world.true["female_share"])
    assert np.abs(shifts).max() <= world.true["visit_shift_most"] + 0.5
    assert np.abs(shifts).max() >= world.true["visit_shift_most"] - 0.5
    # By the middle half, which is not cut; whole days add a little.
    spread = np.subtract(*np.quantile(shifts, [0.75, 0.25])) / 1.349
    truth = np.sqrt(world.true["visit_shift_sd"] ** 2 + 1 / 12)
    assert abs(spread / truth - 1) < 0.02


def test_baselines_of_one_patient_go_together(world, large):
    """Of the logarithms, less what the fluctuation of a visit adds."""
    cv = world.true["count_cv"]
    shared, own = (np.log1p(cv[part] ** 2) for part in ("shared", "own"))
    estimates, errors = [], []
    for counts in large:
        first = counts[counts["month"] == 0]
        for sex in ("female", "male"):
            log = np.log(first.loc[first["sex"] == sex, ["cd4", "cd8"]])
            covariance = log.cov().to_numpy()
            between = np.diag(covariance) - shared - own
            rho = (covariance[0, 1] - shared) / np.sqrt(between.prod())
            estimates.append(rho)
            errors.append((1 - rho**2) / np.sqrt(len(log)) * 1.1)
    assert_recovered(estimates, errors, world.true["baseline_correlation"])


# --- The table ----------------------------------------------------------------


def test_the_parts_never_exceed_the_whole(large):
    assert all((counts["other"].dropna() >= 0).all() for counts in large)


def test_a_missed_visit_misses_all_counts_and_the_first_is_never_missed(large):
    for counts in large:
        missing = counts[["alc", "cd4", "cd8", "cd19"]].isna()
        assert (missing.all(axis=1) == missing.any(axis=1)).all()
        assert not missing[counts["month"] == 0].any(axis=None)


def test_days_go_forward(large):
    for counts in large:
        step = counts.groupby("patient")["day"].diff().dropna()
        assert step.min() > 0


def test_a_wrong_number_of_months_is_named():
    with pytest.raises(ValueError, match="n_months=0"):
        cohorts.make_lymphocyte_followup(5, 0)
