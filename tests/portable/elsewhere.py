"""Compute as another processor would.

The same packages give other last digits on another processor: its mathematical
library rounds otherwise, its sums run in another order, and from there an optimiser
takes another path and stops elsewhere. What a page prints and what a test marks must
not hang on that. ``install(seed)`` puts functions of the same names into the places
of those that

- compute a transcendental function: the result is moved by at most one unit in the
  last place (`np.exp`, `math.log`, `scipy.special.ndtr`, ``x ** 0.7`` in a cell);
- draw from a distribution that is computed from uniform numbers: moved likewise;
- sum: in another order (`np.sum`, ``a.mean()``, `np.dot`, ``a @ b`` in a cell, and
  what pandas, statsmodels and scikit-learn build on these);
- sort: ties change places, unless a stable order is asked for (`np.argsort`, and
  `sort_values` by one column);
- do linear algebra: the matrix is moved by one unit in the last place;
- fit, find a root or integrate: starting points, brackets and arguments are moved by
  `SHIFT`, relative, and tolerances are ten times as loose or as tight.

What stays as it is: numbers that are exact on every processor (whole numbers, short
binary fractions); compiled loops (`groupby`, `cumsum`, k-means, the inside of
LAPACK); operators outside of the cells of a notebook.

Other modules take functions by name, so this comes before every other import.
"""

from __future__ import annotations

import ast
import functools
import importlib.abc
import importlib.util
import inspect
import math
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import numpy._core._methods as array_methods

#: By how much starting points and arguments are moved, relative.
SHIFT = 1e-7
#: Tolerances are multiplied or divided by this.
TOLERANCE = 10.0

NUMPY = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "float_power"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "cbrt", "hypot"),
    *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
    *("logaddexp", "logaddexp2"),
)
PLAIN = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "pow", "cbrt", "hypot"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh"),
    *("erf", "erfc", "gamma", "lgamma"),
)
DRAWN = (
    *("normal", "standard_normal", "lognormal", "exponential", "standard_exponential"),
    *("gamma", "standard_gamma", "beta", "chisquare", "f", "standard_t", "weibull"),
    *("logistic", "laplace", "gumbel", "pareto", "rayleigh", "vonmises", "wald"),
    *("dirichlet", "multivariate_normal"),
)
MATRIX = (
    *("solve", "inv", "pinv", "lstsq", "svd", "eig", "eigh", "eigvals", "eigvalsh"),
    *("det", "slogdet", "cholesky", "qr", "expm", "logm"),
)
#: The name of the starting point, and the tolerances with their defaults.
Solver = tuple[str, dict[str, float]]
#: By function: its starting point, and its tolerances with their defaults.
OPTIMISERS: dict[str, Solver] = {
    "least_squares": ("x0", {"ftol": 1e-8, "xtol": 1e-8, "gtol": 1e-8}),
    "curve_fit": ("p0", {"ftol": 1e-8, "xtol": 1e-8}),
    "leastsq": ("x0", {"ftol": 1.49e-8, "xtol": 1.49e-8}),
    "minimize": ("x0", {}),
    "minimize_scalar": ("bracket", {}),
    "root": ("x0", {"tol": 1.49e-8}),
    "fsolve": ("x0", {"xtol": 1.49e-8}),
    "newton": ("x0", {"tol": 1.48e-8}),
    "root_scalar": ("x0", {}),
    "brentq": ("", {"xtol": 2e-12}),
    "brenth": ("", {"xtol": 2e-12}),
    "bisect": ("", {"xtol": 2e-12}),
    "fmin": ("x0", {"xtol": 1e-4, "ftol": 1e-4}),
    "fmin_bfgs": ("x0", {"gtol": 1e-5}),
    "fmin_cg": ("x0", {"gtol": 1e-5}),
    "fmin_powell": ("x0", {"xtol": 1e-4, "ftol": 1e-4}),
    "fmin_l_bfgs_b": ("x0", {"factr": 1e7, "pgtol": 1e-5}),
}
INTEGRATORS: dict[str, Solver] = {
    "solve_ivp": ("y0", {"rtol": 1e-3, "atol": 1e-6}),
    "odeint": ("y0", {"rtol": 1.49e-8, "atol": 1.49e-8}),
    "quad": ("", {"epsabs": 1.49e-8, "epsrel": 1.49e-8}),
    "dblquad": ("", {"epsabs": 1.49e-8, "epsrel": 1.49e-8}),
}
#: What `minimize` and `minimize_scalar` stop at, by method, if nobody says.
STOPS_AT = {"nelder-mead": 1e-4, "bounded": 1e-5, "l-bfgs-b": 1e-8, None: 1e-5}
#: The smallest tolerance that the integrators and optimisers take.
SMALLEST = 3e-14


class Nudged:
    """A universal function of numpy or scipy whose results have another last digit.

    Parameters
    ----------
    function : numpy.ufunc
        The one whose place it takes; methods such as ``reduce`` are its own.
    nudge : callable
        Moves the last digit.
    """

    def __init__(self, function: np.ufunc, nudge: Callable[[Any], Any]) -> None:
        self.function, self.nudge = function, nudge
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **named: Any) -> Any:
        made = self.function(*args, **named)
        if "out" in named or len(args) > self.function.nin:
            if isinstance(made, np.ndarray):
                made[...] = self.nudge(np.asarray(made))
            return made
        return self.nudge(made)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)


class Arrivals(importlib.abc.MetaPathFinder):
    """Changes modules as soon as they have been imported.

    Parameters
    ----------
    changes : dict of str to callable
        By name of the module: what to do with it.
    """

    def __init__(self, changes: dict[str, Callable[[ModuleType], None]]) -> None:
        self.changes = dict(changes)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Let the others find the module, and have it changed when it has run."""
        change = self.changes.pop(name, None)
        if change is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                change(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


class Operators(ast.NodeTransformer):
    """Let ``x ** y`` and ``a @ b`` in a cell call numpy's functions."""

    FUNCTIONS = {ast.Pow: "power", ast.MatMult: "matmul"}

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Replace one operator; squares are products, and stay."""
        self.generic_visit(node)
        function = self.FUNCTIONS.get(type(node.op))
        square = isinstance(node.right, ast.Constant) and node.right.value == 2
        if function is None or square:
            return node
        call = ast.parse(f"__import__('elsewhere').{function}()", mode="eval").body
        call.args = [node.left, node.right]
        return ast.copy_location(call, node)


class Processor:
    """Another processor: its functions, put into the places of the usual ones.

    Parameters
    ----------
    seed : int
        Which processor.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.mixer = np.uint64(0x9E3779B97F4A7C15 + 2 * seed)
        self.factor = TOLERANCE if seed % 2 else 1 / TOLERANCE

    def install(self) -> None:
        """Replace what has been imported, and the rest when it is."""
        for name in NUMPY:
            setattr(np, name, Nudged(getattr(np, name), self.nudged))
        for name in PLAIN:
            if hasattr(math, name):
                setattr(math, name, self.then_nudged(getattr(math, name)))
        self.replace_sums()
        np.argsort = _with_other_ties(np.argsort)
        self.replace_linear_algebra(np.linalg)
        self.replace_draws()
        arrivals: dict[str, Callable[[ModuleType], None]] = {
            "pandas.core.sorting": _change_ties,
            "scipy.special": self.replace_ufuncs,
            "scipy.special._ufuncs": self.replace_ufuncs,
            "scipy.linalg": self.replace_linear_algebra,
            "scipy.optimize": self.replace_solvers(OPTIMISERS),
            "scipy.integrate": self.replace_solvers(INTEGRATORS),
            "sklearn.mixture": self.replace_estimators("GaussianMixture"),
            "sklearn.linear_model": self.replace_estimators(
                "LogisticRegression", "PoissonRegressor"
            ),
            "statsmodels.base.optimizer": self.replace_likelihood_fits,
            "statsmodels.genmod.generalized_linear_model": self.replace_glm_fits,
        }
        for name in arrivals.keys() & sys.modules.keys():
            arrivals[name](sys.modules[name])
        sys.meta_path.insert(0, Arrivals(arrivals))

    # -- the last digit

    def signs(self, values: Any) -> np.ndarray:
        """Return -1, 0 or 1 for each number: always the same for the same number."""
        array = np.asarray(values, dtype=np.float64)
        bits = np.ascontiguousarray(array).view(np.uint64).reshape(array.shape)
        with np.errstate(over="ignore"):
            mixed = (bits ^ (bits >> np.uint64(29))) * self.mixer
        return (mixed >> np.uint64(40)).astype(np.int64) % 3 - 1.0

    def moved(self, values: Any) -> Any:
        """Return numbers, one or many, moved by `SHIFT`; other things as they are."""
        if isinstance(values, (list, tuple)):
            return type(values)(self.moved(value) for value in values)
        if isinstance(values, float) or _is_float(values):
            return values * (1 + SHIFT * self.signs(values))
        return values

    def nudged(self, values: Any) -> Any:
        """Return floats, one or many, with another last digit, unless exact."""
        if type(values) in (float, np.float64):
            if not math.isfinite(values) or _is_short(values):
                return values
            mixed = (hash(values) ^ hash(values) >> 23) * (7 + 2 * self.seed)
            return values + values * ((mixed % 3 - 1) * 2.0**-53)
        if isinstance(values, tuple):
            parts = [self.nudged(value) for value in values]
            return type(values)(*parts) if hasattr(values, "_fields") else tuple(parts)
        if not _is_float(values) or not np.size(values):
            return values
        array = np.asarray(values)
        bits = np.ascontiguousarray(array).view(np.uint64).reshape(array.shape)
        exact = (bits & np.uint64(2**26 - 1)) == 0  # infinity, too
        with np.errstate(invalid="ignore"):
            return values + np.where(exact, 0.0, array * self.signs(array) * 2.0**-53)

    def then_nudged(self, function: Callable) -> Callable:
        """Return a function whose results have another last digit."""

        @functools.wraps(function)
        def nudged(*args: Any, **named: Any) -> Any:
            return self.nudged(function(*args, **named))

        return nudged

    def replace_ufuncs(self, module: ModuleType) -> None:
        """Replace the universal functions of a module."""
        for name, function in list(vars(module).items()):
            if isinstance(function, np.ufunc):
                setattr(module, name, Nudged(function, self.nudged))

    def replace_draws(self) -> None:
        """Let drawn numbers have another last digit, but for uniform ones."""
        plain = np.random.default_rng
        methods = {
            name: self.then_nudged(getattr(np.random.Generator, name)) for name in DRAWN
        }
        generator = type("Generator", (np.random.Generator,), methods)

        @functools.wraps(plain)
        def default_rng(seed: Any = None) -> np.random.Generator:
            if isinstance(seed, generator):
                return seed
            return generator(plain(seed).bit_generator)

        np.random.default_rng = default_rng

    # -- sums

    def order(self, n: int) -> np.ndarray:
        """Return another order of n summands."""
        return np.roll(np.arange(n)[:: -1 if self.seed % 3 else 1], n // 2 + self.seed)

    def replace_sums(self) -> None:
        """Sum in another order, wherever a function of numpy sums floats."""
        plain_sum, add = np.sum, np.add.reduce

        def reordered(a: Any, axis: Any = None, *rest: Any, **named: Any) -> Any:
            if isinstance(a, np.ndarray) and _is_float(a) and a.ndim:
                for each in range(a.ndim) if axis is None else np.atleast_1d(axis):
                    a = a.take(self.order(a.shape[each]), each)
            return add(a, axis, *rest, **named)

        @functools.wraps(plain_sum)
        def summed(a: Any, axis: Any = None, *rest: Any, **named: Any) -> Any:
            if type(a) is np.ndarray and not rest and not named:
                return reordered(a, axis)
            return plain_sum(a, axis, *rest, **named)

        array_methods.umr_sum = reordered  # a.sum(), a.mean(), a.var() come here
        np.sum = summed
        np.dot, np.matmul = self._product(np.dot), self._product(np.matmul)
        np.einsum = self.then_nudged(np.einsum)

    def _product(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def product(a: Any, b: Any, *rest: Any, **named: Any) -> Any:
            if (
                all(type(x) is np.ndarray and _is_float(x) for x in (a, b))
                and a.ndim
                and b.ndim in (1, 2)
                and a.shape[-1] == b.shape[0]
            ):
                order = self.order(b.shape[0])
                a, b = a[..., order], b[order]
            return function(a, b, *rest, **named)

        return product

    # -- linear algebra

    def replace_linear_algebra(self, module: ModuleType) -> None:
        """Move the matrix, and what comes out, in the last digit."""
        for name in MATRIX:
            if hasattr(module, name):
                setattr(module, name, self._linear(getattr(module, name)))

    def _linear(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def linear(a: Any, *rest: Any, **named: Any) -> Any:
            return self.nudged(function(self.nudged(np.asarray(a)), *rest, **named))

        return linear

    # -- fits, roots, integrals

    def replace_solvers(self, table: dict[str, Solver]) -> Callable[[ModuleType], None]:
        """Return what replaces the solvers of a module."""

        def replace(module: ModuleType) -> None:
            for name, (start, tolerances) in table.items():
                plain = getattr(module, name)
                setattr(module, name, self._solver(plain, start, tolerances))

        return replace

    def _solver(self, function: Callable, start: str, tolerances: dict) -> Callable:
        signature = inspect.signature(function)
        names = signature.parameters.keys()
        others = {"solve_ivp": "options", "curve_fit": "kwargs"}.get(function.__name__)

        @functools.wraps(function)
        def solver(*args: Any, **named: Any) -> Any:
            bound = signature.bind(*args, **named)
            given = bound.arguments
            if given.get(start) is not None:
                first = np.asarray(given[start], dtype=float)
                given[start] = _inside(self.moved(first), given.get("bounds"))
            bracketed = {"a", "b", "xtol"} <= names
            # A root that lies exactly at an end would leave a bracket that is moved.
            if isinstance(given.get("args"), tuple) and not bracketed:
                given["args"] = self.moved(given["args"])
            rest = given.setdefault(others, {}) if others else given
            for name, usual in tolerances.items():
                where = given if name in names else rest
                where[name] = self._tolerance(where.get(name, usual))
            if function.__name__.startswith("minimize"):
                self._stop_elsewhere(given)
            if bracketed:
                return self._from_another_bracket(function, bound)
            return function(*bound.args, **bound.kwargs)

        return solver

    def _tolerance(self, usual: Any) -> Any:
        """Return a tolerance, one or many, ten times as loose or as tight."""
        if usual is None:
            return None
        # An absolute tolerance may be smaller: whoever asked for it needs it.
        return np.maximum(usual * self.factor, np.minimum(usual, SMALLEST))

    def _stop_elsewhere(self, given: dict[str, Any]) -> None:
        options = dict(given.get("options") or {})
        named = [name for name in options if name.endswith("tol")]
        for name in named:
            options[name] = self._tolerance(options[name])
        given["options"] = options
        if given.get("tol") is not None or not named:
            method = str(given.get("method") or "").lower()
            if not method and "bounds" in given:
                method = "bounded" if "bracket" in given else "l-bfgs-b"
            usual = STOPS_AT.get(method, STOPS_AT[None])
            given["tol"] = self._tolerance(given.get("tol") or usual)

    def _from_another_bracket(
        self, function: Callable, bound: inspect.BoundArguments
    ) -> Any:
        """Begin a little inside the bracket, unless the root is at its end."""
        low, high = (float(bound.arguments[name]) for name in "ab")
        step = SHIFT * (high - low) * (1 + self.seed % 3)
        find, args = bound.arguments["f"], bound.arguments.get("args", ())
        if find(low + step, *args) * find(high - step, *args) < 0:
            bound.arguments |= {"a": low + step, "b": high - step}
        return function(*bound.args, **bound.kwargs)

    def replace_estimators(self, *names: str) -> Callable[[ModuleType], None]:
        """Return what lets scikit-learn's estimators stop elsewhere."""

        def replace(module: ModuleType) -> None:
            for name in names:
                kind = getattr(module, name)
                kind.fit = self._fit(kind.fit)

        return replace

    def _fit(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def fit(model: Any, x: Any, *rest: Any, **named: Any) -> Any:
            usual = model.tol
            model.tol = float(self._tolerance(usual))
            try:
                return function(model, self.moved(x), *rest, **named)
            finally:
                model.tol = usual

        return fit

    def replace_likelihood_fits(self, module: ModuleType) -> None:
        """Let statsmodels begin and stop elsewhere."""
        plain = module.Optimizer._fit

        @functools.wraps(plain)
        def fit(
            model: Any,
            objective: Any,
            gradient: Any,
            start: Any,
            fargs: Any,
            kwargs: Any,
            *rest: Any,
            **named: Any,
        ) -> Any:
            if named.get("method", "newton") == "newton":  # the others are scipy's
                kwargs = kwargs | {
                    "tol": float(self._tolerance(kwargs.get("tol", 1e-8)))
                }
            start = self.moved(np.asarray(start, dtype=float))
            return plain(
                model, objective, gradient, start, fargs, kwargs, *rest, **named
            )

        module.Optimizer._fit = fit

    def replace_glm_fits(self, module: ModuleType) -> None:
        """Let statsmodels' reweighted least squares stop elsewhere."""
        plain = module.GLM.fit

        @functools.wraps(plain)
        def fit(model: Any, *args: Any, tol: float = 1e-8, **named: Any) -> Any:
            return plain(model, *args, tol=float(self._tolerance(tol)), **named)

        module.GLM.fit = fit


def _is_float(values: Any) -> bool:
    """Return whether this is an array, Series or DataFrame of floats."""
    if hasattr(values, "dtypes") and hasattr(values, "columns"):
        return all(kind == np.float64 for kind in values.dtypes)
    return getattr(values, "dtype", None) == np.float64


def _with_other_ties(function: Callable) -> Callable:
    """Return a function that gives a sorting order, with ties the other way round.

    So does a quick sort, whose order of ties depends on the processor.
    """

    signature = inspect.signature(function)
    first = next(iter(signature.parameters))

    @functools.wraps(function)
    def order(*args: Any, **named: Any) -> Any:
        bound = signature.bind(*args, **named)
        given, values = bound.arguments, bound.arguments[first]
        quick = given.get("kind") in (None, "quicksort") and not given.get("stable")
        if not quick or np.ndim(values) != 1 or hasattr(values, "iloc"):
            return function(*args, **named)
        given |= {first: values[::-1], "kind": "stable"}
        return len(values) - 1 - function(*bound.args, **bound.kwargs)

    return order


def _change_ties(module: ModuleType) -> None:
    module.nargsort = _with_other_ties(module.nargsort)


def _is_short(value: float) -> bool:
    """Return whether a number is a binary fraction that every processor meets."""
    return (math.frexp(value)[0] * 2**27).is_integer()


def _inside(first: np.ndarray, bounds: Any) -> np.ndarray:
    """Return a starting point that is inside its bounds, if there are any."""
    if isinstance(bounds, tuple) and len(bounds) == 2:
        return np.clip(first, *bounds)
    return first


def power(base: Any, exponent: Any) -> Any:
    """Return ``base ** exponent`` as this processor computes it."""
    return HERE.nudged(base**exponent)


def matmul(a: Any, b: Any) -> Any:
    """Return ``a @ b`` as this processor computes it."""
    return np.matmul(a, b) if type(a) is type(b) is np.ndarray else HERE.nudged(a @ b)


def install(seed: int, shell: Any = None) -> None:
    """Compute as another processor from now on.

    Parameters
    ----------
    seed : int
        Which processor.
    shell : IPython.InteractiveShell, optional
        Whose cells compute so, operators included.
    """
    global HERE
    HERE = Processor(seed)
    HERE.install()
    if shell is not None:
        shell.ast_transformers.append(Operators())
