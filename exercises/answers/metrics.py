"""Answers to the assignment `metrics`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "worst_grade": ["ob-metrics-grade", "ob-metrics-missed-visit"],
    "cdai_sdai": ["ob-metrics-scores"],
    "das28_fall": ["ob-metrics-scores"],
    "crp_half_life": ["ob-metrics-half-life", "ob-metrics-detection-limit"],
    "cd4_count": ["ob-metrics-gates", "ob-metrics-absolute-count"],
    "lasting_since": ["ob-metrics-response"],
    "acr_response": ["ob-metrics-response", "ob-metrics-dropout"],
    "draw_crp": ["ob-metrics-skewed-scale"],
    "crp_for_response": ["ob-metrics-laboratory-share", "ob-metrics-component"],
    "change_factor": ["ob-metrics-change-value"],
    "auc": ["ob-metrics-rivals"],
    "judge": ["ob-metrics-rivals", "ob-metrics-surrogate"],
}

WRONG = {
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
    "das28_fall": [
        Wrong(
            "each visit by its own best form",
            "takes two forms of a score for one, and their difference for a change",
            {
                "[esr + patient, crp + patient, 1.08 * esr, 1.10 * crp]": (
                    "[esr + patient, crp + patient + 0.96, "
                    "1.08 * esr + 0.16, 1.10 * crp + 1.15]"
                ),
                "falls = forms(before) - forms(after)\n    for fall in falls:": (
                    "def best(visit):\n"
                    "        return ([x for x in forms(visit) if x == x] or [np.nan])[0]\n\n"
                    "    for fall in [best(before) - best(after)]:"
                ),
            },
        ),
        Wrong(
            "mean of the forms",
            "averages four scores of one name as if they were readings of one",
            {
                "        if not np.isnan(fall):\n            return fall": (
                    "        if not np.isnan(falls).all():\n            return np.nanmean(falls)"
                )
            },
        ),
        Wrong(
            "CRP first",
            "takes the forms with CRP before those with ESR",
            {
                "[esr + patient, crp + patient, 1.08 * esr, 1.10 * crp]": (
                    "[crp + patient, esr + patient, 1.10 * crp, 1.08 * esr]"
                )
            },
        ),
        Wrong(
            "rise for fall",
            "subtracts the score before from that after",
            {"forms(before) - forms(after)": "forms(after) - forms(before)"},
        ),
        Wrong(
            "decadic logarithm",
            "takes ln for log10",
            {
                "np.log(np.maximum": "np.log10(np.maximum",
                "np.log(visit": "np.log10(visit",
            },
        ),
        Wrong(
            "CRP in mg/dL",
            "takes the unit of SDAI",
            {'visit["crp_mg_l"] + 1': 'visit["crp_mg_l"] / 10 + 1'},
        ),
        Wrong(
            "PtGA in cm",
            "takes the unit of CDAI",
            {'0.014 * visit["ptga_mm"]': '0.0014 * visit["ptga_mm"]'},
        ),
        Wrong(
            "joints without roots",
            "overlooks the roots",
            {'0.56 * np.sqrt(visit["tjc28"])': '0.56 * visit["tjc28"]'},
        ),
        Wrong(
            "nothing added to CRP",
            "treats CRP as ESR",
            {'visit["crp_mg_l"] + 1': 'visit["crp_mg_l"]'},
        ),
        Wrong(
            "the forms without PtGA as they are with it",
            "leaves the assessment out and forgets the factor",
            {"1.08 * esr, 1.10 * crp": "esr, crp"},
        ),
        Wrong(
            "a PtGA of 0 is none",
            "asks whether the number is true",
            {'0.014 * visit["ptga_mm"]': '0.014 * (visit["ptga_mm"] or np.nan)'},
            seen=False,
        ),
        Wrong(
            "missing ESR counts as 1",
            "Python's max(1, nan) is 1",
            {'np.maximum(visit["esr_mm_h"], 1)': 'max(1, visit["esr_mm_h"])'},
        ),
        Wrong(
            "an ESR below 1 as it is",
            "forgets what the score does near ln(0)",
            {'np.maximum(visit["esr_mm_h"], 1)': 'visit["esr_mm_h"]'},
            seen=False,
        ),
    ],
    "crp_half_life": [
        Wrong(
            "values at the limit kept",
            "takes the detection limit for a measurement",
            {"measured = ~below_limit": "measured = below_limit | True"},
            seen=False,
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
    "lasting_since": [
        Wrong(
            "first response",
            "takes the first good day for a response that lasts",
            {
                "sorted(visits, reverse=True)": "sorted(visits)",
                "if not there:": "if since is not None:",
                "since = week": "since = week if there else None",
            },
        ),
        Wrong(
            "last visit is enough",
            "does not look at the visits before it",
            {"for week in sorted(visits, reverse=True):": "for week in [max(visits)]:"},
        ),
        Wrong(
            "as long as it lasted",
            "gives the first week of some unbroken run, though it ended",
            {"            break": "            continue"},
        ),
        Wrong(
            "fall since the visit before",
            "compares neighbours in place of the baseline",
            {
                "round(baseline - reached, 2)": (
                    "round(([baseline] + [visits[w] for w in sorted(visits) if w < week])[-1]"
                    " - reached, 2)"
                )
            },
        ),
        Wrong(
            "direction reversed",
            "takes a rise for a fall",
            {"baseline - reached": "reached - baseline"},
        ),
        Wrong(
            "weeks as they stand",
            "trusts the order of a dict",
            {"sorted(visits, reverse=True)": "list(visits)[::-1]"},
        ),
        Wrong(
            "fall alone",
            "does not look at what was reached for a good response",
            {"fall > 1.2 and reached <= 3.2": "fall > 1.2"},
        ),
        Wrong(
            "a middling fall is always enough",
            "leaves out the row above 5.1",
            {"fall > 0.6 and reached <= 5.1": "fall > 0.6"},
        ),
        Wrong(
            "a missed visit is skipped",
            "takes what nobody saw for what was seen before",
            {
                "sorted(visits, reverse=True)": (
                    "sorted((w for w in visits if visits[w] == visits[w]), reverse=True)"
                )
            },
            seen=False,
        ),
        Wrong(
            "fall not rounded",
            "trusts a computer's subtraction",
            {"round(baseline - reached, 2)": "baseline - reached"},
            seen=False,
        ),
        Wrong(
            "exactly 3.2 is not low",
            "writes < for ≤",
            {"reached <= 3.2": "reached < 3.2"},
            seen=False,
        ),
        Wrong(
            "exactly 0.6 is enough",
            "writes ≥ for >",
            {"fall > 0.6": "fall >= 0.6"},
            seen=False,
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
            seen=False,
        ),
        Wrong(
            "missing counts as nothing left",
            "fills what is missing with 0",
            {
                "[joints + others]\n    improvement": (
                    "[joints + others].fillna(0)\n    improvement"
                )
            },
            seen=False,
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
            {"(before - after) / before": "(before - after) / after"},
            seen=False,
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
                    "(improvement[others].mean(axis=1) >= percent)"
                )
            },
            seen=False,
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
                "(improvement >= percent) & (before > 0)": (
                    "100 * (before - after) >= percent * before"
                )
            },
            seen=False,
        ),
        Wrong(
            "improvement not rounded",
            "trusts a computer's division on the limit",
            {".round(6)": ""},
            seen=False,
        ),
        Wrong(
            "improvement in whole per cent",
            "rounds what falls short of the limit up to it",
            {".round(6)": ".round(0)"},
            seen=False,
        ),
        Wrong(
            "always 20 %",
            "types 20 where an argument is given",
            {">= percent": ">= 20"},
            seen=False,
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
            "arms typed in",
            "takes the arms of this trial for those of every trial",
            {
                'for arm, rows in visits.groupby("arm"):': (
                    'for arm in ["placebo", "4 mg/kg", "8 mg/kg"]:\n'
                    '        rows = visits[visits["arm"] == arm]'
                )
            },
            seen=False,
        ),
        Wrong(
            "every patient's line",
            "draws the data in place of a summary",
            {
                'median = rows.groupby("week")["crp_mg_l"].median()': (
                    'median = rows.sort_values("crp_mg_l", ascending=False)'
                    '.set_index("week")["crp_mg_l"]'
                )
            },
        ),
        Wrong(
            "median of what is complete",
            "lets a missing value make a whole visit missing",
            {".median()": (".apply(lambda level: np.median(level.to_numpy()))")},
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
    "crp_for_response": [
        Wrong(
            "as if the score were CRP's term",
            "asks of the term what the table asks of the score",
            {"(highest - rest)": "(highest - 0.96)"},
        ),
        Wrong(
            "one field for a good response",
            "looks at the fall, not at what is reached",
            {"min(before - 1.2, 3.2)": "before - 1.2"},
            seen=False,
        ),
        Wrong(
            "one of two demands for a good response",
            "takes and for or",
            {"min(before - 1.2, 3.2)": "max(before - 1.2, 3.2)"},
            seen=False,
        ),
        Wrong(
            "a moderate response by the large fall alone",
            "overlooks the fields of the middle column",
            {"max(before - 1.2, min(before - 0.6, 5.1))": "before - 1.2"},
        ),
        Wrong(
            "a middling fall at every level",
            "overlooks that above 5.1 it is no response",
            {"max(before - 1.2, min(before - 0.6, 5.1))": "before - 0.6"},
            seen=False,
        ),
        Wrong(
            "large falls overlooked",
            "asks everybody to get to 5.1",
            {"max(before - 1.2, min(before - 0.6, 5.1))": "min(before - 0.6, 5.1)"},
            seen=False,
        ),
        Wrong(
            "ln(CRP)",
            "forgets the one that is added to CRP",
            {"np.log(crp_mg_l + 1)": "np.log(crp_mg_l)", "/ 0.36) - 1": "/ 0.36)"},
        ),
        Wrong(
            "one added, and not taken away again",
            "returns CRP + 1",
            {"/ 0.36) - 1": "/ 0.36)"},
        ),
        Wrong(
            "a CRP below 0",
            "gives a number that no laboratory can report",
            {"limit if limit > 0 else np.nan": "limit"},
            seen=False,
        ),
        Wrong(
            "at most a CRP of 0",
            "takes what cannot be reached for a CRP of 0",
            {"limit if limit > 0 else np.nan": "max(limit, 0.0)"},
            seen=False,
        ),
        Wrong(
            "decadic power",
            "inverts ln by a power of 10",
            {"np.exp((highest": "10 ** ((highest"},
        ),
    ],
    "change_factor": [
        Wrong(
            "the symmetric rule",
            "treats changes as normal, and adds the limit to 1",
            {
                "np.log(1 + (cv_readings / 100) ** 2)": "(cv_readings / 100) ** 2",
                "np.log(1 + (cv_analytical / 100) ** 2)": "(cv_analytical / 100) ** 2",
                "np.exp(1.96 * np.sqrt(of_the_ratio))": (
                    "1 + 1.96 * np.sqrt(of_the_ratio)"
                ),
            },
        ),
        Wrong(
            "coefficient of variation for the SD of the logarithm",
            "does not turn one measure of spread into the other",
            {
                "np.log(1 + (cv_readings / 100) ** 2)": "(cv_readings / 100) ** 2",
                "np.log(1 + (cv_analytical / 100) ** 2)": "(cv_analytical / 100) ** 2",
            },
        ),
        Wrong(
            "per cent for a share",
            "puts 42 where the formula wants 0.42",
            {
                "np.log(1 + (cv_readings / 100) ** 2)": "np.log(1 + cv_readings**2)",
                "np.log(1 + (cv_analytical / 100) ** 2)": (
                    "np.log(1 + cv_analytical**2)"
                ),
            },
        ),
        Wrong(
            "a rise for a factor",
            "subtracts 1, as the formula on the page does",
            {
                "return np.exp(1.96 * np.sqrt(of_the_ratio))": (
                    "return np.exp(1.96 * np.sqrt(of_the_ratio)) - 1"
                )
            },
        ),
        Wrong(
            "one side of 5 %",
            "puts all of the 5 % above the upper limit",
            {"1.96": "1.645"},
        ),
        Wrong(
            "one side varies",
            "takes the means before for exact",
            {"of_a_day / before + of_a_day / after": "of_a_day / after"},
        ),
        Wrong(
            "means of all days",
            "divides by the number of all days, as if they were one mean",
            {
                "of_a_day / before + of_a_day / after": (
                    "2 * of_a_day / ((before + after) / 2)"
                )
            },
            seen=False,
        ),
        Wrong(
            "days without a root",
            "lets the mean of four days vary a quarter as much as one",
            {
                "of_a_day / before + of_a_day / after": (
                    "of_a_day / before**2 + of_a_day / after**2"
                )
            },
            seen=False,
        ),
        Wrong(
            "repeated measurements count as days",
            "lets a second measurement of one sample tell about another day",
            {"person + laboratory / replicates": "(person + laboratory) / replicates"},
            seen=False,
        ),
        Wrong(
            "repeated measurements without a root",
            "lets the mean of four measurements err a quarter as much as one",
            {"laboratory / replicates": "laboratory / replicates**2"},
            seen=False,
        ),
        Wrong(
            "repeated measurements forgotten",
            "leaves an argument out",
            {" / replicates": ""},
            seen=False,
        ),
        Wrong(
            "variations added as they are",
            "adds standard deviations instead of variances",
            {
                "person + laboratory / replicates": (
                    "(np.sqrt(person) + np.sqrt(laboratory / replicates)) ** 2"
                )
            },
            seen=False,
        ),
        Wrong(
            "laboratory counted twice",
            "adds the laboratory's error to readings that have it in them",
            {"** 2) - laboratory": "** 2)"},
            seen=False,
        ),
        Wrong(
            "coefficients of variation subtracted",
            "takes standard deviations apart as if they had been added",
            {
                "(cv_readings / 100) ** 2) - laboratory": (
                    "((cv_readings - cv_analytical) / 100) ** 2)"
                )
            },
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
            {"(difference > 0) + 0.5 * (difference == 0)": "(difference >= 0)"},
        ),
        Wrong(
            "a tie counts nothing",
            "leaves out half of every tie",
            {"(difference > 0) + 0.5 * (difference == 0)": "(difference > 0)"},
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
            "missing scores kept",
            "takes a comparison with nan for a lost pair",
            {"known = ~np.isnan(score)": "known = score == score.copy()"}
            | {"no = known & outcome, known & ~outcome": "no = outcome, ~outcome"},
        ),
        Wrong(
            "arms forgotten",
            "pairs patients of different arms, as if all had got the same",
            {"same = arm[yes][:, None] == arm[no]": "same = difference == difference"},
            seen=False,
        ),
        Wrong(
            "only pairs of different arms",
            "turns the comparison round",
            {"arm[yes][:, None] == arm[no]": "arm[yes][:, None] != arm[no]"},
        ),
        Wrong(
            "mean of the arms",
            "lets a small arm count as much as a large one",
            {
                "    return ((difference > 0) + 0.5 * (difference == 0))[same].mean()": (
                    "    won = (difference > 0) + 0.5 * (difference == 0)\n"
                    "    of_arm = np.broadcast_to(arm[no], same.shape)\n"
                    "    return np.mean("
                    "[won[same & (of_arm == a)].mean() for a in np.unique(of_arm[same])])"
                )
            },
            seen=False,
        ),
        Wrong(
            "arms weighted by their patients",
            "lets patients count, where the task says pairs",
            {
                "    return ((difference > 0) + 0.5 * (difference == 0))[same].mean()": (
                    "    won = (difference > 0) + 0.5 * (difference == 0)\n"
                    "    of_arm = np.broadcast_to(arm[no], same.shape)\n"
                    "    arms = np.unique(of_arm[same])\n"
                    "    return np.average("
                    "[won[same & (of_arm == a)].mean() for a in arms],"
                    " weights=[(arm == a).sum() for a in arms])"
                )
            },
            seen=False,
        ),
        Wrong(
            "arms brought to the same mean",
            "subtracts each arm's mean score and compares everybody with everybody",
            {
                "    difference = score": (
                    "    score = score - np.array("
                    "[score[known & (arm == a)].mean() for a in arm])\n"
                    "    difference = score"
                ),
                "same = arm[yes][:, None] == arm[no]": "same = difference == difference",
            },
            seen=False,
        ),
        Wrong(
            "no pair is chance",
            "takes an unknown AUC for 0.5",
            {"return np.nan": "return 0.5"},
            seen=False,
        ),
        Wrong(
            "an arm without a pair spoils all",
            "takes an arm that has no pair for a pair that is not known",
            {
                "if not same.any():": (
                    "if not all(same[:, arm[no] == a].any() for a in np.unique(arm)):"
                )
            },
            seen=False,
        ),
    ],
}

ALTERNATIVE = {
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
        Alternative(
            "how many limits the lowest count is below",
            """
def worst_grade(counts, lln=1000):
    seen = pd.Series(counts, dtype=float).dropna()
    if seen.empty:
        return None
    return sum(seen.min() < limit for limit in (lln, 800, 500, 200))
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
        Alternative(
            "each written out",
            """
def cdai(tjc28, sjc28, ptga_mm, phga_mm):
    return sum([tjc28, sjc28, 0.1 * ptga_mm, 0.1 * phga_mm])


def sdai(tjc28, sjc28, ptga_mm, phga_mm, crp_mg_l):
    return sum([tjc28, sjc28, 0.1 * ptga_mm, 0.1 * phga_mm, 0.1 * crp_mg_l])
""",
        ),
    ],
    "das28_fall": [
        Alternative(
            "form by form, math only",
            """
from math import isnan, log, nan, sqrt

def das28_fall(before, after):
    def j(v):
        return 0.56 * sqrt(v["tjc28"]) + 0.28 * sqrt(v["sjc28"])

    def e(v):
        return 0.7 * log(max(v["esr_mm_h"], 1))

    def c(v):
        return 0.36 * log(v["crp_mg_l"] + 1)

    def have(*keys):
        return not any(isnan(v[k]) for v in (before, after) for k in ("tjc28", "sjc28", *keys))

    if have("esr_mm_h", "ptga_mm"):
        score = lambda v: j(v) + e(v) + 0.014 * v["ptga_mm"]
    elif have("crp_mg_l", "ptga_mm"):
        score = lambda v: j(v) + c(v) + 0.014 * v["ptga_mm"] + 0.96
    elif have("esr_mm_h"):
        score = lambda v: (j(v) + e(v)) * 1.08 + 0.16
    elif have("crp_mg_l"):
        score = lambda v: (j(v) + c(v)) * 1.10 + 1.15
    else:
        return nan
    return score(before) - score(after)
""",
        ),
        Alternative(
            "with the scores of the course",
            """
from course import scores

def das28_fall(before, after):
    for score, needs in (
        (scores.das28_esr, ["esr_mm_h", "ptga_mm"]),
        (scores.das28_crp, ["crp_mg_l", "ptga_mm"]),
        (scores.das28_esr3, ["esr_mm_h"]),
        (scores.das28_crp3, ["crp_mg_l"]),
    ):
        needed = ["tjc28", "sjc28", *needs]
        first, last = ([visit[name] for name in needed] for visit in (before, after))
        if not np.isnan([*first, *last]).any():
            return score(*first) - score(*last)
    return np.nan
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
        Alternative(
            "query, and the size of what is left",
            """
def cd4_count(events, gates, wbc_10e9_l, lymphocyte_percent):
    lo, hi, top, cut = (gates[k] for k in ("fsc_min", "fsc_max", "ssc_max", "positive"))
    lymphocytes = events.query("@lo <= fsc <= @hi and ssc <= @top")
    helpers = lymphocytes.query("cd3 >= @cut and cd4 >= @cut and not cd8 >= @cut")
    if len(lymphocytes) == 0:
        return np.nan
    return len(helpers) / len(lymphocytes) * wbc_10e9_l * 1000 * (lymphocyte_percent / 100)
""",
        ),
    ],
    "lasting_since": [
        Alternative(
            "a Series, and how many of the last visits are all there",
            """
def lasting_since(baseline, visits, least="moderate"):
    course = pd.Series(visits).sort_index()
    fall = (baseline - course).round(2)
    good = (fall > 1.2) & (course <= 3.2)
    moderate = (fall > 1.2) | ((fall > 0.6) & (course <= 5.1))
    there = good if least == "good" else moderate
    lasting = there[::-1].cumprod()[::-1].astype(bool)
    return int(lasting.idxmax()) if lasting.any() else None
""",
        ),
        Alternative(
            "from the first visit on, forgetting what broke off",
            """
def lasting_since(baseline, visits, least="moderate"):
    since = None
    start = round(100 * baseline)
    for week, score in sorted(visits.items()):
        response = "none"
        if not np.isnan(score):
            end = round(100 * score)
            fall = start - end
            if fall > 120 and end <= 320:
                response = "good"
            elif fall > 120 or fall > 60 and end <= 510:
                response = "moderate"
        enough = response == "good" or (least == "moderate" and response == "moderate")
        if not enough:
            since = None
        elif since is None:
            since = week
    return since
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
            return bool(round(gain, 6) >= percent)

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
        {m: round(100 - 100 * both[m + "_2"] / both[m].where(both[m] > 0), 6) >= percent for m in measures}
    )
    return ok["tjc68"] & ok["sjc66"] & (ok[measures[2:]].sum(axis=1) > 2)
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
    for arm in visits["arm"].unique():
        middle = visits[visits["arm"] == arm].groupby("week")["crp_mg_l"].median()
        plt.semilogy(middle.index, middle.values, label=arm)
    plt.xlabel("Week")
    plt.ylabel("Median CRP (mg/L)")
    plt.legend(title="Arm")
    return plt.gca()
""",
        ),
    ],
    "crp_for_response": [
        Alternative(
            "by which factor CRP + 1 has to fall",
            """
def crp_for_response(tjc28, sjc28, crp_mg_l, ptga_mm, least="moderate"):
    start = (0.56 * tjc28**0.5 + 0.28 * sjc28**0.5 + 0.36 * np.log1p(crp_mg_l)
             + 0.014 * ptga_mm + 0.96)
    if least == "good":
        fall = max(1.2, start - 3.2)
    elif start <= 5.7:
        fall = 0.6
    else:
        fall = min(1.2, start - 5.1)
    crp = (1 + crp_mg_l) / np.exp(fall / 0.36) - 1
    if crp < 0:
        return float("nan")
    return crp
""",
        ),
        Alternative(
            "searched for",
            """
def crp_for_response(tjc28, sjc28, crp_mg_l, ptga_mm, least="moderate"):
    def das28(crp):
        joints = 0.56 * np.sqrt(tjc28) + 0.28 * np.sqrt(sjc28)
        return joints + 0.36 * np.log(crp + 1) + 0.014 * ptga_mm + 0.96

    def responds(crp):
        reached = das28(crp)
        fall = das28(crp_mg_l) - reached
        if fall > 1.2 and reached <= 3.2:
            return True
        moderate = fall > 1.2 or (fall > 0.6 and reached <= 5.1)
        return least == "moderate" and moderate

    if not responds(0.0):
        return np.nan
    low, high = 0.0, float(crp_mg_l)
    for _ in range(80):
        middle = (low + high) / 2
        if responds(middle):
            low = middle
        else:
            high = middle
    return low
""",
        ),
    ],
    "change_factor": [
        Alternative(
            "one factor for each source, on the scale of the page",
            """
import math

def change_factor(cv_readings, cv_analytical, before, after, replicates=1):
    a = cv_analytical * cv_analytical / 1e4
    within = (1 + cv_readings * cv_readings / 1e4) / (1 + a) - 1
    s_a = math.sqrt(math.log1p(a)) / math.sqrt(replicates)
    one_day = math.hypot(math.sqrt(math.log1p(within)), s_a)
    return math.exp(1.96 * math.hypot(one_day / math.sqrt(before), one_day / math.sqrt(after)))
""",
        ),
        Alternative(
            "one over n before and after, with the normal quantile",
            """
from scipy.stats import norm

def change_factor(cv_readings, cv_analytical, before, after, replicates=1):
    single, analytical = (np.log(1 + (cv / 100) ** 2) for cv in (cv_readings, cv_analytical))
    saved = analytical * (1 - 1 / replicates)
    variance = (1 / before + 1 / after) * (single - saved)
    return np.exp(norm.ppf(0.975) * variance**0.5)
""",
        ),
    ],
    "auc": [
        Alternative(
            "arm by arm, wins and pairs added up",
            """
def auc(score, outcome, arm=None):
    if arm is None:
        arm = np.full(len(score), "all")
    ok = np.isfinite(score)
    wins = pairs = 0
    for name in np.unique(arm):
        yes = score[ok & (arm == name) & outcome]
        no = score[ok & (arm == name) & ~outcome]
        for value in yes:
            wins += (value > no).sum() + (value == no).sum() / 2
        pairs += len(yes) * len(no)
    return wins / pairs if pairs else float("nan")
""",
        ),
        Alternative(
            "scikit-learn, weighted by the pairs of each arm",
            """
from sklearn.metrics import roc_auc_score

def auc(score, outcome, arm=None):
    table = pd.DataFrame({"score": score, "outcome": outcome})
    table["arm"] = "everybody" if arm is None else arm
    found, pairs = [], []
    for _, rows in table.dropna().groupby("arm"):
        hits = rows["outcome"].astype(bool)
        if hits.any() and not hits.all():
            found.append(roc_auc_score(hits, rows["score"]))
            pairs.append(hits.sum() * (~hits).sum())
    return np.average(found, weights=pairs) if pairs else np.nan
""",
        ),
        Alternative(
            "two loops",
            """
def auc(score, outcome, arm=None):
    wins, pairs = 0, 0
    for i in range(len(score)):
        for j in range(len(score)):
            if outcome[i] and not outcome[j] and (arm is None or arm[i] == arm[j]):
                if np.isnan(score[i]) or np.isnan(score[j]):
                    continue
                pairs += 1
                wins += 1 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0
    return wins / pairs if pairs else float("nan")
""",
        ),
    ],
}
