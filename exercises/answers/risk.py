"""Answers to the assignment `risk`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "person_years": ["ob-risk-rate"],
    "rate_table": ["ob-risk-rate"],
    "nnh": ["ob-risk-nnh"],
    "mh_rate_ratio": ["ob-risk-adjusted-ratio"],
    "time_and_cause": ["ob-risk-competing-event"],
    "cumulative_incidence": ["ob-risk-competing-event"],
    "split_rate_ratio": ["ob-risk-immortal-time"],
    "planning": ["ob-risk-rare-harm"],
    "egfr_slopes": ["ob-risk-slopes"],
    "first_alarm": ["ob-risk-control-chart"],
    "disproportionality": ["ob-risk-disproportionality"],
    "rate_ratio_from_reports": ["ob-risk-no-risk"],
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
    "rate_table": [
        Wrong(
            "per patient",
            "takes the share of patients for a rate per year",
            {'groups["follow_up_days"].sum() / 365.25': "groups.size()"},
        ),
        Wrong(
            "any end is an infection",
            "counts deaths and those who left",
            {'== "infection"': '!= "end of study"'},
        ),
        Wrong(
            "normal interval",
            "adds and subtracts 1.96 roots",
            {
                "np.where(events > 0, chi2.ppf(0.025, 2 * events) / 2, 0)": (
                    "np.maximum(events - 1.96 * np.sqrt(events), 0)"
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
                "np.where(events > 0, chi2.ppf(0.025, 2 * events) / 2, 0)": (
                    "chi2.ppf(0.025, 2 * events) / 2"
                )
            },
            seen=False,
        ),
    ],
    "nnh": [
        Wrong(
            "per patient, no time frame",
            "subtracts shares of patients, however long they were followed",
            {
                'treated["years"] - control': 'treated["patients"] - control',
                'control["years"]': 'control["patients"]',
                "(excess * years)": "excess",
            },
        ),
        Wrong(
            "patient-years for patients",
            "gives an NNH without its time frame",
            {"(excess * years)": "excess"},
        ),
        Wrong(
            "shares divided by the time frame",
            "takes a share of patients for a rate per year",
            {
                'treated["years"] - control': 'treated["patients"] - control',
                'control["years"]': 'control["patients"]',
            },
        ),
        Wrong(
            "times the years",
            "needs more patients the longer they are treated",
            {"1 / (excess * years)": "years / excess"},
        ),
        Wrong(
            "negative harm",
            "gives a number where there is no harm",
            {"if excess > 0 else": "if excess != 0 else"},
            seen=False,
        ),
    ],
    "mh_rate_ratio": [
        Wrong(
            "crude",
            "does not stratify",
            {"registry.groupby(strata)": '[("all", registry)]'},
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
            {"groupby(strata)": "groupby(strata[0])"},
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
    "cumulative_incidence": [
        Wrong(
            "1 - KM",
            "treats a competing event as censoring",
            {"(day == today) & (cause > 0)": "(day == today) & (cause == 1)"},
        ),
        Wrong(
            "plain share",
            "ignores that some were censored",
            {
                "    return incidence": (
                    "    return ((cause == 1) & (day <= horizon)).mean()"
                )
            },
        ),
        Wrong(
            "rivals left out",
            "drops the patients with a competing event",
            {
                "free, incidence = 1.0, 0.0": (
                    "free, incidence = 1.0, 0.0\n"
                    "    day, cause = day[cause != 2], cause[cause != 2]"
                )
            },
        ),
        Wrong(
            "S lowered first",
            "multiplies by the share that is left after the day",
            {
                "incidence += free * events / at_risk\n"
                "        free *= 1 - either / at_risk": (
                    "free *= 1 - either / at_risk\n"
                    "        incidence += free * events / at_risk"
                )
            },
        ),
        Wrong(
            "horizon left out",
            "writes < for ≤",
            {"(day <= horizon)": "(day < horizon)"},
        ),
        Wrong(
            "censored today are gone",
            "does not count those censored on the day as at risk",
            {
                "(day >= today).sum()": "((day > today) | ((day == today) & (cause > 0))).sum()"
            },
        ),
    ],
    "split_rate_ratio": [
        Wrong(
            "immortal time kept",
            "gives all the time of those with an event to the event",
            {
                'patients["onset_day"].fillna(followed).sum()': "followed[~had].sum()",
                '(followed - patients["onset_day"])[had].sum()': "followed[had].sum()",
            },
        ),
        Wrong(
            "immortal time thrown away",
            "leaves out the days before an onset",
            {'patients["onset_day"].fillna(followed).sum()': "followed[~had].sum()"},
        ),
        Wrong(
            "immortal time counted twice",
            "adds the days before an onset to both sides",
            {'(followed - patients["onset_day"])[had].sum()': "followed[had].sum()"},
        ),
        Wrong(
            "per patient",
            "compares shares of patients",
            {
                "(hit[had].sum() / time_with)": "hit[had].mean()",
                "(hit[~had].sum() / time_without)": "hit[~had].mean()",
            },
        ),
        Wrong(
            "no time is no risk",
            "takes an unknown ratio for 0",
            {"return np.nan": "return 0"},
            seen=False,
        ),
    ],
    "planning": [
        Wrong(
            "alpha halved again",
            "takes the one-sided level for a two-sided one",
            {"norm.ppf(1 - alpha)": "norm.ppf(1 - alpha / 2)"},
        ),
        Wrong(
            "share left out",
            "forgets how the patients are divided",
            {"share_treated * (1 - share_treated) * ": ""},
        ),
        Wrong(
            "rounded to the nearest",
            "stops short of the wanted power",
            {"np.ceil(": "np.round("},
        ),
        Wrong(
            "rate per year",
            "forgets the 1,000",
            {"(rate_per_1000 / 1000)": "rate_per_1000"},
        ),
        Wrong(
            "rule of three",
            "takes the rule for the formula",
            {"-np.log(1 - confidence)": "3"},
        ),
        Wrong(
            "any margin",
            "plans to exclude a harm that is none",
            {"if margin <= 1:": "if margin == 1:"},
            seen=False,
        ),
    ],
    "egfr_slopes": [
        Wrong(
            "first and last reading only",
            "ignores the readings between",
            {
                'np.polyfit(years, measured["egfr"], 1)[0]': (
                    '(measured["egfr"][years.idxmax()] - measured["egfr"][years.idxmin()])'
                    " / (years.max() - years.min())"
                )
            },
        ),
        Wrong(
            "visits at equal distances",
            "counts visits in place of days",
            {'years = measured["day"] / 365.25': 'years = measured["day"].rank()'},
        ),
        Wrong(
            "not measured is 0",
            "fills what is missing",
            {
                'rows[rows["egfr"].notna()]': (
                    'rows.assign(egfr=rows["egfr"].fillna(0))'
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
            "patients without a slope left out",
            "drops what is missing",
            {"return pd.Series(slopes)": "return pd.Series(slopes).dropna()"},
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
    "disproportionality": [
        Wrong(
            "ROR read as risk",
            "divides shares, as if they were risks of patients",
            {"a * d / (b * c) if": "a / (a + b) / (c / (c + d)) if"},
        ),
        Wrong(
            "denominators exchanged",
            "divides each count by the other group, as a printed table does",
            {
                '"prr": a / (a + b) / (c / (c + d))': '"prr": a / (c + d) / (c / (a + b))'
            },
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
            "nobody left out",
            "does not lift the mask",
            {'reports[~reports["drug"].isin(leave_out)]': "reports"},
        ),
        Wrong(
            "their reports become other events",
            "leaves the reports of the masking drug in the denominator",
            {
                'reports[~reports["drug"].isin(leave_out)]': "reports",
                'kept["event"] == event': (
                    '(kept["event"] == event) & ~kept["drug"].isin(leave_out)'
                ),
            },
        ),
        Wrong(
            "a drug that nobody names",
            "lets a misspelt name through",
            {
                "if a + b == 0:": "if len(kept) == 0:",
                '"prr": a / (a + b) / (c / (c + d)) if c > 0': (
                    '"prr": a / (a + b) / (c / (c + d)) if c > 0 and a + b > 0'
                ),
            },
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
    "rate_table": [
        Alternative(
            "group by group, with the gamma distribution",
            """
def rate_table(registry, by):
    rows = {}
    for name, group in registry.groupby(by):
        x = int((group["outcome"] == "infection").sum())
        t = group["follow_up_days"].sum() / 365.25
        low = gamma.ppf(0.025, x) if x else 0.0
        high = gamma.ppf(0.975, x + 1)
        rows[name] = [x, t, x / t * 100, low / t * 100, high / t * 100]
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["events", "years", "rate", "low", "high"]
    )
""",
        ),
    ],
    "nnh": [
        Alternative(
            "excess events in one patient over the whole time",
            """
def nnh(treated, control, years):
    with_drug = years * treated["events"] / treated["years"]
    without = years * control["events"] / control["years"]
    if with_drug <= without:
        return float("nan")
    return 1.0 / (with_drug - without)
""",
        ),
    ],
    "mh_rate_ratio": [
        Alternative(
            "a pivoted table, in years",
            """
def mh_rate_ratio(registry, strata):
    table = registry.assign(
        x=(registry["outcome"] == "infection").astype(int),
        t=registry["follow_up_days"] / 365.25,
    ).pivot_table(
        index=strata, columns="treatment", values=["x", "t"], aggfunc="sum", fill_value=0
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
    "cumulative_incidence": [
        Alternative(
            "a table of days, cumulated",
            """
def cumulative_incidence(day, cause, horizon):
    table = pd.crosstab(day, cause).reindex(columns=[0, 1, 2], fill_value=0)
    n = table.sum(axis=1)[::-1].cumsum()[::-1]
    free = (1 - (table[1] + table[2]) / n).cumprod().shift(fill_value=1)
    return float((free * table[1] / n)[table.index <= horizon].sum())
""",
        ),
        Alternative(
            "patient by patient in order",
            """
def cumulative_incidence(day, cause, horizon):
    order = np.lexsort((cause == 0, day))  # events before censoring on the same day
    s, f, n = 1.0, 0.0, len(day)
    for t, c in zip(day[order], cause[order]):
        if t > horizon:
            break
        if c == 1:
            f += s / n
        if c != 0:
            s -= s / n
        n -= 1
    return f
""",
        ),
    ],
    "split_rate_ratio": [
        Alternative(
            "patient by patient",
            """
def split_rate_ratio(patients):
    days = {True: 0.0, False: 0.0}
    hits = {True: 0, False: 0}
    for onset, end, hit in zip(
        patients["onset_day"], patients["followed_days"], patients["progressed"]
    ):
        had = not np.isnan(onset)
        days[False] += onset if had else end
        days[True] += end - onset if had else 0
        hits[had] += int(hit)
    if days[True] == 0 or hits[False] == 0:
        return float("nan")
    return hits[True] * days[False] / (days[True] * hits[False])
""",
        ),
    ],
    "planning": [
        Alternative(
            "math, through the standard error that is needed",
            """
import math

def events_needed(margin, share_treated, power=0.8, alpha=0.025):
    if not margin > 1:
        raise ValueError("margin must be above 1")
    error = math.log(margin) / (norm.isf(alpha) + norm.isf(1 - power))
    return math.ceil(1 / (error**2 * share_treated * (1 - share_treated)))


def years_without_event(rate_per_1000, confidence=0.95):
    return 1000 * chi2.ppf(confidence, 2) / 2 / rate_per_1000
""",
        ),
    ],
    "egfr_slopes": [
        Alternative(
            "covariance over variance, by groupby",
            """
def egfr_slopes(visits):
    def slope(rows):
        rows = rows.dropna()
        if len(rows) < 3:
            return np.nan
        return 365.25 * rows["day"].cov(rows["egfr"]) / rows["day"].var()

    return visits.groupby("patient")[["day", "egfr"]].apply(slope)
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
    "disproportionality": [
        Alternative(
            "a table of counts",
            """
def disproportionality(reports, drug, event, leave_out=()):
    reports = reports[[name not in set(leave_out) for name in reports["drug"]]]
    a = len(reports[(reports["drug"] == drug) & (reports["event"] == event)])
    n_drug = len(reports[reports["drug"] == drug])
    n_event = len(reports[reports["event"] == event])
    n = len(reports)
    if n_drug == 0:
        raise ValueError("the drug is not reported")
    b, c = n_drug - a, n_event - a
    d = n - a - b - c
    e = n_drug * n_event / n
    result = {"a": a, "prr": float("nan"), "ror": float("nan")}
    if c > 0:
        result["prr"] = (a / n_drug) / (c / (n - n_drug))
        if b > 0:
            result["ror"] = (a / b) / (c / d) if d > 0 else 0.0
    result["ic"] = np.log((a + 0.5) / (e + 0.5)) / np.log(2)
    result["ic025"] = np.log2(chi2.ppf(0.025, 2 * a + 1) / 2 / (e + 0.5))
    return result
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
}
