"""Answers to the assignment `evidence`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "expected_fall": ["ob-evidence-improvement"],
    "trial_effect": ["ob-evidence-randomised-arms"],
    "nnt": ["ob-evidence-effect-sizes"],
    "randomisation": ["ob-evidence-randomisation-test"],
    "missing": ["ob-evidence-missing-data"],
    "holm": ["ob-evidence-multiplicity"],
    "fragility": ["ob-evidence-effect-sizes"],
    "weighted": ["ob-evidence-weighting"],
    "e_value": ["ob-evidence-unmeasured"],
    "pool": ["ob-evidence-pooling", "ob-evidence-prediction-interval"],
    "egger": ["ob-evidence-funnel", "ob-evidence-selective-publication"],
    "grade": ["ob-evidence-certainty"],
    "judge": ["ob-evidence-certainty", "ob-evidence-spin"],
}

WRONG = {
    "expected_fall": [
        Wrong(
            "reliable part falls",
            "takes what comes back for what falls",
            {"sd * (1 - reliability)": "sd * reliability"},
        ),
        Wrong(
            "lower tail",
            "divides by those who were not chosen",
            {"stats.norm.sf(z)": "stats.norm.cdf(z)"},
        ),
        Wrong(
            "natural change kept",
            "takes everything that happened to the chosen for regression",
            {"fall[chosen].mean() - fall[known].mean()": "fall[chosen].mean()"},
        ),
        Wrong(
            "direction reversed",
            "takes after less before for a fall",
            {"fall = first - second": "fall = second - first"},
        ),
        Wrong(
            "a tail by subtraction",
            "does not see that 1 less almost 1 is 0",
            {"stats.norm.sf(z)": "max(1 - stats.norm.cdf(z), 1e-300)"},
            seen=False,
        ),
        Wrong(
            "exactly the threshold is not enough",
            "writes > for ≥",
            {"first >= threshold": "first > threshold"},
            seen=False,
        ),
        Wrong(
            "any reliability",
            "lets a correlation below 0 or above 1 through",
            {"sd > 0 and 0 <= reliability <= 1": "sd > 0"},
            seen=False,
        ),
    ],
    "trial_effect": [
        Wrong(
            "before and after",
            "takes the change of the treated for the effect",
            {"remedy.mean() - placebo.mean()": "remedy.mean()"},
        ),
        Wrong(
            "direction reversed",
            "takes the treated from the controls",
            {"remedy.mean() - placebo.mean()": "placebo.mean() - remedy.mean()"},
        ),
        Wrong(
            "missing means unchanged",
            "carries the first score forward",
            {
                'trial["score_after"] -': (
                    'trial["score_after"].fillna(trial["score_before"]) -'
                )
            },
        ),
        Wrong(
            "spread of patients",
            "takes the standard deviation for the standard error",
            {
                "remedy.var() / len(remedy) + placebo.var() / len(placebo)": (
                    "remedy.var() + placebo.var()"
                )
            },
        ),
        Wrong(
            "standard errors added",
            "adds errors instead of their squares",
            {
                "np.sqrt(remedy.var() / len(remedy) + placebo.var() / len(placebo))": (
                    "remedy.sem() + placebo.sem()"
                )
            },
        ),
    ],
    "nnt": [
        Wrong(
            "relative for absolute",
            "divides by the risk of the controls",
            {"difference = p_t - p_c": "difference = (p_t - p_c) / p_c"},
        ),
        Wrong(
            "ends inverted and left as they are",
            "inverts an interval that crosses 0 as if it did not",
            {
                "(1 / high, 1 / low if low > 0 else np.inf)": "(1 / high, 1 / low)",
                "if low < 0:": "if high < 0:",
            },
        ),
        Wrong(
            "not significant, no number",
            "takes an interval over 0 for no information",
            {"if high > 0:": "if low > 0:", "if low < 0:": "if high < 0:"},
        ),
        Wrong(
            "harm is negative",
            "writes the number needed to harm with a minus",
            {
                "(-1 / low, -1 / high if high < 0 else np.inf)": (
                    "(1 / low, 1 / high if high < 0 else -np.inf)"
                )
            },
        ),
        Wrong(
            "an end at 0 is a harm",
            "writes ≤ for <",
            {"if low < 0:": "if low <= 0:", "(-1 / low,": "(-1 / (low or -1e-9),"},
            seen=False,
        ),
        Wrong(
            "ends in any order",
            "does not look whether low lies below high",
            {"if not low < high:": "if low == high:"},
            seen=False,
        ),
    ],
    "randomisation": [
        Wrong(
            "one side",
            "counts only differences of the observed sign",
            {"np.abs(differences) >= abs(observed)": "differences >= observed"},
        ),
        Wrong(
            "only what is farther",
            "leaves out the allocation that was drawn and its equals",
            {">= abs(observed) - 1e-9": "> abs(observed) + 1e-9"},
        ),
        Wrong(
            "half are treated",
            "allocates as many to each arm whatever the trial did",
            {"treated.sum())": "len(outcome) // 2)"},
            seen=False,
        ),
        Wrong(
            "twice one tail",
            "thinks that the other tail is as large when the arms differ in size",
            {
                "np.mean(np.abs(differences) >= abs(observed) - 1e-9)": (
                    "min(1.0, 2 * min(np.mean(differences >= observed - 1e-9), "
                    "np.mean(differences <= observed + 1e-9)))"
                )
            },
            seen=False,
        ),
        Wrong(
            "equal to the last bit",
            "lets rounding decide what is as large",
            {"abs(observed) - 1e-9": "abs(observed)"},
            seen=False,
        ),
    ],
    "missing": [
        Wrong(
            "completers only",
            "leaves out those who left in both analyses",
            {
                "filled[treated].mean() - filled[~treated].mean()": (
                    "filled[seen & treated].mean() - filled[seen & ~treated].mean()"
                )
            },
        ),
        Wrong(
            "point estimate tips",
            "asks when the difference itself is 0",
            {"p_t - p_c - 1.96 * error <= 0": "p_t - p_c <= 0"},
        ),
        Wrong(
            "denominator of those seen",
            "leaves the unseen out of the shares",
            {
                "n_t, n_c = treated.sum(), (~treated).sum()": (
                    "n_t = (treated & ~np.isnan(responded)).sum()\n"
                    "    n_c = (~treated & ~np.isnan(responded)).sum()"
                )
            },
        ),
        Wrong(
            "treated fail one by one",
            "changes the wrong arm",
            {
                "p_c = (np.nansum(responded[~treated]) + k) / n_c": (
                    "p_c = np.nansum(responded[~treated]) / n_c\n"
                    "        p_t = (np.nansum(responded[treated]) - k) / n_t"
                )
            },
        ),
        Wrong(
            "all of them when none is enough",
            "takes the end of the search for a finding",
            {"return None": "return unseen"},
            seen=False,
        ),
        Wrong(
            "search ends one too early",
            "forgets that range leaves out its end",
            {
                "range(unseen + 1)": "range(unseen)",
                "return None": "return unseen if unseen > 99 else None",
            },
            seen=False,
        ),
    ],
    "holm": [
        Wrong(
            "Bonferroni",
            "multiplies all by the number of questions",
            {
                "np.arange(len(p_values), 0, -1)": "np.full(len(p_values), len(p_values))"
            },
        ),
        Wrong(
            "Benjamini and Hochberg",
            "controls the false discovery rate",
            {
                "np.arange(len(p_values), 0, -1)": (
                    "len(p_values) / np.arange(1, len(p_values) + 1)"
                ),
                "np.maximum.accumulate(p_values[order] * factors)": (
                    "np.minimum.accumulate((p_values[order] * factors)[::-1])[::-1]"
                ),
            },
        ),
        Wrong(
            "not raised to the one before",
            "multiplies and leaves it there",
            {
                "np.maximum.accumulate(p_values[order] * factors)": "p_values[order] * factors"
            },
        ),
        Wrong(
            "in sorted order",
            "loses which question had which p value",
            {"adjusted[order] =": "adjusted[:] ="},
        ),
        Wrong(
            "above 1",
            "lets a p value exceed 1",
            {"np.minimum(stepped, 1)": "stepped"},
            seen=False,
        ),
        Wrong(
            "sorts what it was given",
            "changes the array of the caller",
            {
                "factors = np.arange": "original = p_values.copy()\n    factors = np.arange",
                "np.minimum(stepped, 1)": "np.minimum(stepped, 1)\n    p_values.sort()",
            },
            seen=False,
        ),
    ],
    "fragility": [
        Wrong(
            "wrong arm",
            "adds events where there are more already",
            {
                "if events_c / n_c < events_t / n_t:": (
                    "if events_c / n_c >= events_t / n_t:"
                ),
                "while True:": "while low + turned <= n_low:",
                "turned += 1": "turned += 1\n    return turned",
            },
        ),
        Wrong(
            "patients added",
            "lets the arm grow instead of turning patients",
            {"n_low - low - turned": "n_low - low"},
        ),
        Wrong(
            "last that is significant",
            "stops one too early",
            {"return turned": "return max(turned - 1, 0)"},
        ),
        Wrong(
            "always the treated",
            "turns patients of the first arm whatever its risk",
            {
                "if events_c / n_c < events_t / n_t:": "if False:",
                "while True:": "while low + turned <= n_low:",
                "turned += 1": "turned += 1\n    return turned",
            },
            seen=False,
        ),
        Wrong(
            "fewer events for lower risk",
            "compares numbers in arms of different size",
            {
                "if events_c / n_c < events_t / n_t:": "if events_c < events_t:",
                "while True:": "while low + turned <= n_low:",
                "turned += 1": "turned += 1\n    return turned",
            },
            seen=False,
        ),
    ],
    "weighted": [
        Wrong(
            "weights not inverted",
            "weighs by the probability instead of one over it",
            {"1 / share.where": "share.where"},
        ),
        Wrong(
            "probability of the biologic for all",
            "gives both drugs the weight 1/e",
            {"share.where(biologic, 1 - share)": "share"},
        ),
        Wrong(
            "crude",
            "does not weigh at all",
            {"weight = 1 / share": "weight = 1 + 0 * share"},
        ),
        Wrong(
            "risk for rate",
            "divides by patients instead of time",
            {'weight * patients["follow_up_days"]': "weight"},
        ),
        Wrong(
            "conventional patients only",
            "makes the controls look like the treated: another question",
            {
                "1 / share.where(biologic, 1 - share)": (
                    "(share / (1 - share)).where(~biologic, 1)"
                )
            },
            seen=False,
        ),
        Wrong(
            "cells with one drug kept",
            "does not ask for positivity",
            {"both_drugs = (share > 0) & (share < 1)": "both_drugs = share >= 0"},
            seen=False,
        ),
    ],
    "e_value": [
        Wrong(
            "ratio below 1 not inverted",
            "takes the root of a negative number, or of its size",
            {
                "if ratio < 1:": "if ratio < 0:",
                "np.sqrt(ratio * (ratio - 1))": "np.sqrt(abs(ratio * (ratio - 1)))",
            },
        ),
        Wrong(
            "farther end",
            "takes the end that lies away from 1",
            {"max(low, 1)": "max(high, 1)"},
        ),
        Wrong(
            "ends not exchanged",
            "forgets that the inverse turns the interval over",
            {"ratio, low, high = 1 / ratio, 1 / high, 1 / low": "ratio = 1 / ratio"},
        ),
        Wrong(
            "interval over 1 explained away all the same",
            "asks for more than 1 where nothing has to be explained",
            {"max(low, 1)": "max(low, 1 / low)"},
        ),
        Wrong(
            "ratio anywhere",
            "does not look whether the ratio lies in its interval",
            {"0 < low <= ratio <= high": "ratio > 0 and low > 0 and high > 0"},
            seen=False,
        ),
    ],
    "pool": [
        Wrong(
            "weights by standard error",
            "weighs by one over the root of the variance",
            {"weights = 1 / variances": "weights = 1 / np.sqrt(variances)"},
        ),
        Wrong(
            "z for t",
            "takes the normal distribution for a dozen trials",
            {"half = stats.t.ppf(0.975, k - 1)": "half = 1.96"},
        ),
        Wrong(
            "standard error without Hartung and Knapp",
            "takes one over the sum of weights",
            {
                "(weights * (effects - mean) ** 2).sum() / ((k - 1) * weights.sum())": (
                    "1 / weights.sum()"
                )
            },
        ),
        Wrong(
            "interval of the mean as prediction",
            "takes where the mean lies for where the next truth lies",
            {"np.sqrt(se2 + tau2)": "np.sqrt(se2)"},
        ),
        Wrong(
            "prediction with k − 1",
            "forgets that τ² was estimated too",
            {"stats.t.ppf(0.975, k - 2)": "stats.t.ppf(0.975, k - 1)"},
        ),
        Wrong(
            "plain error in the prediction",
            "takes the formula of the book's page for that of the task",
            {"np.sqrt(se2 + tau2)": "np.sqrt(1 / weights.sum() + tau2)"},
        ),
        Wrong(
            "negative variance",
            "does not cut τ² at 0",
            {"max(0.0, (q - (k - 1)) / spread)": "(q - (k - 1)) / spread"},
            seen=False,
        ),
    ],
    "egger": [
        Wrong(
            "slope for intercept",
            "takes the number that straight lines are usually about",
            {'"intercept": line.intercept': '"intercept": line.slope'},
        ),
        Wrong(
            "effect against its error",
            "draws the funnel instead of the regression",
            {"(1 / errors, effects / errors)": "(errors, effects)"},
        ),
        Wrong(
            "one-sided",
            "takes one tail",
            {"2 * stats.t.sf": "stats.t.sf"},
        ),
        Wrong(
            "p value of the slope",
            "takes the p value that linregress gives",
            {"2 * stats.t.sf(abs(t), len(effects) - 2)": "line.pvalue"},
        ),
        Wrong(
            "smallest that passes",
            "takes the limit for the mean of those above it",
            {
                "true_effect + error * stats.norm.pdf(a) / stats.norm.sf(a)": (
                    "max(true_effect, 1.96 * error)"
                )
            },
        ),
        Wrong(
            "in standard errors",
            "forgets the scale",
            {"true_effect + error * stats": "true_effect + stats"},
        ),
        Wrong(
            "a tail by subtraction",
            "does not see that 1 less almost 1 is 0",
            {"stats.norm.sf(a)": "max(1 - stats.norm.cdf(a), 1e-300)"},
            seen=False,
        ),
    ],
    "grade": [
        Wrong(
            "both start high",
            "leaves the design out",
            {'"observational": 2}': '"observational": 4}'},
        ),
        Wrong(
            "one step a reason",
            "counts reasons instead of steps",
            {"- sum(down.values())": "- sum(steps > 0 for steps in down.values())"},
            seen=False,
        ),
        Wrong(
            "up after down",
            "raises again what was taken down",
            {" and not any(down.values())": ""},
        ),
        Wrong(
            "no floor",
            "goes below the lowest level, and Python counts from the end",
            {"min(max(level, 1), 4) - 1": "min(level, 4) - 1"},
        ),
        Wrong(
            "mentioned is taken down",
            "takes a reason with 0 steps for a reason",
            {"not any(down.values())": "not down"},
            seen=False,
        ),
        Wrong(
            "any number of steps",
            "lets three steps and unknown reasons through",
            {
                "reason not in most or steps not in range(most[reason] + 1)": "steps < -9"
            },
            seen=False,
        ),
    ],
}

ALTERNATIVE = {
    "expected_fall": [
        Alternative(
            "logarithms, and a table",
            """
def expected_fall(mean, sd, reliability, threshold):
    if sd <= 0 or reliability < 0 or reliability > 1:
        raise ValueError("sd must be positive, reliability from 0 to 1")
    z = (threshold - mean) / sd
    above = np.exp(stats.norm.logpdf(z) - stats.norm.logsf(z)) * sd
    return above - reliability * above


def observed_fall(first, second, threshold):
    table = pd.DataFrame({"first": first, "second": second}).dropna()
    table["fall"] = table["first"] - table["second"]
    ill = table[table["first"] >= threshold]
    return ill["fall"].mean() - table["fall"].mean()
""",
        ),
    ],
    "trial_effect": [
        Alternative(
            "numpy, arm by arm",
            """
def trial_effect(trial):
    mean, square = {}, 0
    for name in ("remedy", "placebo"):
        rows = trial[trial["arm"] == name]
        d = rows["score_after"].to_numpy() - rows["score_before"].to_numpy()
        d = d[~np.isnan(d)]
        mean[name] = d.mean()
        square += np.var(d, ddof=1) / d.size
    gain = mean["remedy"] - mean["placebo"]
    reach = 1.96 * square**0.5
    return dict(difference=gain, low=gain - reach, high=gain + reach)
""",
        ),
    ],
    "nnt": [
        Alternative(
            "five cases, one after the other",
            """
def risk_difference(responders_t, n_t, responders_c, n_c):
    p, q = responders_t / n_t, responders_c / n_c
    half = 1.96 * (p * (1 - p) / n_t + q * (1 - q) / n_c) ** 0.5
    return {"difference": p - q, "low": p - q - half, "high": p - q + half}


def nnt_interval(low, high):
    if low >= high:
        raise ValueError("low must be below high")
    if low > 0:
        return {"benefit": (1 / high, 1 / low), "harm": None}
    if high < 0:
        return {"benefit": None, "harm": (1 / abs(low), 1 / abs(high))}
    if low == 0:
        return {"benefit": (1 / high, float("inf")), "harm": None}
    if high == 0:
        return {"benefit": None, "harm": (1 / -low, float("inf"))}
    return {"benefit": (1 / high, np.inf), "harm": (1 / -low, np.inf)}
""",
        ),
    ],
    "randomisation": [
        Alternative(
            "one product of matrices",
            """
def randomisation_p(outcome, treated):
    n, n_t = len(treated), int(np.sum(treated))
    means = allocations(n, n_t) @ outcome / n_t
    rest = (np.sum(outcome) - means * n_t) / (n - n_t)
    d = np.abs(means - rest)
    seen = abs(np.mean(outcome[treated]) - np.mean(outcome[~treated]))
    return float((d > seen - 1e-9).sum() / d.size)
""",
        ),
        Alternative(
            "combinations from the standard library",
            """
from itertools import combinations

def randomisation_p(outcome, treated):
    everyone = set(range(len(outcome)))

    def gap(group):
        rest = everyone - set(group)
        return abs(
            sum(outcome[i] for i in group) / len(group)
            - sum(outcome[i] for i in rest) / len(rest)
        )

    seen = gap([i for i in everyone if treated[i]])
    gaps = [gap(group) for group in combinations(everyone, int(sum(treated)))]
    return sum(one >= seen - 1e-9 for one in gaps) / len(gaps)
""",
        ),
    ],
    "missing": [
        Alternative(
            "counts, and a loop with while",
            """
def two_ways(responded, treated):
    a, b = pd.Series(responded[treated]), pd.Series(responded[~treated])
    return {
        "complete": a.mean() - b.mean(),
        "imputed": a.fillna(0).mean() - b.fillna(0).mean(),
    }


def tipping_point(responded, treated):
    a, b = responded[treated], responded[~treated]
    p = (a == 1).sum() / len(a)
    yes, most = (b == 1).sum(), (b == 1).sum() + np.isnan(b).sum()
    first = yes
    while yes <= most:
        q = yes / len(b)
        if p - q - 1.96 * np.sqrt(p * (1 - p) / len(a) + q * (1 - q) / len(b)) <= 0:
            return yes - first
        yes += 1
""",
        ),
    ],
    "holm": [
        Alternative(
            "one p value after the other",
            """
def holm(p_values):
    m = len(p_values)
    result = np.zeros(m)
    last = 0
    for step, place in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        last = max(last, min(1.0, p_values[place] * (m - step)))
        result[place] = last
    return result
""",
        ),
    ],
    "fragility": [
        Alternative(
            "sorted arms, counted up",
            """
def fragility_index(events_t, n_t, events_c, n_c):
    arms = sorted([(events_t / n_t, events_t, n_t), (events_c / n_c, events_c, n_c)])
    (_, a, n), (_, b, m) = arms

    def p(k):
        return stats.fisher_exact([[a + k, b], [n - a - k, m - b]])[1]

    k = 0
    while p(k) < 0.05:
        k = k + 1
    return k
""",
        ),
    ],
    "weighted": [
        Alternative(
            "cell by cell, standardised",
            """
def weighted_rate_ratio(patients, columns):
    sums = {"biologic": [0, 0], "conventional": [0, 0]}
    for _, cell in patients.groupby(columns):
        groups = dict(list(cell.groupby("treatment")))
        if len(groups) < 2:
            continue
        for drug, rows in groups.items():
            weight = len(cell) / len(rows)
            sums[drug][0] += weight * (rows["outcome"] == "infection").sum()
            sums[drug][1] += weight * rows["follow_up_days"].sum()
    (a, b), (c, d) = sums["biologic"], sums["conventional"]
    if b == 0 or d == 0:
        return float("nan")
    return (a / b) / (c / d)
""",
        ),
    ],
    "e_value": [
        Alternative(
            "one function for both",
            """
def e_value(ratio, low, high):
    if low <= 0 or low > ratio or ratio > high:
        raise ValueError("0 < low <= ratio <= high")

    def one(r):
        r = max(r, 1 / r)
        return r + (r * (r - 1)) ** 0.5

    if low <= 1 <= high:
        limit = 1.0
    elif low > 1:
        limit = one(low)
    else:
        limit = one(high)
    return one(ratio), limit
""",
        ),
    ],
    "pool": [
        Alternative(
            "sums, as the formulas stand",
            """
def pool(effects, variances):
    y, v, k = np.asarray(effects), np.asarray(variances), len(effects)
    w = v**-1
    F = np.sum(w * y) / np.sum(w)
    Q = np.sum(w * y**2) - np.sum(w * y) ** 2 / np.sum(w)
    tau2 = (Q - k + 1) / (np.sum(w) - np.sum(w**2) / np.sum(w))
    if tau2 < 0:
        tau2 = 0
    ws = 1 / (v + tau2)
    M = np.sum(ws * y) / np.sum(ws)
    SE = np.sqrt(np.sum(ws * (y - M) ** 2) / (k - 1) / np.sum(ws))
    low, high = stats.t.interval(0.95, k - 1, loc=M, scale=SE)
    a, b = stats.t.interval(0.95, k - 2, loc=M, scale=np.hypot(SE, np.sqrt(tau2)))
    return {
        "fixed": F, "tau2": tau2, "random": M, "low": low, "high": high,
        "next_low": a, "next_high": b,
    }
""",
        ),
    ],
    "egger": [
        Alternative(
            "normal equations",
            """
def egger(effects, errors):
    X = np.column_stack([np.ones(len(errors)), 1 / errors])
    y = effects / errors
    inverse = np.linalg.inv(X.T @ X)
    b = inverse @ X.T @ y
    df = len(y) - 2
    s2 = ((y - X @ b) ** 2).sum() / df
    t = b[0] / np.sqrt(s2 * inverse[0, 0])
    return {"intercept": b[0], "p": 2 * (1 - stats.t.cdf(abs(t), df))}


def printed_mean(true_effect, error):
    limit = 1.96 * error
    z = (limit - true_effect) / error
    return true_effect + error * np.exp(stats.norm.logpdf(z) - stats.norm.logsf(z))
""",
        ),
    ],
    "grade": [
        Alternative(
            "one check after the other",
            """
def certainty(design, down, up):
    words = ["very low", "low", "moderate", "high"]
    if design == "randomised":
        level = 3
    elif design == "observational":
        level = 1
    else:
        raise ValueError(design)
    taken = 0
    for reason in down:
        if reason not in (
            "risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias"
        ):
            raise ValueError(reason)
        if down[reason] not in (0, 1, 2):
            raise ValueError(down[reason])
        taken += down[reason]
    given = 0
    allowed = {"large effect": (0, 1, 2), "dose-response": (0, 1), "opposing confounding": (0, 1)}
    for reason in up:
        if up[reason] not in allowed.get(reason, ()):
            raise ValueError(reason)
        given += up[reason]
    if taken:
        return words[max(level - taken, 0)]
    if design == "randomised":
        return "high"
    return words[min(level + given, 3)]
""",
        ),
    ],
}
