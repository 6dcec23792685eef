"""Answers to the assignment `application`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "normalised_trough": ["ob-application-normalised-trough"],
    "by_patient": ["ob-application-person-time"],
    "concentration": ["ob-application-clearance", "ob-mechanism-accumulation"],
    "treat_to_prevent": ["ob-application-person-time", "ob-evidence-effect-sizes"],
    "event_free": ["ob-application-control-loop"],
    "rate_ratio": ["ob-application-person-time", "ob-application-clustered-interval"],
    "map_clearance": ["ob-application-clearance"],
    "expresser_chance": ["ob-application-clearance"],
    "best_target": ["ob-application-target"],
    "confirmed": ["ob-application-wrong-side"],
    "late_dose": ["ob-application-clearance", "ob-mechanism-accumulation"],
    "rates_by_level": ["ob-application-control-loop", "ob-application-person-time"],
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
            "unknown although all had their event",
            "does not think of an estimate of 0",
            {" and free > 0": ""},
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
            "all the others are controls",
            "takes every patient who was not treated into the spread of the controls",
            {
                'patients[patients["treat"] == arm]': (
                    'patients[(patients["treat"] == treated) == (arm == treated)]'
                )
            },
            seen=False,
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
            seen=False,
        ),
        Wrong(
            "divided by standard deviations",
            "does not square them",
            {
                'prior["sigma"]': 'np.sqrt(prior["sigma"])',
                'prior["omega"]': 'np.sqrt(prior["omega"])',
            },
            seen=False,
        ),
        Wrong(
            "troughs without logarithm",
            "lets an error be as many ng/mL at every level",
            {"np.log(trough) - np.log(predicted)": "trough - predicted"},
            seen=False,
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
            seen=False,
        ),
        Wrong(
            "missing trough kept",
            "lets nan into the sum",
            {"~np.isnan(troughs_ng_ml)": "np.isfinite(doses_mg)"},
        ),
        Wrong(
            "search ends at 100",
            "looks only where most patients are",
            {"np.log(500)": "np.log(100)"},
            seen=False,
        ),
        Wrong(
            "search begins at 5",
            "looks only where most patients are",
            {"bounds=(0, ": "bounds=(np.log(5), "},
            seen=False,
        ),
    ],
    "expresser_chance": [
        Wrong(
            "as many expressers as others",
            "leaves out how frequent a genotype is",
            {"return share * np.sum(": "return np.sum("},
        ),
        Wrong(
            "every trough a new patient",
            "lets each trough of a patient have a clearance of its own",
            {
                "surprise = np.sum((ahead / error) ** 2, axis=1)": (
                    "apart = (ahead / error) ** 2"
                ),
                "likelihood = np.exp((surprise.min() - surprise) / 2)": (
                    "likelihood = np.exp(-apart.T / 2)"
                ),
                "np.sum(likelihood * np.exp(-(far**2) / 2))": (
                    "np.prod(np.sum(likelihood * np.exp(-(far**2) / 2), axis=1))"
                ),
            },
            seen=False,
        ),
        Wrong(
            "typical clearance for the patient's",
            "takes all patients of a genotype for alike",
            {"np.log(typical)) / spread": "np.log(typical)) / 1e-2"},
            seen=False,
        ),
        Wrong(
            "odds for a chance",
            "divides one genotype by the other",
            {
                "expresser / (expresser + weight(1 - expressers": (
                    "expresser / (weight(1 - expressers"
                )
            },
        ),
        Wrong(
            "factor the wrong way",
            "lets expressers clear more slowly",
            {'factor * prior["cl"]': 'prior["cl"] / factor'},
        ),
        Wrong(
            "missing trough kept for the genotype",
            "lets nan into the sum",
            {"np.isfinite(troughs_ng_ml)": "np.isfinite(doses_mg)"},
            seen=False,
        ),
    ],
    "best_target": [
        Wrong(
            "harm at the mean level",
            "takes the exponential of the mean for the mean of the exponential",
            {" + slope**2 * sd**2 / 2": ""},
            seen=False,
        ),
        Wrong(
            "half forgotten",
            "adds the whole variance",
            {"slope**2 * sd**2 / 2": "slope**2 * sd**2"},
            seen=False,
        ),
        Wrong(
            "three standard deviations are all",
            "cuts off the rare levels, at which an exponential is largest",
            {
                "        return hazards[event] * np.exp(exponent)": (
                    "        z = np.linspace(-3, 3, 2001)\n"
                    "        rare = stats.norm.pdf(z)\n"
                    "        mean = np.sum(rare * np.exp(slope * sd * z)) / rare.sum()\n"
                    "        return hazards[event] * np.exp(slope * (target - 8)) * mean"
                )
            },
            seen=False,
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
    "confirmed": [
        Wrong(
            "one reading decides",
            "leaves the second reading out",
            {"above**2": "above"},
            seen=False,
        ),
        Wrong(
            "mean of two readings",
            "takes the other clinic's rule, or what the page does",
            {
                "(true_scores - target) / error_sd": (
                    "(true_scores - target) / (error_sd / np.sqrt(2))"
                ),
                "above**2": "above",
            },
            seen=False,
        ),
        Wrong(
            "either reading is enough",
            "takes or for and",
            {"above**2": "1 - (1 - above) ** 2"},
            seen=False,
        ),
        Wrong(
            "twice the chance",
            "adds two chances that have to be multiplied",
            {"above**2": "2 * above"},
        ),
        Wrong(
            "left only if both read low",
            "forgets those left at once, or those left at the second reading",
            {"(1 - ordered[~at_target])": "((1 - above[~at_target]) ** 2)"},
            seen=False,
        ),
        Wrong(
            "left at the second reading only",
            "forgets those who are left at once",
            {"(1 - ordered[~at_target])": "((above - ordered)[~at_target])"},
            seen=False,
        ),
        Wrong(
            "share of all patients",
            "takes the wrong denominator",
            {
                "ordered[at_target].mean()": "ordered[at_target].sum() / len(true_scores)"
            },
            seen=False,
        ),
        Wrong(
            "shares exchanged",
            "returns them the other way round",
            {"return stepped_up, left,": "return left, stepped_up,"},
            seen=False,
        ),
        Wrong(
            "direction reversed",
            "subtracts the wrong way round",
            {"(true_scores - target)": "(target - true_scores)"},
        ),
        Wrong(
            "two readings for everybody",
            "overlooks that a low first reading ends it",
            {"1 + above.mean()": "2.0"},
        ),
        Wrong(
            "second readings only",
            "forgets that everybody is read once",
            {"1 + above.mean()": "above.mean()"},
        ),
        Wrong(
            "readings of those at target",
            "leaves out the patients who are read most",
            {"1 + above.mean()": "1 + above[at_target].mean()"},
        ),
        Wrong(
            "the average patient",
            "puts the mean score into the formula",
            {
                "ordered[at_target].mean()": (
                    "stats.norm.cdf((true_scores[at_target].mean() - target)"
                    " / max(error_sd, 1e-9)) ** 2"
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
        Wrong(
            "a share of nobody is 0",
            "takes a share that nobody can have for a good one",
            {"if at_target.any() else np.nan": "if at_target.any() else 0.0"},
            seen=False,
        ),
        Wrong(
            "no error, no patient needed",
            "gives 0 wherever nothing errs, though there is nobody",
            {
                "        above = 1.0 * ~at_target": (
                    "        return 0.0, 0.0, 1 + np.mean(~at_target)"
                )
            },
            seen=False,
        ),
    ],
    "late_dose": [
        Wrong(
            "never taken, however late",
            "takes a dose away and forgets that it comes later",
            {"of_one_dose(now) + late_part": "of_one_dose(now)"},
        ),
        Wrong(
            "taken twice",
            "adds the late dose to a trough that has it already",
            {"usual - of_one_dose(now) + late_part": "usual + late_part"},
        ),
        Wrong(
            "back to the usual at the next trough",
            "believes that a dose is gone after one interval",
            {
                "return usual - of_one_dose(now) + late_part": (
                    "return usual if number > 1 else"
                    " usual - of_one_dose(now) + late_part"
                )
            },
            seen=False,
        ),
        Wrong(
            "later doses late as well",
            "moves the whole rhythm by the hours of one dose",
            {
                "return usual - of_one_dose(now) + late_part": (
                    "back = interval - min(late_h, interval)\n"
                    "    return scale * (np.exp(-k * back) / -np.expm1(-k * interval)"
                    " - np.exp(-ka * back) / -np.expm1(-ka * interval))"
                )
            },
        ),
        Wrong(
            "all earlier doses late as well",
            "puts the formula of the steady state where that of one dose belongs",
            {
                "(np.exp(-k * hours) - np.exp(-ka * hours))": (
                    "(np.exp(-k * hours) / -np.expm1(-k * interval)"
                    " - np.exp(-ka * hours) / -np.expm1(-ka * interval))"
                )
            },
        ),
        Wrong(
            "age of the late dose from when it was due",
            "lets the late dose be as old as one in time",
            {"of_one_dose(now - late_h)": "of_one_dose(now)"},
            seen=False,
        ),
        Wrong(
            "late by so much, old by so much",
            "takes the hours of delay for the age of the dose",
            {"of_one_dose(now - late_h)": "of_one_dose(late_h)"},
        ),
        Wrong(
            "a dose before it is taken",
            "puts a negative age into the formula",
            {"if late_h < now else 0": "if late_h < np.inf else 0"},
            seen=False,
        ),
        Wrong(
            "later than an interval is never",
            "does not think of a dose taken between two later ones",
            {"if late_h < now else 0": "if late_h <= interval and late_h < now else 0"},
            seen=False,
        ),
        Wrong(
            "together with the next is never",
            "does not count a dose that is taken beside another",
            {"if late_h < now else 0": "if late_h < min(now, interval) else 0"},
            seen=False,
        ),
        Wrong(
            "troughs counted from 0",
            "takes the first trough for the one an interval later",
            {"number * interval": "(number + 1) * interval"},
            seen=False,
        ),
        Wrong(
            "mg/L for ng/mL",
            "leaves out the factor of 1,000",
            {"1000 * dose_mg": "dose_mg"},
        ),
        Wrong(
            "always every 12 h",
            "types an interval where one is given",
            {'p["ka"], p["interval"]\n': 'p["ka"], 12\n'},
            seen=False,
        ),
    ],
    "rates_by_level": [
        Wrong(
            "as the colleague wrote it",
            "finds neither fault, since the rates look reasonable",
            {
                'visits[visits["hours_after_dose"] >= 10]': "visits",
                'troughs[troughs["day"] <= landmark]': "troughs",
                'rows["rejection"].sum() / years.sum() if len(rows) else np.nan': (
                    '(rows["rejection"] / years).mean()'
                ),
            },
            seen=False,
        ),
        Wrong(
            "sorted by the future",
            "mends the rate, and puts patients into groups by later levels",
            {'troughs[troughs["day"] <= landmark]': "troughs"},
            seen=False,
        ),
        Wrong(
            "every sample a trough",
            "does not look when the samples were drawn",
            {'visits[visits["hours_after_dose"] >= 10]': "visits"},
            seen=False,
        ),
        Wrong(
            "ten hours are too few",
            "writes > for ≥",
            {">= 10]": "> 10]"},
            seen=False,
        ),
        Wrong(
            "mean of the patients' own rates",
            "mends the groups, and lets a month count as much as a year",
            {
                'rows["rejection"].sum() / years.sum() if len(rows) else np.nan': (
                    '(rows["rejection"] / years).mean()'
                )
            },
            seen=False,
        ),
        Wrong(
            "rejections per patient",
            "leaves the time at risk out",
            {
                'rows["rejection"].sum() / years.sum() if len(rows) else np.nan': (
                    'rows["rejection"].mean()'
                )
            },
            seen=False,
        ),
        Wrong(
            "only the years of those who had a rejection",
            "leaves out the time of those who stayed well",
            {"years.sum() if": 'years[rows["rejection"]].sum() if'},
        ),
        Wrong(
            "clock from the transplantation",
            "counts time in which nobody of these patients could have a rejection",
            {'(rows["rejection_days"] - landmark)': 'rows["rejection_days"]'},
        ),
        Wrong(
            "no landmark for the patients",
            "counts rejections from before the level was known",
            {'table[table["rejection_days"] > landmark]': "table.copy()"},
        ),
        Wrong(
            "levels after the landmark",
            "takes the levels of the time that is compared",
            {'troughs["day"] <= landmark': 'troughs["day"] > landmark'},
        ),
        Wrong(
            "the landmark's own day left out",
            "writes < for ≤",
            {'troughs["day"] <= landmark': 'troughs["day"] < landmark'},
            seen=False,
        ),
        Wrong(
            "gone on the landmark, still at risk",
            "writes ≥ for >",
            {
                'table["rejection_days"] > landmark': (
                    'table["rejection_days"] >= landmark'
                )
            },
            seen=False,
        ),
        Wrong(
            "last level",
            "sorts by the newest trough in place of the mean",
            {'["trough_ng_ml"].mean()': '["trough_ng_ml"].last()'},
            seen=False,
        ),
        Wrong(
            "unknown level counts as high",
            "takes not below for above",
            {'table[table["level"] >= cut]': 'table[~(table["level"] < cut)]'},
            seen=False,
        ),
        Wrong(
            "a level on the cut is low",
            "writes ≤ for <",
            {
                'table["level"] < cut': 'table["level"] <= cut',
                'table["level"] >= cut': 'table["level"] > cut',
            },
            seen=False,
        ),
        Wrong(
            "nobody has no rejections",
            "gives 0 for a group in which nobody was",
            {"if len(rows) else np.nan": "if len(rows) else 0.0"},
            seen=False,
        ),
        Wrong(
            "a year of 365 days",
            "takes another year than the assignment",
            {"365.25": "365"},
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
        Alternative(
            "columns one by one",
            """
def by_patient(intervals):
    infected = intervals[intervals["status"] == 1].groupby("id")
    days = intervals.groupby("id")["tstop"].max()
    table = pd.DataFrame({"treat": intervals.groupby("id")["treat"].min(), "days": days})
    table["infections"] = infected.size().reindex(days.index, fill_value=0)
    table["infected"] = table["infections"].gt(0)
    table["first_days"] = infected["tstop"].min().reindex(days.index).fillna(days)
    return table
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
        Alternative(
            "half-lives and geometric series",
            """
def concentration(dose_mg, hours, p):
    def sum_of_doses(rate):
        return np.exp(-rate * hours) / -np.expm1(-rate * p["interval"])

    k = p["cl"] / p["v"]
    peak = dose_mg / p["v"] * 1e3 * p["ka"] / (p["ka"] - k)
    return peak * (sum_of_doses(k) - sum_of_doses(p["ka"]))


def dose_for_trough(trough_ng_ml, p):
    return trough_ng_ml / concentration(1.0, 0.0, p)
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
        Alternative(
            "one helper that turns a difference over",
            """
def number_for(gain, years):
    if not years > 0:
        raise ValueError(f"{years} years is no time")
    return np.inf if gain == 0 else 1 / gain


def treat_per_infection(rate_control, rate_treated, years):
    return number_for(years * rate_control - years * rate_treated, years)


def treat_per_patient(rate_control, rate_treated, years):
    return number_for(np.expm1(-rate_treated * years) - np.expm1(-rate_control * years), years)
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
""",
        ),
        Alternative(
            "a table of days, with the number at risk in its column",
            """
def event_free(days, event, at):
    table = pd.DataFrame({"day": days, "event": event}).groupby("day")["event"]
    table = table.agg(["sum", "size"])
    table["at_risk"] = table["size"][::-1].cumsum()
    if table.empty:
        return float("nan")
    so_far = table[table.index <= at]
    estimate = (1 - so_far["sum"].astype(float) / so_far["at_risk"]).prod()
    if at > table.index.max() and estimate > 0:
        return float("nan")
    return estimate
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
        Alternative(
            "everybody's surprise in one column",
            """
def rates(patients):
    return patients.groupby("treat").apply(
        lambda rows: rows["infections"].sum() / (rows["days"].sum() / 365.25)
    )


def rate_ratio(patients, treated, control):
    table = patients.assign(years=patients["days"] / 365.25)
    table["rate"] = table["treat"].map(rates(patients))
    table["square"] = (table["infections"] - table["rate"] * table["years"]) ** 2
    sums = table.groupby("treat")[["infections", "years", "square"]].sum()
    v = (sums["square"] / sums["infections"] ** 2).loc[[treated, control]].sum()
    log_rate = np.log(sums["infections"] / sums["years"])
    log_ratio = log_rate[treated] - log_rate[control]
    low, middle, high = np.exp(log_ratio + 1.96 * np.sqrt(v) * np.array([-1, 0, 1]))
    return float(middle), float(low), float(high)
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
    "expresser_chance": [
        Alternative(
            "a grid, and the ratio of two integrals",
            """
def expresser_chance(doses_mg, troughs_ng_ml, prior, expressers, factor):
    cl = np.exp(np.linspace(np.log(prior["cl"]) - 5, np.log(prior["cl"]) + 5, 8001))
    odds = expressers / (1 - expressers)
    for typical, power in ((factor * prior["cl"], 1), (prior["cl"], -1)):
        joint = stats.norm.pdf(np.log(cl), np.log(typical), prior["omega"]) / cl
        for dose, trough in zip(doses_mg, troughs_ng_ml):
            if not np.isnan(trough):
                expected = 1000 * dose / prior["v"] / (np.exp(12 * cl / prior["v"]) - 1)
                joint = joint * stats.norm.pdf(np.log(trough / expected), 0, prior["sigma"])
        odds *= np.trapezoid(joint, cl) ** power
    return odds / (1 + odds)
""",
        ),
        Alternative(
            "integrals in standard deviations",
            """
def expresser_chance(doses_mg, troughs_ng_ml, prior, expressers, factor):
    from scipy.integrate import quad

    pairs = [(d, np.log(c)) for d, c in zip(doses_mg, troughs_ng_ml) if c == c]

    def average(typical):
        def joint(z):
            cl = typical * np.exp(z * prior["omega"])
            total = z**2
            for d, y in pairs:
                g = np.log(1000 * d / prior["v"]) - np.log(np.expm1(12 * cl / prior["v"]))
                total += ((y - g) / prior["sigma"]) ** 2
            return np.exp(-total / 2)

        return quad(joint, -8, 8, points=np.linspace(-6, 6, 25), limit=400)[0]

    yes = expressers * average(factor * prior["cl"])
    no = (1 - expressers) * average(prior["cl"])
    return yes / (yes + no)
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
            "averaged over the levels",
            """
def mean_harm(target, sd, weight, hazards):
    z = np.linspace(-9, 9, 3001)
    level = target + sd * z
    rejection = hazards["rejection"] * np.exp(hazards["rejection_slope"] * (level - 8))
    infection = hazards["infection"] * np.exp(hazards["infection_slope"] * (level - 8))
    return np.average(weight * rejection + infection, weights=stats.norm.pdf(z))


def best_target(sd, weight, hazards, low, high):
    return minimize_scalar(
        lambda target: mean_harm(target, sd, weight, hazards),
        bounds=(low, high),
        method="bounded",
    ).x
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
    "confirmed": [
        Alternative(
            "patient by patient",
            """
def confirmed(true_scores, error_sd, target):
    up, left, readings = [], [], []
    for score in true_scores:
        if error_sd > 0:
            high = stats.norm.sf(target, loc=score, scale=error_sd)
        else:
            high = float(score > target)
        readings.append(1 * (1 - high) + 2 * high)
        if score > target:
            left.append((1 - high) + high * (1 - high))
        else:
            up.append(high * high)
    return (
        sum(up) / len(up) if up else float("nan"),
        sum(left) / len(left) if left else float("nan"),
        sum(readings) / len(readings),
    )
""",
        ),
        Alternative(
            "one table, with no error as a very small one",
            """
def confirmed(true_scores, error_sd, target):
    table = pd.DataFrame({"above": true_scores > target})
    if error_sd > 0:
        table["p"] = 1 - stats.norm.cdf((target - true_scores) / error_sd)
    else:
        table["p"] = table["above"].astype(float)
    step = table["p"].pow(2)
    needless = step[~table["above"]].mean()
    return needless, 1 - step[table["above"]].mean(), (1 + table["p"]).mean()
""",
        ),
    ],
    "late_dose": [
        Alternative(
            "one dose after the other",
            """
def trough_after_late(dose_mg, late_h, number, p):
    k, ka, tau = p["cl"] / p["v"], p["ka"], p["interval"]
    times = [-n * tau for n in range(1, 800)] + [late_h] + [n * tau for n in range(1, number)]
    total = 0.0
    for t in times:
        age = number * tau - t
        if age > 0:
            total += np.exp(-k * age) - np.exp(-ka * age)
    return total * 1000 * dose_mg / p["v"] * ka / (ka - k)
""",
        ),
        Alternative(
            "what is left of the past, plus the doses since",
            """
def trough_after_late(dose_mg, late_h, number, p):
    tau, ka = p["interval"], p["ka"]
    k = p["cl"] / p["v"]
    c = 1000 * dose_mg * ka / p["v"] / (ka - k)
    end = number * tau
    past = np.exp(-k * end) / np.expm1(k * tau) - np.exp(-ka * end) / np.expm1(ka * tau)
    since = [end - n * tau for n in range(1, number)]
    if end > late_h:
        since.append(end - late_h)
    since = np.array(since)
    return c * (past + np.sum(np.exp(-k * since) - np.exp(-ka * since)))
""",
        ),
    ],
    "rates_by_level": [
        Alternative(
            "one patient after the other",
            """
def rates_by_level(visits, outcomes, cut, landmark):
    count, days = {"low": 0, "high": 0}, {"low": 0.0, "high": 0.0}
    for row in outcomes.itertuples():
        if row.rejection_days <= landmark:
            continue
        own = visits[(visits["patient"] == row.patient) & (visits["day"] <= landmark)]
        own = own[~(own["hours_after_dose"] < 10)]
        level = own["trough_ng_ml"].mean()
        if np.isnan(level):
            continue
        group = "low" if level < cut else "high"
        count[group] += row.rejection
        days[group] += row.rejection_days - landmark
    return {g: count[g] / (days[g] / 365.25) if days[g] else float("nan") for g in days}
""",
        ),
        Alternative(
            "merged, and summed by group",
            """
def rates_by_level(visits, outcomes, cut, landmark):
    known = visits.query("day <= @landmark and hours_after_dose >= 10").dropna(subset=["trough_ng_ml"])
    level = known.groupby("patient", as_index=False)["trough_ng_ml"].mean()
    both = outcomes.merge(level, on="patient").query("rejection_days > @landmark")
    both["group"] = np.where(both["trough_ng_ml"] >= cut, "high", "low")
    both["years"] = (both["rejection_days"] - landmark) / 365.25
    sums = both.groupby("group")[["rejection", "years"]].sum()
    rate = (sums["rejection"] / sums["years"]).reindex(["low", "high"])
    return rate.astype(float).to_dict()
""",
        ),
    ],
}
