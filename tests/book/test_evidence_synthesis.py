"""Evidence 4 to 6: the methods of the notebooks, and the numbers of the self-test page.

The functions that the notebooks teach are taken out of their cells by name and held
against R (`tests/data/oracle.json`), statsmodels, brute force or simulation. The
numbers that the notebooks print are computed again by another route.
"""

import functools
import json
import re
from pathlib import Path

import cohorts
import numpy as np
import pandas as pd
import pytest
from cohorts import curated, trials
from course.synthesis import meta_regression
from notebooks import cells, numbers
from scipy import optimize, stats
from statsmodels.stats.meta_analysis import combine_effects
from tolerances import FITTED, ROUNDING, SOLVED, as_printed

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "book/evidence"
ORACLE = json.loads((ROOT / "tests/data/oracle.json").read_text())
Z = stats.norm.ppf(0.975)

# R prints about seven digits; metafor stops REML at a change of tau2 below 1e-5.
TAU2_STEP = 2e-5


@functools.cache
def functions(name):
    """Return the functions that a notebook defines, run on their own."""
    namespace = dict(np=np, pd=pd, stats=stats, curated=curated, Z=Z)
    for cell in cells(name):
        for source in re.findall(r"^def .*?(?=^\S|\Z)", cell.source, re.M | re.S):
            exec(source, namespace)
    return namespace


SYN = "evidence/04-synthesising-trials"
CLAIMS = "evidence/05-claims-and-labels"


def log_risk_ratios(a, n, b, m):
    """Return ln of the ratio and its variance by the delta method, from the risks."""
    p, q = a / n, b / m
    return np.log(p) - np.log(q), (1 - p) / (n * p) + (1 - q) / (m * q)


@pytest.fixture(scope="module")
def bcg():
    table = trials.load("bcg")
    y, v = log_risk_ratios(
        table.tpos, table.tpos + table.tneg, table.cpos, table.cpos + table.cneg
    )
    return y.to_numpy(), v.to_numpy(), table.ablat.to_numpy()


@pytest.fixture(scope="module")
def boosters():
    table = cohorts.load("booster_trials")
    y, v = log_risk_ratios(
        table.infected_booster, table.n_booster, table.infected_placebo, table.n_placebo
    )
    return y.to_numpy(), v.to_numpy(), table.published.to_numpy()


# The methods of notebook 4 ---------------------------------------------------


def test_reml_is_that_of_metafor(bcg):
    tau2, way = functions(SYN)["reml"](*bcg[:2])
    oracle = ORACLE["bcg"]["REML"]
    assert tau2 == pytest.approx(oracle["tau2"], abs=TAU2_STEP)
    mean, error = functions(SYN)["pool"](*bcg[:2], tau2)
    assert [mean, error] == pytest.approx([oracle["b"], oracle["se"]], rel=SOLVED)
    # The iteration arrives, and moves on the way.
    assert way[0] == 0 and abs(way[-1] - way[-2]) < 1e-12 < way[1]


@pytest.mark.parametrize("seed", range(5))
def test_reml_is_the_top_of_the_restricted_likelihood(seed):
    """Any data, tau2 of 0 included: the multivariate normal of the contrasts."""
    rng = np.random.default_rng(seed)
    k = 8
    v = rng.uniform(0.02, 0.4, k)
    y = rng.normal(0, np.sqrt(v + 0.1 * (seed % 3)))
    # Rows orthogonal to the mean: their likelihood does not know it.
    contrasts = np.linalg.svd(np.ones((1, k)))[2][1:]

    def minus(tau2):
        spread = contrasts @ np.diag(v + tau2) @ contrasts.T
        return -stats.multivariate_normal(cov=spread).logpdf(contrasts @ y)

    best = optimize.minimize_scalar(minus, bounds=(0, 5), method="bounded").x
    tau2, _ = functions(SYN)["reml"](y, v, rounds=2000)
    assert minus(tau2) <= minus(best) + 1e-6
    assert tau2 == pytest.approx(best, abs=2e-3)


def test_likelihood_differs_by_a_constant_only(bcg):
    y, v, _ = bcg
    contrasts = np.linalg.svd(np.ones((1, len(y))))[2][1:]
    gaps = [
        functions(SYN)["restricted_log_likelihood"](tau2, y, v)
        - stats.multivariate_normal(
            cov=contrasts @ np.diag(v + tau2) @ contrasts.T
        ).logpdf(contrasts @ y)
        for tau2 in (0.05, 0.3, 1.0)
    ]
    assert gaps == pytest.approx([gaps[0]] * 3, abs=ROUNDING)


def test_hartung_knapp_and_prediction(bcg):
    y, v, _ = bcg
    tau2 = ORACLE["bcg"]["REML"]["tau2"]
    oracle = ORACLE["bcg"]["REML_HKSJ"]
    ratio, low, high = functions(SYN)["hartung_knapp"](y, v, tau2)
    assert np.log([low, high]) == pytest.approx(
        [oracle["ci_low"], oracle["ci_high"]], rel=SOLVED
    )
    # metafor 3.8-1, predict(rma(...)): the same half-width with z in place of t(11).
    theirs = [-1.8666923466, 0.43762764988]
    half = (theirs[1] - theirs[0]) / 2 * stats.t.ppf(0.975, 11) / Z
    ratio, low, high = functions(SYN)["prediction"](y, v, tau2)
    centre = sum(theirs) / 2
    assert np.log([ratio, low, high]) == pytest.approx(
        [centre, centre - half, centre + half], rel=FITTED
    )


def test_egger_and_latitude(bcg):
    y, v, latitude = bcg
    oracle = ORACLE["bcg"]["egger"]
    assert functions(SYN)["egger"](y, v)[2] == pytest.approx(oracle["p"], rel=SOLVED)
    (slope, _), tau2 = meta_regression(y, v, latitude)
    oracle = ORACLE["bcg"]["latitude"]
    assert slope == pytest.approx(oracle["slope"], rel=FITTED)
    assert tau2 == pytest.approx(oracle["tau2"], abs=TAU2_STEP)


def test_pooling_is_that_of_statsmodels(boosters):
    y, v, out = boosters
    theirs = combine_effects(y[out], v[out], method_re="dl").summary_frame()
    mean, error = functions(SYN)["pool"](y[out], v[out])
    row = theirs.loc["fixed effect"]
    assert [mean, error] == pytest.approx([row["eff"], row["sd_eff"]], rel=ROUNDING)


# What notebook 4 prints ------------------------------------------------------


def test_numbers_of_the_bcg_trials():
    got, reml = numbers(SYN), ORACLE["bcg"]["REML"]
    ends = [reml["b"] + side * Z * reml["se"] for side in (-1, 1)]
    assert got["syn_bcg"] == round(np.exp(reml["b"]), 2) == 0.49
    assert [got["syn_bcg_low"], got["syn_bcg_high"]] == np.exp(ends).round(2).tolist()
    assert got["syn_bcg_fixed"] == round(np.exp(ORACLE["bcg"]["FE"]["b"]), 2)
    assert got["syn_i2"] == round(ORACLE["bcg"]["FE"]["I2"])
    assert got["syn_explained"] == round(ORACLE["bcg"]["latitude"]["R2"])


def test_numbers_of_the_boosters(boosters):
    y, v, out = boosters
    got = numbers(SYN)
    groups = {"rr": out, "hidden": ~out, "all": out | ~out}
    for key, part in groups.items():
        mean = np.average(y[part], weights=1 / v[part])
        assert got[f"syn_{key}"] == pytest.approx(np.exp(mean), abs=as_printed(2))
    assert [got["syn_k"], got["syn_hidden_k"]] == [out.sum(), (~out).sum()]
    # The whole register is near the planted truth; each half errs to its own side.
    truth = cohorts.truth("booster_trials")["log_risk_ratio"]
    error = (1 / v).sum() ** -0.5
    assert abs(np.average(y, weights=1 / v) - truth) < 4 * error
    assert got["syn_rr"] < 1 < got["syn_hidden"]


def test_a_drawer_makes_benefit_in_other_registers_too():
    """The share of registers that "prove" benefit, from other seeds and by MH."""
    times, won = 80, 0
    for seed in range(9000, 9000 + times):
        table = cohorts.make_booster_trials(60, random_state=seed)
        table = table[table.published]
        a, n = table.infected_booster.to_numpy(float), table.n_booster.to_numpy()
        b, m = table.infected_placebo.to_numpy(float), table.n_placebo.to_numpy()
        size = n + m
        ratio = np.log((a * m / size).sum() / (b * n / size).sum())
        # Greenland and Robins' variance of the Mantel-Haenszel risk ratio.
        top = ((a + b) * n * m / size**2 - a * b / size).sum()
        error = np.sqrt(top / ((a * m / size).sum() * (b * n / size).sum()))
        won += ratio + Z * error < 0
    ours = numbers(SYN)["syn_often"] / 100
    spread = np.sqrt(ours * (1 - ours) * (1 / times + 1 / 300))
    assert abs(won / times - ours) < 4 * spread
    assert ours > 0.5  # the text says that it is the rule, not bad luck


# Notebook 5 ------------------------------------------------------------------


def test_levamisole_is_that_of_r():
    got, oracle = numbers(CLAIMS), ORACLE["colon"]["recurrence"]["hr"]
    for key, arm in {"alone": "Lev", "both": "Lev+5FU"}.items():
        theirs = oracle[arm]
        for word, name in {"": "hr", "_low": "ci_low", "_high": "ci_high"}.items():
            assert got[f"cl_{key}{word}"] == round(theirs[name], 2)
    assert got["cl_death"] == round(ORACLE["colon"]["death"]["hr"]["Lev+5FU"]["hr"], 2)
    # The pair against levamisole is the quotient of the other two.
    quotient = oracle["Lev+5FU"]["hr"] / oracle["Lev"]["hr"]
    assert got["cl_added"] == pytest.approx(quotient, abs=as_printed(2))
    survival = ORACLE["colon"]["recurrence"]["survival_5y"]
    shown = [got[f"cl_five_{arm}"] for arm in ("obs", "lev", "pair")]
    assert shown == [round(100 * share) for share in survival]


@pytest.mark.parametrize("n, true", [(50, 0.95), (180, 0.95), (550, 0.8)])
def test_filter_of_significance_by_simulation(n, true):
    rng = np.random.default_rng(n)
    times, risk = 400_000, 0.35
    error = np.sqrt((1 / (true * risk) + 1 / risk - 2) / n)
    seen = rng.normal(np.log(true), error, times)
    seen = seen[seen < -Z * error]
    chance, mean = functions(CLAIMS)["filtered"](n, true)
    share = len(seen) / times
    assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / times)
    assert abs(seen.mean() - np.log(mean)) < 4 * seen.std() / np.sqrt(len(seen))


def test_subgroups_of_a_useless_drug():
    """The same share from cell means: people of one kind are exchangeable."""
    rng, times, n = np.random.default_rng(5), 20_000, 463
    young, obese, ill = 0.7, 0.2, 0.3
    kinds = [(y, o, i) for y in (1, 0) for o in (1, 0) for i in (1, 0)]
    share = [
        (young if y else 1 - young)
        * (obese if o else 1 - obese)
        * (ill if i else 1 - ill)
        for y, o, i in kinds
    ]
    counts = rng.multinomial(n, np.repeat(share, 2) / 2, times).reshape(times, 8, 2)
    sums = rng.normal(0, np.sqrt(counts))
    best = np.full(times, -np.inf)
    for wanted in (
        lambda y, o, i: y and not i,
        lambda y, o, i: not y and not i,
        lambda y, o, i: y and not o,
        lambda y, o, i: y and o,
    ):
        cells = [bool(wanted(*kind)) for kind in kinds]
        size, total = counts[:, cells].sum(1), sums[:, cells].sum(1)
        means = total / size
        z = (means[:, 0] - means[:, 1]) / np.sqrt((1 / size).sum(1))
        best = np.maximum(best, z)
    here = (best > Z).mean()
    spread = np.sqrt(here * (1 - here) * (1 / times + 1 / 4000))
    assert abs(numbers(CLAIMS)["cl_share"] / 100 - here) < 4 * spread + 0.005


def test_experience():
    got = numbers(CLAIMS)
    low, high = stats.beta.ppf([0.025, 0.975], [54, 55], [12, 11])
    assert [got["cl_spared_low"], got["cl_spared_high"]] == [
        round(100 * low),
        round(100 * high),
    ]

    def power(n):
        p, q = 54 / 65, 0.9
        return stats.norm.cdf((q - p) / np.sqrt((p * (1 - p) + q * (1 - q)) / n) - Z)

    n = got["cl_per_arm"]
    assert power(n - 1) < 0.8 <= power(n)


def test_grade_rule():
    rate, step = functions(CLAIMS)["certainty"], curated.Step
    down = step(-1, "imprecision", "few events")
    assert rate("high", []) == "high"
    assert rate("high", [down]) == "moderate"
    assert rate("high", [step(-2, "risk of bias", "open"), down]) == "very low"
    assert rate("low", [step(-2, "risk of bias", "open")]) == "very low"
    assert rate("low", [step(2, "large effect", "tenfold")]) == "high"
    up = step(1, "dose-response", "more with more")
    assert rate("low", [up]) == "moderate"
    # Up only from low, and only if nothing was taken.
    assert rate("low", [up, down]) == "very low"
    assert rate("high", [up, down]) == "moderate"


def test_p_from_an_interval():
    """A ratio whose z is 1.96 has p of 0.05, whatever its size."""
    p = functions(CLAIMS)["p_from_interval"]
    assert p(2, 1, 4) == pytest.approx(0.05)
    assert p(1, 0.5, 2) == pytest.approx(1)
    assert p(0.5, 0.25, 1) == pytest.approx(0.05)


# The three abstracts ---------------------------------------------------------

PAGE = (FOLDER / "06-three-unseen-abstracts.md").read_text(encoding="utf-8")


def abstract(number):
    """Return what stands on the page from one abstract to the next."""
    return re.split(r"^## ", PAGE, flags=re.M)[number]


def ratio(a, n, b, m):
    """Return risk ratio and limits as the page prints them."""
    y, v = log_risk_ratios(a, n, b, m)
    return [f"{x:.2f}" for x in np.exp([y, y - Z * v**0.5, y + Z * v**0.5])]


def difference(a, n, b, m):
    """Return risk difference and limits, in percentage points."""
    p, q = a / n, b / m
    error = np.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    return 100 * np.array([p - q, p - q - Z * error, p - q + Z * error])


@pytest.mark.parametrize(
    "number, counts",
    [
        (1, (16, 52, 27, 42)),
        (1, (24, 60, 27, 60)),
        (2, (132, 1200, 138, 1200)),
        (2, (18, 400, 32, 404)),
        (2, (114, 800, 106, 796)),
    ],
)
def test_ratios_of_the_abstracts(number, counts):
    mean, low, high = ratio(*counts)
    assert f"{mean} ({low} to {high})" in abstract(number)
    a, n, b, m = (f"{count:,}" for count in counts)
    told = rf"{a}(/| of ){n} (against|and|on).*?{b}(/| of ){m}"
    assert re.search(told, abstract(number), re.S)


def test_differences_of_the_abstracts():
    assert difference(16, 52, 27, 42).round().tolist() == [-34, -53, -14]
    assert "−34 percentage points (−53 to −14)" in abstract(1)
    assert difference(132, 1200, 138, 1200).round(1).tolist() == [-0.5, -3.0, 2.0]
    assert "−0.5 points (−3.0 to 2.0)" in abstract(2)
    third = difference(142, 945, 211, 945)
    assert third.round(1).tolist() == [-7.3, -10.8, -3.8]
    assert "7.3 fewer in 100 (3.8 to 10.8)" in abstract(3)
    assert (-100 / third).round().tolist() == [14, 9, 26]
    assert "14 patients (9 to 26)" in abstract(3)


def test_subgroups_of_the_second_abstract():
    assert round(100 * (1 - 0.975**12)) == 26 and ":answer: 26" in abstract(2)
    (y, v), (x, u) = (
        log_risk_ratios(*c) for c in ((18, 400, 32, 404), (114, 800, 106, 796))
    )
    assert 2 * stats.norm.sf(abs(y) / v**0.5) == pytest.approx(0.048, abs=as_printed(3))
    assert 2 * stats.norm.sf(abs(y - x) / (u + v) ** 0.5) == pytest.approx(
        0.04, abs=as_printed(2)
    )


def test_meta_analysis_of_the_third_abstract():
    found = re.search(r"against placebo: ((?:\d+/\d+ and \d+/\d+[;.] ?)+)", abstract(3))
    counts = np.array(re.findall(r"\d+", found[1]), float).reshape(5, 4)
    assert counts.sum(0).tolist() == [142, 945, 211, 945]
    y, v = log_risk_ratios(*counts.T)
    run = functions(SYN)
    tau2, _ = run["reml"](y, v, rounds=3000)
    told = [f"{x:.2f}" for x in run["hartung_knapp"](y, v, tau2)]
    assert "{} ({} to {})".format(*told) in abstract(3)
    told = [f"{x:.2f}" for x in run["prediction"](y, v, tau2)[1:]]
    assert "prediction interval {} to {}".format(*told) in abstract(3)
    mean = np.average(y, weights=1 / v)
    assert ((y - mean) ** 2 / v).sum() < 4  # I² is 0
    z = np.abs(y) / np.sqrt(v)
    assert (z > Z).sum() == 2  # "only two of the five are significant alone"
