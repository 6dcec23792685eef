"""Answers to the assignment `mechanism`: see `answers` for what they are for."""

from . import Alternative, Wrong

OBJECTIVES = {
    "occupancy": ["ob-mechanism-occupancy"],
    "accumulation": ["ob-mechanism-accumulation"],
    "simulate": ["ob-mechanism-kinetics"],
    "exposure": ["ob-mechanism-saturation"],
    "crp": ["ob-mechanism-marker-fall"],
    "ic50": ["ob-mechanism-hill-curve"],
    "draw_curves": ["ob-mechanism-hill-curve"],
    "day": ["ob-mechanism-time-above-ic50"],
    "genes": ["ob-mechanism-false-discovery"],
    "tumour": ["ob-mechanism-stability", "ob-mechanism-phase-portrait"],
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
                "total = drug_mg_l / kilodalton * 1e3": "total = drug_mg_l",
            },
        ),
        Wrong(
            "µM for nM",
            "loses a factor of a thousand",
            {
                "free = 1000 * drug_mg_l / kilodalton": "free = drug_mg_l / kilodalton",
                "total = drug_mg_l / kilodalton * 1e3": "total = drug_mg_l / kilodalton",
            },
        ),
        Wrong(
            "weight multiplied",
            "turns the molecular weight upside down",
            {
                "1000 * drug_mg_l / kilodalton": "drug_mg_l * kilodalton / 1000",
                "drug_mg_l / kilodalton * 1e3": "drug_mg_l * kilodalton / 1e3",
            },
        ),
        Wrong(
            "share of the drug",
            "divides the pairs by the drug in place of the receptor",
            {"return pairs / receptor_nm": "return pairs / total"},
        ),
        Wrong(
            "pairs for a share",
            "returns a concentration",
            {"return pairs / receptor_nm": "return pairs"},
        ),
        Wrong(
            "plus before the root",
            "takes the other root of the quadratic equation",
            {"(s - np.sqrt": "(s + np.sqrt"},
        ),
        Wrong(
            "depletion ignored",
            "takes total for free drug",
            {"return pairs / receptor_nm": "return total / (total + kd_nm)"},
        ),
        Wrong(
            "share that is free",
            "exchanges drug and dissociation constant",
            {"return free / (free + kd_nm)": "return kd_nm / (free + kd_nm)"},
        ),
        Wrong(
            "every protein an antibody",
            "types 148 where an argument is given",
            {
                "1000 * drug_mg_l / kilodalton": "1000 * drug_mg_l / 148",
                "drug_mg_l / kilodalton * 1e3": "drug_mg_l / 148 * 1e3",
            },
            seen=False,
        ),
    ],
    "accumulation": [
        Wrong(
            "mean residence time",
            "takes V/CL for the half-life",
            {"np.log(2) * volume_l": "volume_l"},
        ),
        Wrong(
            "decadic logarithm",
            "takes log10 for ln",
            {"np.log(2) * volume_l": "np.log10(2) * volume_l"},
        ),
        Wrong(
            "clearance over volume",
            "turns the fraction upside down",
            {"volume_l / clearance_l_d": "clearance_l_d / volume_l"},
        ),
        Wrong(
            "base e with a half-life",
            "mixes a half-life with a rate constant",
            {"2 ** (-interval_d / half_life_d)": "np.exp(-interval_d / half_life_d)"},
        ),
        Wrong(
            "half-life over interval",
            "counts intervals in a half-life",
            {"-interval_d / half_life_d": "-half_life_d / interval_d"},
        ),
        Wrong(
            "what is left over",
            "returns what the earlier doses add, without the last one",
            {
                "return 1 / (1 - 2 ** (-interval_d / half_life_d))": (
                    "return 1 / (2 ** (interval_d / half_life_d) - 1)"
                )
            },
        ),
        Wrong(
            "rounded down",
            "returns the last dose that does not reach the share",
            {"np.ceil(": "np.floor("},
        ),
        Wrong(
            "counted in half-lives",
            "forgets how far apart the doses are",
            {"halvings * half_life_d / interval_d": "halvings"},
            seen=False,
        ),
        Wrong(
            "five half-lives by heart",
            "applies a rule of thumb whatever the share",
            {"halvings = -np.log2(1 - share)": "halvings = 5"},
            seen=False,
        ),
        Wrong(
            "rounded to the nearest",
            "takes round for up",
            {"np.ceil(": "np.round("},
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
            "half-life of CRP",
            "takes half of the way for half of the baseline",
            {"np.log((1 - left) / (0.5 - left))": "np.log(2)"},
        ),
        Wrong(
            "half-life over the block",
            "stretches the half-life in proportion",
            {"np.log((1 - left) / (0.5 - left))": "np.log(2) / (1 - left)"},
        ),
        Wrong(
            "decadic logarithm",
            "takes log10 for ln",
            {"np.log((1 - left)": "np.log10((1 - left)"},
        ),
        Wrong(
            "never is nan",
            "returns nan where the task asks for infinity",
            {"return np.inf": "return np.nan"},
        ),
        Wrong(
            "exactly half is reached",
            "forgets that an exponential does not arrive",
            {
                "if left >= 0.5:\n        return np.inf": (
                    "if left > 0.5:\n        return np.inf\n"
                    "    if left == 0.5:\n        return 40 / k_out_per_h"
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
        ),
        Wrong(
            "mean of peak and trough",
            "averages the two ends",
            {
                "quad(inhibition, 0, interval_h)[0] / interval_h": (
                    "(inhibition(0) + inhibition(interval_h)) / 2"
                )
            },
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
    "genes": [
        Wrong(
            "control minus inhibitor",
            "reverses the direction",
            {
                "treated.mean(axis=1) - control.mean(axis=1)": (
                    "control.mean(axis=1) - treated.mean(axis=1)"
                )
            },
        ),
        Wrong(
            "logarithm of a logarithm",
            "treats the readings as raw expression",
            {
                "treated.mean(axis=1) - control.mean(axis=1)": (
                    "np.log2(treated.mean(axis=1) / control.mean(axis=1))"
                )
            },
        ),
        Wrong(
            "fold change without its logarithm",
            "returns the factor",
            {
                "change = treated.mean(axis=1) - control.mean(axis=1)": (
                    "change = 2 ** (treated.mean(axis=1) - control.mean(axis=1))"
                )
            },
        ),
        Wrong(
            "one-sided",
            "halves the p value",
            {".pvalue": ".pvalue / 2"},
        ),
        Wrong(
            "groups by the order of the table",
            "does not match samples by name",
            {
                'samples.set_index("sample")["group"].loc[wide.columns]': 'samples["group"]'
            },
            seen=False,
        ),
        Wrong(
            "unequal variances",
            "makes Welch's test",
            {"control, axis=1)": "control, axis=1, equal_var=False)"},
            seen=False,
        ),
        Wrong(
            "unadjusted",
            "returns the p values",
            {"return q": "return p"},
        ),
        Wrong(
            "Bonferroni",
            "multiplies every p value by the number of tests",
            {"len(p) / np.arange(1, len(p) + 1)": "len(p)"},
        ),
        Wrong(
            "ranks from the top",
            "gives the largest p value rank 1",
            {"np.argsort(p)": "np.argsort(-p)"},
        ),
        Wrong(
            "not made monotone",
            "stops after multiplying",
            {"np.minimum.accumulate(product[::-1])[::-1]": "product"},
        ),
        Wrong(
            "smallest so far from the bottom",
            "accumulates in the wrong direction",
            {
                "np.minimum.accumulate(product[::-1])[::-1]": (
                    "np.minimum.accumulate(product)"
                )
            },
        ),
        Wrong(
            "sorted",
            "returns the values in another order than the p values",
            {"q[order] = ": "q[:] = "},
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
            {"5000": "4"},
        ),
        Wrong(
            "stops before the largest tumour",
            "looks only at small sizes",
            {'np.geomspace(1e4, 1 / c["b"], 5000)': "np.geomspace(1e4, 1e8, 5000)"},
        ),
        Wrong(
            "supply forgotten",
            "leaves out the effectors that come without a tumour",
            {'return c["s"] + gain': "return gain"},
        ),
        Wrong(
            "exhaustion forgotten",
            "leaves out that tumour cells wear effectors out",
            {' - c["m"] * tumour - c["d"]': ' - c["d"]'},
        ),
        Wrong(
            "recruitment forgotten",
            "leaves out that the tumour calls effectors",
            {'c["s"] + c["p"] * e * t / (c["g"] + t)': 'c["s"]'},
        ),
        Wrong(
            "words exchanged",
            "takes few cells for an escape",
            {
                '"held" if run.y[1, -1] < 1e8 else "escaped"': (
                    '"escaped" if run.y[1, -1] < 1e8 else "held"'
                )
            },
        ),
        Wrong(
            "effectors judged",
            "reads the wrong row",
            {"run.y[1, -1]": "run.y[0, -1]"},
        ),
        Wrong(
            "judged by the start",
            "holds that a small tumour is held",
            {"run.y[1, -1] < 1e8": "tumour < 1e8"},
            seen=False,
        ),
        Wrong(
            "the mouse's constants",
            "does not use the argument",
            {
                'c["s"] + c["p"] * e * t / (c["g"] + t)': (
                    'MOUSE["s"] + MOUSE["p"] * e * t / (MOUSE["g"] + t)'
                ),
                ' - c["n"] * e * t': ' - MOUSE["n"] * e * t',
            },
            seen=False,
        ),
    ],
}

ALTERNATIVE = {
    "occupancy": [
        Alternative(
            "grams and moles, with the root that does not cancel",
            """
def nanomolar(mg_per_l, kilodalton):
    grams_per_mole = kilodalton * 1000
    moles_per_l = mg_per_l / 1000 / grams_per_mole
    return moles_per_l * 1e9


def occupancy(drug_mg_l, kd_nm, kilodalton=148):
    L = nanomolar(drug_mg_l, kilodalton)
    return 1 - kd_nm / (L + kd_nm)


def occupancy_depleted(drug_mg_l, receptor_nm, kd_nm, kilodalton=148):
    L = nanomolar(drug_mg_l, kilodalton)
    S = L + receptor_nm + kd_nm
    return 2 * L / (S + (S * S - 4 * L * receptor_nm) ** 0.5)
""",
        ),
        Alternative(
            "the equilibrium solved by a root finder",
            """
def occupancy(drug_mg_l, kd_nm, kilodalton=148):
    free = drug_mg_l * 1e6 / (kilodalton * 1e3)
    return free / (free + kd_nm)


def occupancy_depleted(drug_mg_l, receptor_nm, kd_nm, kilodalton=148):
    total = drug_mg_l * 1e6 / (kilodalton * 1e3)
    if total == 0:
        return 0.0

    def surplus(free):
        return free + receptor_nm * free / (free + kd_nm) - total

    free = brentq(surplus, 0, total, xtol=1e-14, rtol=1e-14)
    return free / (free + kd_nm)
""",
        ),
    ],
    "accumulation": [
        Alternative(
            "rate constants, and a loop over doses",
            """
import math


def half_life(clearance_l_d, volume_l):
    k = clearance_l_d / volume_l
    return math.log(2) / k


def accumulation(half_life_d, interval_d):
    k = math.log(2) / half_life_d
    return 1 / (1 - math.exp(-k * interval_d))


def doses_needed(half_life_d, interval_d, share=0.95):
    n = 1
    while 1 - 2 ** (-n * interval_d / half_life_d) < share:
        n += 1
    return n
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
            "in µg/mL, and the time by hand",
            """
def settled_crp(baseline_mg_l, drug_ug_ml, ic50_ng_ml, imax):
    ic50 = ic50_ng_ml / 1000
    return baseline_mg_l - baseline_mg_l * imax * drug_ug_ml / (ic50 + drug_ug_ml)


def hours_to_half(drug_ug_ml, ic50_ng_ml, imax, k_out_per_h):
    ic50 = ic50_ng_ml / 1000
    block = imax * drug_ug_ml / (ic50 + drug_ug_ml)
    if block > 0.5:
        return -np.log(1 - 1 / (2 * block)) / k_out_per_h
    return float("inf")
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
    "genes": [
        Alternative(
            "merge, group by gene, and a double loop over ranks",
            """
def compare(readings, samples):
    both = readings.merge(samples, on="sample")
    rows = {}
    for gene, cells in both.groupby("gene"):
        a = cells.loc[cells["group"] == "inhibitor", "log2_expression"]
        b = cells.loc[cells["group"] == "control", "log2_expression"]
        rows[gene] = [stats.ttest_ind(a, b)[1], a.mean() - b.mean()]
    return pd.DataFrame(rows, index=["p", "log2_fold_change"]).T


def benjamini_hochberg(p):
    m = len(p)
    rank = pd.Series(p).rank(method="first").to_numpy()
    product = p * m / rank
    return np.array([product[rank >= r].min() for r in rank])
""",
        ),
    ],
    "tumour": [
        Alternative(
            "roots of the cubic, and logarithms of the cells",
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


def fate(effectors, tumour, c):
    def slopes(t, y):
        E, T = np.exp(y)
        return [
            c["s"] / E + c["p"] * T / (c["g"] + T) - c["m"] * T - c["d"],
            c["a"] * (1 - c["b"] * T) - c["n"] * E,
        ]

    y = solve_ivp(slopes, [0, 400], np.log([effectors, tumour]), rtol=1e-6).y[:, -1]
    if np.exp(y[1]) >= 1e8:
        return "escaped"
    return "held"
""",
        ),
    ],
}
