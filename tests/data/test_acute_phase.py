"""The planted truth of `acute_phase` is recovered, and the naive estimates miss it.

Every estimator here knows only the table and the laboratory's rules (limit and
rounding step). An estimate passes if it lies within its own sampling error of
the truth: over several seeds the squared z-scores add up to a chi-square.
"""

import numpy as np
import pytest
from cohorts._base import sd_of_log
from recovery import assert_recovered, assert_share, only_shipped, worlds
from scipy import optimize, special, stats

#: A marker that lasts longer, people who are alike, an episode that is small.
ANOTHER = {
    "crp_median": 2.5,
    "crp_age_slope": -0.08,
    "crp_cv_within": 0.25,
    "crp_cv_between": 0.6,
    "crp_cv_analytical": 0.1,
    "crp_detection_limit": 1.0,
    "crp_half_life_h": 30.0,
    "crp_excess_median": 120.0,
    "crp_excess_cv": 0.4,
    "crp_steady_ratio": 2.0,
    "esr_limit_offset_years": {"female": 20.0, "male": 5.0},
    "esr_cv_within": 0.15,
    "esr_cv_between": 0.5,
    "crp_esr_correlation": 0.3,
    "esr_excess_median": 50.0,
    "esr_excess_cv": 0.5,
    "esr_half_time_h": 100.0,
    "esr_missing": {"stable": 0.2, "recovering": 0.02},
    "recovering_share": 0.4,
    "female_share": 0.3,
    "age_shape": {"young": 4.0, "old": 3.0},
    "draw_every_h": {"stable": 200.0, "recovering": 36.0},
    "draw_window_h": {"stable": 30.0, "recovering": 8.0},
    "draw_shift_sd": 0.25,
}
world = worlds("acute_phase", ANOTHER)
SEEDS = range(8)


def log_sds(world, marker):
    """Return SD between people and SD within a person of the logarithm of a marker."""
    cvs = {"crp": ("within", "analytical"), "esr": ("within",)}[marker]
    within = [sd_of_log(world.true[f"{marker}_cv_{part}"]) for part in cvs]
    return sd_of_log(world.true[f"{marker}_cv_between"]), np.hypot.reduce([*within, 0])


@pytest.fixture(scope="module")
def drawn(world):
    return [world.make(random_state=seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def many(world):
    return world.make(20_000, random_state=99)


def wide(frame, column):
    """Return a column as an array of shape (people, draws)."""
    return frame[column].to_numpy().reshape(-1, frame["draw"].max())


def one_group(frame, group):
    return frame[frame["group"] == group].reset_index(drop=True)


# --- Variation within and between people --------------------------------------
# The laboratory reports an interval: [1.25, 1.35) as 1.3, everything below 0.6
# as "< 0.6". A random-intercept model is fitted to the intervals by maximum
# likelihood, the intercept integrated out on an even grid.

GRID = np.linspace(-4.5, 4.5, 55)
WEIGHTS = stats.norm.pdf(GRID) * (GRID[1] - GRID[0])


def crp_interval(world, frame):
    limit = world.true["crp_detection_limit"]
    value, below = wide(frame, "crp_mg_l"), wide(frame, "crp_below_limit")
    low = np.where(below, 1e-9, np.maximum(value - 0.05, limit))
    return np.log(low), np.log(np.where(below, limit, value + 0.05))


def esr_interval(frame):
    value = wide(frame, "esr_mm_h")
    low = np.where(value <= 1, 1e-9, value - 0.5)
    missing = np.isnan(value)
    return (
        np.where(missing, -30.0, np.log(low)),
        np.where(missing, 30.0, np.log(value + 0.5)),
    )


def person_likelihood(mean, between, within, interval):
    """Likelihood of each person's draws at every intercept: (people, grid)."""
    mean = (mean[:, None] + between * GRID)[:, None]
    low, high = ((edge[..., None] - mean) / within for edge in interval)
    return (special.ndtr(high) - special.ndtr(low)).prod(axis=1) + 1e-300


def minus_log_likelihood(theta, design, interval):
    *beta, between, within = theta
    parts = person_likelihood(design @ beta, np.exp(between), np.exp(within), interval)
    return -np.log(parts @ WEIGHTS).sum()


def fit_random_intercept(design, interval):
    """Return estimates and standard errors of (beta, ln between, ln within)."""
    middle = np.clip(interval[1], -1, 6).mean(axis=1)
    start = [*np.linalg.lstsq(design, middle)[0], np.log(0.7), np.log(0.4)]
    arguments = (design, interval)
    best = optimize.minimize(minus_log_likelihood, start, arguments).x
    steps = 0.01 * np.eye(best.size)

    def f(shift):
        return minus_log_likelihood(best + shift, *arguments)

    hessian = [
        [(f(a + b) - f(a - b) - f(b - a) + f(-a - b)) / 4e-4 for b in steps]
        for a in steps
    ]
    return best, np.sqrt(np.diag(np.linalg.inv(hessian)))


def crp_design(stable):
    age = wide(stable, "age_years")[:, 0]
    return np.column_stack([np.ones(age.size), (age - 50) / 10])


def esr_design(world, stable):
    offset = world.true["esr_limit_offset_years"]
    age, female = wide(stable, "age_years")[:, 0], wide(stable, "sex")[:, 0] == "female"
    return np.column_stack(
        [np.ones(age.size), np.log((age + np.where(female, *offset.values())) / 2)]
    )


@pytest.fixture(scope="module")
def crp_fits(world, drawn):
    stable = [one_group(frame, "stable") for frame in drawn]
    return [fit_random_intercept(crp_design(s), crp_interval(world, s)) for s in stable]


@pytest.fixture(scope="module")
def esr_fits(world, drawn):
    stable = [one_group(frame, "stable") for frame in drawn]
    return [fit_random_intercept(esr_design(world, s), esr_interval(s)) for s in stable]


def test_crp_level_and_variation(world, crp_fits):
    between, within = log_sds(world, "crp")
    planted = np.log([world.true["crp_median"], 1, between, within])
    planted[1] = world.true["crp_age_slope"]
    for position, truth in enumerate(planted):
        found = [(best[position], error[position]) for best, error in crp_fits]
        assert_recovered(*np.transpose(found), truth)


def test_esr_level_and_variation(world, esr_fits):
    """Proportional to the limit, and by so much below it that 2 % exceed it."""
    between, within = log_sds(world, "esr")
    for position, truth in [(1, 1.0), (2, np.log(between)), (3, np.log(within))]:
        found = [(best[position], error[position]) for best, error in esr_fits]
        assert_recovered(*np.transpose(found), truth)


def test_crp_and_esr_go_together_between_people(world, drawn, crp_fits, esr_fits):
    estimates, errors = [], []
    for frame, (crp, _), (esr, _) in zip(drawn, crp_fits, esr_fits, strict=True):
        stable = one_group(frame, "stable")
        crp_part, esr_part = (
            person_likelihood(design @ fit[:2], *np.exp(fit[2:]), interval)
            for design, fit, interval in [
                (crp_design(stable), crp, crp_interval(world, stable)),
                (esr_design(world, stable), esr, esr_interval(stable)),
            ]
        )

        def minus_log(rho, crp_part=crp_part, esr_part=esr_part):
            sd = np.sqrt(1 - rho**2)
            given = stats.norm.pdf((GRID - rho * GRID[:, None]) / sd) / sd
            joint = WEIGHTS[:, None] * given * (GRID[1] - GRID[0])
            return -np.log(((crp_part @ joint) * esr_part).sum(axis=1)).sum()

        rho = optimize.minimize_scalar(
            minus_log, bounds=(0.01, 0.9), method="bounded"
        ).x
        bend = minus_log(rho + 0.02) + minus_log(rho - 0.02) - 2 * minus_log(rho)
        estimates.append(rho)
        errors.append(0.02 / np.sqrt(bend))
    assert_recovered(estimates, errors, world.true["crp_esr_correlation"])


# --- Values below the limit ---------------------------------------------------


def test_flag_and_limit_agree(world, drawn):
    limit = world.true["crp_detection_limit"]
    for frame in drawn:
        below = frame["crp_below_limit"]
        assert 0.05 < below[frame["group"] == "stable"].mean() < 0.3
        assert (frame.loc[below, "crp_mg_l"] == limit).all()
        assert frame["crp_mg_l"].min() == limit


@only_shipped
def test_naive_treatments_of_low_values_miss_the_mean(world, drawn):
    """Dropping and substituting err by what the truncated normal says they must."""
    between, within = log_sds(world, "crp")
    limit = world.true["crp_detection_limit"]
    for frame in drawn:
        first = frame.query("group == 'stable' and draw == 1")
        x, below = np.log(first["crp_mg_l"].to_numpy()), first["crp_below_limit"]
        centre = (
            np.log(world.true["crp_median"])
            + world.true["crp_age_slope"] * (first["age_years"].mean() - 50) / 10
        )
        sd = np.sqrt(
            between**2
            + within**2
            + (world.true["crp_age_slope"] * first["age_years"].std() / 10) ** 2
        )
        a = (np.log(limit) - centre) / sd
        above, low = stats.norm.sf(a), stats.norm.cdf(a)
        bias_drop = sd * stats.norm.pdf(a) / above
        # Substituting L for the values below it: E[max(x, ln L)] - E[x].
        bias_limit = sd * (stats.norm.pdf(a) + a * low)
        kept = x[~below]
        for mean, bias, se in [
            (kept.mean(), bias_drop, kept.std() / np.sqrt(kept.size)),
            (x.mean(), bias_limit, x.std() / np.sqrt(x.size)),
        ]:
            assert abs(mean - centre - bias) < 4 * se
        assert (kept.mean() - centre) / (kept.std() / np.sqrt(kept.size)) > 3
        assert kept.std() < 0.9 * sd and x.std() < 0.97 * sd


# --- ESR and its limit --------------------------------------------------------


def stable_first_esr(world, frame):
    """Return the first ESR where the limit ends in .5: rounding does not touch it."""
    first = frame.query("group == 'stable' and draw == 1").dropna(subset="esr_mm_h")
    offset = first["sex"].map(world.true["esr_limit_offset_years"])
    return first[(first["age_years"] + offset) % 2 == 1]


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("ages", [(18, 40), (41, 60), (61, 90)])
def test_two_percent_exceed_the_limit_by_age_and_sex(world, many, sex, ages):
    offset = world.true["esr_limit_offset_years"][sex]
    first = stable_first_esr(world, many)
    first = first[(first["sex"] == sex) & first["age_years"].between(*ages)]
    limit = (first["age_years"] + offset) / 2
    above = int((first["esr_mm_h"] > limit).sum())
    assert stats.binomtest(above, len(first), 0.02).pvalue > 1e-4


@only_shipped
def test_one_limit_for_everybody_misjudges_by_age_and_sex(world, many):
    first = many.query("group == 'stable' and draw == 1").dropna(subset="esr_mm_h")
    flagged = first.assign(high=first["esr_mm_h"] > 20)
    old_women = flagged.query("sex == 'female' and age_years > 70")["high"].mean()
    young_men = flagged.query("sex == 'male' and age_years < 40")["high"].mean()
    assert old_women > 0.10 and young_men < 0.01


def test_esr_is_missing_by_group_only(world, many):
    missing = many["esr_mm_h"].isna()
    for group, probability in world.true["esr_missing"].items():
        for sex in ("female", "male"):
            lost = missing[(many["group"] == group) & (many["sex"] == sex)]
            assert (
                stats.binomtest(int(lost.sum()), lost.size, probability).pvalue > 1e-4
            )
    stable = many[many["group"] == "stable"]
    crp_if = stable.groupby(stable["esr_mm_h"].isna())["crp_mg_l"]
    assert stats.ks_2samp(*[values for _, values in crp_if]).pvalue > 1e-4


# --- Recovery -----------------------------------------------------------------


def half_life_by_ratio(frame):
    """Fit CRP(t) / CRP(0) = f + (1 - f) 2**(-t / T); return T and its error.

    The mean over people of the right-hand side is linear in f, so that one
    mean f serves although each person has another. The error allows for
    draws of one person going together (a sandwich by person).
    """
    crp, hours = wide(frame, "crp_mg_l"), wide(frame, "hours")[:, 1:]
    ratio = crp[:, 1:] / crp[:, :1]

    def residual(theta):
        f, half_life = theta
        return (f + (1 - f) * 0.5 ** (hours / half_life) - ratio).ravel()

    fit = optimize.least_squares(residual, [0.05, 24.0])
    slope = fit.jac.reshape(*ratio.shape, 2)
    score = np.einsum("pdk,pd->pk", slope, fit.fun.reshape(ratio.shape))
    bread = np.linalg.inv(fit.jac.T @ fit.jac)
    return fit.x[1], np.sqrt((bread @ (score.T @ score) @ bread)[1, 1])


def half_life_by_log_slope(frame):
    """The naive way: one straight line through ln CRP within each person."""
    log, hours = np.log(wide(frame, "crp_mg_l")), wide(frame, "hours")
    log = log - log.mean(axis=1, keepdims=True)
    hours = hours - hours.mean(axis=1, keepdims=True)
    slopes = (log * hours).sum(axis=1) / (hours**2).sum(axis=1)
    half_life = -np.log(2) / slopes.mean()
    relative_error = slopes.std() / np.sqrt(slopes.size) / abs(slopes.mean())
    return half_life, half_life * relative_error


def test_half_life_beyond_the_steady_level(world, drawn):
    fits = [half_life_by_ratio(one_group(frame, "recovering")) for frame in drawn]
    assert_recovered(*np.transpose(fits), world.true["crp_half_life_h"])


@only_shipped
def test_a_straight_line_through_the_logarithm_is_too_slow(world, drawn):
    for frame in drawn:
        naive, error = half_life_by_log_slope(one_group(frame, "recovering"))
        assert (naive - world.true["crp_half_life_h"]) / error > 5
        assert naive > 1.2 * world.true["crp_half_life_h"]


def test_excess_and_steady_level_of_the_recovering(world, drawn):
    between, within = log_sds(world, "crp")
    centre, spread, steady = [], [], []
    for frame in drawn:
        ill = one_group(frame, "recovering")
        crp, hours = wide(ill, "crp_mg_l"), wide(ill, "hours")
        left = 0.5 ** (hours / world.true["crp_half_life_h"])
        # Least squares for each person: crp = steady + excess * left.
        deviation = left - left.mean(axis=1, keepdims=True)
        excess = (deviation * crp).sum(axis=1) / (deviation**2).sum(axis=1)
        level = crp.mean(axis=1) - excess * left.mean(axis=1)
        log, n = np.log(excess), excess.size
        centre.append((log.mean(), log.std(ddof=1) / np.sqrt(n)))
        spread.append((np.log(log.std(ddof=1)), 1 / np.sqrt(2 * (n - 1))))
        age = wide(ill, "age_years")[:, 0]
        stable_level = world.true["crp_median"] * np.exp(
            world.true["crp_age_slope"] * (age - 50) / 10 + (between**2 + within**2) / 2
        )
        ratio = level / stable_level
        steady.append((ratio.mean(), ratio.std(ddof=1) / np.sqrt(n)))
    assert_recovered(*np.transpose(centre), np.log(world.true["crp_excess_median"]))
    assert_recovered(
        *np.transpose(spread), np.log(sd_of_log(world.true["crp_excess_cv"]))
    )
    assert_recovered(*np.transpose(steady), world.true["crp_steady_ratio"])


def test_esr_excess_falls_slowly(world):
    between, within = log_sds(world, "esr")
    offset = world.true["esr_limit_offset_years"]
    estimates, first = [], []
    for seed in SEEDS:
        frame = world.make(4000, random_state=seed)
        limit = (frame["age_years"] + frame["sex"].map(offset)) / 2
        frame = frame.assign(steady=np.exp(-2.0537 * np.hypot(between, within)))
        frame["steady"] *= limit * np.exp((between**2 + within**2) / 2)
        ill = one_group(frame, "recovering")
        excess = (wide(ill, "esr_mm_h") - wide(ill, "steady")) / np.exp(within**2 / 2)
        at_first, at_last = excess[:, 0], excess[:, -1]
        mean, last = np.nanmean(at_first), np.nanmean(at_last)
        n = np.isfinite(excess).sum(axis=0)
        error, last_error = (
            np.nanstd(e) / np.sqrt(m) for e, m in [(at_first, n[0]), (at_last, n[-1])]
        )
        first.append((mean, error))
        hours = wide(ill, "hours")[:, -1].mean()
        rate = np.log2(mean / last) / hours
        # Draws of one person go together, so this error is on the safe side.
        relative = np.hypot(error / mean, last_error / last)
        estimates.append((rate, relative / np.log(2) / hours))
    median_to_mean = np.sqrt(1 + world.true["esr_excess_cv"] ** 2)
    assert_recovered(
        *np.transpose(first), world.true["esr_excess_median"] * median_to_mean
    )
    assert_recovered(*np.transpose(estimates), 1 / world.true["esr_half_time_h"])


# --- Design -------------------------------------------------------------------


def test_groups_and_visit_windows(world, drawn):
    ill = round(400 * world.true["recovering_share"])
    every, window = world.true["draw_every_h"], world.true["draw_window_h"]
    shifts = {"stable": [], "recovering": []}
    for frame in drawn:
        sizes = frame.query("draw == 1")["group"].value_counts()
        assert sizes.to_dict() == {"stable": 400 - ill, "recovering": ill}
        off = frame["hours"] - frame["group"].map(every) * (frame["draw"] - 1)
        assert (off.abs() <= frame["group"].map(window)).all()
        assert (frame["hours"] % 0.5 == 0).all()
        assert (frame.groupby("person")["hours"].diff().dropna() > 0).all()
        for group, found in shifts.items():
            found.append(off[(frame["group"] == group) & (frame["draw"] > 1)])
    # Normal, cut at the window: by the middle half, which is not cut.
    for group, found in shifts.items():
        shift = np.concatenate(found) / window[group]
        shift = (
            shift
            + np.random.default_rng(1).uniform(-0.25, 0.25, shift.size)
            / (window[group])
        )
        spread = np.subtract(*np.quantile(shift, [0.75, 0.25])) / 1.349
        truth = world.true["draw_shift_sd"]
        assert_recovered([spread], [1.2 * truth / np.sqrt(shift.size)], truth)


def test_who_the_people_are(world, many):
    people = many[many["draw"] == 1]
    women = (people["sex"] == "female").sum()
    assert_share(women, len(people), world.true["female_share"])
    # Moments of a beta distribution, from 18 to the end of the 90th year.
    x = (people["age_years"] + 0.5 - 18) / 73
    a, b = world.true["age_shape"].values()
    mean, variance = a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))
    squares = (x - x.mean()) ** 2
    assert_recovered([x.mean()], [x.sem()], mean)
    assert_recovered([squares.mean()], [squares.sem()], variance - 1 / (12 * 73**2))


@pytest.mark.parametrize("n_draws", [0, 1001, 2.0])
def test_a_wrong_number_of_draws_is_named(world, n_draws):
    with pytest.raises(ValueError, match=f"n_draws={n_draws!r}.*1 to 1000"):
        world.make(5, n_draws, random_state=0)
