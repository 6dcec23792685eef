"""The side where tests run, and no line of a student.

A name that a test uses and this side does not define is asked for on the other
side. A value arrives as a plain copy. A function arrives as a stand-in: calling
it sends plain arguments over and brings a plain result back, or the type and
message of an exception.

Comments in a test's own source change this:

``# from student: name``  ask for the name even though a set-up cell defines it
``# in place``            copy back what a function did to its arguments
"""

import builtins
import inspect
import random
import re
import secrets
import select
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from . import codec, wire
from .shell import Shell
from .wire import require

#: Functions and types of these modules are sent by name.
KNOWN_MODULES = {*sys.stdlib_module_names, "numpy", "pandas", "scipy"}
#: Seconds in which the other side may say that it was too slow.
GRACE_SECONDS = 2
#: Names that IPython sets with every cell.
OF_IPYTHON = re.compile(r"_{1,3}|_i{1,3}|_i?\d+")
#: Bases of an exception's type that are looked at.
MAX_BASES = 20
#: Types of exceptions that cannot be made from a message alone.
WANT_MORE_THAN_A_MESSAGE = re.compile("Unicode|Group|Stop")


class SubmissionError(Exception):
    """The submission raised a type of exception that Python does not know."""


# These two do not derive from Exception: a test that catches what it expects a
# student's function to raise must not catch them.


class SubmissionGone(BaseException):
    """The submission's process has ended, hangs, or does not keep to the protocol."""


class NotPlainData(BaseException):
    """The submission gives something that cannot be copied."""


class TestSide:
    """Asks the submission on behalf of the tests.

    Parameters
    ----------
    shell : Shell
        Runs the tests.
    sock : socket
        To the submission.
    seconds : float
        The longest that one call may take.
    """

    __test__ = False  # pytest would take the name for that of a test

    def __init__(self, shell: Shell, sock: socket.socket, seconds: float) -> None:
        self.shell, self.sock, self.seconds = shell, sock, seconds
        #: Why no more questions are asked.
        self.gone: str | None = None
        #: Whether a question waits for its answer.
        self.waiting = False
        #: The names that there are before any cell, and those that each cell left, by
        #: its place in the instructor's notebook.
        self.given: dict[str, Any] = {}
        self.left: dict[int, dict[str, Any]] = {}
        self.forget()

    def forget(self) -> None:
        """Forget what earlier tests have asked for."""
        #: Questions answered since the test began.
        self.asked = 0
        #: Names with their values, and the value of `asked` when they came.
        self.values: dict[str, tuple[Any, int]] = {}
        self.callbacks: list[Callable[..., Any]] = []
        self.exceptions: dict[str, type[Exception]] = {}
        #: What the test gave to the functions `seed`, by module.
        self.seeds: dict[str, tuple[Any, ...]] = {}
        self.in_place = False

    # -- talking

    def ask(
        self, question: wire.Head, writer: codec.Writer | None = None
    ) -> tuple[wire.Head, codec.Reader]:
        """Ask; return the answer and a reader of its values.

        Raises
        ------
        SubmissionGone
            If there is no proper answer in time. All later questions fail too.
        """
        if self.gone is None:
            try:
                return self._ask(question, writer.buffers if writer else ())
            except TimeoutError:
                self.gone = f"no answer within {self.seconds:g} s"
            except (EOFError, ConnectionError):
                self.gone = "it has ended"
            except wire.Malformed as error:
                self.gone = str(error)
            self.sock.close()
        raise SubmissionGone(f"the submission no longer answers: {self.gone}")

    def _ask(
        self, question: wire.Head, buffers: Sequence[bytes]
    ) -> tuple[wire.Head, codec.Reader]:
        self._refuse_what_waits()
        deadline = time.monotonic() + self.seconds + GRACE_SECONDS
        # Nobody can answer before this number is known.
        number = secrets.token_hex(16)
        head = question | {"number": number, "first": self.asked == 0}
        self.waiting = True
        wire.send(self.sock, head, buffers, (), deadline)
        while True:
            answer, received = wire.receive(self.sock, deadline)
            require(answer.get("number") == number, "answer to another question")
            if "call" not in answer:
                self.waiting = False
                self.asked += 1
                return answer, codec.Reader(received, self.unpack)
            self._call_back(answer, received, deadline)

    def _refuse_what_waits(self) -> None:
        """Take nothing that was sent before the question was asked."""
        waiting, _, _ = select.select([self.sock], [], [], 0)
        if not waiting:
            return
        if self.sock.recv(1, socket.MSG_PEEK):
            raise wire.Malformed("it spoke before it was asked")
        raise EOFError

    def value(self, answer: wire.Head, reader: codec.Reader, what: str) -> Any:
        """Return the value in an answer, or raise what the submission raised."""
        sys.stdout.write(str(answer.get("said", "")))
        if "refused" in answer:
            raise NotPlainData(
                f"{what} gives {str(answer['refused'])[:200]}; return plain data: "
                "numbers, text, lists, dicts, arrays, tables, figures"
            )
        try:
            if "raised" in answer:
                kind = self.exception(answer["raised"])
                raise kind(str(answer.get("message", "")))
            return reader.read(answer.get("value"))
        except wire.Malformed as error:
            raise NotPlainData(f"{what} gives something unreadable: {error}") from None

    # -- what comes over

    def exception(self, names: Any) -> type[Exception]:
        """Return the type of exception of which these are the name and its bases."""
        require(type(names) is list)
        require(all(type(name) is str and name.isprintable() for name in names))
        for place, name in enumerate(names[:MAX_BASES]):
            kind = getattr(builtins, name, None)
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                continue
            if WANT_MORE_THAN_A_MESSAGE.search(name):
                continue
            for own in reversed(names[:place]):
                kind = self.exceptions.setdefault(own, type(own, (kind,), {}))
            return kind
        return SubmissionError

    def unpack(self, reader: codec.Reader, tag: str, parts: list[Any]) -> Any:
        """Build what is not plain data."""
        if tag == "function":
            return self._stand_in(*parts)
        if tag == "exception":
            return self.exception(parts[0])
        if tag == "iterator":
            return iter(reader.items(1, parts[0]))
        require(tag == "figure", f"tag {tag[:20]!r}")
        from . import figures

        figure = figures.rebuild(reader.read(parts[0]))
        return [figure, *figure.axes][parts[1]]

    def _stand_in(
        self, number: Any, name: Any, doc: Any, parameters: Any
    ) -> Callable[..., Any]:
        """Return a function that calls the submission's."""
        require(type(number) is int and type(name) is type(doc) is str, "function")

        def stand_in(*args: Any, **options: Any) -> Any:
            return self.call(number, name, args, options)

        stand_in.__name__ = stand_in.__qualname__ = name
        stand_in.__doc__ = doc
        signature = inspect.Signature([inspect.Parameter(**one) for one in parameters])
        vars(stand_in).update(of_submission=number, __signature__=signature)
        return stand_in

    # -- what goes over

    def call(
        self,
        function: int,
        name: str,
        args: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:
        """Call a function of the submission."""
        writer = codec.Writer(self.pack)
        try:
            question = {
                "ask": "call",
                "function": function,
                "in_place": self.in_place,
                "args": writer.write(args),
                "options": writer.write(options),
                "seeds": writer.write(self.seeds),
            }
        except codec.Refused as error:
            raise TypeError(f"a test cannot give {error} to {name}()") from None
        self.seeds = {}
        answer, reader = self.ask(question, writer)
        result = self.value(answer, reader, f"{name}()")
        if self.in_place:
            result, copies = result
            for argument, copy in zip(args, copies, strict=False):
                _update(argument, copy)
        return result

    def pack(self, writer: codec.Writer, value: Any) -> codec.Copy | None:
        """Describe an argument that is not plain data."""
        if hasattr(value, "of_submission"):
            return ["function", value.of_submission]
        if not callable(value):
            return None
        module = str(getattr(value, "__module__", ""))
        name = getattr(value, "__qualname__", "")
        if module.partition(".")[0] in KNOWN_MODULES and name.isidentifier():
            return ["import", f"{module}:{name}"]
        self.callbacks.append(value)
        return ["callback", len(self.callbacks) - 1]

    def _call_back(
        self, request: wire.Head, buffers: list[bytes], deadline: float
    ) -> None:
        """Let the submission call a function that a test has given to it."""
        place = request["call"]
        require(type(place) is int and 0 <= place < len(self.callbacks), "callback")
        reader, writer = codec.Reader(buffers, self.unpack), codec.Writer(self.pack)
        args, options = (
            reader.read(request.get("args")),
            reader.read(request.get("options")),
        )
        try:
            answer = {"value": writer.write(self.callbacks[place](*args, **options))}
        except Exception as error:
            answer = {"raised": type(error).__name__, "message": str(error)}
        wire.send(self.sock, answer, writer.buffers, (), deadline)

    # -- names

    def fetch(self, name: str) -> Any:
        """Return the submission's value of a name; ask again after a call."""
        if name in self.values:
            value, asked = self.values[name]
            if asked == self.asked or callable(value):
                return value
        answer, reader = self.ask({"ask": "get", "name": name})
        if answer.get("missing"):
            raise KeyError(name)
        value = self.value(answer, reader, name)
        self.values[name] = value, self.asked
        return value

    def begin(self, source: str, place: int) -> None:
        """Make ready for a cell: it sees what the cells before it have left.

        Parameters
        ----------
        source : str
        place : int
            Where it stands in the instructor's notebook. Which order a student has
            given to the cells does not count.
        """
        self.forget()
        self.in_place = "# in place" in source
        names = self.shell.user_ns
        names.clear()
        names.update(self.given)
        for before in sorted(self.left):
            if before < place:
                names.update(self.left[before])
        lists = re.findall(r"# from student:(.*)", source)
        for name in " ".join(lists).replace(",", " ").split():
            names.pop(name, None)
        self.found = dict(names)

    def finish(self, place: int) -> str | None:
        """Keep the names that a cell leaves; say why the submission is gone, if so."""
        self.left[place] = {
            name: value
            for name, value in self.shell.user_ns.items()
            if not OF_IPYTHON.fullmatch(name)
            and self.found.get(name, self) is not value
        }
        if self.waiting and self.gone is None:
            self.gone = "it was still at work when the test ended"
        return self.gone

    def relink(self, sock: socket.socket) -> None:
        """Go on with a process that has taken the place of the submission's."""
        self.sock.close()
        self.sock, self.gone, self.waiting = sock, None, False


class Names(dict[str, Any]):
    """The builtins of the tests; a name that is missing is asked for."""

    def __init__(self, side: TestSide) -> None:
        super().__init__(vars(builtins))
        self.side = side

    def __missing__(self, name: str) -> Any:
        if name.startswith("__"):
            raise KeyError(name)
        return self.side.fetch(name)


def _share_seeds(side: TestSide) -> None:
    """Let a seed that a test sets hold for the submission too."""
    for module in (random, np.random):
        _share_seeds_of(module, side)


def _share_seeds_of(module: Any, side: TestSide) -> None:
    own_seed = module.seed

    def seed(*given: Any) -> None:
        own_seed(*given)
        side.seeds[module.__name__] = given

    module.seed = seed


def _update(argument: Any, changed: Any) -> None:
    """Do to an argument what the submission has done to its copy."""
    if type(argument) is not type(changed):
        return
    if isinstance(argument, list):
        argument[:] = changed
    elif isinstance(argument, (dict, set)):
        argument.clear()
        argument.update(changed)
    elif hasattr(argument, "_update_inplace"):  # a DataFrame or a Series
        argument._update_inplace(changed)
    elif isinstance(argument, np.ndarray):
        if argument.shape and argument.shape == changed.shape:
            argument[...] = changed


def serve(
    shell: Shell, control: socket.socket, link: socket.socket, seconds: float
) -> NoReturn:
    """Run the set-up and test cells that the grader sends, until it hangs up."""
    side = TestSide(shell, link, seconds)
    shell.user_ns["__builtins__"] = Names(side)
    _share_seeds(side)
    if "matplotlib.pyplot" in sys.modules:
        from . import figures

        figures.share_current_figure(side)
    side.given = dict(shell.user_ns)
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 1)
        request, _ = wire.receive(control, data=data)
        if descriptors:
            side.relink(socket.socket(fileno=descriptors[0]))
            wire.send(control, {})
            continue
        side.begin(request["run"], request["place"])
        outputs = shell.run(request["run"], request["seconds"])
        gone = side.finish(request["place"])
        wire.send(control, {"outputs": outputs, "gone": gone})
