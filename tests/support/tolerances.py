"""How closely two numbers must agree, by the reason why they may differ.

======================  =============================================================
`ROUNDING` (relative)   one closed formula, written in two ways
`SOLVED` (relative)     one problem, solved by two programs that both run until they
                        converge; or R's result, of which seven digits were kept
`FITTED` (relative)     one likelihood, fitted by two programs that stop at their own
                        tolerances; or an integral, taken on a grid
`as_printed` (absolute) a number that a page or a publication gives with some decimals
======================  =============================================================

A tolerance that comes from the number of draws is a standard error, and stands beside
the draws. So does what a step width or an approximation leaves, with its reason.
"""

ROUNDING = 1e-9
SOLVED = 1e-5
FITTED = 1e-4


def as_printed(decimals):
    """Return the largest error of a number that was rounded to `decimals` places."""
    return 0.5 * 10**-decimals + 1e-9
