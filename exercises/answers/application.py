"""Answers to the assignment `application`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "normalised_trough": ["ob-application-normalised-trough"],
    "concentration": ["ob-application-clearance"],
    "map_clearance": ["ob-application-clearance"],
    "time_in_range": ["ob-application-time-in-range"],
    "event_free": ["ob-application-control-loop"],
    "by_patient": ["ob-application-person-time"],
    "rate_ratio": ["ob-application-person-time", "ob-application-clustered-interval"],
    "treat_to_prevent": ["ob-application-person-time", "ob-evidence-effect-sizes"],
    "steps": ["ob-application-protocol"],
    "misclassified": ["ob-application-wrong-side"],
    "best_target": ["ob-application-target"],
    "judge": [
        "ob-application-target",
        "ob-application-control-loop",
        "ob-application-person-time",
    ],
}

WRONG = {
    "normalised_trough": [
        Wrong(
            "arithmetic mean of the patients",
            "averages skewed ratios as they are",
            {
                'np.exp(by_patient.groupby("cyp3a5").mean())': (
                    'np.exp(by_patient).groupby("cyp3a5").mean()'
                )
            },
        ),
        Wrong(
            "arithmetic mean all through",
            "takes no logarithm at all",
            {
                'np.log(troughs["trough_ng_ml"] / (2 * troughs["dose_mg"]))': (
                    'troughs["trough_ng_ml"] / (2 * troughs["dose_mg"])'
                ),
                'np.exp(by_patient.groupby("cyp3a5").mean())': (
                    'by_patient.groupby("cyp3a5").mean()'
                ),
            },
        ),
        Wrong(
            "visits pooled",
            "lets a patient count as often as they came",
            {'troughs["patient"]]': "list(range(len(troughs)))]"},
        ),
        Wrong(
            "one dose for the day",
            "overlooks that the dose is taken twice",
            {'(2 * troughs["dose_mg"])': 'troughs["dose_mg"]'},
        ),
        Wrong(
            "peaks among the troughs",
            "keeps samples drawn soon after the dose",
            {"drawn_in_time & ": ""},
        ),
        Wrong(
            "milligrams per level",
            "turns the ratio over",
            {
                'troughs["trough_ng_ml"] / (2 * troughs["dose_mg"])': (
                    '2 * troughs["dose_mg"] / troughs["trough_ng_ml"]'
                )
            },
        ),
        Wrong(
            "median of the patients",
            "takes another middle than the one asked for",
            {
                'by_patient.groupby("cyp3a5").mean()': 'by_patient.groupby("cyp3a5").median()'
            },
            seen=False,
        ),
        Wrong(
            "exactly 10 h is too early",
            "writes > for ≥",
            {">= 10": "> 10"},
            seen=False,
        ),
    ],
    "concentration": [
        Wrong(
            "mg/L for ng/mL",
            "leaves out the factor of 1,000",
            {"1000 * dose_mg": "dose_mg"},
        ),
        Wrong(
            "first dose only",
            "forgets what earlier doses have left",
            {
                " / (1 - np.exp(-k * interval))": "",
                " / (1 - np.exp(-ka * interval))": "",
            },
        ),
        Wrong(
            "volume over clearance",
            "turns the rate constant over",
            {'p["cl"] / p["v"]': 'p["v"] / p["cl"]'},
        ),
        Wrong(
            "average for trough",
            "doses for the average concentration",
            {
                'trough_ng_ml / concentration(1, p["interval"], p)': (
                    'trough_ng_ml * p["cl"] * p["interval"] / 1000'
                )
            },
        ),
        Wrong(
            "dose upside down",
            "multiplies by the trough of one milligram",
            {"trough_ng_ml / concentration": "trough_ng_ml * concentration"},
        ),
        Wrong(
            "always every 12 h",
            "types an interval where one is given",
            {'p["ka"], p["interval"]\n': 'p["ka"], 12\n'},
            seen=False,
        ),
    ],
    "map_clearance": [
        Wrong(
            "least squares",
            "leaves out what was known before",
            {" + from_prior**2": ""},
        ),
        Wrong(
            "weights exchanged",
            "takes the spread of patients for the error of a trough",
            {'prior["sigma"]': 'prior["omega"]', 'prior["omega"]': 'prior["sigma"]'},
        ),
        Wrong(
            "divided by standard deviations",
            "does not square them",
            {
                'prior["sigma"]': 'np.sqrt(prior["sigma"])',
                'prior["omega"]': 'np.sqrt(prior["omega"])',
            },
        ),
        Wrong(
            "troughs without logarithm",
            "lets an error be as many ng/mL at every level",
            {"np.log(trough) - np.log(predicted)": "trough - predicted"},
        ),
        Wrong(
            "mean of the squares",
            "lets ten troughs count no more than one",
            {"np.sum(from_data**2)": "np.mean(from_data**2)"},
        ),
        Wrong(
            "average for trough",
            "predicts the mean concentration",
            {"np.expm1(12 * k)": "12 * k"},
        ),
        Wrong(
            "missing trough kept",
            "lets nan into the sum",
            {"~np.isnan(troughs_ng_ml)": "np.isfinite(doses_mg)"},
        ),
    ],
    "time_in_range": [
        Wrong(
            "share of the visits",
            "counts measurements, not time",
            {
                "100 * inside / total if": (
                    "100 * np.mean((level >= low) & (level <= high)) if"
                )
            },
        ),
        Wrong(
            "both ends must be inside",
            "does not cut a line where it crosses a limit",
            {
                "abs(np.diff(np.clip(met, 0, 1))[0])": (
                    "(low <= min(level[i : i + 2]) and max(level[i : i + 2]) <= high)"
                )
            },
        ),
        Wrong(
            "the level stays until the next visit",
            "draws steps, not lines",
            {"rise == 0": "rise == rise"},
        ),
        Wrong(
            "whole days counted",
            "asks once a day where the line is",
            {
                "100 * inside / total if": (
                    "100 * np.mean([low <= x <= high for x in"
                    " np.interp(np.arange(day[0], day[-1] + 1), day, level)]) if"
                )
            },
        ),
        Wrong(
            "missed visit is zero",
            "fills what is missing with 0",
            {
                "known = ~np.isnan(levels)": (
                    "levels = np.nan_to_num(levels)\n    known = levels >= 0"
                )
            },
        ),
        Wrong(
            "long gap joined",
            "trusts a line over months without a visit",
            {"gap > max_gap": "gap > np.inf"},
        ),
        Wrong(
            "long gap counts as outside",
            "takes unknown for bad",
            {
                "if gap > max_gap:\n            continue\n        total += gap": (
                    "total += gap\n        if gap > max_gap:\n            continue"
                )
            },
        ),
        Wrong(
            "gap of the longest allowed left out",
            "writes ≥ for >",
            {"gap > max_gap": "gap >= max_gap"},
            seen=False,
        ),
        Wrong(
            "a limit is outside",
            "writes < for ≤",
            {"low <= level[i] <= high": "low < level[i] < high"},
            seen=False,
        ),
        Wrong(
            "nothing known is never in range",
            "gives 0 where nothing was measured",
            {"else np.nan": "else 0.0"},
            seen=False,
        ),
    ],
    "event_free": [
        Wrong(
            "censoring ignored",
            "counts who left early as free to the end",
            {
                "return np.nan if at > days.max() and free > 0 else free": (
                    "return np.mean(~(event & (days <= at)))"
                )
            },
        ),
        Wrong(
            "censored counted as events",
            "takes leaving for a rejection",
            {"np.sum(event & (days == day))": "np.sum(days == day)"},
        ),
        Wrong(
            "gone on the day of leaving",
            "takes the censored out before the event of the same day",
            {"days >= day": "(days > day) | (event & (days == day))"},
        ),
        Wrong(
            "all are at risk for ever",
            "divides by the number at the start",
            {"np.sum(days >= day)": "len(days)"},
        ),
        Wrong(
            "risks added",
            "subtracts where the estimate multiplies",
            {"free *= 1 - np": "free -= np"},
        ),
        Wrong(
            "day itself left out",
            "writes < for ≤",
            {"days <= at": "days < at"},
        ),
        Wrong(
            "known for ever",
            "goes on after the last patient has left",
            {"np.nan if at > days.max() and free > 0 else free": "free"},
        ),
        Wrong(
            "no landmark",
            "counts rejections from before the level was known",
            {'patients[patients["days"] > landmark]': "patients"},
        ),
        Wrong(
            "a level on the cut is low",
            "writes ≤ for <",
            {"< cut": "<= cut", ">= cut": "> cut"},
        ),
        Wrong(
            "unknown level counts as high",
            "takes not below for above",
            {'there["first_month"] >= cut': '~(there["first_month"] < cut)'},
        ),
        Wrong(
            "unknown although all had their event",
            "does not think of an estimate of 0",
            {" and free > 0": ""},
            seen=False,
        ),
    ],
    "by_patient": [
        Wrong(
            "ends added up",
            "takes the end of an interval for its length",
            {'rows["tstop"] - rows["tstart"]': 'rows["tstop"]'},
        ),
        Wrong(
            "rows counted as infections",
            "takes every interval for one that ended in an infection",
            {'("status", "sum")': '("status", "size")'},
        ),
        Wrong(
            "first infection only",
            "counts patients, not infections",
            {'("status", "sum")': '("status", "max")'},
        ),
        Wrong(
            "order of the file",
            "trusts that the first row is the first interval",
            {'intervals.sort_values(["id", "tstart"])': "intervals"},
        ),
        Wrong(
            "infected at the end",
            "looks at the last interval alone",
            {'table["infections"] > 0': 'rows.groupby("id")["status"].last() > 0'},
        ),
        Wrong(
            "every interval but the last",
            "trusts that follow-up never ends with an infection",
            {'("status", "sum")': '("status", lambda status: len(status) - 1)'},
            seen=False,
        ),
    ],
    "rate_ratio": [
        Wrong(
            "per patient, not per year",
            "leaves the time at risk out",
            {
                'total["infections"] / (total["days"] / 365.25)': (
                    'patients.groupby("treat")["infections"].mean()'
                )
            },
        ),
        Wrong(
            "mean of the patients' own rates",
            "lets a month count as much as a year",
            {
                'total["infections"] / (total["days"] / 365.25)': (
                    '(patients["infections"] / patients["days"] * 365.25)'
                    '.groupby(patients["treat"]).mean()'
                )
            },
        ),
        Wrong(
            "first infections only",
            "counts patients with an infection over all their time",
            {
                '[["infections", "days"]]': '[["infected", "days"]]',
                'total["infections"]': 'total["infected"]',
            },
        ),
        Wrong(
            "per day",
            "changes the unit",
            {'(total["days"] / 365.25)': 'total["days"]'},
        ),
        Wrong(
            "ratio upside down",
            "divides the controls by the treated",
            {
                "per_year[treated] / per_year[control]": (
                    "per_year[control] / per_year[treated]"
                )
            },
        ),
        Wrong(
            "infections as if independent",
            "takes the variance of a Poisson count",
            {
                '(surprise**2).sum() / rows["infections"].sum() ** 2': (
                    '1 / rows["infections"].sum()'
                )
            },
        ),
        Wrong(
            "the same expected of everybody",
            "leaves out how long each was followed",
            {
                'per_year[arm] * rows["days"] / 365.25': 'rows["infections"].mean()',
            },
        ),
        Wrong(
            "a rate per year times days",
            "mixes two units of time in what is expected",
            {'per_year[arm] * rows["days"] / 365.25': 'per_year[arm] * rows["days"]'},
        ),
        Wrong(
            "variance for standard error",
            "forgets the root",
            {
                "np.sqrt(variance(treated) + variance(control))": (
                    "(variance(treated) + variance(control))"
                )
            },
        ),
    ],
    "treat_to_prevent": [
        Wrong(
            "no time",
            "takes a rate for a risk of no particular time",
            {"(rate_control - rate_treated) * years": "rate_control - rate_treated"},
        ),
        Wrong(
            "rate for a risk",
            "lets the risk grow without limit",
            {
                "1 - np.exp(-rate_control * years)": "rate_control * years",
                "1 - np.exp(-rate_treated * years)": "rate_treated * years",
            },
        ),
        Wrong(
            "relative difference",
            "takes the relative fall of the rate for the difference",
            {
                "(rate_control - rate_treated) * years": (
                    "(1 - rate_treated / rate_control) * years"
                )
            },
        ),
        Wrong(
            "no sign",
            "hides that the treated do worse",
            {"else 1 / prevented": "else 1 / abs(prevented)"},
        ),
        Wrong(
            "rounded up",
            "rounds though the task does not ask for it",
            {"else 1 / spared": "else np.ceil(1 / spared)"},
        ),
        Wrong(
            "no time is allowed",
            "lets a time of 0 through",
            {
                'raise ValueError(f"years={years!r} is not allowed: give a time above 0")': (
                    "pass"
                )
            },
            seen=False,
        ),
    ],
    "steps": [
        Wrong(
            "the target itself is too high",
            "writes < for ≤",
            {"score <= target": "score < target", "score > target": "score >= target"},
        ),
        Wrong(
            "no time to act",
            "changes at every visit",
            {"not changed and score > target": "score > target"},
        ),
        Wrong(
            "step before the visit",
            "tells with which step the patient came",
            {"left_with.append(step)": "left_with.append(before)"},
        ),
        Wrong(
            "beyond the top",
            "goes on where the ladder ends",
            {"min(step + 1, top)": "step + 1"},
        ),
        Wrong(
            "below the lowest step",
            "goes on where the ladder begins",
            {"max(step - 1, 0)": "step - 1"},
        ),
        Wrong(
            "missing score skipped",
            "joins the visits around a missing score to a run",
            {
                "at_target + 1 if score <= target else 0": (
                    "at_target + (score <= target) if not score > target else 0"
                )
            },
        ),
        Wrong(
            "missing score counts as above",
            "steps up without a measurement",
            {"not changed and score > target": "not changed and not score <= target"},
        ),
        Wrong(
            "two visits are enough",
            "counts the visits before and forgets this one",
            {"at_target >= 3": "at_target >= 2"},
        ),
        Wrong(
            "run goes on after a change",
            "lets scores from before a change allow the next",
            {"        if changed:\n            at_target = 0\n": ""},
            seen=False,
        ),
    ],
    "misclassified": [
        Wrong(
            "share of all patients",
            "takes the wrong denominator",
            {
                "ordered[at_target].mean()": "ordered[at_target].sum() / len(true_scores)"
            },
        ),
        Wrong(
            "shares exchanged",
            "returns them the other way round",
            {"return stepped_up, left": "return left, stepped_up"},
        ),
        Wrong(
            "divided by the number of readings",
            "forgets the root",
            {"np.sqrt(readings)": "readings"},
        ),
        Wrong(
            "one reading",
            "leaves the readings out",
            {" / np.sqrt(readings)": ""},
        ),
        Wrong(
            "direction reversed",
            "subtracts the wrong way round",
            {"(true_scores - target)": "(target - true_scores)"},
        ),
        Wrong(
            "the average patient",
            "puts the mean score into the formula",
            {
                "ordered[at_target].mean()": (
                    "stats.norm.cdf((true_scores[at_target].mean() - target)"
                    " / (error_sd / np.sqrt(readings)))"
                )
            },
            seen=False,
        ),
        Wrong(
            "the target itself is above",
            "writes < for ≤",
            {"true_scores <= target": "true_scores < target"},
            seen=False,
        ),
    ],
    "best_target": [
        Wrong(
            "harm at the mean level",
            "takes the exponential of the mean for the mean of the exponential",
            {" + slope**2 * sd**2 / 2": ""},
        ),
        Wrong(
            "half forgotten",
            "adds the whole variance",
            {"slope**2 * sd**2 / 2": "slope**2 * sd**2"},
        ),
        Wrong(
            "weight on the infection",
            "exchanges what counts more",
            {
                'weight * mean_rate("rejection") + mean_rate("infection")': (
                    'mean_rate("rejection") + weight * mean_rate("infection")'
                )
            },
        ),
        Wrong(
            "slopes from zero",
            "takes the rates at 8 ng/mL for those without any drug",
            {"(target - 8)": "target"},
        ),
        Wrong(
            "whole ng/mL",
            "searches in steps that are too coarse",
            {"0.005": "1"},
        ),
        Wrong(
            "end of the range left out",
            "forgets that the upper end is allowed",
            {
                "np.append(np.arange(low, high, 0.005), high)": "np.arange(low, high, 0.2)"
            },
        ),
        Wrong(
            "fewest rejections",
            "aims as high as allowed",
            {
                "return targets[np.argmin(mean_harm(targets, sd, weight, hazards))]": (
                    "return high"
                )
            },
        ),
    ],
}

ALTERNATIVE = {
    "normalised_trough": [
        Alternative(
            "patient by patient, with scipy's geometric mean",
            """
def normalised_trough(visits):
    good = visits.dropna(subset=["hours_after_dose", "trough_ng_ml"])
    good = good.query("hours_after_dose >= 10")
    found = {}
    for (genotype, patient), rows in good.groupby(["cyp3a5", "patient"]):
        own = stats.gmean(rows["trough_ng_ml"] / rows["dose_mg"]) / 2
        found.setdefault(genotype, []).append(own)
    return pd.Series({g: stats.gmean(v) for g, v in found.items()}, dtype=float)
""",
        ),
        Alternative(
            "early samples dropped by their index",
            """
def normalised_trough(visits):
    good = visits.dropna(subset=["trough_ng_ml"])
    good = good.drop(good[good["hours_after_dose"] < 10].index)
    good["log"] = np.log(good["trough_ng_ml"] / (2 * good["dose_mg"]))
    by_patient = good.groupby(["cyp3a5", "patient"])["log"].mean()
    return np.exp(by_patient.groupby("cyp3a5").mean())
""",
        ),
    ],
    "concentration": [
        Alternative(
            "dose upon dose, and the search for a dose",
            """
def concentration(dose_mg, hours, p):
    k = p["cl"] / p["v"]
    level = 0 * hours
    for n in range(800):
        t = hours + n * p["interval"]
        part = np.exp(-k * t) - np.exp(-p["ka"] * t)
        level = level + 1000 * dose_mg / p["v"] * p["ka"] / (p["ka"] - k) * part
    return level


def dose_for_trough(trough_ng_ml, p):
    at_ten_mg = concentration(10, p["interval"], p)
    return 10 * trough_ng_ml / at_ten_mg
""",
        ),
    ],
    "map_clearance": [
        Alternative(
            "a fine grid",
            """
def map_clearance(doses_mg, troughs_ng_ml, prior):
    cl = np.exp(np.linspace(0, np.log(500), 40_001))
    total = (np.log(cl / prior["cl"]) / prior["omega"]) ** 2
    for dose, trough in zip(doses_mg, troughs_ng_ml):
        if not np.isnan(trough):
            expected = 1000 * dose / prior["v"] / (np.exp(12 * cl / prior["v"]) - 1)
            total = total + (np.log(trough / expected) / prior["sigma"]) ** 2
    return cl[np.argmin(total)]
""",
        ),
        Alternative(
            "search over the clearance itself",
            """
def map_clearance(doses_mg, troughs_ng_ml, prior):
    def total(cl):
        a = 0.0
        for d, c in zip(doses_mg, troughs_ng_ml):
            if c == c:
                hat = 1000 * d / (prior["v"] * (np.exp(12 * cl / prior["v"]) - 1))
                a += (np.log(c) - np.log(hat)) ** 2 / prior["sigma"] ** 2
        return a + (np.log(cl) - np.log(prior["cl"])) ** 2 / prior["omega"] ** 2

    return minimize_scalar(total, bounds=(1, 500), method="bounded").x
""",
        ),
    ],
    "time_in_range": [
        Alternative(
            "overlap of two intervals of levels",
            """
def time_in_range(days, levels, low, high, max_gap=56):
    table = pd.DataFrame({"day": days, "a": levels}).dropna()
    table["gap"] = table["day"].shift(-1) - table["day"]
    table["b"] = table["a"].shift(-1)
    table = table[table["gap"] <= max_gap]
    if len(table) == 0:
        return float("nan")
    bottom, top = table[["a", "b"]].min(axis=1), table[["a", "b"]].max(axis=1)
    overlap = (top.clip(upper=high) - bottom.clip(lower=low)).clip(lower=0)
    flat = top == bottom
    share = (overlap / (top - bottom)).where(~flat, bottom.between(low, high) * 1.0)
    return 100 * (share * table["gap"]).sum() / table["gap"].sum()
""",
        ),
    ],
    "event_free": [
        Alternative(
            "one patient after the other",
            """
def event_free(days, event, at):
    n = len(days)
    if n == 0:
        return np.nan
    order = sorted(range(n), key=lambda i: (days[i], not event[i]))
    s = 1.0
    for rank, i in enumerate(order):
        if event[i] and days[i] <= at:
            s = s * (n - rank - 1) / (n - rank)
    if s > 1e-12 and at > max(days):
        return np.nan
    return s


def event_free_by_trough(patients, cut, landmark, at):
    t = patients.dropna(subset=["first_month"])
    t = t[t["days"] > landmark]
    high = t["first_month"] >= cut
    result = {}
    for key, part in (("low", t[~high]), ("high", t[high])):
        # The clock starts at the landmark.
        result[key] = event_free(
            (part["days"] - landmark).values, part["event"].values, at - landmark
        )
    return result
""",
        ),
    ],
    "by_patient": [
        Alternative(
            "a loop over the patients",
            """
def by_patient(intervals):
    out = []
    for number, rows in intervals.groupby("id"):
        ill = rows[rows["status"] == 1]
        out.append(
            {
                "id": number,
                "treat": rows["treat"].iloc[0],
                "days": rows["tstop"].max(),
                "infections": len(ill),
                "infected": len(ill) > 0,
                "first_days": ill["tstop"].min() if len(ill) else rows["tstop"].max(),
            }
        )
    return pd.DataFrame(out).set_index("id")
""",
        ),
    ],
    "rate_ratio": [
        Alternative(
            "arrays, and the interval on the scale of logarithms",
            """
def rates(patients):
    answer = {}
    for arm in patients["treat"].unique():
        part = patients[patients["treat"] == arm]
        answer[arm] = 365.25 * part["infections"].sum() / part["days"].sum()
    return pd.Series(answer)


def rate_ratio(patients, treated, control):
    v, logs = 0, []
    for arm in (treated, control):
        part = patients[patients["treat"] == arm]
        d, t = part["infections"].to_numpy(), part["days"].to_numpy()
        rate = d.sum() / t.sum()
        v += np.sum((d - rate * t) ** 2) / d.sum() ** 2
        logs.append(np.log(rate))
    middle = logs[0] - logs[1]
    half = 1.96 * v**0.5
    return np.exp(middle), np.exp(middle - half), np.exp(middle + half)
""",
        ),
    ],
    "treat_to_prevent": [
        Alternative(
            "survival in place of risk",
            """
def treat_per_infection(rate_control, rate_treated, years):
    if years <= 0:
        raise ValueError("years must be above 0")
    if rate_control == rate_treated:
        return float("inf")
    return 1 / years / (rate_control - rate_treated)


def treat_per_patient(rate_control, rate_treated, years):
    if years <= 0:
        raise ValueError("years must be above 0")
    if rate_control == rate_treated:
        return float("inf")
    return 1 / (np.exp(-rate_treated * years) - np.exp(-rate_control * years))
""",
        ),
    ],
    "steps": [
        Alternative(
            "from the history, rule by rule",
            """
def steps(scores, target, top):
    current = 0
    last_change = None
    result = []
    for i in range(len(scores)):
        move = 0
        if last_change is not None and i == last_change + 1:
            move = 0
        elif np.isnan(scores[i]):
            move = 0
        elif scores[i] > target:
            move = 1
        else:
            begin = 0 if last_change is None else last_change + 1
            if i - 2 >= begin and all(s <= target for s in scores[i - 2 : i + 1]):
                move = -1
        new = current + move
        if 0 <= new <= top and new != current:
            current = new
            last_change = i
        result.append(current)
    return result
""",
        ),
    ],
    "misclassified": [
        Alternative(
            "patient by patient",
            """
def misclassified(true_scores, error_sd, target, readings=1):
    up, left = [], []
    for score in true_scores:
        if error_sd > 0:
            above = stats.norm.sf(target, loc=score, scale=error_sd / readings**0.5)
        else:
            above = float(score > target)
        if score > target:
            left.append(1 - above)
        else:
            up.append(above)
    return (
        sum(up) / len(up) if up else float("nan"),
        sum(left) / len(left) if left else float("nan"),
    )
""",
        ),
    ],
    "best_target": [
        Alternative(
            "where the slope of the harm is zero",
            """
def mean_harm(target, sd, weight, hazards):
    a, b = hazards["rejection_slope"], hazards["infection_slope"]
    rejection = hazards["rejection"] * np.exp(a * (target - 8) + (a * sd) ** 2 / 2)
    infection = hazards["infection"] * np.exp(b * (target - 8) + (b * sd) ** 2 / 2)
    return weight * rejection + infection


def best_target(sd, weight, hazards, low, high):
    a, b = hazards["rejection_slope"], hazards["infection_slope"]
    ratio = -weight * hazards["rejection"] * a / (hazards["infection"] * b)
    found = 8 + (np.log(ratio) + (a * sd) ** 2 / 2 - (b * sd) ** 2 / 2) / (b - a)
    return min(max(found, low), high)
""",
        ),
        Alternative(
            "scipy searches",
            """
def mean_harm(target, sd, weight, hazards):
    total = 0
    for event, counts in (("rejection", weight), ("infection", 1)):
        c = hazards[event + "_slope"]
        total += counts * hazards[event] * np.exp(c * (target - 8) + c * c * sd * sd / 2)
    return total


def best_target(sd, weight, hazards, low, high):
    found = minimize_scalar(
        mean_harm, args=(sd, weight, hazards), bounds=(low, high), method="bounded"
    )
    return found.x
""",
        ),
    ],
}
