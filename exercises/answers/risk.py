"""Answers to the assignment `risk`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "person_years": ["ob-risk-rate"],
    "rate_by_period": ["ob-risk-rate"],
    "nnh": ["ob-risk-nnh"],
    "rate_ratio_from_reports": ["ob-risk-no-risk"],
    "drug_effect": ["ob-risk-slopes"],
    "mh_rate_ratio": ["ob-risk-adjusted-ratio"],
    "time_and_cause": ["ob-risk-competing-event"],
    "first_alarm": ["ob-risk-control-chart"],
    "days_lost": ["ob-risk-competing-event", "ob-risk-onset"],
    "patients_needed": ["ob-risk-rare-harm", "ob-risk-margin"],
    "case_ratios": ["ob-risk-disproportionality", "ob-risk-masking"],
    "window_rate_ratio": ["ob-risk-immortal-time", "ob-risk-rate"],
    "judge": ["ob-risk-immortal-time", "ob-risk-no-risk"],
}

WRONG = {
    "person_years": [
        Wrong(
            "still there counts nothing",
            "lets a missing exit make the whole time missing",
            {'patients["exit"].fillna(last)': 'patients["exit"]'},
        ),
        Wrong(
            "time before the study",
            "counts from the entry, whenever it was",
            {'patients["entry"].clip(lower=first)': 'patients["entry"]'},
        ),
        Wrong(
            "both days counted",
            "adds a day to the difference of two dates",
            {"(end - begin).dt.days": "((end - begin).dt.days + 1)"},
        ),
        Wrong(
            "time after the study",
            "counts to the exit, whenever it was",
            {".fillna(last).clip(upper=last)": ".fillna(last)"},
            seen=False,
        ),
        Wrong(
            "negative time",
            "subtracts the days of those who were never there",
            {".dt.days.clip(lower=0)": ".dt.days"},
            seen=False,
        ),
    ],
    "rate_by_period": [
        Wrong(
            "the time of those whose follow-up ended in the period",
            "sorts patients into periods by their last day, where everybody who lasted "
            "longer was watched as well",
            {
                "(days.clip(begin, end) - begin).sum()": (
                    "days[(days > begin) & (days <= end)].sum()"
                )
            },
        ),
        Wrong(
            "all follow-up in every period",
            "divides by the time before and after the period, too",
            {"(days.clip(begin, end) - begin).sum()": "days.sum()"},
        ),
        Wrong(
            "time since the start",
            "counts the days before the period for it",
            {"(days.clip(begin, end) - begin).sum()": "days.clip(upper=end).sum()"},
        ),
        Wrong(
            "only those who were there to its end",
            "leaves out the days of those who went within the period",
            {
                "(days.clip(begin, end) - begin).sum()": (
                    "((days > end) * (min(end, days.max()) - begin)).sum()"
                )
            },
        ),
        Wrong(
            "per patient",
            "takes the share of patients for a rate per year",
            {"(days.clip(begin, end) - begin).sum() / 365.25": "(days > begin).sum()"},
        ),
        Wrong(
            "infections so far",
            "counts those of the periods before once more",
            {"((infected > begin) & (infected <= end))": "(infected <= end)"},
        ),
        Wrong(
            "any end is an infection",
            "counts deaths and those who left",
            {'== "infection"': '!= "end of study"'},
        ),
        Wrong(
            "the last day to the next period",
            "puts what happens on a cut behind it",
            {
                "(infected > begin) & (infected <= end)": "(infected >= begin) & (infected < end)"
            },
        ),
        Wrong(
            "normal interval",
            "adds and subtracts 1.96 roots",
            {
                "chi2.ppf(0.025, 2 * events) / 2 if events > 0 else 0.0": (
                    "max(events - 1.96 * np.sqrt(events), 0)"
                ),
                "chi2.ppf(0.975, 2 * (events + 1)) / 2": (
                    "events + 1.96 * np.sqrt(events)"
                ),
            },
        ),
        Wrong(
            "same degrees of freedom at both ends",
            "forgets the event that did not happen yet",
            {"2 * (events + 1)": "2 * events"},
        ),
        Wrong(
            "no lower end without an event",
            "lets χ² with no degrees of freedom through",
            {
                "chi2.ppf(0.025, 2 * events) / 2 if events > 0 else 0.0": (
                    "chi2.ppf(0.025, 2 * events) / 2"
                )
            },
            seen=False,
        ),
    ],
    "nnh": [
        Wrong(
            "a ratio of rates for one of risks",
            "multiplies the share of patients by the ratio of rates",
            {
                "np.exp(-rate * rate_ratio * years)": (
                    "1 - rate_ratio * (1 - np.exp(-rate * years))"
                )
            },
        ),
        Wrong(
            "risk in proportion to time",
            "shares out a share of patients evenly over the years",
            {"-np.log(1 - risk) / known": "-np.log(1 - risk * years / known) / years"},
        ),
        Wrong(
            "a share divided by its years is a rate",
            "forgets that those who were infected are no longer at risk",
            {"-np.log(1 - risk) / known": "risk / known"},
        ),
        Wrong(
            "infections for patients",
            "takes the difference of rates, which counts a patient more than once",
            {"1 / (without - on_drug)": "1 / (rate * (rate_ratio - 1) * years)"},
        ),
        Wrong(
            "always the years that are known",
            "gives an NNH for the time of the records",
            {"-np.log(1 - risk) / known": "-np.log(1 - risk) / years"},
        ),
        Wrong(
            "divided by the years",
            "takes the time into account twice",
            {"1 / (without - on_drug)": "1 / (without - on_drug) / years"},
        ),
        Wrong(
            "harm to those already harmed",
            "takes the risk on the drug for what the drug adds",
            {"1 / (without - on_drug)": "1 / (1 - on_drug)"},
        ),
        Wrong(
            "negative harm",
            "gives a number where there is no harm",
            {"rate_ratio <= 1": "rate_ratio == 1"},
            seen=False,
        ),
    ],
    "rate_ratio_from_reports": [
        Wrong(
            "ROR read as risk",
            "takes odds among reports for rates among patients",
            {
                'one["event_reports"] / one["reported"] / one["patient_years"]': (
                    'one["event_reports"] / (one["all_reports"] - one["event_reports"])'
                )
            },
        ),
        Wrong(
            "everything is reported",
            "leaves the share reported out",
            {'one["event_reports"] / one["reported"]': 'one["event_reports"]'},
        ),
        Wrong(
            "times the share reported",
            "makes fewer events of many reports",
            {
                'one["event_reports"] / one["reported"]': 'one["event_reports"] * one["reported"]'
            },
        ),
        Wrong(
            "events for rates",
            "forgets how many took the drug",
            {' / one["patient_years"]': ""},
        ),
        Wrong(
            "any share",
            "lets a share above 1 through",
            {'if not 0 < one["reported"] <= 1:': 'if one["reported"] <= 0:'},
            seen=False,
        ),
    ],
    "drug_effect": [
        Wrong(
            "day 0 on the drug",
            "takes the reading before the first dose for one under the drug",
            {
                'measured["day"] <= 0': 'measured["day"] < 0',
                'measured["day"] > 0': 'measured["day"] >= 0',
            },
        ),
        Wrong(
            "means before and after",
            "mixes what the drug takes at once with what goes on",
            {
                '"at_once": level_on - level': (
                    '"at_once": after["egfr"].mean() - before["egfr"].mean()'
                )
            },
        ),
        Wrong(
            "the last reading before, the first after",
            "trusts two single readings",
            {
                '"at_once": level_on - level': (
                    '"at_once": after.sort_values("day")["egfr"].iloc[0]'
                    ' - before.sort_values("day")["egfr"].iloc[-1]'
                )
            },
        ),
        Wrong(
            "slope on the drug",
            "blames the drug for what the patient was losing anyway",
            {"365.25 * (slope_on - slope)": "365.25 * slope_on"},
        ),
        Wrong(
            "one line for all the time on and before the drug",
            "takes the step at the first dose for a loss per year",
            {
                'np.polyfit(after["day"], after["egfr"], 1)': (
                    'np.polyfit(measured["day"], measured["egfr"], 1)'
                )
            },
        ),
        Wrong(
            "per day",
            "forgets to turn days into years",
            {"365.25 * (slope_on - slope)": "slope_on - slope"},
        ),
        Wrong(
            "not measured is 0",
            "fills what is missing",
            {
                'readings[readings["egfr"].notna()]': (
                    'readings.assign(egfr=readings["egfr"].fillna(0))'
                )
            },
        ),
        Wrong(
            "two readings are a line",
            "asks for one reading too few",
            {">= 3": ">= 2"},
            seen=False,
        ),
        Wrong(
            "six readings in all",
            "counts both sides of the first dose together",
            {
                "min(len(before), len(after)) >= 3": (
                    "len(measured) >= 6 and min(len(before), len(after)) > 1"
                )
            },
            seen=False,
        ),
        Wrong(
            "no row without a result",
            "leaves out whom nothing can be said of",
            {
                'rows[patient] = {"at_once": np.nan, "per_year": np.nan}\n        if': "if"
            },
            seen=False,
        ),
    ],
    "mh_rate_ratio": [
        Wrong(
            "crude",
            "does not stratify",
            {"registry.groupby(known) if known else": ""},
        ),
        Wrong(
            "heads for time",
            "weighs by the number of patients",
            {'days = stratum["follow_up_days"]': 'days = stratum["treatment"].notna()'},
        ),
        Wrong(
            "direction reversed",
            "puts the conventional drug on top",
            {"upper / lower if lower > 0": "lower / upper if lower > 0"},
        ),
        Wrong(
            "mean of the ratios",
            "gives a stratum of three patients the weight of one of a thousand",
            {
                "upper += infected[biologic].sum() * days[~biologic].sum() / days.sum()": (
                    "rates = infected.groupby(biologic).sum() / days.groupby(biologic).sum()"
                ),
                "lower += infected[~biologic].sum() * days[biologic].sum() / days.sum()": (
                    "if len(rates) == 2 and rates[False] > 0:\n"
                    "            upper, lower = upper + rates[True] / rates[False], lower + 1"
                ),
            },
        ),
        Wrong(
            "first column only",
            "stratifies by one of the columns named",
            {"groupby(known)": "groupby(known[0])"},
            seen=False,
        ),
        Wrong(
            "recorded later as well",
            "holds alike what the drug may have changed",
            {" if day <= 0]": "]"},
            seen=False,
        ),
        Wrong(
            "day 0 is too late",
            "leaves out what was recorded before the dose on its day",
            {"day <= 0": "day < 0"},
            seen=False,
        ),
        Wrong(
            "nothing to divide by is 0",
            "takes an unknown ratio for none",
            {"else np.nan": "else 0"},
            seen=False,
        ),
    ],
    "time_and_cause": [
        Wrong(
            "event on the first line",
            "trusts that the table is sorted by day",
            {'["day"].min()': '["day"].first()'},
        ),
        Wrong(
            "only those with an event",
            "drops the patients who had none",
            {
                "onset = onset.reindex(table.index)": (
                    "table = table.loc[table.index.isin(onset.index)]\n"
                    "    onset = onset.reindex(table.index)"
                )
            },
        ),
        Wrong(
            "every end is censoring",
            "does not see that progression and death compete",
            {"np.where(rival, 2, 0)": "0"},
        ),
        Wrong(
            "every end competes",
            "takes a data cut for something that happened to the patient",
            {"np.where(rival, 2, 0)": "2"},
        ),
        Wrong(
            "toxicity does not compete",
            "thinks only of progression and death",
            {'"progression", "toxicity", "death"': '"progression", "death"'},
            seen=False,
        ),
    ],
    "first_alarm": [
        Wrong(
            "standard deviation of a population",
            "divides by the number of counts",
            {"np.std(stable, ddof=1)": "np.std(stable)"},
        ),
        Wrong(
            "straight scale",
            "takes no logarithms",
            {
                "[np.log(count) for count in reference": "[count for count in reference",
                "centre - np.log(count)": "centre - count",
            },
        ),
        Wrong(
            "high counts alarm too",
            "looks at both sides",
            {"fall = centre - np.log(count)": "fall = abs(centre - np.log(count))"},
        ),
        Wrong(
            "any two low visits",
            "does not ask that one follow the other",
            {"low_before = low\n": "low_before = low or low_before\n"},
            seen=False,
        ),
        Wrong(
            "missed visit breaks the pair",
            "takes a missed visit for a good one",
            {
                "            continue": "            low_before = False\n            continue"
            },
            seen=False,
        ),
        Wrong(
            "limits from two counts",
            "asks for one too few",
            {"len(stable) < 3": "len(stable) < 2"},
            seen=False,
        ),
    ],
    "days_lost": [
        Wrong(
            "1 - KM",
            "treats a competing event as censoring",
            {"either = ((day == today) & (cause > 0)).sum()": "either = events"},
            seen=False,
        ),
        Wrong(
            "plain mean",
            "takes a patient who was censored for one who never has the event",
            {
                "    return lost": (
                    "    lost = np.where(cause == 1, horizon - day, 0).clip(0).mean()\n"
                    "    return lost"
                )
            },
            seen=False,
        ),
        Wrong(
            "mean of those who had it",
            "divides by the patients with the event and not by all",
            {
                "    return lost": (
                    "    ill = (cause == 1) & (day <= horizon)\n"
                    "    return (horizon - day[ill]).mean() if ill.any() else 0"
                )
            },
        ),
        Wrong(
            "rivals cost days too",
            "counts what is lost to either event",
            {"lost += free * events / at_risk": "lost += free * either / at_risk"},
        ),
        Wrong(
            "incidence times horizon",
            "lets every event cost the whole time, whenever it happens",
            {"(horizon - today)": "horizon"},
        ),
        Wrong(
            "to the last day of the data",
            "stops losing where the data stop",
            {"(horizon - today)": "(min(horizon, day.max()) - today)"},
            seen=False,
        ),
        Wrong(
            "S lowered first",
            "multiplies by the share that is left after the day",
            {
                "lost += free * events / at_risk * (horizon - today)\n"
                "        free *= 1 - either / at_risk": (
                    "free *= 1 - either / at_risk\n"
                    "        lost += free * events / at_risk * (horizon - today)"
                )
            },
        ),
        Wrong(
            "censored today are gone",
            "does not count those censored on the day as at risk",
            {
                "(day >= today)": "((day > today) | ((day == today) & (cause > 0)))",
            },
            seen=False,
        ),
        Wrong(
            "at risk before joining",
            "counts those who join later as watched from the first dose, although with "
            "an event before they would not be in the table",
            {"((entry < today) & (day >= today))": "(day >= today)"},
            seen=False,
        ),
        Wrong(
            "time since joining",
            "starts the clock of each patient on the day of joining",
            {
                "free, lost = 1.0, 0.0": (
                    "day, entry = day - entry, 0 * entry\n    free, lost = 1.0, 0.0"
                )
            },
            seen=False,
        ),
        Wrong(
            "at risk on the day of joining",
            "counts a patient on a day on which the registry did not yet watch",
            {"entry < today": "entry <= today"},
            seen=False,
        ),
        Wrong(
            "late ones left out",
            "throws away those who joined late instead of counting them from then on",
            {
                "free, lost = 1.0, 0.0": (
                    "kept = entry == 0\n"
                    "    entry, day, cause = entry[kept], day[kept], cause[kept]\n"
                    "    free, lost = 1.0, 0.0"
                )
            },
            seen=False,
        ),
    ],
    "patients_needed": [
        Wrong(
            "events for patients",
            "takes the number of events for the number of patients",
            {"events / chance_of_event": "events"},
        ),
        Wrong(
            "everybody gives the full years",
            "multiplies patients by years as if no follow-up ended early",
            {
                "event_rate / end_rate * (1 - np.exp(-end_rate * years))": (
                    "event_rate * years"
                )
            },
            seen=False,
        ),
        Wrong(
            "leavers count to the end",
            "forgets that who left can have no event that is seen",
            {"event_rate - np.log(1 - leaving)": "event_rate"},
            seen=False,
        ),
        Wrong(
            "a share for a rate",
            "takes the share gone after a year for the rate of leaving",
            {"event_rate - np.log(1 - leaving)": "event_rate + leaving"},
            seen=False,
        ),
        Wrong(
            "leavers and events in a row",
            "keeps the share that stays to the end, and lets the others give nothing",
            {
                "event_rate / end_rate * (1 - np.exp(-end_rate * years))": (
                    "(1 - np.exp(-event_rate * years)) * (1 - leaving) ** years"
                )
            },
            seen=False,
        ),
        Wrong(
            "one-sided 95 %",
            "takes 95 % for the quantile of a two-sided interval",
            {"norm.ppf(0.975)": "norm.ppf(0.95)"},
        ),
        Wrong(
            "share left out",
            "forgets how the patients are divided",
            {"share_treated * (1 - share_treated) * ": ""},
        ),
        Wrong(
            "events rounded on the way",
            "rounds twice",
            {"events / chance_of_event": "np.ceil(events) / chance_of_event"},
            seen=False,
        ),
        Wrong(
            "rounded down",
            "stops one patient short",
            {"int(np.ceil(": "int(np.floor("},
            seen=False,
        ),
        Wrong(
            "rate per year",
            "forgets the 1,000",
            {"rate / 1000": "rate"},
        ),
        Wrong(
            "any margin",
            "plans to exclude a harm that is none",
            {"if margin <= 1:": "if margin == 1:"},
            seen=False,
        ),
    ],
    "case_ratios": [
        Wrong(
            "rows counted",
            "takes every row for a patient",
            {
                'named.groupby(newest["case"]).any()': "named.copy()",
            },
        ),
        Wrong(
            "all versions together",
            "keeps what was withdrawn",
            {
                'rows[rows["version"] == rows.groupby("case")["version"].transform("max")]': (
                    "rows"
                )
            },
            seen=False,
        ),
        Wrong(
            "first version",
            "keeps what was reported first",
            {'transform("max")': 'transform("min")'},
            seen=False,
        ),
        Wrong(
            "newest version of the whole list",
            "keeps only the cases that came back most often",
            {
                'rows.groupby("case")["version"].transform("max")': 'rows["version"].max()'
            },
            seen=False,
        ),
        Wrong(
            "one row a case",
            "keeps the first row of each case, and with it one drug and one event",
            {
                'named.groupby(newest["case"]).any()': (
                    'named.groupby(newest["case"]).first()'
                )
            },
            seen=False,
        ),
        Wrong(
            "rows of a drug left out, not its cases",
            "leaves the rest of a case in the comparison",
            {
                'cases = named.groupby(newest["case"]).any()\n    cases = cases[~cases["out"]]': (
                    'kept = named[~named["out"]]\n'
                    '    cases = kept.groupby(newest["case"]).any()'
                )
            },
            seen=False,
        ),
        Wrong(
            "nobody left out",
            "does not lift the mask",
            {'cases = cases[~cases["out"]]': 'cases = cases[cases["out"] | True]'},
            seen=False,
        ),
        Wrong(
            "ROR read as risk",
            "divides shares, as if they were risks of patients",
            {"a * d / (b * c) if": "a / (a + b) / (c / (c + d)) if"},
        ),
        Wrong(
            "no shrinkage",
            "takes the plain ratio of observed to expected",
            {
                "np.log2((a + 0.5) / (expected + 0.5))": (
                    "np.log2(max(a, 1e-9) / max(expected, 1e-9))"
                )
            },
        ),
        Wrong(
            "a drug that nobody names",
            "lets a misspelt name through",
            {
                "if a + b == 0:": "if len(cases) == 0:",
                '"prr": a / (a + b) / (c / (c + d)) if c > 0': (
                    '"prr": a / (a + b) / (c / (c + d)) if c > 0 and a + b > 0'
                ),
            },
            seen=False,
        ),
    ],
    "window_rate_ratio": [
        Wrong(
            "immortal time kept",
            "gives the days before the course to the window",
            {
                '(last - patients["start_day"]).fillna(0).sum()': (
                    'last.where(patients["start_day"].notna(), 0).sum()'
                )
            },
            seen=False,
        ),
        Wrong(
            "who is still on the drug drops out",
            "does not see that a sum passes over what is missing",
            {
                '(patients["stop_day"] + after).fillna(np.inf)': '(patients["stop_day"] + after)'
            },
            seen=False,
        ),
        Wrong(
            "immortal time thrown away",
            "leaves the days before a course out of both sides",
            {
                "followed.sum() - days_in": (
                    'followed.sum() - days_in - patients["start_day"].sum()'
                )
            },
            seen=False,
        ),
        Wrong(
            "the window never closes",
            "counts all days after the start of a course as days on it",
            {'(patients["stop_day"] + after).fillna(np.inf)': "np.inf * followed"},
        ),
        Wrong(
            "the window outlives the patient",
            "counts days after the end of follow-up",
            {"np.minimum(closes, followed)": "closes.where(closes < np.inf, followed)"},
        ),
        Wrong(
            "everybody who ever had a course",
            "compares people and not times",
            {" & (followed <= closes)": ""},
        ),
        Wrong(
            "per patient",
            "compares shares of patients",
            {
                "(hit[within].sum() / days_in)": "hit[within].mean()",
                "(hit[~within].sum() / days_out)": "hit[~within].mean()",
            },
            seen=False,
        ),
        Wrong(
            "days after the course forgotten",
            "closes the window with the last dose",
            {'(patients["stop_day"] + after)': '(patients["stop_day"])'},
        ),
        Wrong(
            "the last day is outside",
            "writes < for ≤",
            {"(followed <= closes)": "(followed < closes)"},
            seen=False,
        ),
        Wrong(
            "no time is no risk",
            "takes an unknown ratio for 0",
            {"return np.nan": "return 0"},
            seen=False,
        ),
    ],
}

ALTERNATIVE = {
    "person_years": [
        Alternative(
            "patient by patient",
            """
def person_years(patients, first, last):
    total = 0
    for entry, leaving in zip(patients["entry"], patients["exit"]):
        if pd.isna(leaving) or leaving > last:
            leaving = last
        if entry < first:
            entry = first
        if leaving > entry:
            total += (leaving - entry).days
    return total / 365.25
""",
        ),
    ],
    "rate_by_period": [
        Alternative(
            "one row a patient and period, with the gamma distribution",
            """
def rate_by_period(registry, cuts):
    edges = [0, *cuts, max([registry["follow_up_days"].max(), *cuts]) + 1]
    table = []
    for a, b in zip(edges[:-1], edges[1:]):
        there = registry[registry["follow_up_days"] > a]
        spent = np.minimum(there["follow_up_days"], b) - a
        ended = there["follow_up_days"] <= b
        x = int((ended & (there["outcome"] == "infection")).sum())
        t = spent.sum() / 36525
        low = gamma.ppf(0.025, x) if x else 0.0
        table.append([x, 100 * t, x / t, low / t, gamma.ppf(0.975, x + 1) / t])
    return pd.DataFrame(
        table, columns=["events", "years", "rate", "low", "high"], index=edges[1:]
    )
""",
        ),
        Alternative(
            "cumulative time and counts, and their differences",
            """
def rate_by_period(registry, cuts):
    d, ill = registry["follow_up_days"], registry["outcome"].eq("infection")
    until = [*cuts, d.max()]
    x = np.diff([0] + [(ill & (d <= day)).sum() for day in until])
    t = np.diff([0] + [d.clip(upper=day).sum() for day in until]) / 365.25
    out = pd.DataFrame({"events": x, "years": t})
    out["rate"] = out["events"] / out["years"] * 100
    out["low"] = np.nan_to_num(chi2.ppf(0.025, 2 * x)) / t * 50
    out["high"] = chi2.isf(0.025, 2 * x + 2) / t * 50
    return out
""",
        ),
    ],
    "nnh": [
        Alternative(
            "powers of the share that stays free",
            """
def nnh(rate_ratio, risk, known, years):
    if not rate_ratio > 1:
        return float("nan")
    free = (1 - risk) ** (years / known)
    return 1.0 / (free - free**rate_ratio)
""",
        ),
        Alternative(
            "the exponential distribution",
            """
from scipy.stats import expon

def nnh(rate_ratio, risk, known, years):
    mean_wait = known / -np.log1p(-risk)
    extra = expon.cdf(years, scale=mean_wait / rate_ratio) - expon.cdf(years, scale=mean_wait)
    return 1 / extra if rate_ratio > 1 else np.nan
""",
        ),
    ],
    "rate_ratio_from_reports": [
        Alternative(
            "one product",
            """
def rate_ratio_from_reports(drug, other):
    if min(drug["reported"], other["reported"]) <= 0:
        raise ValueError("a share reported must be above 0")
    if max(drug["reported"], other["reported"]) > 1:
        raise ValueError("a share reported is at most 1")
    if other["event_reports"] == 0:
        return float("nan")
    return (
        drug["event_reports"]
        * (other["reported"] * other["patient_years"])
        / (other["event_reports"] * drug["reported"] * drug["patient_years"])
    )
""",
        ),
    ],
    "drug_effect": [
        Alternative(
            "one fit with a step and a change of slope",
            """
def drug_effect(visits):
    found = {}
    for who, mine in visits.groupby("patient"):
        mine = mine.dropna()
        years = mine["day"].to_numpy() / 365.25
        on = years > 0
        if on.sum() < 3 or (~on).sum() < 3:
            found[who] = [np.nan, np.nan]
            continue
        x = np.column_stack([np.ones(len(years)), years, on, on * years])
        found[who] = np.linalg.lstsq(x, mine["egfr"], rcond=None)[0][2:]
    return pd.DataFrame(found, index=["at_once", "per_year"]).T
""",
        ),
        Alternative(
            "covariance over variance, side by side",
            """
def drug_effect(visits):
    known = visits.dropna(subset=["egfr"]).assign(on=lambda v: v["day"] > 0)

    def line(one):
        if len(one) < 3:
            return pd.Series({"slope": np.nan, "level": np.nan})
        slope = one["day"].cov(one["egfr"]) / one["day"].var()
        return pd.Series(
            {"slope": slope, "level": one["egfr"].mean() - slope * one["day"].mean()}
        )

    lines = known.groupby(["on", "patient"])[["day", "egfr"]].apply(line)
    everybody = sorted(set(visits["patient"]))
    on, off = (lines.xs(side).reindex(everybody) for side in (True, False))
    return pd.DataFrame(
        {
            "at_once": on["level"] - off["level"],
            "per_year": (on["slope"] - off["slope"]) * 365.25,
        }
    )
""",
        ),
    ],
    "mh_rate_ratio": [
        Alternative(
            "a pivoted table, in years",
            """
def mh_rate_ratio(registry, recorded):
    at_start = [name for name in recorded if not recorded[name] > 0]
    table = registry.assign(
        one=1,
        x=(registry["outcome"] == "infection").astype(int),
        t=registry["follow_up_days"] / 365.25,
    ).pivot_table(
        index=["one", *at_start], columns="treatment", values=["x", "t"], aggfunc="sum", fill_value=0
    )
    a, b = table["x"]["biologic"], table["x"]["conventional"]
    t1, t0 = table["t"]["biologic"], table["t"]["conventional"]
    bottom = (b * t1 / (t1 + t0)).sum()
    if bottom == 0:
        return float("nan")
    return (a * t0 / (t1 + t0)).sum() / bottom
""",
        ),
    ],
    "time_and_cause": [
        Alternative(
            "patient by patient",
            """
def time_and_cause(patients, events, grades):
    rows = []
    for _, p in patients.iterrows():
        hers = events[(events["patient"] == p["patient"]) & events["grade"].isin(grades)]
        if len(hers) > 0:
            rows.append((hers["day"].min(), 1))
        elif p["stop_reason"] in ("completed", "data cut"):
            rows.append((p["treatment_days"], 0))
        else:
            rows.append((p["treatment_days"], 2))
    return pd.DataFrame(rows, index=patients["patient"], columns=["day", "cause"])
""",
        ),
        Alternative(
            "sorted, then merged",
            """
def time_and_cause(patients, events, grades):
    first = events[events["grade"].isin(grades)].sort_values("day")
    first = first.drop_duplicates("patient")[["patient", "day"]]
    both = patients.merge(first, on="patient", how="left")
    both["cause"] = 2
    both.loc[both["stop_reason"].isin(["completed", "data cut"]), "cause"] = 0
    both.loc[both["day"].notna(), "cause"] = 1
    both["day"] = both["day"].where(both["day"].notna(), both["treatment_days"])
    return both.set_index("patient")[["day", "cause"]]
""",
        ),
    ],
    "first_alarm": [
        Alternative(
            "numpy, all visits at once",
            """
def first_alarm(reference, counts):
    base = np.log(np.array(reference, dtype=float))
    base = base[~np.isnan(base)]
    if base.size < 3:
        raise ValueError("fewer than three reference counts")
    m, s = base.mean(), base.std(ddof=1)
    later = np.array(counts, dtype=float)
    where = np.flatnonzero(~np.isnan(later))
    logs = np.log(later[where])
    alarm = logs < m - 3 * s
    low = logs < m - 2 * s
    alarm[1:] |= low[1:] & low[:-1]
    return int(where[alarm.argmax()]) if alarm.any() else None
""",
        ),
    ],
    "days_lost": [
        Alternative(
            "the area below the curve, day by day",
            """
def days_lost(entry, day, cause, horizon):
    free, incidence, area = 1.0, 0.0, 0.0
    for today in range(1, horizon):
        n = np.count_nonzero((entry + 1 <= today) & (today <= day))
        if n > 0:
            d1 = np.count_nonzero((day == today) & (cause == 1))
            d2 = np.count_nonzero((day == today) & (cause == 2))
            incidence += free * d1 / n
            free *= (n - d1 - d2) / n
        area += incidence
    return area
""",
        ),
        Alternative(
            "who came less who went, for all days of an event at once",
            """
def days_lost(entry, day, cause, horizon):
    t = np.unique(day[cause > 0])
    n = np.searchsorted(np.sort(entry), t) - np.searchsorted(np.sort(day), t)
    of_one = np.array([((day == u) & (cause == 1)).sum() for u in t])
    of_both = np.array([((day == u) & (cause > 0)).sum() for u in t])
    free = np.concatenate([[1], np.cumprod(1 - of_both / n)[:-1]])
    return float((free * of_one / n * np.clip(horizon - t, 0, None)).sum())
""",
        ),
        Alternative(
            "three states, moved on by a matrix a day",
            """
def days_lost(entry, day, cause, horizon):
    state, lost = np.array([1.0, 0.0, 0.0]), 0.0
    for today in range(1, horizon):
        watched = (entry < today) & (today <= day)
        if watched.any():
            now = cause[watched & (day == today)]
            one, two = ((now == kind).sum() / watched.sum() for kind in (1, 2))
            state = state @ np.array([[1 - one - two, one, two], [0, 1, 0], [0, 0, 1]])
        lost += state[1]
    return lost
""",
        ),
    ],
    "patients_needed": [
        Alternative(
            "mean time under follow-up",
            """
import math

def patients_needed(margin, rate, leaving, years, share_treated=0.5, power=0.8):
    if not margin > 1:
        raise ValueError("margin must be above 1")
    error = math.log(margin) / (norm.isf(0.025) + norm.isf(1 - power))
    events = 1 / (error**2 * share_treated * (1 - share_treated))
    per_year = rate / 1000
    stops = per_year + math.log(1 / (1 - leaving))
    mean_years = -math.expm1(-stops * years) / stops
    return math.ceil(events / (per_year * mean_years))
""",
        ),
        Alternative(
            "moment by moment",
            """
from scipy.integrate import quad

def patients_needed(margin, rate, leaving, years, share_treated=0.5, power=0.8):
    if margin <= 1:
        raise ValueError("give a margin above 1")
    z = norm.ppf([0.975, power]).sum()
    d = (z / np.log(margin)) ** 2 / share_treated / (1 - share_treated)

    def events_at(t):
        return rate / 1000 * np.exp(-rate / 1000 * t) * (1 - leaving) ** t

    return int(np.ceil(d / quad(events_at, 0, years)[0]))
""",
        ),
    ],
    "case_ratios": [
        Alternative(
            "a set of names for each case",
            """
def case_ratios(rows, drug, event, leave_out=()):
    last = {}
    for case, version in zip(rows["case"], rows["version"]):
        last[case] = max(version, last.get(case, version))
    drugs, events = {}, {}
    for case, version, name, what in zip(
        rows["case"], rows["version"], rows["drug"], rows["event"]
    ):
        if version == last[case]:
            drugs.setdefault(case, set()).add(name)
            events.setdefault(case, set()).add(what)
    kept = [case for case in drugs if drugs[case].isdisjoint(leave_out)]
    ours = [case for case in kept if drug in drugs[case]]
    hit = [case for case in kept if event in events[case]]
    if not ours:
        raise ValueError("the drug is not reported")
    n, n_drug, n_event = len(kept), len(ours), len(hit)
    a = len(set(ours) & set(hit))
    b, c = n_drug - a, n_event - a
    d = n - a - b - c
    e = n_drug * n_event / n
    result = {"cases": a, "prr": float("nan"), "ror": float("nan")}
    if c > 0:
        result["prr"] = (a / n_drug) / (c / (n - n_drug))
        if b > 0:
            result["ror"] = (a / b) / (c / d) if d > 0 else 0.0
    result["ic"] = np.log((a + 0.5) / (e + 0.5)) / np.log(2)
    result["ic025"] = np.log2(chi2.ppf(0.025, 2 * a + 1) / 2 / (e + 0.5))
    return result
""",
        ),
        Alternative(
            "merged with the newest version",
            """
def case_ratios(rows, drug, event, leave_out=()):
    newest = rows.groupby("case", as_index=False)["version"].max()
    rows = rows.merge(newest, on=["case", "version"])
    gone = set(rows.loc[rows["drug"].isin(list(leave_out)), "case"])
    rows = rows[~rows["case"].isin(gone)]
    cases = set(rows["case"])
    with_drug = set(rows.loc[rows["drug"] == drug, "case"])
    with_event = set(rows.loc[rows["event"] == event, "case"])
    if len(with_drug) == 0:
        raise ValueError("no such drug")
    a = len(with_drug & with_event)
    b = len(with_drug - with_event)
    c = len(with_event - with_drug)
    d = len(cases - with_drug - with_event)
    e = (a + b) * (a + c) / len(cases)
    prr = np.nan if c == 0 else a * (c + d) / (c * (a + b))
    ror = np.nan if b == 0 or c == 0 else a * d / b / c
    ic = np.log2(a + 0.5) - np.log2(e + 0.5)
    low = np.log2(gamma(a + 0.5).ppf(0.025)) - np.log2(e + 0.5)
    return {"cases": a, "prr": prr, "ror": ror, "ic": ic, "ic025": low}
""",
        ),
    ],
    "window_rate_ratio": [
        Alternative(
            "patient by patient",
            """
def window_rate_ratio(patients, after):
    days, events = {True: 0.0, False: 0.0}, {True: 0, False: 0}
    for start, stop, end, hit in zip(
        patients["start_day"], patients["stop_day"], patients["followed_days"], patients["event"]
    ):
        if np.isnan(start):
            days[False] += end
            inside = False
        else:
            close = end if np.isnan(stop) else stop + after
            days[True] += min(close, end) - start
            days[False] += start + max(end - close, 0)
            inside = end <= close
        events[inside] += int(hit)
    if days[True] == 0 or events[False] == 0:
        return float("nan")
    return events[True] * days[False] / (days[True] * events[False])
""",
        ),
        Alternative(
            "the draft, mended",
            """
def window_rate_ratio(patients, after):
    had = patients["start_day"].notna()
    stopped = patients["stop_day"].fillna(patients["followed_days"])
    ended = (stopped + after).clip(upper=patients["followed_days"])
    inside = (ended - patients["start_day"])[had].sum()
    outside = patients["followed_days"].sum() - inside
    in_time = had & (patients["followed_days"] <= ended)
    hits_inside = (patients["event"] & in_time).sum()
    hits_outside = patients["event"].sum() - hits_inside
    if inside == 0 or hits_outside == 0:
        return np.nan
    return (hits_inside / inside) / (hits_outside / outside)
""",
        ),
    ],
}
