"""The one figure style of the book: fonts, sizes, and colours with a fixed meaning.

A chapter calls ``style.use()`` in its setup cell and takes every colour from
here, so that arms, markers and directions have their colours on every page;
what is none of these takes a hue and a legend. The hues are those of
Okabe and Ito, which people with any of the common colour-vision deficiencies
can tell apart; where two of them meet in one figure they also differ in
lightness, so that the figure survives a grey print. The background is an
opaque white. A dark page turns the lightness of a figure round and keeps its
hues (``course.css``), so that words beside it name hues, and neither black nor
white.
"""

import matplotlib as mpl

from . import picture

INK = "#222222"
GREY = "#6e6e6e"
PALE = "#c9c9c9"

BLUE = "#0072b2"
SKY = "#56b4e9"
GREEN = "#009e73"
ORANGE = "#e69f00"
VERMILION = "#d55e00"
PINK = "#cc79a7"

#: What a modulator does to the response.
DIRECTION = {"enhance": VERMILION, "suppress": BLUE, "adjust": GREEN}

#: Arms of a trial, from no active drug to the highest dose.
ARM = {"placebo": GREY, "4 mg/kg": SKY, "8 mg/kg": BLUE}

#: Laboratory markers and clinical components.
MARKER = {
    "CRP": VERMILION,
    "ESR": PINK,
    "joints": GREEN,
    "patient": ORANGE,
    "CD4": BLUE,
    "CD8": ORANGE,
    "CD19": GREEN,
    "NK": PINK,
}

#: What was planted in synthetic data and no clinician sees.
TRUTH = INK
#: A limit, a threshold, a reference line.
LIMIT = GREY

RC = {
    "figure.figsize": (7.0, 3.6),
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "axes.facecolor": "white",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.5,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(
        color=[BLUE, VERMILION, GREEN, ORANGE, PINK, SKY, GREY]
    ),
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
}


def use() -> None:
    """Apply the style to every figure that follows, and show it as a drawing."""
    mpl.rcParams.update(RC)
    picture.show_drawings()


def p_value(p: float, digits: int = 2) -> str:
    """Return a P value with its sign, as prose prints it: ``= 0.04`` or ``< 0.01``.

    Parameters
    ----------
    p : float
        The P value.
    digits : int
        Digits after the point. What would be printed as zero is told as less than
        the smallest number that has so many.

    Returns
    -------
    str
    """
    least = 10.0**-digits
    return f"= {p:.{digits}f}" if p >= least else f"< {least:.{digits}f}"
