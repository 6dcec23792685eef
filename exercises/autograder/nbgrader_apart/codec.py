"""Plain copies of values: JSON with tags, and raw buffers for arrays.

What a student's function returns is written on the student's side and read on
the side of the tests. Reading builds base types only: nothing is unpickled, no
name of a class is looked up, every size is checked before memory is taken.
"""

import functools
import re
from collections.abc import MappingView

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from .wire import Malformed, need

MAX_DEPTH = 50
MAX_ITEMS = 5_000_000
DTYPE = re.compile(r"[<>|]?(b1|[iuf][1248]|c8|c16|[SU]\d{1,5}|[mM]8(\[\w{1,2}\])?)")
#: Columns of these dtypes are written as lists, with None for what is missing.
LISTED = (pd.StringDtype, pd.BooleanDtype, pd.Int64Dtype, pd.Float64Dtype)
LISTED_NAMES = ("str", "string", "boolean", "Int64", "Float64")


class Refused(TypeError):
    """A value that cannot be copied; the message says what it is."""


class Writer:
    """Turns values into what JSON can hold, and buffers.

    Parameters
    ----------
    more : callable, optional
        Asked for a value that is not plain: returns a tagged list, or None.
    """

    def __init__(self, more=None):
        self.more = more
        self.buffers = []
        self.room = MAX_ITEMS

    def write(self, value, depth=0):
        """Return the copy of one value.

        Raises
        ------
        Refused
            If the value is not plain, too deep or too large.
        """
        self.room -= 1
        if depth > MAX_DEPTH or self.room < 0:
            raise Refused("nested too deeply" if self.room else "too large")
        if value is None or type(value) in (bool, float, str):
            return value
        if type(value) is int:
            if value.bit_length() > 4000:
                raise Refused("an integer of more than a thousand digits")
            return value
        if method := _method(type(value)):
            return method(self, value, depth + 1)
        if found := self.more and self.more(self, value):
            return found
        raise Refused(f"a {type(value).__name__}")

    def items(self, values, depth):
        """Copy several values."""
        return [self.write(value, depth) for value in values]

    def buffer(self, data):
        """Keep bytes aside; return their number."""
        self.buffers.append(bytes(data))
        return len(self.buffers) - 1

    def array(self, values, depth=1):
        """Copy a numpy array, or what becomes one."""
        values = np.asarray(values)
        if values.dtype == object and values.ndim == 1:
            return ["objects", self.items(values, depth + 1)]
        if not DTYPE.fullmatch(values.dtype.str):
            raise Refused(f"an array of dtype {values.dtype}")
        number = self.buffer(values.tobytes())
        return ["array", values.dtype.str, list(values.shape), number]

    def column(self, values, depth):
        """Copy the array behind a Series, an Index or a column."""
        kind = values.dtype
        if isinstance(kind, LISTED):
            values = values.to_numpy(object, na_value=None)
            return ["listed", kind.name, values.tolist()]
        if isinstance(kind, pd.CategoricalDtype):
            kinds = self.write(kind.categories, depth + 1)
            return ["categories", kinds, self.array(values.codes), bool(kind.ordered)]
        return self.array(values, depth)

    def _frame(self, frame, depth):
        columns = [column.array for _, column in frame.items()]
        index, names = self.items((frame.index, frame.columns), depth)
        return ["frame", index, names, [self.column(one, depth) for one in columns]]

    def _series(self, series, depth):
        index, name = self.items((series.index, series.name), depth)
        return ["series", index, self.column(series.array, depth), name]

    def _multi(self, index, depth):
        codes = [self.array(one) for one in index.codes]
        return ["multi", self.items(index.levels, depth), codes]

    def _index(self, index, depth):
        name = self.write(index.name, depth)
        if isinstance(index, pd.RangeIndex):
            return ["index", ["range", index.start, index.stop, index.step], name]
        return ["index", self.column(index.array, depth), name]

    def _time(self, value, depth):
        if getattr(value, "tz", None) is not None:
            raise Refused("a time with a time zone")
        return ["time", self.array(value.to_numpy())]


def _sequence(tag):
    return lambda writer, value, depth: [tag, writer.items(value, depth)]


# The order matters: np.float64 is a float. Instances of subclasses are taken for
# what they are based on.
WRITERS = (
    ((pd.Timestamp, pd.Timedelta, type(pd.NaT)), Writer._time),
    (np.generic, lambda w, v, d: ["scalar", w.array(v)]),
    (complex, lambda w, v, d: ["complex", v.real, v.imag]),
    (bytes, lambda w, v, d: ["bytes", w.buffer(v)]),
    (np.ndarray, Writer.array),
    (pd.DataFrame, Writer._frame),
    (pd.Series, Writer._series),
    (pd.MultiIndex, Writer._multi),
    (pd.Index, Writer._index),
    (ExtensionArray, Writer.column),
    (range, lambda w, v, d: ["range", v.start, v.stop, v.step]),
    (tuple, _sequence("tuple")),
    ((list, MappingView), _sequence("list")),
    (set, _sequence("set")),
    (dict, lambda w, v, d: ["dict", [w.items(pair, d) for pair in dict.items(v)]]),
    (np.random.Generator, lambda w, v, d: ["dice", w.write(v.bit_generator.state, d)]),
)


@functools.cache
def _method(kind):
    return next((method for kinds, method in WRITERS if issubclass(kind, kinds)), None)


class Reader:
    """Builds values from what a `Writer`, or an enemy, has written.

    Parameters
    ----------
    buffers : list of bytes
    more : callable, optional
        Asked for an unknown tag: returns a value, or raises.
    """

    def __init__(self, buffers, more=None):
        self.buffers = buffers
        self.more = more

    def read(self, copy, depth=0):
        """Return the value of one copy.

        Raises
        ------
        Malformed
            If no `Writer` writes this.
        """
        need(depth <= MAX_DEPTH, "depth")
        if copy is None or type(copy) in (bool, int, float, str):
            return copy
        need(type(copy) is list and copy and type(copy[0]) is str, "value")
        tag, *parts = copy
        try:
            if tag in READERS:
                return READERS[tag](self, depth + 1, *parts)
            need(self.more, f"tag {tag[:20]!r}")
            return self.more(self, tag, parts)
        except Malformed:
            raise
        except Exception as error:
            raise Malformed(f"malformed {tag[:20]} ({type(error).__name__})") from None

    def items(self, depth, copies):
        """Read several copies."""
        need(type(copies) is list, "list")
        return [self.read(copy, depth) for copy in copies]

    def part(self, kinds, depth, copy):
        """Read what has to be an instance of one of some types."""
        value = self.read(copy, depth)
        need(isinstance(value, kinds), "part")
        return value

    def _data(self, depth, number):
        need(type(number) is int and 0 <= number < len(self.buffers), "buffer")
        return self.buffers[number]

    def _array(self, depth, dtype, shape, number):
        need(type(dtype) is str and DTYPE.fullmatch(dtype), "dtype")
        need(type(shape) is list and all(0 <= one <= 1 << 31 for one in shape), "shape")
        dtype, data = np.dtype(dtype), self._data(depth, number)
        need(dtype.kind != "b" or not data or max(data) <= 1, "bool")
        # A shape that does not fit the data is refused by numpy.
        return np.frombuffer(data, dtype).reshape(shape).copy()

    def _listed(self, depth, kind, values):
        need(kind in LISTED_NAMES and type(values) is list, "column")
        need({*map(type, values)} <= {bool, int, float, str, type(None)}, "column")
        return pd.array(values, dtype=kind)

    def _categories(self, depth, kinds, codes, ordered):
        kinds, codes = self.part(pd.Index, depth, kinds), self.read(codes, depth)
        return pd.Categorical.from_codes(codes, kinds, ordered=bool(ordered))

    def _range(self, depth, start, stop, step):
        need(len(range(start, stop, step)) <= MAX_ITEMS, "range")
        return range(start, stop, step)

    def _index(self, depth, column, name):
        column, name = self.part(COLUMN, depth, column), self.read(name, depth)
        if type(column) is range:
            return pd.RangeIndex(column, name=name)
        return pd.Index(column, name=name, dtype=column.dtype)

    def _multi(self, depth, levels, codes):
        levels = [self.part(pd.Index, depth, one) for one in levels]
        names = [one.name for one in levels]
        return pd.MultiIndex(levels, self.items(depth, codes), names=names)

    def _series(self, depth, index, column, name):
        index = self.part(pd.Index, depth, index)
        column, name = self.part(COLUMN, depth, column), self.read(name, depth)
        return pd.Series(column, index=index, name=name, dtype=column.dtype)

    def _frame(self, depth, index, names, columns):
        index, names = (self.part(pd.Index, depth, one) for one in (index, names))
        columns = [self.part(COLUMN, depth, one) for one in columns]
        need(all(len(one) == len(index) for one in columns), "frame")
        frame = pd.DataFrame(dict(enumerate(columns)), index=index, copy=False)
        frame.columns = names
        return frame

    def _time(self, depth, copy):
        value = self.part(np.ndarray, depth, copy)[()]
        return pd.Timestamp(value) if value.dtype.kind == "M" else pd.Timedelta(value)

    def _dice(self, depth, state):
        bits = np.random.PCG64(0)
        bits.state = self.read(state, depth)  # it refuses other generators' states
        return np.random.Generator(bits)


COLUMN = (np.ndarray, ExtensionArray, range)
READERS = {
    "time": Reader._time,
    "scalar": lambda r, d, copy: r.part(np.ndarray, d, copy)[()],
    "complex": lambda r, d, real, imag: complex(real, imag),
    "bytes": Reader._data,
    "array": Reader._array,
    "objects": lambda r, d, copies: np.fromiter(r.items(d, copies), object),
    "listed": Reader._listed,
    "categories": Reader._categories,
    "frame": Reader._frame,
    "series": Reader._series,
    "multi": Reader._multi,
    "index": Reader._index,
    "range": Reader._range,
    "list": Reader.items,
    "tuple": lambda r, d, copies: tuple(r.items(d, copies)),
    "set": lambda r, d, copies: set(r.items(d, copies)),
    "dict": lambda r, d, pairs: dict(r.items(d, pair) for pair in pairs),
    "dice": Reader._dice,
}
