"""Answers to the assignment `metrics`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "esr_limit": ["ob-metrics-esr-limit"],
    "crp_half_life": ["ob-metrics-half-life", "ob-metrics-detection-limit"],
    "reference_change_value": ["ob-metrics-change-value"],
    "cd4_count": ["ob-metrics-gates", "ob-metrics-absolute-count"],
    "worst_grade": ["ob-metrics-grade", "ob-metrics-missed-visit"],
    "das28": ["ob-metrics-scores"],
    "cdai_sdai": ["ob-metrics-scores"],
    "acr_response": ["ob-metrics-response", "ob-metrics-dropout"],
    "eular_response": ["ob-metrics-response"],
    "crp_share": ["ob-metrics-laboratory-share"],
    "draw_crp": ["ob-metrics-skewed-scale"],
    "auc": ["ob-metrics-rivals"],
    "judge": ["ob-metrics-rivals", "ob-metrics-surrogate"],
}

WRONG = {
    "esr_limit": [
        Wrong(
            "ten years added after halving",
            "reads the rule from left to right, without its brackets",
            {"(age_years + 10) / 2": "age_years / 2 + 10"},
        ),
        Wrong(
            "sexes exchanged",
            "thinks that men have the higher rate",
            {'sex == "male"': 'sex == "female"', 'sex == "female"': 'sex == "male"'},
        ),
        Wrong(
            "one limit for both",
            "leaves sex out",
            {"(age_years + 10) / 2": "age_years / 2"},
        ),
        Wrong(
            "whole years of a half",
            "uses // for /",
            {"return age_years / 2": "return age_years // 2"},
        ),
        Wrong(
            "any other word is a woman",
            "lets a misspelt word through",
            {'    if sex == "female":\n    ': ""},
            seen=False,
        ),
    ],
    "crp_half_life": [
        Wrong(
            "values at the limit kept",
            "takes the detection limit for a measurement",
            {"measured = ~below_limit": "measured = below_limit | True"},
        ),
        Wrong(
            "decadic logarithm",
            "mixes log10 with ln(2)",
            {"np.log(crp_mg_l[measured])": "np.log10(crp_mg_l[measured])"},
        ),
        Wrong(
            "time to 1/e",
            "takes the mean lifetime for the half-life",
            {"-np.log(2) / slope": "-1 / slope"},
        ),
        Wrong(
            "negative half-life",
            "forgets that the slope is negative",
            {"-np.log(2) / slope": "np.log(2) / slope"},
        ),
        Wrong(
            "line through CRP itself",
            "fits a straight line to an exponential",
            {"np.log(crp_mg_l[measured])": "crp_mg_l[measured]"},
        ),
        Wrong(
            "first and last draw only",
            "ignores the draws between",
            {
                "np.polyfit(hours[measured], np.log(crp_mg_l[measured]), 1)[0]": (
                    "np.log(crp_mg_l[measured][-1] / crp_mg_l[measured][0])"
                    " / (hours[measured][-1] - hours[measured][0])"
                )
            },
            seen=False,
        ),
        Wrong(
            "a half-life for CRP that rises",
            "takes the absolute value of the slope",
            {"-np.log(2) / slope if slope < 0 else np.nan": "np.log(2) / abs(slope)"},
            seen=False,
        ),
    ],
    "reference_change_value": [
        Wrong(
            "root of two forgotten",
            "lets one reading vary instead of two",
            {"z * np.sqrt(2) * np": "z * np"},
        ),
        Wrong(
            "two for its root",
            "adds the variation of two readings as it is",
            {"np.sqrt(2)": "2"},
        ),
        Wrong(
            "variations added",
            "adds coefficients of variation instead of their squares",
            {"np.sqrt(cv_within**2 + cv_analytical**2)": "(cv_within + cv_analytical)"},
        ),
        Wrong(
            "laboratory forgotten",
            "counts only the person's variation",
            {"cv_within**2 + cv_analytical**2": "cv_within**2"},
        ),
        Wrong(
            "a fraction for per cent",
            "changes the unit",
            {"return z": "return z / 100"},
        ),
        Wrong(
            "z fixed",
            "types 1.96 where an argument is given",
            {"return z": "return 1.96"},
            seen=False,
        ),
    ],
    "cd4_count": [
        Wrong(
            "all events in the denominator",
            "takes the fraction of what the cytometer saw",
            {"cd4_t.mean()": "cd4_t.sum() / len(events)"},
        ),
        Wrong(
            "T cells in the denominator",
            "takes the fraction of the last gate but one",
            {
                "cd4_t.mean()": (
                    'cd4_t.sum() / (lymphocytes["cd3"] >= gates["positive"]).sum()'
                )
            },
        ),
        Wrong(
            "10⁹/L for cells/µL",
            "leaves out the factor of 1,000",
            {"1000 * wbc": "wbc"},
        ),
        Wrong(
            "per cent for a fraction",
            "multiplies by the percentage",
            {"lymphocyte_percent / 100": "lymphocyte_percent"},
        ),
        Wrong(
            "lymphocyte gate left out",
            "looks for CD4 T cells among all events",
            {
                'events["fsc"].between(gates["fsc_min"], gates["fsc_max"])\n'
                '        & (events["ssc"] <= gates["ssc_max"])': 'events["fsc"] > -1'
            },
        ),
        Wrong(
            "every CD4-positive lymphocyte",
            "leaves out CD3, so that stray monocytes count",
            {'(lymphocytes["cd3"] >= gates["positive"])\n        & ': ""},
            seen=False,
        ),
        Wrong(
            "CD8 not asked for",
            "takes a cell that is positive for CD4 and CD8 for a CD4 T cell",
            {'\n        & (lymphocytes["cd8"] < gates["positive"])': ""},
            seen=False,
        ),
        Wrong(
            "granules not asked for",
            "gates by size alone",
            {'\n        & (events["ssc"] <= gates["ssc_max"])': ""},
            seen=False,
        ),
        Wrong(
            "a gate without its edge",
            "writes < for ≤",
            {'events["ssc"] <= ': 'events["ssc"] < '},
            seen=False,
        ),
    ],
    "worst_grade": [
        Wrong(
            "highest count",
            "takes the largest number for the worst",
            {"min(measured)": "max(measured)"},
        ),
        Wrong(
            "last visit",
            "grades how the patient left",
            {"min(measured)": "measured[-1]"},
        ),
        Wrong(
            "missed visit counts as zero",
            "fills what is missing with 0",
            {
                "[count for count in counts if not np.isnan(count)]": "np.nan_to_num(counts)"
            }
            | {"if not measured:": "if len(counts) == 0:"},
        ),
        Wrong(
            "minimum of a list with nan",
            "Python's min does not skip what is missing",
            {"[count for count in counts if not np.isnan(count)]": "counts"},
        ),
        Wrong(
            "limits in 10⁹/L",
            "takes the unit of another table",
            {">= 800": ">= 0.8", ">= 500": ">= 0.5", ">= 200": ">= 0.2"},
        ),
        Wrong(
            "one grade too low on a limit",
            "writes > for ≥",
            {"lowest >= 500": "lowest > 500"},
            seen=False,
        ),
        Wrong(
            "one lower limit for all laboratories",
            "types 1,000 where an argument is given",
            {"lowest >= lln": "lowest >= 1000"},
            seen=False,
        ),
        Wrong(
            "unknown is grade 0",
            "takes no visit for no toxicity",
            {"return None": "return 0"},
            seen=False,
        ),
    ],
    "das28": [
        Wrong(
            "decadic logarithm",
            "takes ln for log10",
            {
                "np.log(np.maximum": "np.log10(np.maximum",
                "np.log(value": "np.log10(value",
            },
        ),
        Wrong(
            "CRP in mg/dL",
            "takes the unit of SDAI",
            {"np.log(value + 1)": "np.log(value / 10 + 1)"},
        ),
        Wrong(
            "PtGA in cm",
            "takes the unit of CDAI",
            {"0.014 * ptga_mm": "0.014 * ptga_mm / 10"},
        ),
        Wrong(
            "joints without roots",
            "overlooks the roots",
            {"0.56 * np.sqrt(tjc28)": "0.56 * tjc28"},
        ),
        Wrong(
            "nothing added to CRP",
            "treats CRP as ESR",
            {"np.log(value + 1)": "np.log(value)"},
        ),
        Wrong(
            "factor over everything",
            "multiplies the constant too",
            {
                "factor * (joints + inflammation) + constant_3": (
                    "factor * (joints + inflammation + constant_3)"
                )
            },
        ),
        Wrong(
            "a PtGA of 0 is none",
            "asks whether the number is true",
            {"ptga_mm is None": "not ptga_mm"},
            seen=False,
        ),
        Wrong(
            "missing ESR counts as 1",
            "Python's max(1, nan) is 1",
            {"np.maximum(value, 1)": "max(1, value)"},
            seen=False,
        ),
        Wrong(
            "ESR of 0 gives minus infinity",
            "forgets that ln(0) has no value",
            {"np.maximum(value, 1)": "value"},
            seen=False,
        ),
    ],
    "cdai_sdai": [
        Wrong(
            "assessments in mm",
            "adds millimetres to joints",
            {"ptga_mm / 10 + phga_mm / 10": "ptga_mm + phga_mm"},
        ),
        Wrong(
            "CRP in mg/L",
            "takes the unit of DAS28-CRP",
            {"crp_mg_l / 10": "crp_mg_l"},
        ),
        Wrong(
            "CRP times ten",
            "converts in the wrong direction",
            {"crp_mg_l / 10": "crp_mg_l * 10"},
        ),
        Wrong(
            "physician forgotten",
            "adds the components of DAS28",
            {" + phga_mm / 10": ""},
        ),
    ],
    "acr_response": [
        Wrong(
            "any five of seven",
            "does not ask for the joints",
            {
                "improved[joints].all(axis=1) & (improved[others].sum(axis=1) >= 3)": (
                    "improved.sum(axis=1) >= 5"
                )
            },
        ),
        Wrong(
            "one joint count is enough",
            "takes and for or",
            {".all(axis=1)": ".any(axis=1)"},
        ),
        Wrong(
            "two of five",
            "counts one too few",
            {">= 3": ">= 2"},
        ),
        Wrong(
            "missing counts as nothing left",
            "fills what is missing with 0",
            {
                "[joints + others]\n    improved": "[joints + others].fillna(0)\n    improved"
            },
        ),
        Wrong(
            "only those who stayed",
            "leaves out the patients without a follow-up",
            {
                "before = baseline[joints + others]": (
                    "baseline = baseline.loc[baseline.index.isin(followup.index)]\n"
                    "    before = baseline[joints + others]"
                )
            },
        ),
        Wrong(
            "percentage of the follow-up",
            "divides by the wrong visit",
            {"/ before >= percent": "/ after >= percent"},
        ),
        Wrong(
            "direction reversed",
            "asks for a rise",
            {"(before - after)": "(after - before)"},
        ),
        Wrong(
            "mean improvement",
            "averages the five measures",
            {
                "(improved[others].sum(axis=1) >= 3)": (
                    "((100 * (before - after) / before)[others].mean(axis=1) >= percent)"
                )
            },
        ),
        Wrong(
            "exactly the limit is not enough",
            "writes > for ≥",
            {">= percent": "> percent"},
            seen=False,
        ),
        Wrong(
            "nothing of nothing is an improvement",
            "does not think of 0 at baseline",
            {
                "(100 * (before - after) / before >= percent) & (before > 0)": (
                    "100 * (before - after) >= percent * before"
                )
            },
            seen=False,
        ),
        Wrong(
            "always 20 %",
            "types 20 where an argument is given",
            {">= percent": ">= 20"},
            seen=False,
        ),
    ],
    "eular_response": [
        Wrong(
            "direction reversed",
            "takes a rise for a fall",
            {"before - after": "after - before"},
        ),
        Wrong(
            "fall alone",
            "does not look at what was reached",
            {'"good" if after <= 3.2 else "moderate"': '"good"'},
        ),
        Wrong(
            "judged by the baseline",
            "takes the first score for the one reached",
            {'"good" if after <= 3.2': '"good" if before <= 3.2'},
        ),
        Wrong(
            "a middling fall is always enough",
            "leaves out the row above 5.1",
            {"fall > 0.6 and after <= 5.1": "fall > 0.6"},
        ),
        Wrong(
            "fall not rounded",
            "trusts a computer's subtraction",
            {"round(before - after, 2)": "before - after"},
            seen=False,
        ),
        Wrong(
            "exactly 1.2 is a large fall",
            "writes ≥ for >",
            {"fall > 1.2": "fall >= 1.2"},
            seen=False,
        ),
        Wrong(
            "exactly 3.2 is not low",
            "writes < for ≤",
            {"after <= 3.2": "after < 3.2"},
            seen=False,
        ),
    ],
    "crp_share": [
        Wrong(
            "decadic logarithm",
            "takes ln for log10",
            {"np.log(": "np.log10("},
        ),
        Wrong(
            "CRP in mg/dL",
            "takes the unit of SDAI",
            {'visit["crp_mg_l"] + 1': 'visit["crp_mg_l"] / 10 + 1'},
        ),
        Wrong(
            "mean of the ratios",
            "divides patient by patient",
            {
                "(crp_before - crp_after).mean() / (score_before - score_after).mean()": (
                    "((crp_before - crp_after) / (score_before - score_after)).mean()"
                )
            },
        ),
        Wrong(
            "weight left out",
            "compares ln(CRP + 1) with the score",
            {
                "return (crp_before - crp_after).mean() /": (
                    "return (crp_before - crp_after).mean() / 0.36 /"
                )
            },
        ),
        Wrong(
            "each visit its own patients",
            "means over those who came, not over pairs",
            {
                "parts(before.loc[both])": "parts(before)",
                "parts(after.loc[both])": "parts(after)",
                "(crp_before - crp_after).mean() / (score_before - score_after).mean()": (
                    "(crp_before.mean() - crp_after.mean())"
                    " / (score_before.mean() - score_after.mean())"
                ),
            },
        ),
        Wrong(
            "each mean its own patients",
            "trusts that a mean in pandas leaves out the same patients in every column",
            {
                "baseline[columns].dropna(), followup[columns].dropna()": (
                    "baseline[columns], followup[columns]"
                )
            },
        ),
        Wrong(
            "in per cent",
            "changes the unit",
            {"return (crp_before": "return 100 * (crp_before"},
        ),
    ],
    "draw_crp": [
        Wrong(
            "mean for median",
            "averages a skewed marker",
            {".median()": ".mean()"},
            seen=False,
        ),
        Wrong(
            "straight axis",
            "leaves the axis as it is",
            {'yscale="log", ': ""},
        ),
        Wrong(
            "logarithm drawn on a straight axis",
            "transforms the data in place of the axis",
            {
                "axes.plot(median.index, median,": (
                    "axes.plot(median.index, np.log10(median),"
                ),
                'yscale="log", ': "",
            },
        ),
        Wrong(
            "no unit",
            "labels the axis without a unit",
            {"Median CRP (mg/L)": "CRP"},
        ),
        Wrong(
            "no legend",
            "leaves the reader to guess the arms",
            {"    axes.legend()\n": ""},
        ),
        Wrong(
            "weeks in the order of the rows",
            "draws a line that goes back in time",
            {'groupby("week")': 'groupby("week", sort=False)'},
            seen=False,
        ),
        Wrong(
            "draws on what is there",
            "takes the current Axes in place of a new figure",
            {"figure, axes = plt.subplots()": "axes = plt.gca()"},
            seen=False,
        ),
    ],
    "auc": [
        Wrong(
            "direction reversed",
            "counts pairs in which the responder scores lower",
            {"difference > 0": "difference < 0"},
        ),
        Wrong(
            "a tie counts in full",
            "writes ≥ for >",
            {"(difference > 0) + 0.5 * (difference == 0)": "difference >= 0"},
        ),
        Wrong(
            "a tie counts nothing",
            "leaves out half of every tie",
            {"(difference > 0) + 0.5 * (difference == 0)": "difference > 0"},
        ),
        Wrong(
            "missing scores count as 0",
            "fills what is missing",
            {
                "known = ~np.isnan(score)": (
                    "score = np.nan_to_num(score)\n    known = ~np.isnan(score)"
                )
            },
        ),
        Wrong(
            "rival knows nothing",
            "gives everybody the share of responders in the whole trial",
            {"outcome[arm == name].mean()": "outcome.mean()"},
        ),
        Wrong(
            "rival counts heads",
            "gives the number of responders for their share",
            {"outcome[arm == name].mean()": "outcome[arm == name].sum()"},
            seen=False,
        ),
        Wrong(
            "no pair is chance",
            "takes an unknown AUC for 0.5",
            {"return np.nan": "return 0.5"},
            seen=False,
        ),
    ],
}

ALTERNATIVE = {
    "esr_limit": [
        Alternative(
            "a dict of offsets",
            """
def esr_limit(age_years, sex):
    offset = {"male": 0, "female": 10}
    if sex not in offset:
        raise ValueError("sex must be female or male")
    return 0.5 * (age_years + offset[sex])
""",
        ),
    ],
    "crp_half_life": [
        Alternative(
            "covariance over variance, in halvings",
            """
def crp_half_life(hours, crp_mg_l, below_limit):
    t = [h for h, b in zip(hours, below_limit) if not b]
    y = [np.log2(c) for c, b in zip(crp_mg_l, below_limit) if not b]
    if len(t) < 2:
        return float("nan")
    dt = np.array(t) - np.mean(t)
    per_hour = (dt * y).sum() / (dt**2).sum()
    if per_hour >= 0:
        return float("nan")
    return -1 / per_hour
""",
        ),
        Alternative(
            "scipy",
            """
from scipy import stats

def crp_half_life(hours, crp_mg_l, below_limit):
    keep = np.logical_not(below_limit)
    if keep.sum() < 2:
        return np.nan
    fit = stats.linregress(hours[keep], np.log(crp_mg_l[keep]))
    half_life = -np.log(2) / fit.slope
    return half_life if half_life > 0 else np.nan
""",
        ),
    ],
    "reference_change_value": [
        Alternative(
            "math, with the two under one root",
            """
import math

def reference_change_value(cv_within, cv_analytical, z=1.96):
    return z * math.sqrt(2 * (cv_within**2 + cv_analytical**2))
""",
        ),
    ],
    "cd4_count": [
        Alternative(
            "numpy, with the analyser's count first",
            """
def cd4_count(events, gates, wbc_10e9_l, lymphocyte_percent):
    fsc, ssc, cd3, cd4, cd8 = events[["fsc", "ssc", "cd3", "cd4", "cd8"]].to_numpy().T
    cut = gates["positive"]
    small = (fsc >= gates["fsc_min"]) & (fsc <= gates["fsc_max"]) & (ssc <= gates["ssc_max"])
    helper = small & (cd3 >= cut) & (cd4 >= cut) & (cd8 < cut)
    if not small.any():
        return float("nan")
    return wbc_10e9_l * 10 * lymphocyte_percent * helper.sum() / small.sum()
""",
        ),
    ],
    "worst_grade": [
        Alternative(
            "grade every visit, then take the worst",
            """
def grade(count, lln):
    if count < 200:
        return 4
    elif count < 500:
        return 3
    elif count < 800:
        return 2
    elif count < lln:
        return 1
    else:
        return 0


def worst_grade(counts, lln=1000):
    grades = []
    for count in counts:
        if not pd.isna(count):
            grades.append(grade(count, lln))
    if len(grades) == 0:
        return None
    return max(grades)
""",
        ),
    ],
    "das28": [
        Alternative(
            "four branches, math only",
            """
from math import isnan, log, sqrt, nan

def das28(tjc28, sjc28, reactant, value, ptga_mm=None):
    if reactant not in ("ESR", "CRP"):
        raise ValueError("reactant is ESR or CRP")
    if any(isnan(x) for x in (tjc28, sjc28, value, ptga_mm or 0)):
        return nan
    J = 0.56 * sqrt(tjc28) + 0.28 * sqrt(sjc28)
    if reactant == "ESR":
        L = 0.7 * log(max(value, 1))
        if ptga_mm is None:
            return (J + L) * 1.08 + 0.16
        return J + L + 0.014 * ptga_mm
    L = 0.36 * log(value + 1)
    if ptga_mm is None:
        return (J + L) * 1.1 + 1.15
    return J + L + 0.014 * ptga_mm + 0.96
""",
        ),
    ],
    "cdai_sdai": [
        Alternative(
            "CDAI from SDAI without CRP",
            """
def sdai(tjc28, sjc28, ptga_mm, phga_mm, crp_mg_l):
    return tjc28 + sjc28 + 0.1 * (ptga_mm + phga_mm + crp_mg_l)


def cdai(tjc28, sjc28, ptga_mm, phga_mm):
    return sdai(tjc28, sjc28, ptga_mm, phga_mm, 0)
""",
        ),
    ],
    "acr_response": [
        Alternative(
            "patient by patient",
            """
def acr_response(baseline, followup, percent=20):
    answers = []
    for patient, before in baseline.iterrows():
        if patient not in followup.index:
            answers.append(False)
            continue
        after = followup.loc[patient]

        def better(measure):
            if before[measure] == 0:
                return False
            gain = 100 * (before[measure] - after[measure]) / before[measure]
            return bool(gain >= percent)

        count = 0
        for measure in ["pain_mm", "ptga_mm", "phga_mm", "haq", "crp_mg_l"]:
            if better(measure):
                count += 1
        answers.append(better("tjc68") and better("sjc66") and count >= 3)
    return pd.Series(answers, index=baseline.index)
""",
        ),
        Alternative(
            "as a fraction that is left",
            """
def acr_response(baseline, followup, percent=20):
    measures = ["tjc68", "sjc66", "pain_mm", "ptga_mm", "phga_mm", "haq", "crp_mg_l"]
    both = baseline[measures].join(followup[measures], rsuffix="_2", how="left")
    ok = pd.DataFrame(
        {m: (1 - both[m + "_2"] / both[m].where(both[m] > 0)) >= percent / 100 for m in measures}
    )
    return ok["tjc68"] & ok["sjc66"] & (ok[measures[2:]].sum(axis=1) > 2)
""",
        ),
    ],
    "eular_response": [
        Alternative(
            "the grid, row by row",
            """
def eular_response(before, after):
    change = np.round(before - after, 2)
    if after <= 3.2:
        words = ["good", "moderate"]
    elif after <= 5.1:
        words = ["moderate", "moderate"]
    else:
        words = ["moderate", "none"]
    if change > 1.2:
        return words[0]
    if change > 0.6:
        return words[1]
    return "none"
""",
        ),
    ],
    "crp_share": [
        Alternative(
            "one table of pairs",
            """
def crp_share(baseline, followup):
    cols = ["tjc28", "sjc28", "crp_mg_l", "ptga_mm"]
    m = pd.merge(baseline[cols], followup[cols], left_index=True, right_index=True).dropna()
    crp = 0.36 * (np.log1p(m["crp_mg_l_x"]) - np.log1p(m["crp_mg_l_y"]))
    rest = (
        0.56 * (m["tjc28_x"] ** 0.5 - m["tjc28_y"] ** 0.5)
        + 0.28 * (m["sjc28_x"] ** 0.5 - m["sjc28_y"] ** 0.5)
        + 0.014 * (m["ptga_mm_x"] - m["ptga_mm_y"])
    )
    return crp.sum() / (crp.sum() + rest.sum())
""",
        ),
    ],
    "draw_crp": [
        Alternative(
            "pandas draws",
            """
def draw_crp(visits):
    table = visits.pivot_table(index="week", columns="arm", values="crp_mg_l", aggfunc="median")
    ax = table.plot(logy=True)
    ax.set_xlabel("Week of the trial")
    ax.set_ylabel("Median CRP (mg/L)")
    return ax
""",
        ),
        Alternative(
            "pyplot, with a line for the upper limit",
            """
def draw_crp(visits):
    plt.figure()
    plt.axhline(5, color="grey", linestyle=":")
    for arm in ["placebo", "4 mg/kg", "8 mg/kg"]:
        middle = visits[visits["arm"] == arm].groupby("week")["crp_mg_l"].median()
        plt.semilogy(middle.index, middle.values, label=arm)
    plt.xlabel("Week")
    plt.ylabel("Median CRP (mg/L)")
    plt.legend(title="Arm")
    return plt.gca()
""",
        ),
    ],
    "auc": [
        Alternative(
            "scikit-learn",
            """
from sklearn.metrics import roc_auc_score

def auc(score, outcome):
    known = np.isfinite(score)
    if outcome[known].all() or not outcome[known].any():
        return np.nan
    return roc_auc_score(outcome[known], score[known])


def rival_auc(outcome, arm):
    table = pd.DataFrame({"outcome": outcome, "arm": arm})
    return auc(table.groupby("arm")["outcome"].transform("mean").to_numpy(), outcome)
""",
        ),
        Alternative(
            "two loops",
            """
def auc(score, outcome):
    wins, pairs = 0, 0
    for s1, o1 in zip(score, outcome):
        for s0, o0 in zip(score, outcome):
            if o1 and not o0 and s1 == s1 and s0 == s0:
                pairs += 1
                wins += 1 if s1 > s0 else 0.5 if s1 == s0 else 0
    return wins / pairs if pairs else float("nan")


def rival_auc(outcome, arm):
    score = []
    for a in arm:
        score.append(np.mean(outcome[arm == a]))
    return auc(np.array(score), outcome)
""",
        ),
    ],
}
