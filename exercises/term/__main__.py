"""The command line: ``python -m term COMMAND``."""

import argparse
import os
import sys
from collections.abc import Sequence

from sqlalchemy.exc import DatabaseError

from .command import Command, CommandError

try:
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
        new,
        regrade,
        release,
        reports,
        summary,
    )
except KeyboardInterrupt:  # what they import takes seconds
    sys.exit(130)

COMMANDS: Sequence[Command] = (
    new,
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


def in_a_line(error: OSError | DatabaseError) -> str:
    """Say what the system refused: a full disk, a damaged gradebook."""
    if isinstance(error, OSError):
        what, why = error.filename or "A file", error.strerror or str(error)
    else:
        what, why = "The gradebook", str(error.orig or error)
    return (
        f"{what} could not be read or written: {why}. Mend that (a full disk? another "
        "owner?), and run the same command again"
    )


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that `words`, or the command line, name; return its status."""
    arguments = command_line().parse_args(words)
    try:
        status: int = arguments.main(arguments)
        sys.stdout.flush()
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as a shell says it
    except (OSError, DatabaseError) as error:
        print(in_a_line(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # as a shell says it
    return status


if __name__ == "__main__":
    sys.exit(main())
