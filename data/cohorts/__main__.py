"""Write the files of every cohort: ``python -m cohorts [--seed N] [--to FOLDER]``."""

import argparse
from pathlib import Path

from . import COHORTS, DEFAULT_SEED, SYNTHETIC, write_all


def main() -> None:
    """Write all files and print what was written."""
    parser = argparse.ArgumentParser(prog="python -m cohorts", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="seed of the term (%(default)s)"
    )
    parser.add_argument(
        "--to", type=Path, default=SYNTHETIC, help="folder to write to (%(default)s)"
    )
    options = parser.parse_args()
    if options.seed < 0:
        parser.error(f"--seed {options.seed} is not allowed: give 0 or more")
    for path in write_all(COHORTS, options.to, options.seed):
        print(f"{path.stat().st_size / 1e3:9.1f} kB  {path}")


if __name__ == "__main__":
    main()
