"""The planted truth of `ra_trial` is recovered, and the naive estimates miss it.

The estimators know the tables and the laboratory's rules; ACR20 is worked out
here from its definition, apart from `course.scores`.
"""

import cohorts
import numpy as np
import pytest
import statsmodels.api as sm
from recovery import assert_recovered
from scipy import optimize, stats
from statsmodels.tools.numdiff import approx_hess

TRUE = cohorts.truth("ra_trial")
ARMS = ["placebo", "4 mg/kg", "8 mg/kg"]
WEEKS = [0, 2, 4, 8, 12, 16, 24]
SEEDS = range(12)
PER_ARM = 500


class Wide:
    """One trial as arrays: each measure of shape (patients, visits)."""

    def __init__(self, made):
        self.patients = made.patients
        self.arm = made.patients["arm"].to_numpy(dtype=object)
        n = len(self.arm)
        for frame in (made.visits, made.latent):
            for name in frame.columns.drop(["patient", "week"]):
                values = frame[name].to_numpy()
                if frame[name].dtype == "str":
                    values = values.astype(object)
                setattr(self, name, values.reshape(n, len(WEEKS)))
        self.log_activity = np.log(self.activity)

    def at(self, name, week):
        return getattr(self, name)[:, WEEKS.index(week)]

    def is_arm(self, name):
        return self.arm == name


@pytest.fixture(scope="module")
def trials():
    return [Wide(cohorts.make_ra_trial(PER_ARM, random_state=s)) for s in SEEDS]


@pytest.fixture(scope="module")
def large():
    return Wide(cohorts.make_ra_trial(8_000, random_state=77))


def acr20(trial, week=24):
    """ACR20 from its definition; what is missing did not improve."""

    def better(name):
        entry, now = trial.at(name, 0), trial.at(name, week)
        # 35 joints down to 28 are 20 % fewer: compare whole multiples of 0.1.
        return (entry > 0) & (np.round(10 * (entry - now), 6) >= np.round(2 * entry, 6))

    others = ["pain_mm", "ptga_mm", "phga_mm", "haq", "crp_mg_l"]
    enough = np.sum([better(name) for name in others], axis=0) >= 3
    return better("tjc68") & better("sjc66") & enough


def standard_error_of_mean(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


def assert_mean_recovered(estimates, truth):
    """Judge an estimator without a formula for its error by its spread over seeds."""
    t = (np.mean(estimates) - truth) / standard_error_of_mean(estimates)
    assert abs(t) < 4.5, f"truth {truth:.4g}, estimates {np.round(estimates, 3)}"


# --- Calibration --------------------------------------------------------------

# Table 1 of RADIATE (Emery2008radiate), by arm: 8 mg/kg, 4 mg/kg, placebo.
RADIATE_N = np.array([170, 161, 158])
RADIATE = {
    "tjc68": ([31.7, 31.3, 30.4], [15.4, 15.1, 16.8]),
    "sjc66": ([18.9, 19.5, 18.9], [10.9, 10.4, 11.1]),
    "esr_mm_h": ([49.1, 51.3, 54.6], [27.9, 28.3, 32.7]),
    "crp_mg_l": ([28.0, 31.1, 37.1], [33.7, 36.1, 41.2]),
    "haq": ([1.7, 1.7, 1.7], [0.6, 0.6, 0.6]),
    "pain_mm": ([64.7, 63.5, 64.1], [20.6, 22.2, 21.8]),
    "ptga_mm": ([70.2, 70.4, 70.9], [20.0, 23.8, 21.1]),
    "phga_mm": ([66.4, 66.5, 67.5], [18.0, 16.1, 16.1]),
    "das28": ([6.79, 6.78, 6.80], [0.93, 0.97, 1.06]),
    "age_years": ([53.9, 50.9, 53.4], [12.7, 12.5, 13.3]),
    "disease_years": ([12.6, 11.0, 11.4], [9.3, 8.5, 9.2]),
}


def entry(trial, measure):
    if measure in trial.patients:
        return trial.patients[measure].to_numpy()
    if measure != "das28":
        return trial.at(measure, 0)
    joints = 0.56 * np.sqrt(trial.at("tjc28", 0)) + 0.28 * np.sqrt(trial.at("sjc28", 0))
    esr, patient = trial.at("esr_mm_h", 0), trial.at("ptga_mm", 0)
    return joints + 0.7 * np.log(esr) + 0.014 * patient


@pytest.mark.parametrize("measure", RADIATE)
def test_state_at_entry_is_that_of_radiate(trials, measure):
    means, sds = (np.array(values) for values in RADIATE[measure])
    mean = np.average(means, weights=RADIATE_N)
    sd = np.sqrt(np.average(sds**2, weights=RADIATE_N))
    # Many trials, so that the luck of 24 sites averages out.
    ours = np.concatenate([entry(trial, measure) for trial in trials])
    error = sd / np.sqrt(RADIATE_N.sum())
    rounding = 0.05 if measure == "haq" else 0
    assert abs(ours.mean() - mean) < 3 * error + rounding
    # The SD of such a sample varies by 3 % and more, the measures being skewed.
    assert abs(np.log(ours.std() / sd)) < 0.15


def test_share_of_women_is_that_of_radiate(large):
    women = round(0.84 * 170 + 0.81 * 161 + 0.79 * 158)
    interval = stats.binomtest(women, 489).proportion_ci(0.99)
    share = (large.patients["sex"] == "female").mean()
    assert interval.low < share < interval.high


@pytest.mark.parametrize(
    ("arm", "responders", "patients"),
    [("placebo", 54, 204), ("4 mg/kg", 102, 213), ("8 mg/kg", 120, 205)],
)
def test_acr20_is_that_of_option_and_the_planted_one(trials, arm, responders, patients):
    rates = np.array([acr20(trial)[trial.is_arm(arm)].mean() for trial in trials])
    published = stats.binomtest(responders, patients).proportion_ci(0.95)
    assert published.low < rates.mean() < published.high
    truth = TRUE["acr20_week24"][arm]
    errors = np.full(rates.size, np.sqrt(truth * (1 - truth) / PER_ARM))
    assert_recovered(rates, errors, truth)


def test_arms_and_weeks_are_complete():
    made = cohorts.make_ra_trial(7, random_state=3)
    assert made.patients["arm"].value_counts().to_dict() == dict.fromkeys(ARMS, 7)
    for frame in (made.visits, made.latent):
        weeks = frame.groupby("patient", sort=False)["week"].agg(list)
        assert weeks.map(lambda found: found == WEEKS).all()
        assert weeks.index.tolist() == made.patients["patient"].tolist()


# --- Activity -----------------------------------------------------------------


@pytest.mark.parametrize("arm", ARMS)
def test_activity_left_at_week_24(trials, arm):
    estimates = []
    for trial in trials:
        change = trial.at("log_activity", 24) - trial.at("log_activity", 0)
        estimates.append(np.median(change[trial.is_arm(arm)]))
    assert_mean_recovered(estimates, np.log(TRUE["activity_left_week24"][arm]))


def test_spread_and_ceiling_of_the_activity_left(large):
    # Below the median the ceiling does not show: 1.645 SD down to the 5th centile.
    change = large.at("log_activity", 24) - large.at("log_activity", 0)
    flares = large.at("log_activity", 2) - large.at("log_activity", 4)
    ours = change[large.is_arm("8 mg/kg")]
    spread = (np.median(ours) - np.quantile(ours, 0.05)) / 1.645
    # Two visits two weeks apart differ by little but their flares.
    noise = np.std(flares[large.is_arm("placebo")])
    assert abs(np.sqrt(spread**2 - noise**2) - TRUE["activity_left_log_sd"]) < 0.06
    placebo = change[large.is_arm("placebo")]
    above = np.mean(placebo > np.log(TRUE["activity_left_most"]) + 3 * noise)
    assert above < 0.01


def test_time_constant_of_the_response(trials):
    weeks = np.array(WEEKS[1:], dtype=float)

    def course(week, start, change, time):
        return start - change * np.exp(-week / time)

    estimates = []
    for trial in trials:
        treated = ~trial.is_arm("placebo")
        means = trial.log_activity[treated, 1:].mean(axis=0)
        found, _ = optimize.curve_fit(course, weeks, means, p0=(-1, -1, 6))
        estimates.append(found[2])
    assert_mean_recovered(estimates, TRUE["response_time_weeks"])


# --- The mechanism ------------------------------------------------------------


def interval_regression(values, step, limit, columns, treated):
    """Regress ln(value) on columns, where the laboratory rounds and censors.

    A reported value stands for the interval of half a step around it, the limit
    for everything below. Maximum likelihood, one residual SD for the treated
    and one for the others. Returns estimates and standard errors; the last two
    are the logarithms of the SDs.
    """
    low = np.log(np.where(values <= limit, 1e-9, values - step / 2))
    high = np.log(values + step / 2)
    design = np.column_stack([np.ones(len(values)), *columns])

    def minus_log_likelihood(parameters):
        mean = design @ parameters[:-2]
        sd = np.exp(np.where(treated, parameters[-1], parameters[-2]))
        inside = stats.norm.cdf((high - mean) / sd) - stats.norm.cdf((low - mean) / sd)
        return -np.log(np.maximum(inside, 1e-300)).sum()

    start = np.linalg.lstsq(design, np.log(values), rcond=None)[0]
    start = np.append(start, [-0.3, -0.3])
    found = optimize.minimize(minus_log_likelihood, start, method="BFGS").x
    covariance = np.linalg.inv(approx_hess(found, minus_log_likelihood))
    return found, np.sqrt(np.diag(covariance))


def fit_marker(trial, marker, week):
    values = trial.at(marker, week)
    seen = ~np.isnan(values)
    four, eight = trial.is_arm("4 mg/kg")[seen], trial.is_arm("8 mg/kg")[seen]
    age = trial.patients["age_years"].to_numpy()[seen] - 53
    women = (trial.patients["sex"] == "female").to_numpy()[seen]
    columns = [trial.at("log_activity", week)[seen], four, eight, age, women]
    step, limit = {"crp_mg_l": (0.1, 0.2), "esr_mm_h": (1, 1)}[marker]
    return interval_regression(values[seen], step, limit, columns, four | eight)


@pytest.mark.parametrize("marker", ["crp_mg_l", "esr_mm_h"])
@pytest.mark.parametrize(("week", "since"), [(2, "week2"), (12, "from_week4")])
def test_share_removed_by_mechanism(trials, marker, week, since):
    fits = [fit_marker(trial, marker, week) for trial in trials[:6]]
    for index, arm in ((2, "4 mg/kg"), (3, "8 mg/kg")):
        truth = np.log(1 - TRUE[f"{marker[:3]}_removed_{since}"][arm])
        assert_recovered(
            [f[index] for f, _ in fits], [s[index] for _, s in fits], truth
        )
    if marker == "crp_mg_l":
        slopes, errors = [f[1] for f, _ in fits], [s[1] for _, s in fits]
        assert_recovered(slopes, errors, TRUE["crp_activity_slope"])
        # What the mechanism leaves varies more between patients than CRP alone.
        extra = [np.exp(2 * f[-1]) - np.exp(2 * f[-2]) for f, _ in fits]
        errors = [
            2 * np.hypot(s[-1] * np.exp(2 * f[-1]), s[-2] * np.exp(2 * f[-2]))
            for f, s in fits
        ]
        assert_recovered(extra, errors, TRUE["removal_log_sd"] ** 2)


def test_crp_taken_at_its_word_overstates_the_gain_tenfold(large):
    treated = large.is_arm("8 mg/kg") & (large.at("dropout_reason", 24) == "in trial")
    crp = np.log(large.at("crp_mg_l", 24) / large.at("crp_mg_l", 0))[treated]
    gain = (large.at("log_activity", 24) - large.at("log_activity", 0))[treated]
    overstated = np.exp(np.nanmedian(gain) - np.nanmedian(crp))
    assert 8 < overstated < 12


def test_unblocked_crp_is_what_placebo_shows(large):
    placebo = large.is_arm("placebo")
    seen = large.crp_mg_l[placebo]
    same = np.isnan(seen) | (seen == large.crp_if_not_blocked_mg_l[placebo])
    assert same.all()
    treated = large.is_arm("8 mg/kg")
    entry, later = large.crp_mg_l[treated, 0], large.crp_mg_l[treated, 1:]
    unblocked = large.crp_if_not_blocked_mg_l[treated]
    assert (entry == unblocked[:, 0]).all()
    assert (np.isnan(later) | (later <= unblocked[:, 1:])).all()


def test_variation_of_crp_within_a_person(large):
    placebo = large.is_arm("placebo")
    crp = np.log(large.crp_mg_l[placebo]) - large.log_activity[placebo]
    difference = crp[:, 2] - crp[:, 1]
    difference = difference[~np.isnan(difference)]
    variance = np.var(difference) / 2
    error = variance * np.sqrt(2 / difference.size)
    assert_recovered([variance], [error], np.log1p(TRUE["crp_cv_within"] ** 2))


def test_laboratory_limits(large):
    seen = large.crp_mg_l[~np.isnan(large.crp_mg_l)]
    assert seen.min() == TRUE["crp_detection_limit"]
    assert seen.max() == TRUE["crp_upper_limit"]
    assert np.allclose(seen * 10, np.rint(seen * 10))


# --- Who leaves, and what is missed -------------------------------------------


def at_risk(trial, first):
    """Return for visits from `first` on: reason, and what was known before."""
    rows = []
    for visit in range(first, len(WEEKS)):
        before = trial.dropout_reason[:, visit - 1] == "in trial"
        joints = trial.tjc28[:, visit - 1] + trial.sjc28[:, visit - 1]
        rows.append(
            np.column_stack(
                [
                    trial.dropout_reason[before, visit] == "lack of efficacy",
                    trial.dropout_reason[before, visit] == "adverse event",
                    joints[before],
                    trial.log_activity[before, visit],
                    [ARMS.index(arm) for arm in trial.arm[before]],
                ]
            ).astype(float)
        )
    return np.vstack(rows)


def test_lack_of_efficacy_depends_on_the_joints_seen_before(trials):
    fits = []
    for trial in trials:
        rows = at_risk(trial, WEEKS.index(8))
        fits.append(sm.Logit(rows[:, 0], sm.add_constant(rows[:, 2])).fit(disp=0))
    for index, name in enumerate(["intercept", "slope"]):
        assert_recovered(
            [fit.params[index] for fit in fits],
            [fit.bse[index] for fit in fits],
            TRUE[f"dropout_efficacy_{name}"],
        )


def test_dropout_is_at_random_given_what_was_seen(large):
    # The activity at the visit that is missed adds nothing to the joints before.
    rows = at_risk(large, WEEKS.index(8))
    fit = sm.Logit(rows[:, 0], sm.add_constant(rows[:, [2, 3]])).fit(disp=0)
    assert abs(fit.tvalues[2]) < 3.7
    alone = sm.Logit(rows[:, 0], sm.add_constant(rows[:, 3])).fit(disp=0)
    assert alone.tvalues[1] > 10


def test_nobody_leaves_for_lack_of_efficacy_before_week_8(large):
    assert not (large.dropout_reason[:, :3] == "lack of efficacy").any()


@pytest.mark.parametrize("arm", ARMS)
def test_adverse_events_by_arm(large, arm):
    rows = at_risk(large, 1)
    rows = rows[(rows[:, 4] == ARMS.index(arm)) & (rows[:, 0] == 0)]
    truth = TRUE["dropout_adverse_event"][arm]
    error = np.sqrt(truth * (1 - truth) / len(rows))
    assert_recovered([rows[:, 1].mean()], [error], truth)


def test_after_a_dropout_everything_is_missing_and_nobody_returns(large):
    gone = large.dropout_reason != "in trial"
    assert (np.diff(gone.astype(int), axis=1) >= 0).all()
    for name in ("tjc68", "sjc66", "tjc28", "sjc28"):
        assert (np.isnan(getattr(large, name)) == gone).all()
    for name in ("pain_mm", "ptga_mm", "phga_mm", "haq", "esr_mm_h", "crp_mg_l"):
        missing = np.isnan(getattr(large, name))
        assert missing[gone].all() and not missing[:, 0].any()
        share = missing[:, 1:][~gone[:, 1:]]
        truth = TRUE["missed_item"]
        error = np.sqrt(truth * (1 - truth) / share.size)
        assert_recovered([share.mean()], [error], truth)


@pytest.mark.parametrize(
    ("arm", "least"), [("placebo", 0.04), ("4 mg/kg", 0.06), ("8 mg/kg", 0.07)]
)
def test_completers_only_flatters_every_arm(large, arm, least):
    stayed = large.is_arm(arm) & (large.at("dropout_reason", 24) == "in trial")
    excess = acr20(large)[stayed].mean() - TRUE["acr20_week24"][arm]
    assert excess > least


# --- What is not inflammation -------------------------------------------------


def test_the_lasting_part_of_pain(trials):
    estimates = []
    for trial in trials:
        rest = []
        for week in (2, 4):
            pain = np.clip(trial.at("pain_mm", week), 0.5, 99.5) / 100
            seen = ~np.isnan(pain)
            odds = np.log(pain / (1 - pain))
            fit = sm.OLS(
                odds[seen], sm.add_constant(trial.at("log_activity", week)[seen])
            ).fit()
            left = np.full(len(pain), np.nan)
            left[seen] = fit.resid
            rest.append(left)
        both = ~np.isnan(rest[0]) & ~np.isnan(rest[1])
        estimates.append(np.cov(rest[0][both], rest[1][both])[0, 1])
    assert_mean_recovered(estimates, TRUE["pain_noninflammatory"] ** 2)


def test_sites_differ_a_little():
    variances = []
    for seed in range(6):
        trial = Wide(cohorts.make_ra_trial(3_000, random_state=seed))
        # Complementary log-log turns a count into the log rate of involvement.
        share = (trial.at("sjc66", 0) + 0.5) / 67
        rate = np.log(-np.log1p(-share)) - trial.at("log_activity", 0)
        groups = trial.patients.assign(rate=rate).groupby("site")["rate"]
        variances.append(groups.mean().var() - (groups.var() / groups.size()).mean())
    assert 0.05 < np.sqrt(np.mean(variances)) < 0.15


def test_a_wrong_size_is_refused():
    with pytest.raises(ValueError, match="n_per_arm=0 is not allowed"):
        cohorts.make_ra_trial(0)
