"""The side where students' code runs: runs cells, answers questions of the tests.

Everything here shares a process with a student's code, which may change it at
will. So nothing here is relied upon: it is a convenience for honest students.
"""

import builtins
import contextlib
import inspect
import io
import itertools
import pkgutil
import select
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from . import codec, wire
from .shell import MAX_OUTPUT, Shell, time_limit

#: Characters of an exception's message that are told.
MAX_MESSAGE = 5000
#: Items of an iterator that are told.
MAX_ITERATED = 100_000


class StudentSide:
    """Answers what tests ask about the names that a student has defined.

    Parameters
    ----------
    shell : Shell
    sock : socket
        To the tests.
    seconds : float
        The longest that one call may take.
    """

    def __init__(self, shell: Shell, sock: socket.socket, seconds: float) -> None:
        self.shell, self.sock, self.seconds = shell, sock, seconds
        self.functions: dict[int, Callable[..., Any]] = {}
        #: The number of the question that is being answered.
        self.number = ""

    def answer(self) -> None:
        """Answer one question."""
        question, buffers = wire.receive(self.sock)
        self.number = question["number"]
        reader, writer = codec.Reader(buffers, self.unpack), codec.Writer(self.pack)
        if question["first"]:
            _close_figures()
        said = io.StringIO()
        late = f"no result within {self.seconds:g} s"
        try:
            with contextlib.redirect_stdout(said), time_limit(self.seconds, late):
                answer = self._handle(question, reader, writer)
        except codec.Refused as error:
            answer = {"refused": str(error)}
        except BaseException as error:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            answer = {"raised": kinds, "message": _message_of(error)[:MAX_MESSAGE]}
        answer |= {"number": self.number, "said": said.getvalue()[:MAX_OUTPUT]}
        try:
            wire.send(self.sock, answer, writer.buffers)
        except wire.TooLarge as error:
            wire.send(self.sock, {"number": self.number, "refused": str(error)})

    def _handle(
        self, question: wire.Head, reader: codec.Reader, writer: codec.Writer
    ) -> wire.Head:
        if question["ask"] == "get":
            return self._get(question, writer)
        if question["ask"] == "call":
            return self._call(question, reader, writer)
        return self._figure(writer)

    def _get(self, question: wire.Head, writer: codec.Writer) -> wire.Head:
        """Copy the value of a name."""
        names = self.shell.user_ns
        if question["name"] not in names:
            return {"missing": True}
        return {"value": writer.write(names[question["name"]])}

    def _call(
        self, question: wire.Head, reader: codec.Reader, writer: codec.Writer
    ) -> wire.Head:
        """Call a function."""
        function = self.functions[question["function"]]
        args, options = reader.read(question["args"]), reader.read(question["options"])
        for name, given in reader.read(question["seeds"]).items():
            sys.modules[name].seed(*given)
        value = function(*args, **options)
        return {"value": writer.write((value, args) if question["in_place"] else value)}

    def _figure(self, writer: codec.Writer) -> wire.Head:
        """Copy the current figure."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if not pyplot or not pyplot.get_fignums():
            return {"missing": True}
        return {"value": writer.write(pyplot.gcf())}

    def pack(self, writer: codec.Writer, value: Any) -> codec.Copy | None:
        """Describe a value that is not plain."""
        if "matplotlib.figure" in sys.modules:
            from matplotlib.figure import Figure

            from . import figures

            figure = getattr(value, "figure", None)
            if isinstance(figure, Figure):
                shown = [figure, *figure.axes]
                if value in shown:
                    description = writer.write(figures.describe(figure))
                    return ["figure", description, shown.index(value)]
        if isinstance(value, type) and issubclass(value, BaseException):
            return ["exception", [kind.__name__ for kind in value.__mro__]]
        if callable(value):
            self.functions[id(value)] = value
            return ["function", id(value), *_about(value)]
        if isinstance(value, Iterator):
            return ["iterator", writer.items(itertools.islice(value, MAX_ITERATED), 1)]
        return None

    def unpack(self, reader: codec.Reader, tag: str, parts: list[Any]) -> Any:
        """Return what the tests mean by a tag."""
        if tag == "function":
            return self.functions[parts[0]]
        if tag == "import":
            return pkgutil.resolve_name(parts[0])
        return lambda *args, **options: self.call_back(parts[0], args, options)

    def call_back(
        self, function: int, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """Call a function that a test has given."""
        writer = codec.Writer(self.pack)
        call = {
            "number": self.number,
            "call": function,
            "args": writer.write(args),
            "options": writer.write(options),
        }
        wire.send(self.sock, call, writer.buffers)
        answer, buffers = wire.receive(self.sock)
        if "raised" in answer:
            kind = getattr(builtins, answer["raised"], RuntimeError)
            raise kind(answer["message"])
        return codec.Reader(buffers, self.unpack).read(answer["value"])


def _message_of(error: BaseException) -> str:
    """Return what an error says; of one that cannot say it, its kind tells enough."""
    try:
        return str(error)
    except Exception:
        return ""


def _close_figures() -> None:
    """Forget what a test has had drawn: the next test or cell would show it."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def _about(function: Callable[..., Any]) -> Sequence[Any]:
    """Return a function's name, docstring and parameters."""
    parameters = []
    with contextlib.suppress(TypeError, ValueError):  # some have no signature
        for found in inspect.signature(function).parameters.values():
            parameter: dict[str, Any] = {"name": found.name, "kind": int(found.kind)}
            if found.default is not found.empty:
                plain = isinstance(found.default, (int, float, str, type(None)))
                parameter["default"] = found.default if plain else repr(found.default)
            parameters.append(parameter)
    name = getattr(function, "__name__", "function")
    return str(name), str(function.__doc__ or ""), parameters


def serve(
    shell: Shell, control: socket.socket, link: socket.socket, seconds: float
) -> NoReturn:
    """Run cells and answer questions until the grader hangs up."""
    side, sources = StudentSide(shell, link, seconds), [control, link]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if control in ready:
            request, _ = wire.receive(control)
            _close_figures()
            outputs = shell.run(request["run"], request["seconds"])
            wire.send(control, {"outputs": outputs})
            continue
        try:
            side.answer()
        except (EOFError, OSError):
            sources.remove(link)  # the tests have ended; cells may still come
