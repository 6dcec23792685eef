"""Answers to the assignment `mechanism`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "occupancy": ["ob-mechanism-occupancy"],
    "simulate": ["ob-mechanism-kinetics"],
    "exposure": ["ob-mechanism-saturation"],
    "crp": ["ob-mechanism-marker-fall"],
    "ic50": ["ob-mechanism-hill-curve"],
    "draw_curves": ["ob-mechanism-hill-curve"],
    "day": ["ob-mechanism-time-above-ic50"],
    "tumour": ["ob-mechanism-stability"],
    "genes": ["ob-mechanism-false-discovery"],
    "dose": ["ob-mechanism-accumulation", "ob-mechanism-kinetics"],
    "judge": [
        "ob-mechanism-low-marker",
        "ob-mechanism-saturation",
        "ob-mechanism-occupancy",
    ],
}

WRONG = {
    "occupancy": [
        Wrong(
            "mg/L taken for nM",
            "leaves out the molecular weight",
            {
                "free = 1000 * drug_mg_l / kilodalton": "free = drug_mg_l",
                "(free + bound) * kilodalton / 1e3": "free + bound",
            },
        ),
        Wrong(
            "µM for nM",
            "loses a factor of a thousand",
            {
                "free = 1000 * drug_mg_l / kilodalton": "free = drug_mg_l / kilodalton",
                "(free + bound) * kilodalton / 1e3": "(free + bound) * kilodalton",
            },
        ),
        Wrong(
            "weight multiplied",
            "turns the molecular weight upside down",
            {
                "1000 * drug_mg_l / kilodalton": "drug_mg_l * kilodalton / 1000",
                "(free + bound) * kilodalton / 1e3": "(free + bound) / kilodalton * 1e3",
            },
        ),
        Wrong(
            "share that is free",
            "exchanges drug and dissociation constant",
            {"return free / (free + kd_nm)": "return kd_nm / (free + kd_nm)"},
        ),
        Wrong(
            "depletion ignored",
            "takes total for free drug",
            {"(free + bound) * kilodalton": "free * kilodalton"},
        ),
        Wrong(
            "every receptor holds a drug",
            "counts all receptors in place of the occupied ones",
            {"bound = share * receptor_nm": "bound = receptor_nm"},
        ),
        Wrong(
            "bound taken off",
            "subtracts what is bound, where it has to be given as well",
            {"(free + bound) * kilodalton": "(free - bound) * kilodalton"},
        ),
        Wrong(
            "in proportion to the share",
            "lets half of the drug occupy half of the receptor",
            {"kd_nm * share / (1 - share)": "2 * kd_nm * share"},
        ),
        Wrong(
            "every protein an antibody",
            "types 148 where an argument is given",
            {
                "1000 * drug_mg_l / kilodalton": "1000 * drug_mg_l / 148",
                "(free + bound) * kilodalton / 1e3": "(free + bound) * 148 / 1e3",
            },
            seen=False,
        ),
    ],
    "simulate": [
        Wrong(
            "amount for concentration",
            "forgets to divide by the volume",
            {'c = blood / p["v1"]': "c = blood"},
        ),
        Wrong(
            "narrow door that never fills",
            "makes it linear where it saturates",
            {'p["vmax"] * c / (p["km"] + c)': 'p["vmax"] * c / p["km"]'},
        ),
        Wrong(
            "narrow door always full",
            "takes vmax for the rate at every concentration",
            {'p["vmax"] * c / (p["km"] + c)': 'p["vmax"]'},
        ),
        Wrong(
            "amounts in exchange",
            "lets the amounts become equal in place of the concentrations",
            {'(c - tissue / p["v2"])': "(blood - tissue)"},
        ),
        Wrong(
            "one volume for both",
            "divides the tissue's amount by the volume of the blood",
            {'tissue / p["v2"]': 'tissue / p["v1"]'},
        ),
        Wrong(
            "nothing comes back from tissue",
            "makes the exchange a third door",
            {'p["q"] * (c - tissue / p["v2"])': 'p["q"] * c'},
        ),
        Wrong(
            "exchange with the wrong sign",
            "lets tissue lose what blood loses",
            {
                "[-wide - narrow - exchange, exchange,": (
                    "[-wide - narrow - exchange, -exchange,"
                )
            },
        ),
        Wrong(
            "dose as a concentration",
            "divides the dose by the volume twice",
            {"[dose_mg, 0, 0, 0]": '[dose_mg / p["v1"], 0, 0, 0]'},
        ),
        Wrong(
            "rates for amounts gone",
            "returns what leaves per day, not what has left",
            {
                "    return pd.DataFrame(": (
                    '    run.y[2] = p["cl"] * run.y[0] / p["v1"]\n'
                    "    return pd.DataFrame("
                )
            },
        ),
        Wrong(
            "doors exchanged",
            "mixes up the last two columns",
            {'"wide_mg", "narrow_mg"': '"narrow_mg", "wide_mg"'},
            seen=False,
        ),
        Wrong(
            "the solver's own tolerances",
            "takes what the solver takes by itself for exact",
            {", rtol=1e-8, atol=1e-8": ""},
            seen=False,
        ),
        Wrong(
            "another solver with its own tolerances",
            "blames the method",
            {"rtol=1e-8, atol=1e-8": 'method="LSODA"'},
            seen=False,
        ),
    ],
    "exposure": [
        Wrong(
            "days for hours",
            "gives the AUC in µg·d/mL",
            {'24 * first["day"]': 'first["day"]'},
        ),
        Wrong(
            "limit for a measurement",
            "keeps values below the limit as they are reported",
            {'.mask(first["drug_below_limit"], 0)': ""},
        ),
        Wrong(
            "both intervals",
            "takes all samples that there are",
            {'samples[samples["day"] < 28]': "samples"},
        ),
        Wrong(
            "mean times time",
            "treats samples as if they were evenly spaced",
            {'trapezoid(c, 24 * first["day"])': 'c.mean() * 24 * first["day"].max()'},
        ),
        Wrong(
            "steps",
            "holds each concentration until the next sample",
            {
                'trapezoid(c, 24 * first["day"])': (
                    '(c[:-1] * np.diff(24 * first["day"])).sum()'
                )
            },
        ),
        Wrong(
            "lowest for last",
            "takes the sample before the infusion for the trough",
            {"c[-1]": "c.min()"},
        ),
        Wrong(
            "below the limit left out",
            "drops the flagged samples",
            {
                'first["drug_ug_ml"].mask(first["drug_below_limit"], 0).to_numpy()': (
                    'first["drug_ug_ml"][~first["drug_below_limit"]].to_numpy()'
                ),
                '24 * first["day"]': '24 * first["day"][~first["drug_below_limit"]]',
            },
        ),
        Wrong(
            "in the order of the rows",
            "trusts that a table is sorted",
            {'.sort_values("day")': ""},
            seen=False,
        ),
        Wrong(
            "day 28 counts",
            "writes ≤ for <",
            {'samples["day"] < 28': 'samples["day"] <= 28'},
            seen=False,
        ),
    ],
    "crp": [
        Wrong(
            "units mixed",
            "divides µg/mL by ng/mL",
            {"c = 1000 * drug_ug_ml": "c = drug_ug_ml"},
        ),
        Wrong(
            "what is gone",
            "returns the fall for the level",
            {"(1 - inhibited)": "inhibited"},
        ),
        Wrong(
            "full inhibition assumed",
            "leaves out Imax",
            {"imax * c / (ic50_ng_ml + c)": "c / (ic50_ng_ml + c)"},
        ),
        Wrong(
            "linear in the concentration",
            "lets inhibition grow in proportion until it is complete",
            {"imax * c / (ic50_ng_ml + c)": "imax * min(c / ic50_ng_ml / 2, 1)"},
        ),
        Wrong(
            "back at once",
            "takes the end of the block for the end of its effect",
            {"return block_h - falls + comes_back": "return block_h - falls"},
        ),
        Wrong(
            "low from the first hour",
            "takes the beginning of the block for the beginning of its effect",
            {"return block_h - falls + comes_back": "return block_h + comes_back"},
        ),
        Wrong(
            "one half-life back",
            "takes the way back to the limit for half of the way",
            {"np.log(most / gone) / k_out_per_h": "np.log(2) / k_out_per_h"},
            seen=False,
        ),
        Wrong(
            "the way back mirrors the way down",
            "lets CRP rise as fast as it fell",
            {
                "np.log(most / gone) / k_out_per_h": (
                    "block_h + np.log(1 - gone / inhibited) / k_out_per_h"
                )
            },
        ),
        Wrong(
            "back from the settled level",
            "lets CRP settle before the block ends, however short it is",
            {"np.log(most / gone)": "np.log(inhibited / gone)"},
        ),
        Wrong(
            "falls as if making stopped",
            "leaves out that some is still made",
            {"-np.log(1 - gone / inhibited)": "-np.log(1 - gone)"},
            seen=False,
        ),
        Wrong(
            "decadic logarithm",
            "takes log10 for ln",
            {
                "-np.log(1 - gone / inhibited)": "-np.log10(1 - gone / inhibited)",
                "np.log(most / gone)": "np.log10(most / gone)",
            },
        ),
        Wrong(
            "hours above",
            "counts the time on the other side of the limit",
            {"falls = -np.log(1 - gone / inhibited)": "falls = -np.log(1 - gone)"}
            | {"return block_h - falls + comes_back": "return falls"},
        ),
        Wrong(
            "hardly below is not below",
            "lets pass what lies within a hundredth of the limit",
            {"if most <= gone:": "if most <= 1.01 * gone:"},
            seen=False,
        ),
        Wrong(
            "never is nan",
            "returns nan where the task asks for 0 hours",
            {"return 0.0": "return np.nan"},
        ),
        Wrong(
            "the limit is reached in the end",
            "forgets that an exponential does not arrive",
            {
                "if most <= gone:\n        return 0.0": (
                    "if most < gone:\n        return 0.0\n"
                    "    if most == gone:\n        return block_h - 40 / k_out_per_h"
                )
            },
            seen=False,
        ),
    ],
    "ic50": [
        Wrong(
            "half of the uninhibited signal",
            "takes 50 % whatever the bottom",
            {"halfway = (100 + bottom_percent) / 2": "halfway = 50"},
        ),
        Wrong(
            "half of the first reading",
            "takes the lowest concentration for no inhibitor",
            {"(100 + bottom_percent) / 2": "(signal_percent[0] + bottom_percent) / 2"},
        ),
        Wrong(
            "half of the range from zero",
            "subtracts the bottom and forgets to add it",
            {"(100 + bottom_percent) / 2": "(100 - bottom_percent) / 2"},
        ),
        Wrong(
            "line against the concentration itself",
            "interpolates on a straight axis",
            {
                "log_c = np.log(concentration_nm)": "log_c = concentration_nm",
                "np.exp(log_c[i - 1] +": "float(log_c[i - 1] +",
            },
        ),
        Wrong(
            "first concentration below halfway",
            "does not interpolate",
            {
                "np.exp(log_c[i - 1] + part * (log_c[i] - log_c[i - 1]))": (
                    "concentration_nm[i]"
                )
            },
        ),
        Wrong(
            "last concentration for never",
            "reports the end of the range for an IC50 beyond it",
            {
                "if not below.any() or below[0]:\n        return np.nan": (
                    "if not below.any() or below[0]:\n        return concentration_nm[-1]"
                )
            },
        ),
        Wrong(
            "ratio upside down",
            "divides the wanted by the other",
            {"ic50_other / ic50_wanted": "ic50_wanted / ic50_other"},
        ),
        Wrong(
            "arithmetic mean of ratios",
            "averages factors as if they were differences",
            {"np.exp(np.log(known).mean())": "known.mean()"},
        ),
        Wrong(
            "one missing spoils all",
            "lets nan through the mean",
            {"known = ratio[~np.isnan(ratio)]": "known = ratio"},
        ),
        Wrong(
            "each mean its own donors",
            "averages the two pathways over different people",
            {
                "ratio = ic50_other / ic50_wanted": (
                    "ratio = np.exp(np.nanmean(np.log([ic50_other, ic50_wanted]), axis=1))\n"
                    "    ratio = np.array([ratio[0] / ratio[1]])"
                )
            },
        ),
        Wrong(
            "last crossing",
            "looks for the place from the high end",
            {
                "i = np.argmax(below)": "i = np.flatnonzero(below & ~np.roll(below, 1))[-1]"
            },
            seen=False,
        ),
        Wrong(
            "below from the start",
            "takes a concentration that is too high already",
            {
                " or below[0]:\n        return np.nan": (
                    ":\n        return np.nan\n"
                    "    if below[0]:\n        return concentration_nm[0]"
                )
            },
            seen=False,
        ),
    ],
    "draw_curves": [
        Wrong(
            "arithmetic mean",
            "averages readings that err by a factor",
            {
                'log_signal = np.log(rows["signal_percent"])': (
                    'log_signal = rows["signal_percent"]'
                ),
                "np.exp(log_signal.groupby(rows": "(log_signal.groupby(rows",
            },
            seen=False,
        ),
        Wrong(
            "straight axis",
            "leaves the axis as it is",
            {'xscale="log", ': ""},
        ),
        Wrong(
            "logarithm drawn on a straight axis",
            "transforms the data in place of the axis",
            {
                "axes.plot(mean.index, mean": "axes.plot(np.log10(mean.index), mean",
                'xscale="log", ': "",
            },
        ),
        Wrong(
            "both axes logarithmic",
            "treats the signal as the concentration",
            {'xscale="log", ': 'xscale="log", yscale="log", '},
        ),
        Wrong(
            "fractions",
            "plots a share under a label in per cent",
            {"mean = np.exp(": "mean = 0.01 * np.exp("},
        ),
        Wrong(
            "no unit",
            "labels the axis without a unit",
            {"Concentration (nM)": "Concentration"},
        ),
        Wrong(
            "no legend",
            "leaves the reader to guess the stimuli",
            {"    axes.legend()\n": ""},
        ),
        Wrong(
            "all inhibitors together",
            "forgets to choose one",
            {'readings[readings["inhibitor"] == inhibitor]': "readings"},
            seen=False,
        ),
        Wrong(
            "always K2",
            "types the inhibitor of the example",
            {'readings["inhibitor"] == inhibitor': 'readings["inhibitor"] == "K2"'},
            seen=False,
        ),
        Wrong(
            "draws on what is there",
            "takes the current Axes in place of a new figure",
            {"figure, axes = plt.subplots()": "axes = plt.gca()"},
            seen=False,
        ),
    ],
    "day": [
        Wrong(
            "in proportion",
            "takes inhibition for linear in the concentration",
            {
                "ic50_nm * (percent / (100 - percent)) ** (1 / slope)": (
                    "ic50_nm * percent / 50"
                )
            },
        ),
        Wrong(
            "slope for its root",
            "raises to the slope in place of its inverse",
            {"** (1 / slope)": "** slope"},
            seen=False,
        ),
        Wrong(
            "what is left for what is inhibited",
            "turns the odds upside down",
            {"percent / (100 - percent)": "(100 - percent) / percent"},
        ),
        Wrong(
            "natural logarithm of halvings",
            "takes ln where halvings are counted",
            {"np.log2(peak_nm / ic50_nm)": "np.log(peak_nm / ic50_nm)"},
        ),
        Wrong(
            "negative hours",
            "does not stop at zero",
            {"min(max(reached, 0), interval_h)": "min(reached, interval_h)"},
            seen=False,
        ),
        Wrong(
            "more hours than there are",
            "does not stop at the next dose",
            {"min(max(reached, 0), interval_h)": "max(reached, 0)"},
            seen=False,
        ),
        Wrong(
            "inhibition at the average concentration",
            "averages before the curve, not after it",
            {
                "return quad(inhibition, 0, interval_h)[0] / interval_h": (
                    "rate = np.log(2) / half_life_h\n"
                    "    mean = peak_nm * (1 - np.exp(-rate * interval_h)) / (rate * interval_h)\n"
                    "    return 100 * mean**slope / (ic50_nm**slope + mean**slope)"
                )
            },
            seen=False,
        ),
        Wrong(
            "mean of peak and trough",
            "averages the two ends",
            {
                "quad(inhibition, 0, interval_h)[0] / interval_h": (
                    "(inhibition(0) + inhibition(interval_h)) / 2"
                )
            },
            seen=False,
        ),
        Wrong(
            "integral for average",
            "forgets to divide by the interval",
            {
                "(inhibition, 0, interval_h)[0] / interval_h": (
                    "(inhibition, 0, interval_h)[0]"
                )
            },
        ),
        Wrong(
            "a fraction for per cent",
            "changes the unit",
            {"return 100 * c**slope": "return c**slope"},
        ),
        Wrong(
            "slope of 1 for all",
            "leaves the argument out",
            {"100 * c**slope / (ic50_nm**slope + c**slope)": "100 * c / (ic50_nm + c)"},
            seen=False,
        ),
        Wrong(
            "always 24 hours",
            "types 24 where an argument is given",
            {
                "quad(inhibition, 0, interval_h)[0] / interval_h": (
                    "quad(inhibition, 0, 24)[0] / 24"
                )
            },
            seen=False,
        ),
    ],
    "tumour": [
        Wrong(
            "the state without a tumour left out",
            "divides by T and forgets that it may be 0",
            {"return [0.0] + [brentq": "return [brentq"},
        ),
        Wrong(
            "grid too coarse",
            "misses two zeros between neighbours",
            {"20_000": "4"},
        ),
        Wrong(
            "stops before the largest tumour",
            "looks only at small sizes",
            {'np.geomspace(1e4, 1 / c["b"], 20_000)': "np.geomspace(1e4, 1e8, 20_000)"},
        ),
        Wrong(
            "supply forgotten",
            "leaves out the effectors that come without a tumour",
            {
                'return c["s"] + gain': "return gain",
                # Else no factor would be enough, and the search would not end.
                "while not held(high):": "while not held(high) and high < 1e6:",
            },
        ),
        Wrong(
            "exhaustion forgotten",
            "leaves out that tumour cells wear effectors out",
            {' - c["m"] * tumour - c["d"]': ' - c["d"]'},
        ),
        Wrong(
            "no tumour but none",
            "asks that every steady tumour vanishes, the small ones too",
            {
                'max(steady_tumours(c | {"n": c["n"] * factor})) < 1e8': (
                    'len(steady_tumours(c | {"n": c["n"] * factor})) == 1'
                ),
                "while not held(high):": "while not held(high) and high < 1e4:",
            },
        ),
        Wrong(
            "whole factors",
            "tries 1, 2, 3 and stops at the first that is enough",
            {
                "    while high / low > 1.0002:": (
                    "    high = next(k for k in range(1, 10_000) if held(k))\n"
                    "    low = high\n"
                    "    while high / low > 1.0002:"
                )
            },
            seen=False,
        ),
        Wrong(
            "largest factor that is not enough",
            "reports the other end of a wide bracket",
            {"    return high": "    return low", "1.0002": "1.05"},
            seen=False,
        ),
        Wrong(
            "below one",
            "puts a brake on where none has to be released",
            {
                "    if held(1):\n        return 1.0\n    low, high = 1.0, 2.0": (
                    "    low, high = 0.001, 2.0"
                )
            },
        ),
        Wrong(
            "not more than tenfold",
            "stops the search where the example lies",
            {
                "        low, high = high, 2 * high": (
                    "        low, high = high, 2 * high\n"
                    "        if high > 8:\n"
                    "            return 8.0"
                )
            },
            seen=False,
        ),
        Wrong(
            "the mouse's constants",
            "does not use the argument",
            {
                'c["p"] * tumour / (c["g"] + tumour)': (
                    'MOUSE["p"] * tumour / (MOUSE["g"] + tumour)'
                ),
            },
            seen=False,
        ),
    ],
    "genes": [
        Wrong(
            "nothing mended",
            "hands in the function as it was found",
            {
                'culture = readings.groupby(["gene", "person", "group"])["log2_expression"].mean()\n'
                '    wide = culture.unstack("group")\n'
                '    change = (wide["inhibitor"] - wide["control"]).unstack("person").dropna(axis=1)\n'
                "    p = stats.ttest_1samp(change, 0, axis=1).pvalue\n"
                "    q = stats.false_discovery_control(p)\n"
                '    columns = {"log2_fold_change": change.mean(axis=1), "p": p, "q": q}\n'
                "    return pd.DataFrame(columns, index=change.index)": (
                    "return changed_as_found(readings)"
                )
            },
            seen=False,
        ),
        Wrong(
            "adjusted over the small ones",
            "mends what an observation is and adjusts over the genes with a small p only",
            {
                "q = stats.false_discovery_control(p)": (
                    "q = p.copy()\n"
                    "    low = p < 0.05\n"
                    "    q[low] = stats.false_discovery_control(p[low])"
                )
            },
            seen=False,
        ),
        Wrong(
            "wells for people",
            "mends the adjustment and counts every well as an observation",
            {
                "change = (wide": (
                    'log2 = readings.set_index(["gene", "group"])["log2_expression"]\n'
                    "    wells = [\n"
                    '        stats.ttest_ind(log2[g, "inhibitor"], log2[g, "control"]).pvalue\n'
                    "        for g in wide.index.unique(0)\n"
                    "    ]\n"
                    "    change = (wide"
                ),
                "stats.ttest_1samp(change, 0, axis=1).pvalue": "np.array(wells)",
            },
            seen=False,
        ),
        Wrong(
            "two groups of people",
            "averages the wells and forgets whose cells they are",
            {
                "stats.ttest_1samp(change, 0, axis=1).pvalue": (
                    'stats.ttest_ind(wide["inhibitor"].unstack("person"), '
                    'wide["control"].unstack("person"), axis=1, nan_policy="omit").pvalue'
                )
            },
            seen=False,
        ),
        Wrong(
            "people by their wells",
            "lets a person with more wells count for more",
            {
                'change.mean(axis=1), "p"': (
                    'readings[readings["group"] == "inhibitor"].groupby("gene")'
                    '["log2_expression"].mean() - readings[readings["group"] == "control"]'
                    '.groupby("gene")["log2_expression"].mean(), "p"'
                )
            },
            seen=False,
        ),
        Wrong(
            "a lost culture changes nothing",
            "takes a person of whom one culture was lost for one without a change",
            {'.unstack("person").dropna(axis=1)': '.unstack("person").fillna(0)'},
            seen=False,
        ),
        Wrong(
            "a lost culture reads 0",
            "compares the other culture with nothing",
            {
                'wide["inhibitor"] - wide["control"]': (
                    'wide["inhibitor"].fillna(0) - wide["control"].fillna(0)'
                )
            },
            seen=False,
        ),
        Wrong(
            "control minus inhibitor",
            "reverses the direction",
            {
                'wide["inhibitor"] - wide["control"]': 'wide["control"] - wide["inhibitor"]'
            },
        ),
        Wrong(
            "fold change without its logarithm",
            "returns the factor",
            {
                'change = (wide["inhibitor"] - wide["control"])': (
                    'change = (2 ** (wide["inhibitor"] - wide["control"]))'
                )
            },
        ),
        Wrong(
            "one-sided",
            "tests for genes that rise only",
            {
                "ttest_1samp(change, 0, axis=1)": "ttest_1samp(change, 0, axis=1, alternative='greater')"
            },
        ),
        Wrong(
            "unadjusted",
            "returns the p values",
            {"q = stats.false_discovery_control(p)": "q = p"},
            seen=False,
        ),
        Wrong(
            "Bonferroni",
            "multiplies every p value by the number of genes",
            {"stats.false_discovery_control(p)": "np.minimum(1, p * len(p))"},
            seen=False,
        ),
        Wrong(
            "first well only",
            "drops the wells that are too many",
            {'["log2_expression"].mean()': '["log2_expression"].first()'},
        ),
    ],
    "dose": [
        Wrong(
            "after the first dose",
            "forgets that what is left of earlier doses adds up",
            {
                "while abs(amounts[0] - before) > 1e-5 * amounts[0] + 1e-6:": "for _ in range(1):"
            },
        ),
        Wrong(
            "three doses are the long run",
            "stops before as much leaves as is given",
            {
                "while abs(amounts[0] - before) > 1e-5 * amounts[0] + 1e-6:": "for _ in range(3):"
            },
        ),
        Wrong(
            "tissue emptied",
            "starts each interval without what the tissue holds",
            {"start = amounts + [dose, 0]": "start = [amounts[0] + dose, 0]"},
            seen=False,
        ),
        Wrong(
            "peak for trough",
            "takes the concentration right after a dose",
            {'return amounts[0] / p["v1"]': 'return (amounts[0] + dose) / p["v1"]'},
        ),
        Wrong(
            "amount for concentration",
            "forgets to divide by the volume",
            {'return amounts[0] / p["v1"]': "return amounts[0]"},
        ),
        Wrong(
            "mean of peak and trough",
            "aims at the middle of the interval",
            {'return amounts[0] / p["v1"]': 'return (amounts[0] + dose / 2) / p["v1"]'},
        ),
        Wrong(
            "in proportion to one dose",
            "scales the trough of one dose, although a door is narrow",
            {
                "brentq(lambda dose: trough(dose) - trough_mg_l, 0, high, rtol=5e-4)": (
                    "100.0 * trough_mg_l / trough(100.0)"
                )
            },
        ),
        Wrong(
            "narrow door left out",
            "takes clearance for the only way out",
            {' + p["vmax"] * c / (p["km"] + c)': ""},
        ),
        Wrong(
            "dose that leaves at the trough",
            "replaces what would leave if the concentration stayed at the trough",
            {
                "brentq(lambda dose: trough(dose) - trough_mg_l, 0, high, rtol=5e-4)": (
                    'interval_d * trough_mg_l * (p["cl"] + p["vmax"] / (p["km"] + trough_mg_l))'
                )
            },
        ),
        Wrong(
            "four weeks for all",
            "types 28 where an argument is given",
            {"(0, interval_d), start": "(0, 28.0), start"},
        ),
        Wrong(
            "no dose above 500 mg",
            "ends the search where doses are usual",
            {
                "    while trough(high) < trough_mg_l:\n        high *= 2\n": (
                    "    high = 500.0\n    if trough(high) < trough_mg_l:\n        return high\n"
                )
            },
            seen=False,
        ),
    ],
}

ALTERNATIVE = {
    "occupancy": [
        Alternative(
            "grams and moles, and odds",
            """
def nanomolar(mg_per_l, kilodalton):
    grams_per_mole = kilodalton * 1000
    moles_per_l = mg_per_l / 1000 / grams_per_mole
    return moles_per_l * 1e9


def occupancy(drug_mg_l, kd_nm, kilodalton=148):
    L = nanomolar(drug_mg_l, kilodalton)
    return 1 - kd_nm / (L + kd_nm)


def drug_for(share, receptor_nm, kd_nm, kilodalton=148):
    odds = share / (1 - share)
    total_nm = odds * kd_nm + receptor_nm * share
    return total_nm / nanomolar(1, kilodalton)
""",
        ),
        Alternative(
            "the chapter's pairs, and a root finder",
            """
def occupancy(drug_mg_l, kd_nm, kilodalton=148):
    free = drug_mg_l * 1e6 / (kilodalton * 1e3)
    return free / (free + kd_nm)


def drug_for(share, receptor_nm, kd_nm, kilodalton=148):
    if share == 0:
        return 0.0

    def short(free):
        return free / (free + kd_nm) - share

    high = kd_nm
    while short(high) < 0:
        high *= 2
    free = brentq(short, 0, high, xtol=1e-16, rtol=1e-12)
    return (free + receptor_nm * free / (free + kd_nm)) * kilodalton * 1e-3
""",
        ),
    ],
    "simulate": [
        Alternative(
            "Runge and Kutta by hand",
            """
def simulate(dose_mg, p, days):
    def change(y):
        c1, c2 = y[0] / p["v1"], y[1] / p["v2"]
        wide = p["cl"] * c1
        narrow = p["vmax"] / (p["km"] + c1) * c1
        out = p["q"] * c1
        back = p["q"] * c2
        return np.array([back - out - wide - narrow, out - back, wide, narrow])

    y = np.array([dose_mg, 0.0, 0.0, 0.0])
    rows = [y]
    for before, after in zip(days[:-1], days[1:]):
        n = int((after - before) / 0.05) + 1
        h = (after - before) / n
        for _ in range(n):
            k1 = change(y)
            k2 = change(y + h / 2 * k1)
            k3 = change(y + h / 2 * k2)
            k4 = change(y + h * k3)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        rows.append(y)
    table = pd.DataFrame(rows, columns=["blood_mg", "tissue_mg", "wide_mg", "narrow_mg"])
    table.index = days
    return table
""",
        ),
        Alternative(
            "concentrations, another method, the last amount from the balance",
            """
def simulate(dose_mg, p, days):
    def rates(t, x):
        c1, c2, gone = x
        swap = p["q"] * (c1 - c2)
        narrow = p["vmax"] * c1 / (p["km"] + c1)
        return (-swap - p["cl"] * c1 - narrow) / p["v1"], swap / p["v2"], p["cl"] * c1

    s = solve_ivp(rates, [0, days.max()], [dose_mg / p["v1"], 0, 0],
                  method="LSODA", dense_output=True, rtol=1e-9, atol=1e-10)
    c1, c2, gone = s.sol(days)
    out = pd.DataFrame({"tissue_mg": c2 * p["v2"], "blood_mg": c1 * p["v1"], "wide_mg": gone})
    out["narrow_mg"] = dose_mg - out.sum(axis=1)
    return out
""",
        ),
    ],
    "exposure": [
        Alternative(
            "a loop over the days",
            """
def exposure(samples):
    c = {}
    for _, row in samples.iterrows():
        if row["day"] < 28:
            c[row["day"]] = 0 if row["drug_below_limit"] else row["drug_ug_ml"]
    days = sorted(c)
    area = 0
    for a, b in zip(days[:-1], days[1:]):
        area += (c[a] + c[b]) / 2 * (b - a)
    return {"auc": area * 24, "cmax": max(c.values()), "cmin": c[days[-1]]}
""",
        ),
    ],
    "crp": [
        Alternative(
            "in µg/mL, and both ways by what is left",
            """
def settled_crp(baseline_mg_l, drug_ug_ml, ic50_ng_ml, imax):
    ic50 = ic50_ng_ml / 1000
    return baseline_mg_l - baseline_mg_l * imax * drug_ug_ml / (ic50 + drug_ug_ml)


def hours_below(limit_mg_l, baseline_mg_l, inhibited, k_out_per_h, block_h):
    end = baseline_mg_l * (1 - inhibited * (1 - np.exp(-k_out_per_h * block_h)))
    if end >= limit_mg_l:
        return 0
    rest = baseline_mg_l * (1 - inhibited)
    down = np.log((baseline_mg_l - rest) / (limit_mg_l - rest)) / k_out_per_h
    up = np.log((baseline_mg_l - end) / (baseline_mg_l - limit_mg_l)) / k_out_per_h
    return (block_h - down) + up
""",
        ),
        Alternative(
            "two searches for a crossing",
            """
def settled_crp(baseline_mg_l, drug_ug_ml, ic50_ng_ml, imax):
    ic50_ug_ml = ic50_ng_ml * 1e-3
    return baseline_mg_l * (1 - imax / (1 + ic50_ug_ml / max(drug_ug_ml, 1e-300)))


def hours_below(limit_mg_l, baseline_mg_l, inhibited, k_out_per_h, block_h):
    def level(hour):
        lost = inhibited * (1 - np.exp(-k_out_per_h * min(hour, block_h)))
        after = max(hour - block_h, 0)
        return baseline_mg_l * (1 - lost * np.exp(-k_out_per_h * after)) - limit_mg_l

    if level(block_h) >= 0:
        return 0.0
    late = block_h + 1000 / k_out_per_h
    return brentq(level, block_h, late) - brentq(level, 0, block_h)
""",
        ),
    ],
    "ic50": [
        Alternative(
            "a loop, in decadic logarithms, and scipy's geometric mean",
            """
def ic50(concentration_nm, signal_percent, bottom_percent):
    goal = bottom_percent + (100 - bottom_percent) / 2
    for i in range(len(signal_percent)):
        if signal_percent[i] < goal:
            if i == 0:
                return float("nan")
            x1, x2 = np.log10(concentration_nm[i - 1 : i + 1])
            y1, y2 = signal_percent[i - 1], signal_percent[i]
            return 10 ** (x1 + (goal - y1) * (x2 - x1) / (y2 - y1))
    return float("nan")


def selectivity(ic50_wanted, ic50_other):
    both = ~(np.isnan(ic50_wanted) | np.isnan(ic50_other))
    if not both.any():
        return np.nan
    return stats.gmean(ic50_other[both] / ic50_wanted[both])
""",
        ),
    ],
    "draw_curves": [
        Alternative(
            "pandas draws",
            """
def draw_curves(readings, inhibitor):
    one = readings[readings.inhibitor == inhibitor]
    table = one.pivot_table(
        index="concentration_nm", columns="stimulus", values="signal_percent",
        aggfunc=stats.gmean,
    )
    ax = table.plot(logx=True)
    ax.set_xlabel("Concentration of the inhibitor (nM)")
    ax.set_ylabel("Signal (%)")
    return ax
""",
        ),
        Alternative(
            "pyplot, with a line for half of the signal",
            """
def draw_curves(readings, inhibitor):
    plt.figure()
    plt.axhline(50, color="grey", linestyle=":")
    rows = readings.query("inhibitor == @inhibitor")
    for name in rows["stimulus"].unique():
        doses = sorted(rows["concentration_nm"].unique())
        heights = []
        for dose in doses:
            here = rows[(rows["stimulus"] == name) & (rows["concentration_nm"] == dose)]
            heights.append(2 ** np.log2(here["signal_percent"]).mean())
        plt.semilogx(doses, heights, label=name)
    plt.xlabel("Concentration (nM)")
    plt.ylabel("Signal (%)")
    plt.legend(title="Stimulus")
    return plt.gca()
""",
        ),
    ],
    "day": [
        Alternative(
            "counted on a grid of minutes",
            """
def concentration_for(percent, ic50_nm, slope=1):
    odds = percent / (100 - percent)
    return np.exp(np.log(ic50_nm) + np.log(odds) / slope)


def profile(peak_nm, half_life_h, interval_h):
    hours = np.linspace(0, interval_h, 50_001)
    return hours, peak_nm * 0.5 ** (hours / half_life_h)


def hours_above(peak_nm, half_life_h, ic50_nm, interval_h=24):
    hours, c = profile(peak_nm, half_life_h, interval_h)
    return interval_h * (c > ic50_nm).mean()


def average_inhibition(peak_nm, half_life_h, ic50_nm, slope=1, interval_h=24):
    hours, c = profile(peak_nm, half_life_h, interval_h)
    return trapezoid(100 / (1 + (ic50_nm / c) ** slope), hours) / interval_h
""",
        ),
    ],
    "tumour": [
        Alternative(
            "roots of the cubic, and the factor in closed form",
            """
def steady_tumours(c):
    s, p, g, m, d, a, b, n = (c[key] for key in "spgmdabn")
    # (s n / a)(g + T) + (p T - (m T + d)(g + T))(1 - b T) = 0
    quadratic = np.array([-m, p - d - m * g, -d * g])
    cubic = np.polymul(quadratic, [-b, 1])
    cubic[-2:] += np.array([1, g]) * s * n / a
    roots = np.roots(cubic)
    real = [r.real for r in roots if abs(r.imag) < 1e-6 * abs(r) and 0 < r.real < 1 / b]
    return [0.0] + sorted(real)


def release_needed(c):
    T = np.geomspace(1e8, 1 / c["b"], 100_000)
    loss = c["d"] + c["m"] * T - c["p"] * T / (c["g"] + T)
    supply_for = loss * c["a"] * (1 - c["b"] * T) / c["n"]
    return max(1.0, supply_for.max() / c["s"])
""",
        ),
        Alternative(
            "effectors as the unknown's partner, and steps of a factor",
            """
def steady_tumours(c):
    def surplus(T):
        E = c["a"] * (1 - c["b"] * T) / c["n"]
        return c["s"] + c["p"] * E * T / (c["g"] + T) - c["m"] * E * T - c["d"] * E

    T = np.exp(np.linspace(np.log(1e4), np.log(1 / c["b"]), 50_000))
    y = surplus(T)
    places = [i for i in range(len(T) - 1) if y[i] * y[i + 1] < 0]
    return [0.0, *(brentq(surplus, T[i], T[i + 1]) for i in places)]


def release_needed(c):
    factor = 1.0
    for step in (1.2, 1.02, 1.002, 1.0002):
        while steady_tumours({**c, "n": c["n"] * factor})[-1] >= 1e8:
            factor *= step
        if factor > 1 and step > 1.001:
            factor = max(1.0, factor / step)
    return factor
""",
        ),
    ],
    "genes": [
        Alternative(
            "a loop over genes, a paired test, and the adjustment by hand",
            """
def changed(readings):
    rows = {}
    for gene, of_gene in readings.groupby("gene"):
        means = of_gene.pivot_table(
            index="person", columns="group", values="log2_expression", aggfunc="mean"
        ).dropna()
        p = stats.ttest_rel(means["inhibitor"], means["control"]).pvalue
        rows[gene] = [(means["inhibitor"] - means["control"]).mean(), p]
    table = pd.DataFrame(rows, index=["log2_fold_change", "p"]).T
    ordered = table["p"].sort_values()
    product = ordered * len(ordered) / np.arange(1, len(ordered) + 1)
    table["q"] = product[::-1].cummin()[::-1]
    return table
""",
        ),
        Alternative(
            "signs and weights, and t by its formula",
            """
def changed(readings):
    table = readings.copy()
    wells = table.groupby(["gene", "person", "group"])["well"].transform("size")
    sign = np.where(table["group"] == "inhibitor", 1, -1)
    table["part"] = sign * table["log2_expression"] / wells
    groups = table.groupby("person")["group"].transform("nunique")
    table = table[groups == 2]
    within = table.groupby(["person", "gene"])["part"].sum().unstack()
    n = len(within)
    t = within.mean() / (within.std(ddof=1) / np.sqrt(n))
    p = 2 * stats.t.sf(t.abs(), n - 1)
    out = within.mean().to_frame("log2_fold_change")
    out["p"] = p
    out["q"] = stats.false_discovery_control(p, method="bh")
    return out
""",
        ),
    ],
    "dose": [
        Alternative(
            "concentrations, a fixed number of doses, and halving",
            """
def dose_for_trough(p, interval_d, trough_mg_l):
    def change(t, c):
        leave = p["cl"] * c[0] + p["vmax"] * c[0] / (p["km"] + c[0])
        swap = p["q"] * (c[0] - c[1])
        return [-(leave + swap) / p["v1"], swap / p["v2"]]

    def lowest(dose):
        c = [0.0, 0.0]
        for _ in range(int(600 / interval_d) + 8):
            c = solve_ivp(change, [0, interval_d], [c[0] + dose / p["v1"], c[1]],
                          method="LSODA", rtol=1e-5, atol=1e-6).y[:, -1]
        return c[0]

    low, high = 0.0, 20.0
    while lowest(high) < trough_mg_l:
        low, high = high, 2 * high
    while high - low > 2e-3 * high:
        middle = (low + high) / 2
        if lowest(middle) < trough_mg_l:
            low = middle
        else:
            high = middle
    return (low + high) / 2
""",
        ),
        Alternative(
            "each dose brings the trough to where it is wanted, until it stays",
            """
def dose_for_trough(p, interval_d, trough_mg_l):
    def change(t, a):
        c1, c2 = a[0] / p["v1"], a[1] / p["v2"]
        gone = p["cl"] * c1 + p["vmax"] * c1 / (p["km"] + c1)
        return [p["q"] * (c2 - c1) - gone, p["q"] * (c1 - c2)]

    low = trough_mg_l * p["v1"]

    def interval(dose, tissue):
        return solve_ivp(change, (0, interval_d), [low + dose, tissue],
                         method="LSODA", rtol=1e-7, atol=1e-7).y[:, -1]

    tissue, dose, last = trough_mg_l * p["v2"], 1.0, 0.0
    for _ in range(400):
        if abs(dose - last) < 1e-5 * dose:
            break
        last = dose
        high = 10.0
        while interval(high, tissue)[0] < low:
            high *= 2
        dose = brentq(lambda d: interval(d, tissue)[0] - low, 0, high, rtol=1e-6)
        tissue = interval(dose, tissue)[1]
    return dose
""",
        ),
    ],
}
