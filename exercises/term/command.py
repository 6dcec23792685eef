"""What a command of ``python -m term`` is, and how it fails."""

from argparse import ArgumentParser, Namespace
from typing import Protocol


def counted(number: float, noun: str) -> str:
    """Return a number with what it counts: "1 page", "2 pages"."""
    return f"{number:.10g} {noun}{'s' * (number != 1)}"


class CommandError(Exception):
    """A command cannot do its work; the message tells the instructor what to do."""


class Command(Protocol):
    """A module that holds a command; it is called by the module's name."""

    __name__: str
    __doc__: str | None

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command takes on the command line."""

    def main(self, arguments: Namespace) -> int:
        """Do it.

        Returns
        -------
        int
            The exit status: 0 if all is well.

        Raises
        ------
        CommandError
            If it cannot be done.
        """
        ...


class NotInGradebook(CommandError):
    """An assignment was not made with nbgrader, or under another name."""

    def __init__(self, assignment: str) -> None:
        super().__init__(
            f"{assignment} is not in the gradebook: run "
            f"`nbgrader generate_assignment {assignment}` first"
        )
