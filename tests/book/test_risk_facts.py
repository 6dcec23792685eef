"""Risk: the notebooks' methods against other routes to the same numbers.

The cells that define a method are run by themselves. They are held against counts and
intervals that publications print, against closed forms, root finding and simulation,
and against other implementations.
"""

import cohorts
import numpy as np
import pandas as pd
import pytest
from cohorts import spontaneous_reports
from notebooks import cells, definitions, glued, numbers
from scipy import optimize, stats
from statsmodels.duration.survfunc import CumIncidenceRight
from tolerances import FITTED, ROUNDING, SOLVED, as_printed

RATES = "risk/01-infection-rates"
RELEASE = "risk/02-over-activation"
LATE = "risk/03-long-term-harm"
SIGNALS = "risk/04-monitoring-and-signals"


# Rates ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cases", "years", "printed"),
    [
        (5, 12_744, (39, 13, 92)),
        (11, 8_069, (136, 68, 244)),
        (11, 7_634, (144, 72, 258)),
        (27, 28_447, (95, 63, 138)),
    ],
)
def test_the_intervals_of_the_british_register(cases, years, printed):
    """Dixon2010tb, table 2: tuberculosis on the drug per 100,000 patient-years."""
    interval = definitions(RATES, "exact")["rate_interval"]
    found = interval(cases, years, per=100_000)
    np.testing.assert_array_equal(np.round(found), printed)


@pytest.mark.parametrize("events", [1, 4, 30])
def test_the_exact_limits_are_where_the_poisson_tails_say(events):
    _, low, high = definitions(RATES, "exact")["rate_interval"](events, 1, per=1)
    below = optimize.brentq(lambda m: stats.poisson.sf(events - 1, m) - 0.025, 1e-9, 99)
    above = optimize.brentq(lambda m: stats.poisson.cdf(events, m) - 0.025, 1e-9, 99)
    np.testing.assert_allclose([low, high], [below, above], rtol=SOLVED)


@pytest.mark.parametrize("mean", [0.3, 1.0, 3.7, 12.0])
def test_the_exact_interval_covers_at_least_as_often_as_it_says(mean):
    counts = np.arange(80)
    interval = definitions(RATES, "exact")["rate_interval"]
    _, low, high = interval(counts, np.ones(80), per=1)
    assert stats.poisson.pmf(counts, mean)[(low <= mean) & (mean <= high)].sum() >= 0.95


def test_nothing_seen_still_allows_something():
    _, low, high = definitions(RATES, "exact")["rate_interval"](0, 7_345, 100_000)
    assert low == 0
    assert high == pytest.approx(50.2, abs=as_printed(1))
    # The rule of three is the one-sided limit: exp(-3) is 5 %.
    assert 1e5 * -np.log(0.05) / 7_345 == pytest.approx(40.8, abs=as_printed(1))
    assert glued(RATES)["inf_tb_three"] == "41"


def regressions():
    return definitions(RATES, "table-patients", "poisson")


def test_the_crude_regression_is_a_ratio_of_rates():
    registry = cohorts.load("biologic_registry")
    years = registry["follow_up_days"].groupby(registry["steroid_mg_d"]).sum()
    cases = (registry["outcome"] == "infection").groupby(registry["steroid_mg_d"]).sum()
    rate = cases / years
    fit = regressions()["crude"]
    for dose in ("1-5", "6-10", ">10"):
        found = np.exp(fit.params[f"dose[T.{dose}]"])
        assert found == pytest.approx(rate[dose] / rate["0"], rel=SOLVED)
        error = np.sqrt(1 / cases[dose] + 1 / cases["0"])
        assert fit.bse[f"dose[T.{dose}]"] == pytest.approx(error, rel=SOLVED)


def test_the_adjusted_regression_is_found_by_newton_too():
    names = regressions()
    people = names["patients"]
    x = np.column_stack(
        [np.ones(len(people))]
        + [people["dose"] == dose for dose in names["DOSES"][1:]]
        + [
            people[name]
            for name in ("das28", "comorbidities", "prior", "age_years", "biologic")
        ]
    ).astype(float)
    y, t = people["infected"].to_numpy(), people["years"].to_numpy()
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(y.sum() / t.sum())
    for _ in range(30):
        mean = t * np.exp(x @ beta)
        beta += np.linalg.solve(x.T @ (mean[:, None] * x), x.T @ (y - mean))
    np.testing.assert_allclose(names["adjusted"].params, beta, rtol=SOLVED, atol=1e-7)


def test_adjusted_ratios_are_those_planted_within_their_error():
    fit, truth = regressions()["adjusted"], cohorts.truth("biologic_registry")
    planted = {
        f"dose[T.{dose}]": np.log(ratio)
        for dose, ratio in truth["steroid_rate_ratio"].items()
        if dose != "0"
    }
    planted["biologic"] = np.log(truth["infection_hazard_ratio"])
    # Four standard errors: each new term draws all the coefficients again.
    for name, value in planted.items():
        assert abs(fit.params[name] - value) < 4 * fit.bse[name]


def test_the_published_number_needed_to_harm():
    """Curtis2023oral: 275 patient-years (149 to 1,759), 55 patients for 5 years."""
    told = glued(RATES)
    assert told["inf_oral_years"] == "275"
    assert told["inf_oral_five"] == "55"
    assert told["inf_oral_patients"] == "77"
    difference = 122 / 10_803 - 42 / 5_482
    error = np.sqrt(122 / 10_803**2 + 42 / 5_482**2)
    limits = 1 / (difference + 1.96 * np.array([1, -1]) * error)
    np.testing.assert_allclose(limits, [149, 1759], rtol=5e-3)


def test_numbers_needed_to_harm_by_dose_from_the_coefficients():
    names = definitions(RATES, "table-patients", "poisson", "nnh-dose")
    fit, people = names["adjusted"], names["patients"]
    without = fit.params["Intercept"] + sum(
        fit.params[name] * people[name]
        for name in ("das28", "comorbidities", "prior", "age_years", "biologic")
    )
    for dose, found in names["nnh"].items():
        with_dose = without + fit.params[f"dose[T.{dose}]"]
        for years, number in zip(names["horizon"], found, strict=True):
            risks = [1 - np.exp(-years * np.exp(line)) for line in (with_dose, without)]
            assert number == pytest.approx(1 / (risks[0] - risks[1]).mean(), rel=SOLVED)


# Over-activation -----------------------------------------------------------


@pytest.mark.parametrize("reached", [0.45, 0.80, 0.862, 0.909])
def test_the_dose_for_an_occupancy_by_root_finding(reached):
    kd = optimize.brentq(lambda k: 0.1 / (0.1 + k) - reached, 1e-6, 1)
    dose = optimize.brentq(lambda d: d / (d + kd) - 0.10, 1e-9, 1)
    found = definitions(RELEASE, "first-dose")["dose_for"](0.10, 0.1, reached)
    assert found == pytest.approx(dose, rel=SOLVED)


@pytest.mark.parametrize(
    ("pressure", "oxygen", "grade"),
    [
        ("normal", "none", 1),
        ("low", "none", 2),
        ("normal", "low flow", 2),
        ("one vasopressor", "low flow", 3),  # the worked example of Lee2019astct
        ("low", "high flow", 3),
        ("several vasopressors", "low flow", 4),
        ("normal", "positive pressure", 4),
    ],
)
def test_cytokine_release_is_graded_by_the_worse_axis(pressure, oxygen, grade):
    assert definitions(RELEASE, "crs")["crs_grade"](pressure, oxygen) == grade


def over_activation():
    cells = ("table-patients", "by-hand", "designs", "split", "all-designs")
    return definitions(RELEASE, *cells)


def test_the_incidence_by_hand_is_that_of_statsmodels():
    names = over_activation()
    people = names["patients"].copy()
    # The last one has no event: statsmodels would divide by zero.
    people.loc[people["days"].idxmax(), "what"] = "data cut"
    codes = {"data cut": 0, "severe irAE": 1, "treatment over": 2}
    theirs = CumIncidenceRight(people["days"], people["what"].map(codes))
    ours = names["cumulative_incidence"](people["days"], people["what"], "severe irAE")
    at = np.searchsorted(ours.index, theirs.times)
    np.testing.assert_allclose(ours.iloc[at], theirs.cinc[0], rtol=ROUNDING)


def test_one_minus_kaplan_meier_is_too_high_by_counting():
    told = glued(RELEASE)
    made = cohorts.load("checkpoint_cohort")
    bad = made.events[(made.events["grade"] == "3-4") & (made.events["day"] <= 365)]
    arm = made.patients.set_index("patient")["treatment"]
    share = bad["patient"].drop_duplicates().map(arm).value_counts()
    share = 100 * share / arm.value_counts()
    for name, word in [("PD-1", "one"), ("PD-1 + CTLA-4", "two")]:
        assert told[f"act_aj_{word}"] == f"{share[name]:.0f}"
        assert float(told[f"act_km_{word}"]) > share[name] + 3


def test_split_time_on_the_worked_numbers_of_immortal_time():
    """E = 100, I = 40, U = 200 years, 10 and 24 deaths: 1.00, 0.595 and 0.833."""
    treated = pd.DataFrame({"irae": 4.0, "follow_up_days": 14.0, "dead": 1}, range(10))
    never = pd.DataFrame(
        {"irae": np.nan, "follow_up_days": 200 / 24, "dead": 1}, range(10, 34)
    )
    people = pd.concat([treated, never])
    assert over_activation()["split_time"](people)[0] == pytest.approx(1.0)
    # The two wrong answers that the self-check names.
    assert (10 / 140) / (24 / 200) == pytest.approx(0.595, abs=as_printed(3))
    assert (10 / 100) / (24 / 200) == pytest.approx(0.833, abs=as_printed(3))


def test_the_cox_ratio_is_the_root_of_the_score():
    """Breslow's partial likelihood with one binary covariate, written out."""
    names = over_activation()
    people = names["patients"]
    x = people["irae"].notna().to_numpy().astype(float)
    days, dead = people["follow_up_days"].to_numpy(), people["dead"].to_numpy() == 1

    def score(beta):
        weight = np.exp(beta * x)
        risk = days[None, :] >= days[dead][:, None]
        return (x[dead] - (risk * weight * x).sum(1) / (risk * weight).sum(1)).sum()

    root = np.exp(optimize.brentq(score, -3, 3))
    assert names["hazard_ratio"](people, x == 1, days)[0] == pytest.approx(
        root, rel=FITTED
    )


def test_only_the_design_without_progression_is_right_on_average():
    names = over_activation()
    make = cohorts.get("checkpoint_cohort").make
    logs = np.log(
        [
            names["all_designs"](names["prepared"](make(3000, random_state=seed)))[
                "ratio"
            ].to_numpy()
            for seed in range(5)
        ]
    )
    mean, error = logs.mean(axis=0), logs.std(axis=0, ddof=1) / np.sqrt(5)
    assert mean[0] < -0.3, "the naive comparison should look like a benefit"
    assert mean[2] < 0, "progressed patients dilute the landmark"
    assert abs(mean[3]) < 4 * max(error[3], 0.02)
    assert abs(mean[3]) < 0.2 * abs(mean[0])


def test_a_wait_is_the_time_to_the_next_multiple():
    names = definitions(RELEASE, "table-patients", "waits")
    for weeks, wait in zip(names["weeks"], names["waits"], strict=True):
        visits = np.arange(0, 800 + 7 * weeks, 7 * weeks)
        for onset, delay in list(zip(names["severe"], wait, strict=True))[:20]:
            assert delay == min(visits[visits >= onset]) - onset


# Late harm -----------------------------------------------------------------


def late():
    return definitions(
        LATE, "table-background", "events-needed", "closed-early", "published",
        "operating",
    )  # fmt: skip


def finds_more(d1, d0, t1, t0):
    """Return whether the interval of the rate ratio lies above 1, trial by trial."""
    d1, d0 = np.maximum(d1, 0.5), np.maximum(d0, 0.5)
    return np.log(d1 * t0 / (d0 * t1)) > 1.96 * np.sqrt(1 / d1 + 1 / d0)


@pytest.mark.parametrize("ratio", [1.5, 2])
def test_the_size_of_a_trial_by_simulation(ratio):
    years = late()["years_needed"](ratio, 0.0077) / 2
    rng = np.random.default_rng(3)
    d1 = rng.poisson(0.0077 * ratio * years, 20_000)
    d0 = rng.poisson(0.0077 * years, 20_000)
    assert finds_more(d1, d0, years, years).mean() == pytest.approx(0.80, abs=0.03)


def test_events_of_the_real_margin():
    """At 2:1 a margin of 1.8 needs 137 events for 90 % power; 164 were seen."""
    assert glued(LATE)["long_needed"] == "137"
    z = stats.norm.ppf([0.975, 0.9]).sum()
    assert late()["events_needed"](1.8, 2 / 3, 0.9) == pytest.approx(
        (z / np.log(1.8)) ** 2 * 4.5
    )


@pytest.mark.parametrize("month", [24, 48])
def test_power_of_a_trial_closed_early_by_simulation(month):
    names = late()
    drug, control, ratio = names["trial_until"](month)
    t1, t0 = (names[n] * month / 12 for n in ("N_DRUG", "N_CONTROL"))
    assert ratio == pytest.approx(drug / t1 / (control / t0))
    rng = np.random.default_rng(4)
    found = finds_more(rng.poisson(drug, 20_000), rng.poisson(control, 20_000), t1, t0)
    power = names["chance_to_find"](drug, control, ratio)
    assert found.mean() == pytest.approx(power, abs=0.03)


@pytest.mark.parametrize("how", [{}, {"lag": 18}, {"change": 60}, {"lag": 6}])
def test_expected_events_by_adding_up_months(how):
    month, lag, change = 72, how.get("lag", 0), how.get("change", 18)
    middle = np.arange(month) + 0.5
    counted = middle > lag
    hazard = np.where(middle < change, 0.93, 1.93)
    drug, control, _ = late()["trial_until"](month, **how)
    assert drug == pytest.approx(2911 * 0.0077 / 12 * hazard[counted].sum())
    assert control == pytest.approx(1451 * 0.0077 / 12 * counted.sum())


def test_cancers_of_the_safety_trial_from_the_counts():
    """Curtis2023oral prints 1.48 (1.04 to 2.09), by a Cox model."""
    np.testing.assert_allclose(late()["cancer"], [1.48, 1.04, 2.09], atol=0.015)
    assert glued(LATE)["long_nnh"] == "275"


@pytest.mark.parametrize("true", [1.0, 1.3, 1.8])
def test_non_inferiority_by_simulation(true):
    rng = np.random.default_rng(5)
    share = 2 * true / (2 * true + 1)
    drug, control = rng.poisson([164 * share, 164 * (1 - share)], (20_000, 2)).T
    upper = np.log(drug / 2 / control) + 1.96 * np.sqrt(1 / drug + 1 / control)
    expected = late()["shows_non_inferiority"](true, 164)
    assert (upper < np.log(1.8)).mean() == pytest.approx(expected, abs=0.03)


def slopes():
    return definitions(LATE, "simulate", "visits", "referral", "mixed")


def test_with_complete_data_the_mixed_model_is_the_mean_of_the_lines():
    names = slopes()
    whole = names["simulate"](seed=11)
    lines = names["patient_lines"](whole, "egfr")
    alone = whole.groupby("patient")["alone"].first()
    mean = lines.groupby(alone).mean()
    fit = names["mixed"](whole, "egfr").params
    assert fit["years"] == pytest.approx(mean[0], abs=2e-3)
    assert fit["years:alone"] == pytest.approx(mean[1] - mean[0], abs=3e-3)


def test_the_mixed_model_finds_the_planted_slopes_although_patients_leave():
    names, z, completers = slopes(), [], []
    for seed in range(3):
        seen = names["until_referral"](names["simulate"](seed=seed))
        fit = names["mixed"](seen, "egfr")
        z.append((fit.params["years:alone"] + 2) / fit.bse["years:alone"])
        wide = seen.pivot(index="patient", columns="years", values="egfr")
        alone = seen.groupby("patient")["alone"].first() == 1
        change = (wide[3.0] - wide[0.0])[alone] / 3
        completers.append(change.mean())
    assert np.abs(z).max() < 3
    assert abs(np.sum(z)) / np.sqrt(3) < 3
    assert np.mean(completers) > -2.9, "those who stay should seem to lose less"


def test_nobody_is_seen_after_referral():
    names = slopes()
    whole = names["simulate"](seed=2)
    seen = names["until_referral"](whole)
    for patient, one in list(whole.groupby("patient"))[:40]:
        low = np.flatnonzero(one["egfr"].to_numpy() < 40)
        expected = low[0] + 1 if low.size else len(one)
        assert (seen["patient"] == patient).sum() == expected


def test_how_well_one_slope_is_known():
    shown = next(cell for cell in cells(LATE) if cell["id"] == "one-patient")
    text = shown.outputs[0]["data"]["text/plain"]
    for visits, printed in [(5, "5.1"), (9, "2.1"), (13, "1.2")]:
        design = np.column_stack([np.ones(visits), np.arange(visits) / 4])
        error = 4 * np.sqrt(np.linalg.inv(design.T @ design)[1, 1])
        assert f"{error:.1f}" == printed
        assert printed in text


# Monitoring and signals ----------------------------------------------------


def signals():
    return definitions(SIGNALS, "measures", "all-pairs", "rules")


@pytest.mark.parametrize(
    ("table", "prr", "ror", "low", "ic"),
    [
        # Evans2001prr: rifabutin and uveitis, PRR 586.
        ((41, 14, 754, 591_958), 586.0, 2299, None, 6.177),
        ((60, 1_940, 2_400, 395_600), 4.975, 5.098, 3.931, 2.241),
    ],
)
def test_measures_of_two_tables(table, prr, ror, low, ic):
    found = signals()["measures"](*table).iloc[0]
    assert found["PRR"] == pytest.approx(prr, rel=2e-4)
    assert found["ROR"] == pytest.approx(ror, rel=2e-4)
    assert found["IC"] == pytest.approx(ic, abs=1e-3)
    if low:
        assert found["ROR from"] == pytest.approx(low, rel=2e-4)
    square = np.reshape(table, (2, 2))
    chi2 = stats.chi2_contingency(square, correction=False).statistic
    assert found["chi2"] == pytest.approx(chi2, rel=ROUNDING)
    # The gamma quantile, by way of the chi-squared distribution.
    reached = 2 * 2 ** found["IC025"] * (found["expected"] + 0.5)
    assert stats.chi2.cdf(reached, 2 * table[0] + 1) == pytest.approx(0.025)
    assert glued(SIGNALS)["sig_rif_prr"] == "586"


def test_the_text_counts_the_pairs_that_the_generator_makes():
    pairs = spontaneous_reports.pair_probabilities(warned=False).size
    assert numbers(SIGNALS)["sig_pairs"] == pairs
    assert numbers(SIGNALS)["sig_drugs"] * numbers(SIGNALS)["sig_terms"] == pairs
    assert numbers(SIGNALS)["sig_by_chance"] == pytest.approx(pairs / 40, abs=0.5)


def test_all_pairs_are_those_counted_one_by_one():
    names = signals()
    lines = cohorts.get("spontaneous_reports").make(5_000, random_state=1)
    found = names["all_pairs"](lines)
    for drug, event in [("A03", "Tuberculosis"), ("A01", "Headache"), ("A60", "Fever")]:
        of, with_it = lines["drug"] == drug, lines["event"] == event
        one = names["measures"](
            (of & with_it).sum(), (of & ~with_it).sum(), (~of & with_it).sum(),
            (~of & ~with_it).sum(),
        ).iloc[0]  # fmt: skip
        np.testing.assert_allclose(found.loc[drug, event], one)


def test_planted_ratios_come_back_once_the_mask_is_off():
    names, truth = signals(), cohorts.truth("spontaneous_reports")
    reports = cohorts.load("spontaneous_reports")
    warned = reports["quarter"].between(*truth["warning_quarters"])
    unmasked = reports[reports["drug"] != "A03"]
    for lines, pair, ratio in [
        (reports, ("A40", "Uveitis"), truth["signal_ratio"]),
        (unmasked, ("A22", "Tuberculosis"), truth["masked_ratio"]),
        (reports[warned], ("A09", "Palpitations"), truth["notoriety_ratio"]),
        (reports[~warned], ("A09", "Palpitations"), 1.0),
    ]:
        one = names["all_pairs"](lines).loc[pair]
        error = np.log(one["ROR"] / one["ROR from"]) / 1.96
        assert abs(np.log(one["ROR"] / ratio)) < 3 * error
    masked = names["all_pairs"](reports).loc[("A22", "Tuberculosis")]
    assert masked["ROR"] < 0.6 * truth["masked_ratio"]


def test_what_the_text_says_of_the_three_rules():
    names = signals()
    flagged = names["rules"](names["all_pairs"](cohorts.load("spontaneous_reports")))
    # Palpitations lie near the limit of the PRR rule: the draw says how many flag them.
    by = int(flagged.loc[("A09", "Palpitations")].sum())
    assert numbers(SIGNALS)["sig_not_rules"] == by >= 2
    assert flagged.loc[("A40", "Uveitis")].all()
    assert not flagged.loc[("A22", "Tuberculosis"), "PRR rule"]


def test_sigma_from_moving_ranges_is_the_planted_variation():
    """The mean range of two normal values is 2 / sqrt(pi) = 1.128 SD."""
    assert 2 / np.sqrt(np.pi) == pytest.approx(1.128, abs=as_printed(3))
    planted = cohorts.truth("lymphocyte_followup")["count_cv"]
    sd = np.sqrt(sum(np.log1p(cv**2) for cv in planted.values()))
    found = definitions(SIGNALS, "table-patients", "course")["sigma"]
    # Recovery at a patient's own rate adds a little, and the draw takes or gives.
    assert 0.97 * sd < found < 1.15 * sd


def test_the_chart_catches_a_fall_as_often_as_a_plain_loop_says():
    names = definitions(SIGNALS, "table-patients", "course", "price")
    level, centre, sigma = names["level"], names["centre"], names["sigma"]
    for left, sds in [(1, 2), (0.7, 3), (0.5, 3)]:
        caught = 0
        for who in level.index:
            visits = [level.loc[who, month] + np.log(left) for month in (12, 13, 14)]
            caught += any(z - centre[who] < -sds * sigma for z in visits)
        assert names["caught"](left, sds) == pytest.approx(100 * caught / len(level))


@pytest.mark.parametrize("every", [1, 3, 6])
def test_months_covered_are_those_of_a_plain_loop(every):
    names = definitions(SIGNALS, "table-patients", "visits")
    counts = cohorts.load("lymphocyte_followup").counts
    found = names["covered"](every)
    for who, one in list(counts.groupby("patient"))[:30]:
        last = np.inf
        for month, count in enumerate(one["cd4_cells_ul"]):
            if month:
                assert found.loc[who, month] == (last < 200)
            if month % every == 0 and not np.isnan(count):
                last = count


# Supervision -----------------------------------------------------------------


@pytest.mark.parametrize(("prevalence", "word"), [(2, "rare"), (20, "common")])
@pytest.mark.parametrize(
    ("test", "found", "cleared"), [("igra", 52, 93), ("tst", 84, 79)]
)
def test_the_yield_of_screening_follows_bayes(prevalence, word, test, found, cleared):
    """Odds before the test, times the likelihood ratio, are the odds after it."""
    before = prevalence / (100 - prevalence)
    after = before * found / (100 - cleared)
    printed = numbers(SIGNALS)
    assert printed[f"sig_ppv_{test}_{word}"] == round(100 * after / (1 + after))
    ill_at_most = 0.05 * (1 - 0.40)  # of the carriers found, spared by isoniazid
    needed = 1 / (prevalence / 100 * found / 100 * ill_at_most)
    assert printed[f"sig_nns_{test}_{word}"] == round(needed)


def test_the_rates_of_pml_are_those_of_the_register():
    """Butzkueven2020top, table 3: per 1,000 patient-years."""
    printed = numbers(SIGNALS)
    assert printed["sig_pml_first"] == round(1.078, 1)
    assert printed["sig_pml_later"] == round(3.518, 1)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
def test_the_moving_range_shrinks_with_correlated_neighbours(correlation):
    """Their mean range over 1.128 gives the SD times the root of 1 - r."""
    rng = np.random.default_rng(1)
    first, noise = rng.standard_normal((2, 400_000))
    second = correlation * first + np.sqrt(1 - correlation**2) * noise
    found = np.abs(second - first).mean() / 1.128
    assert found == pytest.approx(np.sqrt(1 - correlation), rel=0.01)


def test_switching_dilutes_a_trial_towards_its_margin():
    """The chance to show non-inferiority, by drawing the trials."""
    rng = np.random.default_rng(2)
    for name, ratio in [("diluted", 0.75 * 1.8 + 0.25), ("margin", 1.8)]:
        share = 2 / 3 * ratio / (2 / 3 * ratio + 1 / 3)
        on_drug = rng.binomial(600, share, 100_000)
        estimate = np.log(on_drug / (600 - on_drug) / 2)
        error = np.sqrt(1 / on_drug + 1 / (600 - on_drug))
        passed = (estimate + 1.96 * error < np.log(1.8)).mean()
        assert numbers(LATE)[f"long_pass_{name}"] == pytest.approx(
            100 * passed, abs=0.7
        )
