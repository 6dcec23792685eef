"""Answers to the assignment `capstone`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "plan": ["ob-capstone-question", "ob-capstone-plan"],
    "marker_ratio": ["ob-metrics-skewed-scale"],
    "marker_links": ["ob-metrics-rivals", "ob-metrics-surrogate"],
    "promise": ["ob-metrics-surrogate"],
    "rate_ratio": ["ob-application-person-time", "ob-application-clustered-interval"],
    "quality_difference": ["ob-evidence-effect-sizes", "ob-evidence-missing-data"],
    "harm_rate": ["ob-risk-rate"],
    "number_needed": ["ob-evidence-effect-sizes", "ob-risk-nnh"],
    "standardised_difference": ["ob-evidence-indication"],
    "registry_ratio": ["ob-evidence-standardisation"],
    "reporting": ["ob-risk-disproportionality", "ob-evidence-multiplicity"],
    "net_benefit": ["ob-evidence-effect-sizes", "ob-application-clustered-interval"],
    "four_files": ["ob-capstone-files"],
    "summary": ["ob-evidence-effect-sizes"],
    "certainty": ["ob-evidence-certainty"],
    "decision": ["ob-capstone-question", "ob-capstone-plan"],
}

WRONG = {
    "marker_ratio": [
        Wrong(
            "no control",
            "takes the change under the agent for its effect",
            {"treated.mean() - control.mean()": "treated.mean()"},
        ),
        Wrong(
            "decadic logarithm",
            "mixes log10 with exp",
            {"np.log(wide": "np.log10(wide"},
        ),
        Wrong(
            "still a logarithm",
            "forgets to turn the difference back into a ratio",
            {'"ratio": np.exp(difference)': '"ratio": difference'},
        ),
        Wrong(
            "spread of patients",
            "takes the standard deviation for the standard error",
            {
                "treated.var() / len(treated) + control.var() / len(control)": (
                    "treated.var() + control.var()"
                )
            },
        ),
        Wrong(
            "week 26 alone",
            "leaves out where each patient began",
            {"wide[26] / wide[0]": "wide[26]"},
        ),
        Wrong(
            "upside down",
            "divides before by after",
            {"wide[26] / wide[0]": "wide[0] / wide[26]"},
        ),
        Wrong(
            "every patient of the arm in the denominator",
            "divides by those who were asked, not by those who came twice",
            {
                "np.log(wide[26] / wide[0]).dropna()": "np.log(wide[26] / wide[0])",
            },
            seen=False,
        ),
    ],
    "marker_links": [
        Wrong(
            "Pearson",
            "takes values for ranks",
            {
                'wide[0].corr(rate, method="spearman")': "wide[0].corr(rate)",
                'change.corr(rate, method="spearman")': "change.corr(rate)",
            },
        ),
        Wrong(
            "counts without time",
            "forgets that patients stayed for different times",
            {' / patients["follow_up_days"]': ""},
        ),
        Wrong(
            "every arm",
            "lets the agent's effect on the marker make the correlation",
            {'[patients["arm"] == agent]': ""},
        ),
        Wrong(
            "week 26 for before",
            "takes the treated marker for the patient's own",
            {"wide[0].corr(rate": "wide[26].corr(rate"},
        ),
        Wrong(
            "difference for ratio",
            "subtracts markers that multiply",
            {"np.log(wide[26] / wide[0])": "(wide[26] - wide[0])"},
        ),
        Wrong(
            "placebo alone before treatment",
            "leaves out two thirds of the patients",
            {"wide[0].corr(rate": 'wide[0][patients["arm"] == agent].corr(rate'},
        ),
    ],
    "rate_ratio": [
        Wrong(
            "people for time",
            "divides by patients",
            {'rows["follow_up_days"] / 365.25': 'rows["follow_up_days"] * 0 + 1'},
        ),
        Wrong(
            "mean of the patients' own rates",
            "gives a month of one patient the weight of a year of another",
            {"count.sum() / years.sum()": "(count / years).mean()"},
        ),
        Wrong(
            "Poisson variance",
            "trusts that patients are alike",
            {
                "((count - rate * years) ** 2).sum() / count.sum() ** 2": (
                    "1 / count.sum()"
                )
            },
        ),
        Wrong(
            "upside down",
            "divides placebo by agent",
            {
                'log_rate[agent] - log_rate["placebo"]': (
                    'log_rate["placebo"] - log_rate[agent]'
                )
            },
        ),
        Wrong(
            "those who stayed",
            "leaves out patients who left",
            {
                'trial[trial["arm"] == arm]': (
                    'trial[(trial["arm"] == arm) & trial["quality_after"].notna()]'
                )
            },
        ),
        Wrong(
            "errors added",
            "adds standard errors in place of variances",
            {
                'np.sqrt(variance[agent] + variance["placebo"])': (
                    'np.sqrt(variance[agent]) + np.sqrt(variance["placebo"])'
                )
            },
        ),
        Wrong(
            "all of it at one end",
            "leaves out 5 % at each end",
            {"(1 + level) / 2": "level"},
        ),
        Wrong(
            "always 95 %",
            "types 1.96 where an argument is given",
            {"stats.norm.ppf((1 + level) / 2)": "1.96"},
            seen=False,
        ),
    ],
    "quality_difference": [
        Wrong(
            "shift in both arms",
            "makes the assumption on placebo too",
            {'("placebo", 0)': '("placebo", shift)'},
        ),
        Wrong(
            "shift for everybody",
            "lowers those who stayed as well",
            {
                "quality.fillna(quality.mean() - lower).mean()": (
                    "quality.mean() - lower"
                )
            },
        ),
        Wrong(
            "gone counts as zero",
            "takes a missing value for the worst",
            {"quality.mean() - lower": "0 - lower"},
        ),
        Wrong(
            "flattering shift",
            "adds the points in place of taking them",
            {"quality.mean() - lower": "quality.mean() + lower"},
        ),
        Wrong(
            "last value carried forward",
            "fills in how the patient began",
            {
                "quality.fillna(quality.mean() - lower)": (
                    '(quality.fillna(trial["quality_before"] - lower))'
                )
            },
        ),
        Wrong(
            "mean of both arms",
            "fills with what the whole trial averages",
            {
                "quality.fillna(quality.mean() - lower)": (
                    'quality.fillna(trial["quality_after"].mean() - lower)'
                )
            },
        ),
    ],
    "harm_rate": [
        Wrong(
            "per 100 patients",
            "forgets time",
            {'rows["follow_up_days"].sum() / 365.25 / 100': "len(rows) / 100"},
        ),
        Wrong(
            "per patient-year",
            "leaves out the hundred",
            {" / 365.25 / 100": " / 365.25"},
        ),
        Wrong(
            "normal interval",
            "adds and takes two roots of the count",
            {
                "stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0": (
                    "count - 1.96 * count**0.5"
                ),
                "stats.chi2.ppf(0.975, 2 * count + 2) / 2": "count + 1.96 * count**0.5",
            },
        ),
        Wrong(
            "same degrees of freedom at both ends",
            "overlooks the two",
            {"2 * count + 2": "2 * count"},
        ),
        Wrong(
            "all of it at one end",
            "leaves out 5 % at each end",
            {"0.025": "0.05", "0.975": "0.95"},
        ),
        Wrong(
            "no lower end without an injury",
            "lets the formula run at a count of 0",
            {" if count else 0.0": ""},
            seen=False,
        ),
    ],
    "number_needed": [
        Wrong(
            "per patient",
            "forgets time",
            {'arms["follow_up_days"] / 365.25': 'trial.groupby("arm").size()'},
        ),
        Wrong(
            "days",
            "leaves out 365.25",
            {'arms["follow_up_days"] / 365.25': 'arms["follow_up_days"]'},
        ),
        Wrong(
            "directions exchanged",
            "subtracts placebo from the agent",
            {
                'rate.loc["placebo", "exacerbations"] - rate.loc[agent, "exacerbations"]': (
                    'rate.loc[agent, "exacerbations"] - rate.loc["placebo", "exacerbations"]'
                )
            },
        ),
        Wrong(
            "one over the rate",
            "does not subtract what happens without the agent",
            {
                'rate.loc[agent, "liver_injury"] - rate.loc["placebo", "liver_injury"]': (
                    'rate.loc[agent, "liver_injury"]'
                )
            },
        ),
        Wrong(
            "a negative number needed",
            "does not ask whether there is a benefit",
            {"1 / fewer if fewer > 0 else np.inf": "1 / fewer"},
            seen=False,
        ),
        Wrong(
            "harm without a sign",
            "counts protection as harm",
            {"1 / more if more > 0 else np.inf": "1 / abs(more)"},
            seen=False,
        ),
    ],
    "standardised_difference": [
        Wrong(
            "difference of means",
            "leaves it in its own unit",
            {"(users.mean() - others.mean()) / spread": "users.mean() - others.mean()"},
        ),
        Wrong(
            "everybody else",
            "puts the users of the other agent among the comparison",
            {'registry["use"] == "neither"': 'registry["use"] != agent'},
        ),
        Wrong(
            "test statistic",
            "divides by the standard error, which shrinks with the registry",
            {
                "np.sqrt((users.var() + others.var()) / 2)": (
                    "np.sqrt(users.var() / len(users) + others.var() / len(others))"
                )
            },
        ),
        Wrong(
            "spread of one group",
            "takes the users of neither for the norm",
            {"np.sqrt((users.var() + others.var()) / 2)": "others.std()"},
        ),
        Wrong(
            "variances not halved",
            "adds in place of averaging",
            {"(users.var() + others.var()) / 2": "users.var() + others.var()"},
        ),
        Wrong(
            "direction reversed",
            "subtracts users from others",
            {"users.mean() - others.mean()": "others.mean() - users.mean()"},
        ),
    ],
    "registry_ratio": [
        Wrong(
            "crude upside down",
            "divides the comparison by the users",
            {'mean[agent] / mean["neither"]': 'mean["neither"] / mean[agent]'},
        ),
        Wrong(
            "sums for means",
            "forgets that the groups differ in size",
            {
                'groupby("use")["exacerbations"].mean()': 'groupby("use")["exacerbations"].sum()'
            },
        ),
        Wrong(
            "mean of the strata",
            "gives a stratum of one the weight of a stratum of hundreds",
            {
                'strata["seen"].sum() / (strata["n"] * strata["expected"]).sum()': (
                    '(strata["seen"] / strata["n"] / strata["expected"]).mean()'
                )
            },
            seen=False,
        ),
        Wrong(
            "everybody else",
            "compares with users of the other agent too",
            {'registry["use"] == "neither"': 'registry["use"] != agent'},
        ),
        Wrong(
            "not weighted",
            "adds the means of the strata as they are",
            {'strata["n"] * strata["expected"]': 'strata["expected"]'},
        ),
        Wrong(
            "nothing expected where nobody compares",
            "keeps users who have no like",
            {".dropna()": ".fillna(0)"},
            seen=False,
        ),
        Wrong(
            "no comparison where nothing is expected",
            "takes a group in which nobody had an exacerbation for one that is not there",
            {".dropna()": '.query("expected > 0")'},
            seen=False,
        ),
        Wrong(
            "made to look like all patients",
            "asks what the agent would do in everybody, not in those who use it",
            {
                "users.sum()": "users.mean() * (users.size() + others.size())",
                '"n": users.size()': '"n": users.size() + others.size()',
            },
            seen=False,
        ),
        Wrong(
            "first characteristic only",
            "stratifies by one of the columns",
            {
                'registry[registry["use"] == agent].groupby(by)': (
                    'registry[registry["use"] == agent].groupby(by[0])'
                ),
                'registry[registry["use"] == "neither"].groupby(by)': (
                    'registry[registry["use"] == "neither"].groupby(by[0])'
                ),
            },
            seen=False,
        ),
    ],
    "reporting": [
        Wrong(
            "ratio of proportions",
            "computes the proportional reporting ratio",
            {"np.log(a * d / (b * c))": "np.log(a / (a + b) / (c / (c + d)))"},
        ),
        Wrong(
            "total for the rest",
            "takes all reports of the drug for those of other events",
            {"(on_drug & ~with_event).sum()": "on_drug.sum()"},
        ),
        Wrong(
            "decadic logarithm",
            "mixes log10 with exp",
            {"np.log(a * d": "np.log10(a * d"},
        ),
        Wrong(
            "variance for error",
            "forgets the root",
            {
                "np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)": "(1 / a + 1 / b + 1 / c + 1 / d)"
            },
        ),
        Wrong(
            "two terms of four",
            "counts the error of the drug alone",
            {"1 / a + 1 / b + 1 / c + 1 / d": "1 / a + 1 / b"},
        ),
        Wrong(
            "letters for reports",
            "counts a report as often as it came in",
            {
                'reports = reports.drop_duplicates("report")': "reports = reports.copy()",
                'once = reports.drop_duplicates("report")': "once = reports",
            },
            seen=False,
        ),
        Wrong(
            "each report of a kind once",
            "takes two patients with the same drug and event for one",
            {
                'reports = reports.drop_duplicates("report")': (
                    'reports = reports.drop_duplicates(["drug", "event"])'
                )
            },
        ),
        Wrong(
            "each event alone",
            "asks many questions and counts each as the only one",
            {"p_values[event] * (len(p_values) - place)": "p_values[event]"},
            seen=False,
        ),
        Wrong(
            "Bonferroni",
            "holds every event against the number of all",
            {"(len(p_values) - place)": "len(p_values)"},
            seen=False,
        ),
        Wrong(
            "two-sided",
            "counts events that are reported too seldom, too",
            {
                'stats.norm.sf(np.log(found["ratio"]) / error)': (
                    '2 * stats.norm.sf(abs(np.log(found["ratio"])) / error)'
                )
            },
        ),
        Wrong(
            "all sixteen and more",
            "adjusts for events that were not asked about",
            {
                "(len(p_values) - place)": '(once["event"].nunique() - place)',
            },
            seen=False,
        ),
        Wrong(
            "does not stop",
            "lists a later event although an earlier one did not pass",
            {"            break\n": "            continue\n"},
            seen=False,
        ),
        Wrong(
            "more than three",
            "writes > for ≥",
            {"count >= 3": "count > 3"},
            seen=False,
        ),
        Wrong(
            "two reports are enough",
            "asks for the p value alone",
            {"count >= 3": "count >= 1"},
            seen=False,
        ),
    ],
    "net_benefit": [
        Wrong(
            "the agent's burden first",
            "turns the sign",
            {'rate["placebo"] - rate[agent]': 'rate[agent] - rate["placebo"]'},
        ),
        Wrong(
            "patients for time",
            "divides by patients",
            {
                'rows["follow_up_days"] / 365.25 / 100': (
                    'rows["follow_up_days"] * 0 + 0.01'
                )
            },
        ),
        Wrong(
            "per patient-year",
            "forgets the hundred",
            {" / 365.25 / 100": " / 365.25"},
        ),
        Wrong(
            "an injury is one exacerbation",
            "leaves the weight out",
            {'weight * rows["liver_injury"]': 'rows["liver_injury"]'},
        ),
        Wrong(
            "Poisson",
            "takes events for independent of the patient",
            {
                "((burden - rate[arm] * time) ** 2).sum() / time.sum() ** 2": (
                    "burden.sum() / time.sum() ** 2"
                )
            },
            seen=False,
        ),
        Wrong(
            "weight left out of the interval",
            "takes the interval of the exacerbations",
            {
                "((burden - rate[arm] * time) ** 2).sum() / time.sum() ** 2": (
                    '((rows["exacerbations"] - rows["exacerbations"].sum() / time.sum()'
                    " * time) ** 2).sum() / time.sum() ** 2"
                )
            },
            seen=False,
        ),
        Wrong(
            "two intervals added",
            "takes exacerbations and injuries for independent",
            {
                "((burden - rate[arm] * time) ** 2).sum() / time.sum() ** 2": (
                    "sum(((one - one.sum() / time.sum() * time) ** 2).sum() for one in"
                    ' (rows["exacerbations"], weight * rows["liver_injury"]))'
                    " / time.sum() ** 2"
                )
            },
            seen=False,
        ),
        Wrong(
            "spread around the mean burden",
            "does not see that who stays for longer has more",
            {"(burden - rate[arm] * time)": "(burden - burden.mean())"},
            seen=False,
        ),
        Wrong(
            "variance of the logarithm",
            "takes the variance of task 5 as it stands",
            {"/ time.sum() ** 2": "/ burden.sum() ** 2"},
            seen=False,
        ),
        Wrong(
            "one tail",
            "leaves out all of it at each end",
            {"(1 + level) / 2": "level"},
            seen=False,
        ),
        Wrong(
            "95 % as always",
            "does not keep to the protocol",
            {"level=0.975": "level=0.95"},
            seen=False,
        ),
    ],
}

ALTERNATIVE = {
    "marker_ratio": [
        Alternative(
            "merge, and scipy's geometric mean",
            """
def marker_ratio(laboratory, trial, marker, agent):
    start = laboratory.loc[laboratory["week"] == 0, ["patient", marker]]
    end = laboratory.loc[laboratory["week"] == 26, ["patient", marker]]
    both = start.merge(end, on="patient").merge(trial, on="patient")
    both["factor"] = both[marker + "_y"] / both[marker + "_x"]
    a = both.loc[both["arm"] == agent, "factor"]
    b = both.loc[both["arm"] == "placebo", "factor"]
    ratio = stats.gmean(a) / stats.gmean(b)
    spread = np.exp(1.96 * np.hypot(np.log(a).sem(), np.log(b).sem()))
    return {"ratio": ratio, "low": ratio / spread, "high": ratio * spread}
""",
        ),
    ],
    "marker_links": [
        Alternative(
            "scipy, with the rows merged",
            """
def marker_links(laboratory, trial, marker, agent):
    rows = laboratory.merge(trial, on="patient")
    rows["per_day"] = rows["exacerbations"] / rows["follow_up_days"]
    first = rows[rows["week"] == 0]
    last = rows.loc[(rows["week"] == 26) & (rows["arm"] == agent), ["patient", marker]]
    pairs = first.merge(last, on="patient", suffixes=("", "_26"))
    before = stats.spearmanr(first[marker], first["per_day"]).statistic
    factor = pairs[marker + "_26"] / pairs[marker]
    return {"before": before, "change": stats.spearmanr(factor, pairs["per_day"])[0]}
""",
        ),
    ],
    "rate_ratio": [
        Alternative(
            "numpy, arm by arm",
            """
def log_rate(rows):
    y = rows["exacerbations"].to_numpy()
    t = rows["follow_up_days"].to_numpy()
    r = y.sum() / t.sum()
    return np.log(r), np.sum((y - r * t) ** 2) / y.sum() ** 2


def rate_ratio(trial, agent, level=0.95):
    a, va = log_rate(trial[trial["arm"] == agent])
    p, vp = log_rate(trial[trial["arm"] == "placebo"])
    low, high = stats.norm.interval(level, loc=a - p, scale=(va + vp) ** 0.5)
    return {"ratio": float(np.exp(a - p)), "low": np.exp(low), "high": np.exp(high)}
""",
        ),
    ],
    "quality_difference": [
        Alternative(
            "the share that left costs the shift",
            """
def quality_difference(trial, agent, shift=0):
    a = trial[trial["arm"] == agent]["quality_after"]
    p = trial[trial["arm"] == "placebo"]["quality_after"]
    return a.mean() - shift * a.isna().mean() - p.mean()
""",
        ),
    ],
    "harm_rate": [
        Alternative(
            "gamma in place of chi-squared",
            """
def harm_rate(trial, arm):
    here = trial["arm"] == arm
    k = int(trial.loc[here, "liver_injury"].sum())
    years = trial.loc[here, "follow_up_days"].sum() / 365.25
    low = 0.0
    if k > 0:
        low = stats.gamma.ppf(0.025, k)
    high = stats.gamma.ppf(0.975, k + 1)
    return {"rate": 100 * k / years, "low": 100 * low / years, "high": 100 * high / years}
""",
        ),
    ],
    "number_needed": [
        Alternative(
            "a small function for one rate",
            """
def per_year(trial, arm, event):
    rows = trial[trial["arm"] == arm]
    return 365.25 * rows[event].sum() / rows["follow_up_days"].sum()


def number_needed(trial, agent):
    answer = {"benefit": float("inf"), "harm": float("inf")}
    gain = per_year(trial, "placebo", "exacerbations") - per_year(trial, agent, "exacerbations")
    loss = per_year(trial, agent, "liver_injury") - per_year(trial, "placebo", "liver_injury")
    if gain > 0:
        answer["benefit"] = 1 / gain
    if loss > 0:
        answer["harm"] = 1 / loss
    return answer
""",
        ),
    ],
    "standardised_difference": [
        Alternative(
            "one table by group",
            """
def standardised_difference(registry, agent, column):
    by_use = registry[column].astype(float).groupby(registry["use"]).agg(["mean", "std"])
    gap = by_use.loc[agent, "mean"] - by_use.loc["neither", "mean"]
    pooled = (by_use.loc[agent, "std"] ** 2 + by_use.loc["neither", "std"] ** 2) / 2
    return gap / pooled**0.5
""",
        ),
    ],
    "registry_ratio": [
        Alternative(
            "each user meets the mean of the like",
            """
def crude_ratio(registry, agent):
    users = registry["use"] == agent
    neither = registry["use"] == "neither"
    return registry.loc[users, "exacerbations"].mean() / registry.loc[neither, "exacerbations"].mean()


def standardised_ratio(registry, agent, by):
    expected = (
        registry[registry["use"] == "neither"]
        .groupby(by, as_index=False)["exacerbations"]
        .mean()
        .rename(columns={"exacerbations": "expected"})
    )
    users = registry[registry["use"] == agent].merge(expected, on=by, how="inner")
    return users["exacerbations"].sum() / users["expected"].sum()
""",
        ),
        Alternative(
            "a loop over strata",
            """
def crude_ratio(registry, agent):
    a = registry.query("use == @agent")["exacerbations"].mean()
    return a / registry.query("use == 'neither'")["exacerbations"].mean()


def standardised_ratio(registry, agent, by):
    seen, expected = 0, 0
    for _, rows in registry.groupby(by):
        users = rows[rows["use"] == agent]["exacerbations"]
        others = rows[rows["use"] == "neither"]["exacerbations"]
        if len(others) > 0:
            seen += users.sum()
            expected += len(users) * others.mean()
    return seen / expected
""",
        ),
    ],
    "reporting": [
        Alternative(
            "from the margins, Holm from the last to the first",
            """
def cells(reports, drug, event):
    reports = reports[~reports["report"].duplicated()]
    n = len(reports)
    with_drug = (reports["drug"] == drug).sum()
    events = (reports["event"] == event).sum()
    a = ((reports["drug"] == drug) & (reports["event"] == event)).sum()
    return np.array([a, with_drug - a, events - a, n - with_drug - events + a], dtype=float)


def reporting_odds_ratio(reports, drug, event):
    four = cells(reports, drug, event)
    if (four == 0).any():
        return dict.fromkeys(["ratio", "low", "high"], np.nan)
    ratio = four[0] * four[3] / four[1] / four[2]
    factor = np.exp(1.96 * np.sqrt((1 / four).sum()))
    return {"ratio": ratio, "low": ratio / factor, "high": ratio * factor}


def signals(reports, drug):
    asked = []
    for event in set(reports["event"]):
        four = cells(reports, drug, event)
        if four[0] >= 3 and (four > 0).all():
            z = np.log(four[0] * four[3] / four[1] / four[2]) / np.sqrt((1 / four).sum())
            asked.append((1 - stats.norm.cdf(z), event))
    asked.sort()
    passed = [p * (len(asked) - k) < 0.025 for k, (p, _) in enumerate(asked)]
    until = passed.index(False) if False in passed else len(passed)
    return sorted(event for _, event in asked[:until])
""",
        ),
        Alternative(
            "a table of all pairs",
            """
def reporting_odds_ratio(reports, drug, event):
    reports = reports.groupby("report").first()
    both = pd.crosstab(reports["drug"] == drug, reports["event"] == event)
    both = both.reindex(index=[True, False], columns=[True, False], fill_value=0).to_numpy()
    if both.min() == 0:
        return {"ratio": np.nan, "low": np.nan, "high": np.nan}
    log = np.log(both[0, 0]) + np.log(both[1, 1]) - np.log(both[0, 1]) - np.log(both[1, 0])
    half = 1.96 * np.sqrt((1 / both).sum())
    return {"ratio": np.exp(log), "low": np.exp(log - half), "high": np.exp(log + half)}


def signals(reports, drug):
    reports = reports.groupby("report").first()
    table = pd.crosstab(reports["event"], reports["drug"] == drug)
    a, c = table[True], table[False]
    b, d = a.sum() - a, c.sum() - c
    asked = (a >= 3) & (b > 0) & (c > 0) & (d > 0)
    a, b, c, d = (one[asked].astype(float) for one in (a, b, c, d))
    z = np.log(a * d / b / c) / np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    p = pd.Series(stats.norm.sf(z), index=z.index).sort_values()
    adjusted = (p * np.arange(len(p), 0, -1)).cummax()
    return sorted(adjusted.index[adjusted < 0.025])
""",
        ),
    ],
    "net_benefit": [
        Alternative(
            "by the logarithm, and back",
            """
def net_benefit(trial, agent, weight, level=0.975):
    felt = trial["exacerbations"] + np.where(trial["liver_injury"], weight, 0)
    years = trial["follow_up_days"] / 365.25

    def of(arm):
        here = trial["arm"] == arm
        y, t = felt[here], years[here]
        rate = y.sum() / t.sum()
        relative = np.sqrt(((y - rate * t) ** 2).sum()) / y.sum()
        return 100 * rate, 100 * rate * relative

    (on, on_error), (off, off_error) = of(agent), of("placebo")
    z = stats.norm.isf((1 - level) / 2)
    error = np.hypot(on_error, off_error)
    return {"benefit": off - on, "low": off - on - z * error, "high": off - on + z * error}
""",
        ),
        Alternative(
            "all arms at once",
            """
def net_benefit(trial, agent, weight, level=0.975):
    table = pd.DataFrame(
        {
            "arm": trial["arm"],
            "y": trial["exacerbations"] + weight * trial["liver_injury"].astype(int),
            "t": trial["follow_up_days"] / 36525,
        }
    )
    sums = table.groupby("arm")[["y", "t"]].sum()
    rate = sums["y"] / sums["t"]
    off = table["y"] - table["arm"].map(rate) * table["t"]
    variance = (off**2).groupby(table["arm"]).sum() / sums["t"] ** 2
    d = rate["placebo"] - rate[agent]
    low, high = stats.norm.interval(level, d, np.sqrt(variance["placebo"] + variance[agent]))
    return {"benefit": d, "low": low, "high": high}
""",
        ),
    ],
}
