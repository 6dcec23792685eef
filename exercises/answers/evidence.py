"""Answers to the assignment `evidence`: see `answers` for what they are for."""

import nbformat
from term import judged

from . import SOURCE, Alternative, Wrong

#: The key of the three reports, which is written into the notebook: parts by name.
KEY = judged.key_in(nbformat.read(SOURCE / "evidence" / "evidence.ipynb", 4))

OBJECTIVES = {
    "trial_effect": ["ob-evidence-randomised-arms"],
    "holm": ["ob-evidence-multiplicity"],
    "missing": ["ob-evidence-missing-data"],
    "randomisation": ["ob-evidence-randomisation-test"],
    "weighted": ["ob-evidence-weighting"],
    "nnt_for": ["ob-evidence-effect-sizes"],
    "ratio_of_ratios": [
        "ob-evidence-effect-sizes",
        "ob-evidence-multiplicity",
        "ob-evidence-spin",
    ],
    "unrecorded": ["ob-evidence-unmeasured"],
    "repeated_fall": ["ob-evidence-improvement"],
    "after_filter": ["ob-evidence-power", "ob-evidence-significance-filter"],
    "chance_of_success": ["ob-evidence-prediction-interval", "ob-evidence-power"],
    "practice_effect": [
        "ob-evidence-randomised-arms",
        "ob-evidence-randomisation-test",
    ],
    "judge": ["ob-evidence-certainty", "ob-evidence-spin"],
    "judge_report": ["ob-evidence-certainty"],
    "in_100": ["ob-evidence-effect-sizes"],
    "deciding": ["ob-evidence-certainty", "ob-evidence-randomised-arms"],
}

WRONG = {
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
    "nnt_for": [
        Wrong(
            "the patient's risk left out",
            "takes a ratio for something that has a number needed to treat",
            {
                "risk - risk * low, risk - risk * high": "1 - low, 1 - high",
                "min(risk * high, 1) - risk, min(risk * low, 1) - risk": (
                    "high - 1, low - 1"
                ),
            },
        ),
        Wrong(
            "the treated risk inverted",
            "divides by what is left and not by what is taken away",
            {"risk - risk * low, risk - risk * high": "risk * low, risk * high"},
        ),
        Wrong(
            "largest number first",
            "lists the numbers in the order of the ratios' other end",
            {
                "(1 / fewer, 1 / fewest if fewest > 0 else np.inf)": (
                    "(1 / fewest if fewest > 0 else np.inf, 1 / fewer)"
                )
            },
        ),
        Wrong(
            "no infinity",
            "gives both ends of the interval, and a negative number for one",
            {
                "1 / fewest if fewest > 0 else np.inf": (
                    "1 / fewest if fewest != 0 else np.inf"
                ),
            },
        ),
        Wrong(
            "harm as a negative benefit",
            "gives harm a sign",
            {"harm = (1 / more,": "harm = (-1 / more,"},
        ),
        Wrong(
            "risks above 1",
            "lets a ratio raise a risk beyond certainty",
            {
                "min(risk * high, 1) - risk, min(risk * low, 1) - risk": (
                    "risk * high - risk, risk * low - risk"
                )
            },
            seen=False,
        ),
        Wrong(
            "harm to whoever has the event anyway",
            "asks whether the ratio is above 1, not whether this patient's risk can rise",
            {
                "if more > 0:": "if high > 1:",
                "harm = (1 / more,": "harm = (1 / more if more > 0 else np.inf,",
            },
            seen=False,
        ),
        Wrong(
            "any risk",
            "takes a percentage for a share",
            {"0 < risk <= 1 and 0 < low": "0 < risk and 0 < low"},
            seen=False,
        ),
        Wrong(
            "ends in any order",
            "does not check the interval",
            {"0 < low < high": "low > 0 and high > 0"},
            seen=False,
        ),
    ],
    "ratio_of_ratios": [
        Wrong(
            "women against all patients",
            "compares a part with the whole that it is in",
            {
                "(weights[1] * logs[1] - weights[0] * logs[0]) / others": "logs[1]",
                "1 / weights[0] + 1 / others": "1 / weights[0] + 1 / weights[1]",
            },
            seen=False,
        ),
        Wrong(
            "the whole in place of the others",
            "finds the error of a part, and keeps the ratio of the whole",
            {"(weights[1] * logs[1] - weights[0] * logs[0]) / others": "logs[1]"},
            seen=False,
        ),
        Wrong(
            "the others weigh as much as everybody",
            "finds the others' ratio, and takes the error of the whole for theirs",
            {"1 / weights[0] + 1 / others": "1 / weights[0] + 1 / weights[1]"},
            seen=False,
        ),
        Wrong(
            "half and half",
            "takes the whole for the plain mean of its two parts",
            {
                "(weights[1] * logs[1] - weights[0] * logs[0]) / others": (
                    "2 * logs[1] - logs[0]"
                )
            },
            seen=False,
        ),
        Wrong(
            "standard error of the plain scale",
            "takes the interval for symmetrical around the ratio",
            {"2 * 1.96 / np.log(high / low)": "2 * 1.96 * ratio / (high - low)"},
            seen=False,
        ),
        Wrong(
            "whole width for half",
            "forgets that an interval reaches to both sides",
            {"2 * 1.96 / np.log(high / low)": "1.96 / np.log(high / low)"},
            seen=False,
        ),
        Wrong(
            "errors added",
            "adds standard errors and not variances",
            {
                "np.sqrt(1 / weights[0] + 1 / others)": (
                    "np.sqrt(1 / weights[0]) + np.sqrt(1 / others)"
                )
            },
            seen=False,
        ),
        Wrong(
            "others over the group",
            "turns the ratio over",
            {"logs[0] - log_others": "log_others - logs[0]"},
        ),
        Wrong(
            "one-sided",
            "counts one tail",
            {"2 * stats.norm.sf(abs": "stats.norm.sf(abs"},
            seen=False,
        ),
        Wrong(
            "middle of the interval for the ratio",
            "does not use what is printed",
            {"np.log(ratio)": "np.log(low * high) / 2"},
        ),
        Wrong(
            "a ratio outside its interval",
            "takes what is printed without a look",
            {" and low <= ratio <= high": ""},
            seen=False,
        ),
        Wrong(
            "a group that is everybody",
            "does not ask whether anybody else is left",
            {"if others <= 0:": "if others == -1:"},
            seen=False,
        ),
    ],
    "unrecorded": [
        Wrong(
            "only smokers",
            "takes the shares for the rates",
            {"1 + share * (strength - 1)": "share * strength"},
        ),
        Wrong(
            "those who do not smoke forgotten",
            "multiplies everybody's rate by the share and the strength",
            {"1 + share * (strength - 1)": "1 + share * strength"},
        ),
        Wrong(
            "wrong side",
            "makes the ratio larger by what explains it",
            {"ratio * raised_control / raised": "ratio * raised / raised_control"},
        ),
        Wrong(
            "difference for ratio",
            "subtracts an excess from a ratio",
            {"ratio * raised_control / raised": ("ratio - (raised - raised_control)")},
        ),
        Wrong(
            "E-value",
            "takes the strength that is needed when nothing is known",
            {
                "1 + (ratio - 1) / gap": "ratio + np.sqrt(ratio * abs(ratio - 1))",
            },
        ),
        Wrong(
            "difference of the shares",
            "forgets that the others smoke, too, and grow with the strength",
            {"share_treated - ratio * share_control": "share_treated - share_control"},
        ),
        Wrong(
            "whatever comes out",
            "gives a strength that no smoking can have",
            {"if gap == 0 or not 0 < (ratio - 1) / gap < 1e6:": "if gap == 0:"},
            seen=False,
        ),
        Wrong(
            "the ratio of 1 forgotten",
            "finds no strength where none is needed",
            {"if ratio == 1:": "if ratio is None:"},
            seen=False,
        ),
        Wrong(
            "any share",
            "takes a percentage for a share",
            {"0 <= one <= 1 for one in shares": "0 <= one for one in shares"},
            seen=False,
        ),
    ],
    "repeated_fall": [
        Wrong(
            "one reading",
            "takes the formula of the page whatever was measured",
            {"(1 - reliability) / readings": "(1 - reliability)"},
        ),
        Wrong(
            "divided by the readings",
            "takes the fall for noise that averages out",
            {
                "(1 - reliability) / readings": "(1 - reliability)",
                "(1 - kept) * spread": "(1 - kept) / readings * spread",
            },
            seen=False,
        ),
        Wrong(
            "readings of strangers",
            "averages a person's scores as if they were of different people",
            {
                "sd**2 * (reliability + (1 - reliability) / readings)": (
                    "sd**2 / readings"
                )
            },
        ),
        Wrong(
            "reliability of one reading",
            "lets a later score keep of the mean what it keeps of one score",
            {"reliability * sd**2 / variance": "reliability"},
            seen=False,
        ),
        Wrong(
            "correlation for slope",
            "does not see that the mean and a later score spread differently",
            {
                "kept = reliability * sd**2 / variance": "kept = reliability * sd / variance**0.5"
            },
            seen=False,
        ),
        Wrong(
            "threshold in units of one score",
            "forgets that means spread less than scores",
            {"(threshold - mean) / spread": "(threshold - mean) / sd"},
            seen=False,
        ),
        Wrong(
            "tail by subtraction",
            "runs out of digits",
            {"stats.norm.sf(z)": "(1 - stats.norm.cdf(z))"},
            seen=False,
        ),
        Wrong(
            "no reading at all",
            "does not check its arguments",
            {" and readings >= 1": ""},
            seen=False,
        ),
    ],
    "after_filter": [
        Wrong(
            "one side only",
            "takes the filter of the page, which lets only good news pass",
            {
                "stats.norm.sf(1.96 + t)": "0 * t",
                " + stats.norm.pdf(1.96 + t)": "",
            },
        ),
        Wrong(
            "share of all trials",
            "counts wrong signs among all trials and not among those printed",
            {'"wrong_sign": wrong / (right + wrong)': '"wrong_sign": wrong'},
            seen=False,
        ),
        Wrong(
            "mean with its sign",
            "lets estimates of the wrong sign make the exaggeration smaller",
            {
                "t * (right - wrong) + beyond": (
                    "t * (right + wrong) + stats.norm.pdf(1.96 - t)"
                    " - stats.norm.pdf(1.96 + t)"
                )
            },
            seen=False,
        ),
        Wrong(
            "truth added for both sides",
            "adds the truth to what passes on the wrong side, too",
            {"t * (right - wrong)": "t * (right + wrong)"},
            seen=False,
        ),
        Wrong(
            "not over the truth",
            "gives the mean size in standard errors",
            {"mean_size / t": "mean_size"},
        ),
        Wrong(
            "not among the printed",
            "spreads what is printed over all trials",
            {"beyond) / (right + wrong)": "beyond)"},
        ),
        Wrong(
            "signed truth",
            "gives an effect below 0 the wrong side",
            {"abs(true_effect) / error": "true_effect / error"},
            seen=False,
        ),
        Wrong(
            "no effect",
            "divides by nothing",
            {
                "if true_effect == 0:": "if error == 0:",
                "mean_size / t": "mean_size / t if t else np.inf",
            },
            seen=False,
        ),
    ],
    "chance_of_success": [
        Wrong(
            "places do not differ",
            "takes the pooled ratio for that of every place",
            {"of_mean**2 + tau2)": "of_mean**2)"},
            seen=False,
        ),
        Wrong(
            "a mean without error",
            "takes the pooled mean for known",
            {"of_trial**2 + of_mean**2 + tau2": "of_trial**2 + tau2"},
            seen=False,
        ),
        Wrong(
            "only what is unknown beforehand",
            "forgets that the new trial errs, too",
            {"of_trial**2 + of_mean**2 + tau2": "of_mean**2 + tau2"},
        ),
        Wrong(
            "a variance for a standard deviation",
            "squares a variance once more",
            {"of_mean**2 + tau2)": "of_mean**2 + tau2**2)"},
            seen=False,
        ),
        Wrong(
            "errors add up",
            "adds standard deviations, where variances add",
            {
                "np.sqrt(of_trial**2 + of_mean**2 + tau2)": (
                    "of_trial + of_mean + np.sqrt(tau2)"
                )
            },
            seen=False,
        ),
        Wrong(
            "interval of ratios",
            "takes the width on the scale of ratios",
            {"np.log(high / low)": "(high - low)"},
            seen=False,
        ),
        Wrong(
            "half an interval",
            "takes the whole width for 1.96 standard errors",
            {"/ (2 * 1.96)": "/ 1.96"},
            seen=False,
        ),
        Wrong(
            "a wider interval for the new trial",
            "lets the trial's own interval hold what is unknown of the place",
            {"cdf(highest, centre, spread)": "cdf(-1.96 * spread, centre, spread)"},
            seen=False,
        ),
        Wrong(
            "a true ratio below 1",
            "asks whether the place benefits, not whether its trial shows it",
            {
                "cdf(highest, centre, spread)": "cdf(0, centre, np.hypot(of_mean, tau2**0.5))"
            },
        ),
        Wrong(
            "an estimate below 1",
            "takes every estimate on the right side for a success",
            {"highest = -1.96 * of_trial": "highest = 0"},
        ),
        Wrong(
            "the interval of risks in one arm",
            "leaves out the control arm, as if its risk were known",
            {"(1 / (ratio * risk) + 1 / risk - 2)": "(1 / (ratio * risk) - 1)"},
        ),
        Wrong(
            "events of a rate",
            "leaves out that both risks are shares of patients",
            {"+ 1 / risk - 2)": "+ 1 / risk)"},
        ),
        Wrong(
            "the ratio as it is",
            "puts a ratio on the scale of logarithms",
            {"centre = np.log(ratio)": "centre = ratio - 1"},
        ),
    ],
    "practice_effect": [
        Wrong(
            "patients for practices",
            "analyses what was not randomised",
            {
                'change.groupby([patients["arm"], patients["practice"]]).mean().dropna()': (
                    'change.set_axis(pd.MultiIndex.from_frame(patients[["arm", "practice"]]))'
                    ".dropna()"
                )
            },
            seen=False,
        ),
        Wrong(
            "who was not seen again is counted",
            "takes the number of rows for the number of values",
            {
                'change.groupby([patients["arm"], patients["practice"]]).mean().dropna()': (
                    'change.groupby([patients["arm"], patients["practice"]]).mean()'
                )
            },
            seen=False,
        ),
        Wrong(
            "not seen again is not changed",
            "fills what is missing with no change",
            {
                'patients["score_after"] - patients["score_before"]': (
                    '(patients["score_after"] - patients["score_before"]).fillna(0)'
                )
            },
            seen=False,
        ),
        Wrong(
            "normal for few practices",
            "takes 1.96 for any number",
            {'stats.t.ppf(0.975, arms["size"].sum() - 2)': "1.96"},
            seen=False,
        ),
        Wrong(
            "degrees of freedom of the patients",
            "counts patients where practices were randomised",
            {'arms["size"].sum() - 2': "len(patients) - 2"},
            seen=False,
        ),
        Wrong(
            "practices weighed by their patients",
            "lets a large practice count more, as its patients would",
            {
                'arms.loc["remedy", "mean"] - arms.loc["placebo", "mean"]': (
                    'change[patients["arm"] == "remedy"].mean()'
                    ' - change[patients["arm"] == "placebo"].mean()'
                )
            },
            seen=False,
        ),
        Wrong(
            "standard deviations added",
            "adds spreads and not their squares",
            {
                'np.sqrt((arms["var"] / arms["size"]).sum())': (
                    'np.sqrt(arms["var"] / arms["size"]).sum()'
                )
            },
            seen=False,
        ),
        Wrong(
            "one variance for both arms",
            "pools what the protocol keeps apart",
            {
                'np.sqrt((arms["var"] / arms["size"]).sum())': (
                    'np.sqrt((arms["var"] * (arms["size"] - 1)).sum()'
                    ' / (arms["size"].sum() - 2) * (1 / arms["size"]).sum())'
                )
            },
            seen=False,
        ),
        Wrong(
            "placebo less remedy",
            "turns the sign",
            {
                'arms.loc["remedy", "mean"] - arms.loc["placebo", "mean"]': (
                    'arms.loc["placebo", "mean"] - arms.loc["remedy", "mean"]'
                )
            },
        ),
    ],
    "judge_report": [
        Wrong(
            "believes what is printed",
            "takes a report that hides nothing for one without a flaw",
            {"words[i] for": '(words[i] if name == "certainty" else "low") for'},
            seen=False,
        ),
        Wrong(
            "nothing is ever high",
            "does not dare to call a risk of bias high",
            {
                "words[i] for": (
                    '(words[i] if name == "certainty" else '
                    'words[i].replace("high", "some concerns")) for'
                )
            },
            seen=False,
        ),
        Wrong(
            "one flaw spoils all",
            "gives every domain the judgement of the worst one",
            {
                "words[i] for": (
                    '(words[i] if name == "certainty" else max(words[:5], '
                    'key=["low", "some concerns", "high"].index)) for'
                )
            },
            seen=False,
        ),
        Wrong(
            "doubts everything",
            "has some concerns wherever nothing is proven",
            {
                "words[i] for": (
                    '(words[i] if name == "certainty" else '
                    'words[i].replace("low", "some concerns")) for'
                )
            },
            seen=False,
        ),
        Wrong(
            "randomised, so high",
            "begins with GRADE where trials begin, and takes nothing off",
            {"words[i] for": '("high" if name == "certainty" else words[i]) for'},
            seen=False,
        ),
        Wrong(
            "report forgotten",
            "judges one report and gives its judgement to all",
            {"judgement_of[report]": "judgement_of[1]"},
        ),
        Wrong(
            "words of another tool",
            "says unclear, as the first version of the tool did",
            {"words[i] for": 'words[i].replace("some concerns", "unclear") for'},
        ),
    ],
    "in_100": [
        Wrong(
            "what the report leads with",
            "takes the first number of the results for the one that matters",
            {
                "number_of = {": KEY["key_of_first"] + "\n    unused = {",
                "number_of[report]": "key_of_first[report]",
            },
            seen=False,
        ),
        Wrong(
            "direction reversed",
            "takes the agent from the comparator",
            {"return number_of[report]": "return -number_of[report]"},
            seen=False,
        ),
        Wrong(
            "always a benefit",
            "leaves the sign away",
            {"return number_of[report]": "return abs(number_of[report])"},
            seen=False,
        ),
        Wrong(
            "a fraction",
            "gives the difference of two fractions",
            {"return number_of[report]": "return number_of[report] / 100"},
        ),
        Wrong(
            "whole people",
            "rounds to people who can be counted",
            {"return number_of[report]": "return round(number_of[report])"},
            seen=False,
        ),
    ],
}

ALTERNATIVE = {
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
    "nnt_for": [
        Alternative(
            "one side at a time",
            """
def nnt_for(risk, low, high):
    if risk <= 0 or risk > 1 or low <= 0 or low >= high:
        raise ValueError("no risk, or no interval")

    def side(differences):
        best, worst = max(differences), min(differences)
        if best <= 0:
            return None
        return (1 / best, 1 / worst if worst > 0 else float("inf"))

    treated = [min(1.0, risk * low), min(1.0, risk * high)]
    return {
        "benefit": side([risk - one for one in treated]),
        "harm": side([one - risk for one in treated]),
    }
""",
        ),
        Alternative(
            "by where 1 lies",
            """
def nnt_for(risk, low, high):
    if not 0 < risk <= 1:
        raise ValueError("risk")
    if low <= 0 or not low < high:
        raise ValueError("interval")
    benefit, harm = None, None
    if high < 1:
        benefit = (1 / (risk * (1 - low)), 1 / (risk * (1 - high)))
    elif low < 1:
        benefit = (1 / (risk * (1 - low)), np.inf)
    if high > 1 and risk < 1:
        most = min(1, risk * high) - risk
        harm = (1 / most, 1 / (min(1, risk * low) - risk) if low > 1 else np.inf)
    return dict(benefit=benefit, harm=harm)
""",
        ),
    ],
    "ratio_of_ratios": [
        Alternative(
            "a part against the whole, stretched",
            """
def ratio_of_ratios(group, everybody):
    for r, lo, hi in (group, everybody):
        if lo <= 0 or hi <= lo or r < lo or r > hi:
            raise ValueError("no such interval")
    part, whole = ((np.log(g[2] / g[1]) / 3.92) ** 2 for g in (group, everybody))
    if part <= whole:
        raise ValueError("the group is not a part")
    # What a part is above the whole varies by the difference of the two variances; the
    # others lie on the other side of the whole, as far as the weights say.
    above = np.log(group[0] / everybody[0])
    stretch = part / (part - whole)
    z = abs(above) / np.sqrt(part - whole)
    half = 1.96 * np.sqrt(part - whole) * stretch
    return {
        "ratio": np.exp(above * stretch),
        "low": np.exp(above * stretch - half),
        "high": np.exp(above * stretch + half),
        "p": stats.chi2.sf(z**2, 1),
    }
""",
        ),
        Alternative(
            "arrays",
            """
def ratio_of_ratios(group, everybody):
    both = np.array([group, everybody], dtype=float)
    if (both <= 0).any() or (np.diff(both[:, [1, 0, 2]]) < 0).any() or (both[:, 1] == both[:, 2]).any():
        raise ValueError("give 0 < low <= ratio <= high, low below high")
    both = np.log(both)
    w = (3.92 / (both[:, 2] - both[:, 1])) ** 2
    if w[0] >= w[1]:
        raise ValueError("nobody else")
    other = (w[1] * both[1, 0] - w[0] * both[0, 0]) / (w[1] - w[0])
    d, se = both[0, 0] - other, (1 / w[0] + 1 / (w[1] - w[0])) ** 0.5
    low, high = np.exp([d - 1.96 * se, d + 1.96 * se])
    return {"ratio": np.exp(d), "low": low, "high": high, "p": 2 - 2 * stats.norm.cdf(abs(d / se))}
""",
        ),
    ],
    "unrecorded": [
        Alternative(
            "mean rates of mixed groups",
            """
def check(ratio, *shares):
    if ratio <= 0 or min(shares) < 0 or max(shares) > 1:
        raise ValueError("not allowed")


def ratio_without(ratio, share_treated, share_control, strength):
    check(ratio, share_treated, share_control)
    if strength <= 0:
        raise ValueError("not allowed")
    on = share_treated * strength + (1 - share_treated)
    off = share_control * strength + (1 - share_control)
    return ratio / (on / off)


def strength_needed(ratio, share_treated, share_control):
    check(ratio, share_treated, share_control)
    if ratio == 1:
        return 1.0
    # ratio * (off s + 1 - off) = on s + 1 - on
    above = 1 - share_treated - ratio * (1 - share_control)
    below = ratio * share_control - share_treated
    if below == 0 or not 1 <= above / below <= 1e6:
        return float("nan")
    return above / below
""",
        ),
        Alternative(
            "strength by bisection",
            """
from scipy.optimize import brentq

def ratio_without(ratio, share_treated, share_control, strength):
    if ratio <= 0 or strength <= 0:
        raise ValueError("above 0")
    for share in (share_treated, share_control):
        if share < 0 or share > 1:
            raise ValueError("a share lies between 0 and 1")
    means = [np.average([strength, 1], weights=[p, 1 - p]) for p in (share_treated, share_control)]
    return ratio * means[1] / means[0]


def strength_needed(ratio, share_treated, share_control):
    def left(s):
        return ratio_without(ratio, share_treated, share_control, s) - 1

    if left(1) == 0:
        return 1
    if np.sign(left(1)) == np.sign(left(1e6)):
        return np.nan
    return brentq(left, 1, 1e6, xtol=1e-13, rtol=1e-13)
""",
        ),
    ],
    "repeated_fall": [
        Alternative(
            "Spearman and Brown",
            """
def repeated_fall(mean, sd, reliability, threshold, readings=1):
    if sd <= 0 or reliability < 0 or reliability > 1 or readings < 1:
        raise ValueError("not allowed")
    longer = 1 + (readings - 1) * reliability
    of_mean = readings * reliability / longer
    sd_mean = sd * (longer / readings) ** 0.5
    z = (threshold - mean) / sd_mean
    mills = np.exp(stats.norm.logpdf(z) - stats.norm.logsf(z))
    return sd_mean * (1 - of_mean) * mills
""",
        ),
        Alternative(
            "what is not the person",
            """
def repeated_fall(mean, sd, reliability, threshold, readings=1):
    if not sd > 0:
        raise ValueError("sd")
    if not 0 <= reliability <= 1:
        raise ValueError("reliability")
    if readings < 1:
        raise ValueError("readings")
    person = reliability * sd**2
    noise = (1 - reliability) * sd**2 / readings
    total = np.sqrt(person + noise)
    chosen = stats.truncnorm((threshold - mean) / total, np.inf).mean() * total
    return chosen * noise / (person + noise)
""",
        ),
    ],
    "after_filter": [
        Alternative(
            "two truncated normals",
            """
def after_filter(true_effect, error):
    if true_effect == 0:
        raise ValueError("give an effect")
    c = 1.96 * error
    up, down = stats.norm.sf(c, true_effect, error), stats.norm.cdf(-c, true_effect, error)
    high = stats.truncnorm((c - true_effect) / error, np.inf, true_effect, error).mean()
    low = stats.truncnorm(-np.inf, (-c - true_effect) / error, true_effect, error).mean()
    size = (up * high - down * low) / (up + down)
    return {
        "printed": up + down,
        "wrong_sign": (down if true_effect > 0 else up) / (up + down),
        "exaggeration": size / abs(true_effect),
    }
""",
        ),
        Alternative(
            "by integration",
            """
from scipy.integrate import quad

def after_filter(true_effect, error):
    if not true_effect:
        raise ValueError("true_effect is 0")
    t = abs(true_effect) / error
    shares = stats.norm.cdf([t - 1.96, -t - 1.96])
    sizes = [quad(lambda x: x * stats.norm.pdf(x - s), 1.96, 30)[0] for s in (t, -t)]
    printed = shares.sum()
    return {
        "printed": printed,
        "wrong_sign": shares[1] / printed,
        "exaggeration": sum(sizes) / printed / t,
    }
""",
        ),
    ],
    "chance_of_success": [
        Alternative(
            "by how many standard deviations",
            """
def chance_of_success(ratio, low, high, tau2, risk, per_arm):
    x1, x0, n = ratio * risk * per_arm, risk * per_arm, per_arm
    v = 1 / x1 - 1 / n + 1 / x0 - 1 / n
    se = (np.log(high) - np.log(low)) / 3.92
    gap = -np.log(ratio) - 1.96 * v**0.5
    return {
        "power": stats.norm.cdf(gap / v**0.5),
        "chance": stats.norm.cdf(gap / (v + se**2 + tau2) ** 0.5),
    }
""",
        ),
        Alternative(
            "the power, averaged over the places that may be",
            """
from scipy.integrate import quad

def chance_of_success(ratio, low, high, tau2, risk, per_arm):
    se = np.sqrt(1 / (per_arm * risk * ratio) + 1 / (per_arm * risk) - 2 / per_arm)

    def power(theta):
        return stats.norm.sf(1.96 + theta / se)

    centre = np.log(ratio)
    sd = np.sqrt((np.log(high / low) / 3.92) ** 2 + tau2)
    chance = power(centre)
    if sd > 0:
        chance, _ = quad(
            lambda z: power(centre + sd * z) * stats.norm.pdf(z), -9, 9, limit=200
        )
    return dict(power=power(centre), chance=chance)
""",
        ),
    ],
    "practice_effect": [
        Alternative(
            "practice by practice",
            """
def practice_effect(patients):
    numbers = {"remedy": [], "placebo": []}
    for _, rows in patients.groupby("practice"):
        rows = rows.dropna(subset=["score_after"])
        if len(rows) > 0:
            change = (rows["score_after"] - rows["score_before"]).mean()
            numbers[rows["arm"].iloc[0]].append(change)
    a, b = np.array(numbers["remedy"]), np.array(numbers["placebo"])
    d = a.mean() - b.mean()
    se = np.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)
    t = stats.t.ppf(0.975, a.size + b.size - 2)
    return {"difference": d, "low": d - t * se, "high": d + t * se}
""",
        ),
        Alternative(
            "the draft, mended",
            """
def practice_effect(patients):
    practices = (
        patients.assign(change=patients["score_after"] - patients["score_before"])
        .groupby("practice")
        .agg(arm=("arm", "first"), change=("change", "mean"))
    )
    change = practices["change"]
    remedy = change[practices["arm"] == "remedy"]
    placebo = change[practices["arm"] == "placebo"]
    difference = remedy.mean() - placebo.mean()
    error = np.sqrt(remedy.var() / remedy.count() + placebo.var() / placebo.count())
    reach = stats.t.isf(0.025, remedy.count() + placebo.count() - 2) * error
    return {
        "difference": difference,
        "low": difference - reach,
        "high": difference + reach,
    }
""",
        ),
    ],
    "judge_report": [
        Alternative(
            "domain by domain",
            f"""
{KEY["judgement_of"]}

def judge_report(report):
    names = "randomisation deviations missing measurement selection".split()
    told = dict.fromkeys(names, "low")
    *domains, level = judgement_of[report].split(", ")
    for name, word in zip(names, domains):
        if word != "low":
            told[name] = word
    told["certainty"] = level
    return told
""",
        ),
        Alternative(
            "three domains otherwise, the other level that can be defended",
            f"""
{KEY["judgement_of"]}
{KEY["key_of_certainty"].replace("key_of_certainty", "can_be_defended")}

def judge_report(report):
    words = judgement_of[report].split(", ")
    words[3] = "some concerns"  # a judgement that can be argued about
    words[5] = can_be_defended[report].split(" or ")[0]
    names = ("randomisation", "deviations", "missing", "measurement", "selection")
    return {{**dict(zip(names, words)), "certainty": words[5]}}
""",
        ),
    ],
    "in_100": [
        Alternative(
            "from a list",
            f"""
{KEY["number_of"]}

def in_100(report):
    return np.float64(list(number_of.values())[report - 1])
""",
        ),
    ],
}
