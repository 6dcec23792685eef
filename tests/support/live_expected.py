"""What the sentence of each live figure should say, computed by another route.

A function takes where the sliders stand, and returns the numbers of the sentence in
their order. It reads the cohort itself, and uses no function of the page.
"""

import functools
import io
import re

import cohorts
import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from cohorts import curated, trials
from course import scores
from live_figures import figures
from scipy import integrate, optimize, stats
from scipy.special import expit
from sklearn.metrics import precision_score, recall_score
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.meta_analysis import combine_effects


@functools.cache
def _acute():
    table = cohorts.load("acute_phase")
    stable = table[table["group"] == "stable"]
    crp = stable.pivot(index="person", columns="draw", values="crp_mg_l").to_numpy()
    first = stable[stable["draw"] == 1]
    below = first["crp_below_limit"].to_numpy()
    logs = np.log(first["crp_mg_l"].to_numpy())
    data = stats.CensoredData.left_censored(logs, below)
    mean, sd = stats.norm.fit(data)
    steady = crp[np.exp(np.log(crp).mean(axis=1)) > 2 * np.exp(logs[below][0])]
    centred = np.log(steady) - np.log(steady).mean(axis=1, keepdims=True)
    within = (centred**2).sum() / (len(steady) * (crp.shape[1] - 1))
    return crp, mean, 1 - within / sd**2


def invited(limit):
    """Threshold of invitation: who is invited, how far they fall and should."""
    crp, mean, reliability = _acute()
    chosen = crp[crp[:, 0] > limit]
    change = 100 * (chosen[:, 1] / chosen[:, 0] - 1)
    distance = np.log(chosen[:, 0]) - mean
    foretold = 100 * np.expm1((reliability - 1) * distance)
    return [limit, len(chosen), 300, np.median(change), np.median(foretold)]


@functools.cache
def _weeks():
    first = cohorts.load("clinic_diary").list["score_first"].to_numpy()
    noise = np.random.default_rng(3).standard_normal(len(first)).round(2)
    return first, noise


def bad_week(limit, rho):
    """Those chosen for a high score: how far they fall, and should."""
    first, noise = _weeks()
    mean, sd = round(first.mean(), 2), round(first.std(ddof=1), 2)
    second = mean + rho * (first - mean) + np.sqrt(1 - rho**2) * sd * noise
    chosen = first >= limit
    cut = (limit - 0.5 - mean) / sd
    above = stats.truncnorm(cut, np.inf, mean, sd).mean()
    fall = (first - second)[chosen].mean()
    return [chosen.sum(), 300, limit, fall, (1 - rho) * (above - mean)]


@functools.cache
def _candidates():
    rng = np.random.default_rng(20)
    works = rng.random(5000) < 0.2
    true = np.where(works, np.maximum(rng.normal(0.3, 0.1, 5000), 0), 0)
    one = rng.normal(true, 0.12)
    two = np.random.default_rng(21).normal(true, 0.12)
    true, one, two = (part.round(3) for part in (true, one, two))
    sixth = np.lexsort([one, works])[3::6]
    return [part[sixth] for part in (works, true, one, two)]


def approved(level, needed):
    """Level of significance: who is approved, and how many of these do nothing."""
    works, true, one, two = _candidates()
    p = stats.norm.sf(np.column_stack([one, two]) / 0.12)
    passed = (p < level / 100)[:, : int(needed)].all(axis=1)
    nothing = (passed & ~works).sum()
    return [
        *(passed.sum(), len(works), nothing, 100 * nothing / (~works).sum()),
        *((~works).sum(), 100 * nothing / passed.sum()),
        *(one[passed].mean(), true[passed].mean()),
    ]


@functools.cache
def dose(dose, weeks):
    """Dose and interval: what half a year of infusions comes to, by Radau."""
    mg, interval, hour = 70 * dose, 7 * weeks, 1 / 24
    clearance, v1, q, v2, vmax, km = 0.252, 3.5, 0.2, 2.9, 7.5, 2.7

    def change(t, c, infusion):
        blood, tissue = c
        out = clearance * blood + vmax * blood / (km + blood) + q * (blood - tissue)
        return [(infusion - out) / v1, q * (blood - tissue) / v2]

    def run(start, days, infusion, at):
        made = integrate.solve_ivp(
            change,
            (0, days),
            start,
            "Radau",
            at,
            args=(infusion,),
            rtol=1e-9,
            atol=1e-9,
        )
        return made.y.T

    state = [0.0, 0.0]
    for _ in range(-(-24 // int(weeks))):
        (state,) = run(state, hour, mg / hour, [hour])
        early, state = run(state, interval - hour, 0, [0.05 - hour, interval - hour])
    trough = state[0]
    molar = 1000 * trough / 148
    return [28 * mg / interval, early[0], trough, 100 * molar / (molar + 1)]


def _logistic(x, y):
    """Return the probabilities of a logistic regression, by Newton's method."""
    x = np.column_stack([np.ones(len(x)), x])
    beta = np.zeros(x.shape[1])
    for _ in range(12):
        p = expit(x @ beta)
        beta += np.linalg.solve((x.T * (p * (1 - p))) @ x, x.T @ (y - p))
    return expit(x @ beta)


@functools.cache
def indication(strength):
    """Strength of the indication: crude, weighted, and weighted without DAS28."""
    odds = dict(cohorts.truth("biologic_registry")["treatment_log_odds"])
    odds = {key: odds[key] * (1 if key == "intercept" else strength) for key in odds}
    registry = cohorts.get("biologic_registry").make(
        100_000, truth={"treatment_log_odds": odds}, random_state=1
    )
    drug = (registry["treatment"] == "biologic").to_numpy()
    recorded = registry[["age_years", "comorbidities", "prior_infection"]].to_numpy()
    doses = [(registry["steroid_mg_d"] == one) for one in ("1-5", "6-10", ">10")]
    without = np.column_stack([recorded.astype(float), *doses]).astype(float)
    ill = (registry["outcome"] == "infection").to_numpy()
    days = registry["follow_up_days"].to_numpy()
    ratios = []
    for known in (None, np.column_stack([without, registry["das28"]]), without):
        p = 0.5 if known is None else _logistic(known, drug)
        weight = 1 / np.where(drug, p, 1 - p)
        events, time = (np.bincount(drug, weight * one) for one in (ill, days))
        ratios.append((events[1] / time[1]) / (events[0] / time[0]))
    return [strength, *ratios, cohorts.truth("biologic_registry")[RATIO]]


RATIO = "infection_hazard_ratio"


def _cox(time, dead, group):
    """Return the hazard ratio of a group, as Breslow treats ties."""
    order = np.argsort(time, kind="stable")
    time, dead, group = time[order], dead[order], group[order]
    first = np.searchsorted(time, time)  # all who are at risk come from there on
    at_risk = np.cumsum(np.ones(len(time))[::-1])[::-1][first]
    exposed = np.cumsum(group[::-1].astype(float))[::-1][first]

    def score(beta):
        weight = exposed * np.exp(beta)
        return (dead * (group - weight / (at_risk - exposed + weight))).sum()

    return np.exp(optimize.brentq(score, -5, 5, xtol=1e-10))


@functools.cache
def _checkpoint():
    made = cohorts.get("checkpoint_cohort").make(10_000, random_state=12)
    onset = made.events.groupby("patient")["day"].min()
    people = made.patients
    return people, people["patient"].map(onset).to_numpy()


@functools.cache
def landmark(week):
    """Landmark week: all who live, and those without progression."""
    people, onset = _checkpoint()
    days = people["follow_up_days"].to_numpy()
    dead = (people["status"] == "dead").to_numpy()
    progressed = people["progression_days"].to_numpy() <= 7 * week
    ratios = []
    for there in (days > 7 * week, (days > 7 * week) & ~progressed):
        had = onset[there] <= 7 * week
        ratios.append(_cox(days[there] - 7 * week, dead[there], had))
    naive = _cox(days, dead, ~np.isnan(onset))
    true = cohorts.truth("checkpoint_cohort")["irae_death_ratio"]
    failed = [
        100 * progressed[(days > 7 * week) & had].mean()
        for had in (~(onset <= 7 * week), onset <= 7 * week)
    ]
    return [week, *ratios, true, naive, *failed]


@functools.cache
def _registry():
    return cohorts.load("biologic_registry")


def closing(close):
    """Closing date: the percentage, and the rate per 1,000 years."""
    days = _registry()["follow_up_days"].to_numpy() / 365.25
    ill = (_registry()["outcome"] == "infection").to_numpy()
    events = sum(1 for day, one in zip(days, ill, strict=True) if one and day <= close)
    watched = sum(min(day, close) for day in days)
    return [close, 100 * events / len(days), 1000 * events / watched, 1000]


def latency(month, latency):
    """Length of the trial, and latency: added up month by month."""
    risks = [0.93 if one < latency else 1.93 for one in range(int(month))]
    control = 1451 * 0.0077 / 12 * month
    drug = 2911 * 0.0077 / 12 * sum(risks)
    ratio = sum(risks) / month
    z = np.log(ratio) / np.sqrt(1 / drug + 1 / control)
    power = 100 * stats.norm.sf(1.96, loc=z)
    return [month, latency, ratio, power, 1.93]


@functools.cache
def _distances():
    """Return how far below their centre patients are in three months, in SD."""
    patients, counts = cohorts.load("lymphocyte_followup")
    counts = counts.merge(patients[["patient", "agent_dose"]], on="patient")
    start = counts[counts["month"] == 0].set_index("patient")["cd4_cells_ul"]
    counts["log"] = np.log(counts["cd4_cells_ul"] / counts["patient"].map(start))
    dose_month = counts.groupby(["agent_dose", "month"])["log"]
    counts["level"] = counts["log"] - dose_month.transform("median")
    moves, watched = [], []
    for _, one in counts.groupby("patient"):
        level = one.set_index("month")["level"].reindex(range(18)).to_numpy()
        moves.append(np.abs(level[2:] - level[1:-1]))
        with np.errstate(all="ignore"):
            centre = np.nan if np.isnan(level[4:10]).all() else np.nanmean(level[4:10])
        watched.append(level[12:15] - centre)
    return np.array(watched), np.nanmean(np.concatenate(moves)) / 1.128


def limit(sds, lost):
    """Control limit: false alarms, and falls that are missed."""
    distance, sigma = _distances()
    quiet, fallen = (
        [(row < -sds * sigma).any() for row in distance + np.log(left)]
        for left in (1, 1 - lost / 100)
    )
    return [sds, 100 * np.mean(quiet), 100 * (1 - np.mean(fallen)), lost]


def curse(n_arm, real):
    """Size of trials: how many are significant in favour, and what they show."""
    error = np.sqrt((1 / (0.35 * real) + 1 / 0.35 - 2) / n_arm)
    logs = stats.norm(np.log(real), error)
    edge = stats.norm.ppf(0.025) * error
    below = max(-12 * error + np.log(real), -40)
    chance = integrate.quad(logs.pdf, below, edge, epsabs=1e-12)[0]
    mean = integrate.quad(lambda x: x * logs.pdf(x), below, edge, epsabs=1e-12)[0]
    return [n_arm, 100 * chance, np.exp(mean / chance), real]


def _two_years(start, fall, wobble, noise, target):
    """Follow one patient; return true activity, step before and after, by visit."""
    level, step, run, changed = start, 0, 0, False
    for j in range(13):
        if j:
            goal = start - fall[step]
            level = goal + (level - goal) * np.exp(-2 / 1.5)
        true = max(level + 0.3 * wobble[j], 0.5)
        run = run + 1 if true + noise[j] <= target else 0
        before = step
        if not changed and true + noise[j] > target and step < 3:
            step += 1
        elif not changed and run >= 3 and step > 0:
            step -= 1
        changed = step != before
        run = 0 if changed else run
        yield true, before, step


@functools.cache
def error(error, target):
    """Error of the score: needless escalations, one patient after the other."""
    rng = np.random.default_rng(1)
    start = np.clip(rng.normal(5.6, 0.9, 2000), 3.6, 8.0)
    response = np.exp(rng.normal(0, 0.4, 2000))[:, None]
    means = np.array([1.2, 0.6, 1.0, 0.7])
    falls = (means * response * rng.gamma(2, 0.5, (2000, 4))).cumsum(axis=1)
    wobble, noise = np.random.default_rng(7).standard_normal((2, 2000, 13))
    ups, needless, there, biologic = 0, 0, [], []
    for person in zip(start, falls, wobble, error * noise, strict=True):
        for visit, (true, before, after) in enumerate(_two_years(*person, target)):
            ups += after > before
            needless += after > before and true <= 3.2
            if visit >= 6:
                there.append(true <= 3.2)
                biologic.append(after >= 2)
    shares = (100 * np.mean(one) for one in (there, biologic))
    return [error, target, 100 * needless / ups, 3.2, *shares]


@functools.cache
def _boosters():
    table = cohorts.load("booster_trials")
    ill = [table[f"infected_{arm}"] / table[f"n_{arm}"] for arm in ARMS]
    lost = [1 / table[f"infected_{arm}"] - 1 / table[f"n_{arm}"] for arm in ARMS]
    table["y"], table["v"] = np.log(ill[0] / ill[1]), lost[0] + lost[1]
    late = table[~table["published"]].sort_values("year", kind="stable")
    return table[table["published"]], late


ARMS = ("booster", "placebo")


def drawer(found):
    """The drawer: trials pooled as statsmodels does, by a fixed effect."""
    published, late = _boosters()
    both = pd.concat([published, late.head(int(found))])
    made = combine_effects(both["y"].to_numpy(), both["v"].to_numpy())
    low, high = made.conf_int(use_t=False)[0]
    mean = np.exp(made.mean_effect_fe)
    return [len(both), mean, 95, np.exp(low), np.exp(high), 1]


@functools.cache
def _lots():
    trial = cohorts.load("ra_trial")
    arms = trial.patients.set_index("patient")["arm"]
    visits = {
        week: one.set_index("patient") for week, one in trial.visits.groupby("week")
    }
    responds = scores.acr_response(visits[0], visits[24], 20)
    both = arms[arms.isin(["8 mg/kg", "4 mg/kg"])].index
    outcome = responds[both].to_numpy().astype(int)
    high = (arms[both] == "8 mg/kg").to_numpy()
    tile = np.tile(high, (10_000, 1))
    drawn = np.random.default_rng(3).permuted(tile, axis=1)[:2000]
    more = 2 * (drawn * outcome).sum(axis=1) - outcome.sum()
    return more, 2 * outcome[high].sum() - outcome.sum()


def lots(lots):
    """Lots drawn again: how many differ as much as the one that was drawn."""
    more, seen = _lots()
    extreme = np.count_nonzero(np.abs(more[: int(lots)]) >= abs(seen))
    p = (extreme + 1) / (lots + 1)
    error = stats.bernoulli(p).std() / np.sqrt(lots + 1)
    return [lots, extreme, seen / 2, p, 1.96 * error]


@functools.cache
def _box():
    people, events = cohorts.load("flow_panel")
    events = events[(events["fsc"] >= 2.5) & (events["fsc"] <= 5.5)]
    events = events[(events["ssc"] <= 3) & (events["person"] == "F02")].head(700)
    one = people[people["person"] == "F02"].iloc[0]
    return events, round(10 * one["wbc_10e9_l"] * one["lymphocyte_percent"])


def gates(cd3, cd4):
    """Gates: recall and precision as scikit-learn has them, and the count."""
    events, per_ul = _box()
    planted = events["population"] == "CD4 T"
    called = (events["cd3"] > cd3) & (events["cd4"] > cd4) & (events["cd8"] <= 2.8)
    recall = recall_score(planted, called)
    precision = precision_score(planted, called, zero_division=0)
    counts = (per_ul * one.mean() for one in (called, planted))
    return [cd3, cd4, 100 * recall, 100 * precision, *counts]


def terms(tender, swollen, patient, crp):
    """Terms of DAS28-CRP: the whole from the course's scores."""
    das28 = scores.das28_crp(tender, swollen, crp, patient)
    without = scores.das28_crp(tender, swollen, 0, patient)
    cdai = scores.cdai(tender, swollen, patient / 10, 5)
    return [das28, das28 - without, cdai]


def tap(block, half):
    """Block and half-life: the hour at which CRP is half, by an event."""
    loss = np.log(2) / half

    def change(t, crp):
        return loss * (1 - block / 100) - loss * crp

    def halved(t, crp):
        return crp[0] - 0.5

    found = integrate.solve_ivp(
        change, (0, 2000), [1.0], rtol=1e-10, atol=1e-12, events=halved, max_step=10
    )
    hours = list(found.t_events[0][:1]) if block > 50 else []
    return [block, 100 - block, *hours, half]


def drive(force, control, past):
    """Drive, regulation, past: roots of the polynomials of E, and of its slope."""
    e = np.polynomial.Polynomial([0, 1])
    square = 1 + e**2

    def positive(polynomial):
        roots = polynomial.roots()
        return np.sort(roots[(np.abs(roots.imag) < 1e-7) & (roots.real > 0)].real)

    states = positive(e * (square**2 + control**2) - force * square**2)
    turns = positive(square**3 + control**2 * (1 - 3 * e**2))
    borders = turns + turns * (control / (1 + turns**2)) ** 2
    shown = borders if control > 2 else []  # at 2 they are one point
    return [force, control, states[0] if past == 1 else states[-1], *shown]


def weight(weight):
    """Weight of a rejection: the aim with the least harm, of fitted risks as shown."""
    (table,) = figures()["lv-application-weight"].spec["datasets"].values()
    rows = pd.read_csv(io.StringIO(table))
    true, aim = cohorts.truth("transplant_tdm"), np.linspace(3, 16, 131)
    planted = 0
    for event, part in (("rejection", weight), ("infection", 1)):
        log = true[f"{event}_log_ratio"] * (aim - 8)
        rate = true[f"{event}_rate"]["late"] * np.exp(log)
        planted = planted + part * stats.expon.cdf(rate * 275 / 365.25)
    harm = weight * rows["r"] + rows["i"]
    near = rows["aim"][harm <= 1.05 * harm.min()]
    best = [rows["aim"][harm.idxmin()], aim[planted.argmin()]]
    return [weight, *best, near.min(), near.max(), 5]


@functools.cache
def _arms():
    trial = cohorts.load("ra_trial")
    visits, latent = (
        t.set_index(["patient", "week"]) for t in (trial.visits, trial.latent)
    )
    joints = visits["tjc28"] + visits["sjc28"]
    cdai = joints + (visits["ptga_mm"] + visits["phga_mm"]) / 10
    crp, free = np.log(visits["crp_mg_l"]), np.log(latent["crp_if_not_blocked_mg_l"])
    change = {
        name: column.xs(24, level="week") - column.xs(0, level="week")
        for name, column in {"cdai": cdai, "crp": crp, "free": free}.items()
    }
    table = pd.DataFrame(change).dropna()
    arm = trial.patients.set_index("patient")["arm"][table.index]
    table["treated"] = (arm == "8 mg/kg").astype(float)
    return table[arm != "4 mg/kg"]


def mechanism(share):
    """Mechanism in CRP: the effect, and that at equal CRP, by formulas."""
    table = _arms()
    marker = table["free"] + share / 100 * (table["crp"] - table["free"])
    effect = smf.ols("cdai ~ treated", table).fit().params["treated"]
    fit = smf.ols("cdai ~ treated + marker", table.assign(marker=marker)).fit()
    equal = fit.params["treated"]
    return [effect, 8, share, equal, 100 * (1 - equal / effect)]


def brake(release):
    """Occupancy: each host followed alone, by another solver."""

    def change(t, state, kill):
        effectors, tumour = np.exp(state)
        gain = 0.1245 * tumour / (2.019e7 + tumour) - 3.422e-10 * tumour - 0.0412
        return [1.3e4 / effectors + gain, 0.18 * (1 - 2e-9 * tumour) - kill * effectors]

    kill = 1.101e-7 / (1 + 3 * (1 - release / 100))
    held = 0
    for effectors in (1e6, 5.5e5, 2e5):
        run = integrate.solve_ivp(
            change, (0, 400), np.log([effectors, 1e8]), "Radau", args=(kill,), rtol=1e-8
        )
        held += run.y[1, -1] < np.log(1e8)
    return [release, held]


@functools.cache
def _k2():
    """Return the IC50 of K2 for IL-6 in the median donor, fitted donor by donor."""
    table = cohorts.load("dose_response").query("inhibitor == 'K2'")
    table = table[table["stimulus"] == "IL-6/pSTAT3"]

    def log_signal(c, log, slope, bottom):
        return np.log(bottom + (100 - bottom) / (1 + (c / np.exp(log)) ** slope))

    logs = [
        optimize.curve_fit(
            log_signal,
            one["concentration_nm"],
            np.log(one["signal_percent"]),
            (3, 1, 4),
            bounds=([0, 0.3, 0.01], [12, 4, 60]),
        )[0][0]
        for _, one in table.groupby("donor")
    ]
    return np.exp(np.mean(logs))


def selectivity(dose, times):
    """Dose of K2: the daily averages, of sixty doses that are added up."""
    absorbs, leaves = 3.5, np.log(2) / 6.5
    peak = 0.5 * 0.79 * dose * 1e6 / 371.42 / 76 * absorbs / (absorbs - leaves)

    def unbound(hour):
        since = hour + 24 * np.arange(60)
        return peak * (np.exp(-leaves * since) - np.exp(-absorbs * since)).sum()

    def average(ic50):
        def inhibited(hour):
            return 100 * unbound(hour) / (ic50 + unbound(hour))

        return integrate.quad(inhibited, 0, 24, limit=200)[0] / 24

    il6, gm = average(_k2()), average(times * _k2())
    return [dose, times, 30, il6, gm, il6 - gm]


BORN_WITHOUT = ["IL2RG", "JAK3", "IL7R", "IL12RB1", "TYK2", "IL17RA", "MYD88", "IL10RA"]
IMPAIRED = {"IL-12", "IL-23", "IL-10", "interferon alpha/beta"}
NORMAL = {"IL-6", "IL-21", "interferon gamma", "interferon lambda"}


def missing(node, rule):
    """Missing part: the rows of the table that name it, or name nothing beside it."""
    part = BORN_WITHOUT[int(node) - 1]
    table = pd.read_csv(curated.FOLDER / "signalling.csv").fillna("")
    lost = set()
    for row in table.itertuples():
        ways = [re.split(" [+] ", way) for way in row.complexes.split("; ")]
        relay = f"{row.jaks}; {row.adaptors}".strip("; ").split("; ")
        uses = part in relay or any(part in way for way in ways)
        alone = relay == [part] or all(part in way for way in ways)
        if uses if rule == 1 else alone:
            lost.add(row.cytokine)
    weeks = [12] if part == "IL10RA" else []
    if part != "TYK2":
        return [len(lost), len(table), *weeks]
    return [len(lost), len(table), 8, 4, len(lost & IMPAIRED), len(lost & NORMAL)]


@functools.cache
def _cgd():
    rows = trials.load("cgd")
    return rows.groupby("id").agg(
        treated=("treat", lambda arm: arm.iloc[0] == "rIFN-g"),
        days=("tstop", "max"),
        ill=("status", "sum"),
    )


@functools.cache
def _reshuffled():
    """Return the log ratios of a thousand lots, over patients and over infections."""
    table, rng = _cgd(), np.random.default_rng(128)
    treated, days, ill = (table[one].to_numpy() for one in ("treated", "days", "ill"))
    arms = rng.permuted(np.tile(treated, (1000, 1)), axis=1)
    share = days[treated].sum() / days.sum()
    single = rng.binomial(ill.sum(), share, 1000)
    over_patients = [
        np.log(
            (ill[arm].sum() / days[arm].sum()) / (ill[~arm].sum() / days[~arm].sum())
        )
        for arm in arms
    ]
    odds = single / (ill.sum() - single) * (1 - share) / share
    return np.array(over_patients), np.log(odds)


def reshuffled(lots):
    """Lots drawn over patients, and over infections: how far they swing."""
    table = _cgd()
    sums = table.groupby("treated")[["ill", "days"]].sum()
    rate = sums["ill"] / sums["days"]
    seen = np.log(rate[True] / rate[False])
    patients, single = (logs[: int(lots)] for logs in _reshuffled())
    wide, narrow = (np.exp(1.96 * np.std(one, ddof=1)) for one in (patients, single))
    far = np.count_nonzero(np.abs(patients) >= abs(seen))
    return [lots, 95, wide, far, np.exp(seen), narrow]


def corner(direction, extent, molecule):
    """Corner of the map: its rows, and how many show or exclude a benefit."""
    agents = curated.load("agents").set_index("inn")
    evidence = curated.load("evidence")
    evidence["verdict"] = curated.verdict(evidence)
    rows = (
        evidence[evidence["kind"] == "clinical"]
        .drop(columns="source")
        .join(agents.drop(columns="source"), on="agent")
    )
    told = ["benefit shown", "benefit excluded", "not shown", "uncertain"]
    rows = rows[rows["verdict"].isin(told)]
    if direction > 1:
        words = ["enhance", "suppress", "adjust"]
        rows = rows[rows["direction"] == words[int(direction) - 2]]
    if extent > 1:
        rows = rows[rows["specificity"] == ["narrow", "broad"][int(extent) - 2]]
    if molecule > 1:
        rows = rows[(rows["target"] == "not established") == (molecule == 3)]
    good = (rows["verdict"] == "benefit shown").sum()
    no = (rows["verdict"] == "benefit excluded").sum()
    return [len(rows), good, no, 100 * good / len(rows)] if len(rows) else [0]


def plan(fall, rate, spread):
    """Plan of the capstone: chances by the normal distribution of the log ratio."""
    ratio, edge = 1 - fall / 100, stats.norm.isf(0.0125)
    by_itself = np.sqrt(1 / (800 * rate) + 1 / (800 * rate * ratio))
    chances = []
    for error in (np.sqrt(spread) * by_itself, by_itself):
        chances.append(100 * stats.norm(np.log(ratio), error).cdf(-edge * error))
    wide = edge * np.sqrt(spread) * by_itself
    ends = ratio * np.exp([-wide, wide])
    return [fall, fall * rate, 100, *chances, *ends]


def lost_children(drug, none):
    """Lost children: the ratio and its interval, as statsmodels has them."""
    ratio = Table2x2([[16 + drug, 44 - drug], [27 + none, 33 - none]])
    low, high = ratio.riskratio_confint()
    return [drug, 8, none, 18, ratio.riskratio, low, high, 16 / 52 / (27 / 42)]


def sure(sure, large):
    """Sure and large: the rows of the atlas, one after the other."""
    table = pd.read_csv(curated.FOLDER / "evidence.csv")
    rated, names = {}, ["risk ratio", "odds ratio", "hazard ratio", "rate ratio"]
    words = ["very low", "low", "moderate", "high"]
    for row in table.itertuples():
        if row.kind != "clinical" or row.measure not in names or pd.isna(row.doi):
            continue
        if not pd.isna(row.ci_low):
            ends = [row.estimate, row.ci_high]
            if row.better == "higher":
                ends = [1 / row.estimate, 1 / row.ci_low]
            rated[row.Index] = [*ends, words.index(row.certainty) + 1]
    edge = 1.0001 / large  # as many decimals as the table has
    points = [one for one in rated.values() if one[0] <= edge and one[0] < 1]
    whole = [one for one in points if one[1] <= edge and one[1] < 1 and one[2] >= sure]
    factor = [large] if large > 1 else []
    return [len(rated), *factor, len(points), len(whole)]


def screened(carry, finds, clears):
    """Testing for a carrier: Bayes on odds, and counts from what is left."""
    odds = carry / (100 - carry) * (finds / 100) / (1 - clears / 100)
    missed = 10 * carry * (100 - finds) / 100
    right = odds / (1 + odds)
    return [1000, (10 * carry - missed) / right, 100 * right, 10 * carry, missed]


def below_limit(hidden):
    """A worse assay: three geometric means, the likelihood by scipy's censored fit."""
    table = cohorts.load("acute_phase")
    first = table[(table["group"] == "stable") & (table["draw"] == 1)]
    value = first["crp_mg_l"].to_numpy()
    out = (value < hidden) | first["crp_below_limit"].to_numpy()
    half = stats.gmean(np.append(value[~out], np.full(out.sum(), hidden / 2)))
    logs = np.log(np.where(out, hidden, value))
    centre, _ = stats.norm.fit(stats.CensoredData.left_censored(logs, out))
    truth = cohorts.truth("acute_phase")
    decades = first["age_years"].mean() / 10 - 5
    planted = truth["crp_median"] * np.exp(truth["crp_age_slope"] * decades)
    means = [stats.gmean(value[~out]), half, np.exp(centre), planted]
    return [hidden, 100 * out.mean(), *means]


def before_and_troughs(apart, blur, drawn):
    """A clearance known before and from troughs: Bayes, step by step on a grid."""
    log_cl = np.linspace(np.log(0.2), np.log(4000), 400_001)
    density = stats.norm.pdf(log_cl, np.log(23), apart / 100)
    for _ in range(int(drawn)):
        density = density * stats.norm.pdf(np.log(46), log_cl, blur / 100)
    density /= density.sum()
    best = density @ log_cl
    low, high = best + 1.96 * np.sqrt(density @ (log_cl - best) ** 2) * np.array(
        [-1, 1]
    )
    own = 100 * (1 - (best - np.log(23)) / np.log(2))
    return [own, *np.exp([best]), 95, *np.exp([low, high])]


@functools.cache
def _levels(gain):
    """Return levels (ng/mL) of 40,000 patients at fifteen visits, by matrices."""
    truth = cohorts.truth("transplant_tdm")
    rng, n, share = np.random.default_rng(99), 40_000, gain / 100
    own = rng.normal(0, np.sqrt(np.log1p(truth["cl_cv_between"] ** 2)), n)
    moved = rng.normal(0, truth["cl_cv_occasion"], (15, n))
    read = rng.normal(0, truth["assay_cv"], (15, n))
    # Each miss lowers all later doses: levels = (1 + share·L)⁻¹ (noise and correction).
    lower = np.tril(np.ones((15, 15)), -1)
    levels = np.linalg.solve(
        np.eye(15) + share * lower, -own - moved - share * lower @ read
    )
    return 8 * np.exp(levels)


def loop(gain):
    """The loop of a clinic: what is near the goal, and rejections in the two halves."""
    truth, levels = cohorts.truth("transplant_tdm"), _levels(gain)
    near = ((levels[4:] > 6) & (levels[4:] < 10)).mean()
    ratio = np.exp(truth["rejection_log_ratio"])
    risk = -np.expm1(-truth["rejection_rate"]["late"] * (ratio ** (levels - 8)).mean(0))
    halves = np.array_split(risk[np.argsort(levels.mean(0))], 2)
    told = [100 * half.mean() for half in halves]
    return [gain, 100 * near, 5, 25, 100, told[0], told[1]]


#: By name of the figure: the function, and by how much it may differ, relative.
EXPECTED = {
    "lv-application-lots": (reshuffled, 1e-3),
    "lv-application-loop": (loop, 8e-2),  # a thousand patients, and 40,000 others
    "lv-application-prior": (before_and_troughs, 1e-5),
    "lv-application-weight": (weight, 1e-6),
    "lv-atlas-sure": (sure, 1e-6),
    "lv-capstone-plan": (plan, 1e-3),
    "lv-context-missing": (missing, 1e-6),
    "lv-evidence-lost": (lost_children, 1e-4),
    "lv-mechanism-selectivity": (selectivity, 2e-3),  # the notebook's day has steps
    "lv-start-corner": (corner, 1e-6),
    "lv-context-drive": (drive, 1e-3),  # the curve is drawn in steps
    "lv-mechanism-brake": (brake, 1e-6),
    "lv-metrics-hidden": (below_limit, 2e-3),
    "lv-metrics-mechanism": (mechanism, 1e-3),
    "lv-evidence-drawer": (drawer, 1e-3),
    "lv-evidence-lots": (lots, 1e-6),
    "lv-mechanism-tap": (tap, 1e-5),
    "lv-metrics-gates": (gates, 1e-6),
    "lv-metrics-terms": (terms, 1e-6),
    "lv-application-error": (error, 1e-3),
    "lv-evidence-curse": (curse, 1e-5),
    "lv-risk-closing": (closing, 1e-3),
    "lv-risk-latency": (latency, 1e-3),
    "lv-risk-limit": (limit, 1e-3),
    "lv-risk-screen": (screened, 1e-6),
    "lv-context-approved": (approved, 1e-6),
    "lv-evidence-bad-week": (bad_week, 1e-6),
    "lv-evidence-indication": (indication, 1e-3),  # the grid is rounded to 0.001
    "lv-mechanism-dose": (dose, 2e-3),  # and so is this one, to 0.01 µg/mL
    "lv-metrics-invited": (invited, 5e-3),  # the prediction is drawn to 0.01 mg/L
    "lv-risk-landmark": (landmark, 1e-3),
}
