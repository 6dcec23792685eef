"""Plain copies of values: JSON with tags, and raw buffers for arrays.

What a student's function returns is written on the student's side and read on
the side of the tests. Reading builds base types only: nothing is unpickled, no
name of a class is looked up, every size is checked before memory is taken.
"""

import re
from collections.abc import Callable, Iterable, Mapping, MappingView
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from .wire import Malformed, require

MAX_DEPTH = 50
MAX_ITEMS = 5_000_000
#: About 1,200 decimal digits.
MAX_BITS = 4000
MAX_DIMENSION = 1 << 31
DTYPE = re.compile(r"[<>|]?(b1|[iuf][1248]|c8|c16|[SU]\d{1,5}|[mM]8(\[\w{1,2}\])?)")
#: Columns of these dtypes are written as lists, with None for what is missing.
LISTED = (pd.StringDtype, pd.BooleanDtype, pd.Int64Dtype, pd.Float64Dtype)
LISTED_NAMES = ("str", "string", "boolean", "Int64", "Float64")

#: What JSON can hold: None, a bool, an int, a float, a str, or a list that begins
#: with a tag.
Copy = Any


class Refused(TypeError):
    """A value that cannot be copied; the message says what it is."""


class Writer:
    """Turns values into what JSON can hold, and buffers.

    Parameters
    ----------
    describe : callable, optional
        Asked for a value that is not plain: returns a tagged list, or None.
    """

    def __init__(
        self, describe: "Callable[[Writer, Any], Copy | None] | None" = None
    ) -> None:
        self.describe = describe
        self.buffers: list[bytes] = []
        self.room = MAX_ITEMS

    def write(self, value: Any, depth: int = 0) -> Copy:
        """Return the copy of one value.

        Raises
        ------
        Refused
            If the value is not plain, too deep or too large.
        """
        self.room -= 1
        if self.room < 0:
            raise Refused("too large")
        if depth > MAX_DEPTH:
            raise Refused("nested too deeply")
        if value is None or type(value) in (bool, float, str):
            return value
        if type(value) is int:
            if value.bit_length() > MAX_BITS:
                raise Refused("an integer of more than a thousand digits")
            return value
        write_kind = _writer_of(type(value))
        if write_kind is not None:
            return write_kind(self, value, depth + 1)
        described = self.describe(self, value) if self.describe else None
        if described is None:
            raise Refused(f"a {type(value).__name__}")
        return described

    def items(self, values: Iterable[Any], depth: int) -> list[Copy]:
        """Copy several values."""
        return [self.write(value, depth) for value in values]

    def buffer(self, data: Any) -> int:
        """Keep bytes aside; return their number."""
        self.buffers.append(bytes(data))
        return len(self.buffers) - 1

    def array(self, values: Any, depth: int = 1) -> Copy:
        """Copy a numpy array, or what becomes one."""
        values = np.asarray(values)
        if values.dtype == object and values.ndim == 1:
            return ["objects", self.items(values, depth + 1)]
        if not DTYPE.fullmatch(values.dtype.str):
            raise Refused(f"an array of dtype {values.dtype}")
        number = self.buffer(values.tobytes())
        return ["array", values.dtype.str, list(values.shape), number]

    def column(self, values: Any, depth: int) -> Copy:
        """Copy the array behind a Series, an Index or a column."""
        kind = values.dtype
        if isinstance(kind, LISTED):
            values = values.to_numpy(object, na_value=None)
            return ["listed", kind.name, values.tolist()]
        if isinstance(kind, pd.CategoricalDtype):
            kinds = self.write(kind.categories, depth + 1)
            return ["categories", kinds, self.array(values.codes), bool(kind.ordered)]
        return self.array(values, depth)

    def _frame(self, frame: Any, depth: int) -> Copy:
        columns = [column.array for _, column in frame.items()]
        index, names = self.items((frame.index, frame.columns), depth)
        return ["frame", index, names, [self.column(one, depth) for one in columns]]

    def _series(self, series: Any, depth: int) -> Copy:
        index, name = self.items((series.index, series.name), depth)
        return ["series", index, self.column(series.array, depth), name]

    def _multi_index(self, index: Any, depth: int) -> Copy:
        codes = [self.array(level) for level in index.codes]
        return ["multi", self.items(index.levels, depth), codes]

    def _index(self, index: Any, depth: int) -> Copy:
        name = self.write(index.name, depth)
        if isinstance(index, pd.RangeIndex):
            return ["index", ["range", index.start, index.stop, index.step], name]
        return ["index", self.column(index.array, depth), name]

    def _time(self, value: Any, depth: int) -> Copy:
        if getattr(value, "tz", None) is not None:
            raise Refused("a time with a time zone")
        return ["time", self.array(value.to_numpy())]

    def _scalar(self, value: Any, depth: int) -> Copy:
        return ["scalar", self.array(value)]

    def _complex(self, value: complex, depth: int) -> Copy:
        return ["complex", value.real, value.imag]

    def _bytes(self, value: bytes, depth: int) -> Copy:
        return ["bytes", self.buffer(value)]

    def _range(self, value: range, depth: int) -> Copy:
        return ["range", value.start, value.stop, value.step]

    def _tuple(self, value: Iterable[Any], depth: int) -> Copy:
        return ["tuple", self.items(value, depth)]

    def _list(self, value: Iterable[Any], depth: int) -> Copy:
        return ["list", self.items(value, depth)]

    def _set(self, value: Iterable[Any], depth: int) -> Copy:
        return ["set", self.items(value, depth)]

    def _dict(self, value: dict[Any, Any], depth: int) -> Copy:
        # A subclass may have an `items` of its own.
        return ["dict", [self.items(pair, depth) for pair in dict.items(value)]]

    def _generator(self, value: np.random.Generator, depth: int) -> Copy:
        return ["generator", self.write(value.bit_generator.state, depth)]


#: How each type is written. The order matters: np.float64 is a float. Instances of
#: subclasses are taken for what they are based on.
WRITERS: tuple[tuple[Any, Callable[[Writer, Any, int], Copy]], ...] = (
    ((pd.Timestamp, pd.Timedelta, type(pd.NaT)), Writer._time),
    (np.generic, Writer._scalar),
    (complex, Writer._complex),
    (bytes, Writer._bytes),
    (np.ndarray, Writer.array),
    (pd.DataFrame, Writer._frame),
    (pd.Series, Writer._series),
    (pd.MultiIndex, Writer._multi_index),
    (pd.Index, Writer._index),
    (ExtensionArray, Writer.column),
    (range, Writer._range),
    (tuple, Writer._tuple),
    ((list, MappingView), Writer._list),
    (set, Writer._set),
    (dict, Writer._dict),
    (np.random.Generator, Writer._generator),
)


Write = Callable[[Writer, Any, int], Copy]
#: What `_writer_of` has found for each type.
_found: dict[type, Write | None] = {}


def _writer_of(kind: type) -> Write | None:
    if kind not in _found:
        matching = (write for kinds, write in WRITERS if issubclass(kind, kinds))
        _found[kind] = next(matching, None)
    return _found[kind]


class Reader:
    """Builds values from what a `Writer`, or an attacker, has written.

    Parameters
    ----------
    buffers : list of bytes
    build : callable, optional
        Asked for an unknown tag: returns a value, or raises.
    """

    def __init__(
        self,
        buffers: list[bytes],
        build: "Callable[[Reader, str, list[Any]], Any] | None" = None,
    ) -> None:
        self.buffers = buffers
        self.build = build

    def read(self, copy: Copy, depth: int = 0) -> Any:
        """Return the value of one copy.

        Raises
        ------
        Malformed
            If no `Writer` writes this.
        """
        require(depth <= MAX_DEPTH, "depth")
        if copy is None or type(copy) in (bool, int, float, str):
            return copy
        require(type(copy) is list and copy and type(copy[0]) is str, "value")
        tag, *parts = copy
        try:
            if tag in READERS:
                return READERS[tag](self, depth + 1, *parts)
            if self.build is None:
                raise Malformed(f"malformed tag {tag[:20]!r}")
            return self.build(self, tag, parts)
        except Malformed:
            raise
        except Exception as error:
            raise Malformed(f"malformed {tag[:20]} ({type(error).__name__})") from None

    def items(self, depth: int, copies: Any) -> list[Any]:
        """Read several copies."""
        require(type(copies) is list, "list")
        return [self.read(copy, depth) for copy in copies]

    def part(self, kinds: Any, depth: int, copy: Copy) -> Any:
        """Read what has to be an instance of one of some types."""
        value = self.read(copy, depth)
        require(isinstance(value, kinds), "part")
        return value

    def _bytes(self, depth: int, number: Any) -> bytes:
        require(type(number) is int and 0 <= number < len(self.buffers), "buffer")
        data: bytes = self.buffers[number]
        return data

    def _array(self, depth: int, dtype: Any, shape: Any, number: Any) -> Any:
        require(type(dtype) is str and DTYPE.fullmatch(dtype), "dtype")
        require(type(shape) is list, "shape")
        require(all(0 <= length <= MAX_DIMENSION for length in shape), "shape")
        kind, data = np.dtype(dtype), self._bytes(depth, number)
        require(kind.kind != "b" or not data or max(data) <= 1, "bool")
        # A shape that does not fit the data is refused by numpy.
        return np.frombuffer(data, kind).reshape(shape).copy()

    def _scalar(self, depth: int, copy: Copy) -> Any:
        return self.part(np.ndarray, depth, copy)[()]

    def _complex(self, depth: int, real: Any, imag: Any) -> complex:
        return complex(real, imag)

    def _objects(self, depth: int, copies: Any) -> Any:
        return np.fromiter(self.items(depth, copies), object)

    def _listed(self, depth: int, kind: Any, values: Any) -> Any:
        require(kind in LISTED_NAMES and type(values) is list, "column")
        require({*map(type, values)} <= {bool, int, float, str, type(None)}, "column")
        return pd.array(values, dtype=kind)

    def _categories(self, depth: int, kinds: Copy, codes: Copy, ordered: Any) -> Any:
        kinds, codes = self.part(pd.Index, depth, kinds), self.read(codes, depth)
        return pd.Categorical.from_codes(codes, kinds, ordered=bool(ordered))

    def _range(self, depth: int, start: Any, stop: Any, step: Any) -> range:
        require(len(range(start, stop, step)) <= MAX_ITEMS, "range")
        return range(start, stop, step)

    def _tuple(self, depth: int, copies: Any) -> tuple[Any, ...]:
        return tuple(self.items(depth, copies))

    def _set(self, depth: int, copies: Any) -> set[Any]:
        return set(self.items(depth, copies))

    def _dict(self, depth: int, pairs: Any) -> dict[Any, Any]:
        return dict(self.items(depth, pair) for pair in pairs)

    def _index(self, depth: int, column: Copy, name: Copy) -> Any:
        column, name = self.part(COLUMN, depth, column), self.read(name, depth)
        if type(column) is range:
            return pd.RangeIndex(column, name=name)
        return pd.Index(column, name=name, dtype=column.dtype)

    def _multi_index(self, depth: int, levels: Any, codes: Any) -> Any:
        levels = [self.part(pd.Index, depth, level) for level in levels]
        names = [level.name for level in levels]
        return pd.MultiIndex(levels, self.items(depth, codes), names=names)

    def _series(self, depth: int, index: Copy, column: Copy, name: Copy) -> Any:
        index = self.part(pd.Index, depth, index)
        column, name = self.part(COLUMN, depth, column), self.read(name, depth)
        return pd.Series(column, index=index, name=name, dtype=column.dtype)

    def _frame(self, depth: int, index: Copy, names: Copy, columns: Any) -> Any:
        index = self.part(pd.Index, depth, index)
        names = self.part(pd.Index, depth, names)
        columns = [self.part(COLUMN, depth, column) for column in columns]
        require(all(len(column) == len(index) for column in columns), "frame")
        frame = pd.DataFrame(dict(enumerate(columns)), index=index, copy=False)
        frame.columns = names
        return frame

    def _time(self, depth: int, copy: Copy) -> Any:
        value = self.part(np.ndarray, depth, copy)[()]
        return pd.Timestamp(value) if value.dtype.kind == "M" else pd.Timedelta(value)

    def _generator(self, depth: int, state: Copy) -> np.random.Generator:
        bits = np.random.PCG64(0)
        bits.state = self.read(state, depth)  # it refuses other generators' states
        return np.random.Generator(bits)


COLUMN = (np.ndarray, ExtensionArray, range)
#: How each tag is read: with the reader, the depth, and what follows the tag.
READERS: Mapping[str, Callable[..., Any]] = {
    "time": Reader._time,
    "scalar": Reader._scalar,
    "complex": Reader._complex,
    "bytes": Reader._bytes,
    "array": Reader._array,
    "objects": Reader._objects,
    "listed": Reader._listed,
    "categories": Reader._categories,
    "frame": Reader._frame,
    "series": Reader._series,
    "multi": Reader._multi_index,
    "index": Reader._index,
    "range": Reader._range,
    "list": Reader.items,
    "tuple": Reader._tuple,
    "set": Reader._set,
    "dict": Reader._dict,
    "generator": Reader._generator,
}
