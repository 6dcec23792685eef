"""The command line: ``python -m term COMMAND``."""

import argparse
import sys
from collections.abc import Sequence

from . import (
    agree,
    alike,
    archive,
    check,
    class_,
    collect,
    demo,
    due,
    export,
    feedback,
    final,
    items,
    judged,
    mark,
    regrade,
    release,
    reports,
    summary,
)
from .command import Command, CommandError

COMMANDS: Sequence[Command] = (
    class_,
    due,
    release,
    collect,
    summary,
    mark,
    agree,
    regrade,
    feedback,
    export,
    final,
    items,
    alike,
    archive,
    check,
    reports,
    judged,
    demo,
)


def name_of(command: Command) -> str:
    """Return what a command is called: as its module, where that is no keyword."""
    return command.__name__.rpartition(".")[2].rstrip("_")


def command_line() -> argparse.ArgumentParser:
    """Return the parser: one subcommand for each module of `COMMANDS`."""
    parser = argparse.ArgumentParser(
        prog="python -m term",
        description="What an instructor does, beside nbgrader's own commands.",
        epilog="`python -m term COMMAND --help` says more about one command.",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in COMMANDS:
        described = module.__doc__ or ""
        subparser = subparsers.add_parser(
            name_of(module),
            help=described.splitlines()[0].rstrip("."),
            description=described,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
        subparser.set_defaults(main=module.main)
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that `words`, or the command line, name; return its status."""
    arguments = command_line().parse_args(words)
    try:
        status: int = arguments.main(arguments)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # as a shell says it
    return status


if __name__ == "__main__":
    sys.exit(main())
