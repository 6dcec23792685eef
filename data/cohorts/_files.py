"""Read and write the files of the cohorts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from ._base import DEFAULT_SEED, Cohort, pick


def folder(name: str) -> Path:
    """Return the folder of shipped files: ``synthetic``, ``curated`` or ``trials``.

    In the course's own tree it lies beside the package; once installed, inside.
    """
    here = Path(__file__).resolve().parent
    inside = here / "files" / name
    return inside if inside.is_dir() else here.parent / name


SYNTHETIC = folder("synthetic")
MANIFEST = "manifest.json"
REMEDY = "put the shipped file back; `make data` writes the synthetic ones"


def read_table(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read one CSV file and check it against its schema.

    Raises
    ------
    FileNotFoundError
        If the file is not there; the message says how to get it.
    ValueError
        If the file does not fit its schema; the message names file, column,
        row and value.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: {REMEDY}")
    # Text stays text even where every value looks like a number.
    text = [
        name
        for name, column in schema.columns.items()
        if isinstance(column.dtype.type, pd.StringDtype)
    ]
    try:
        frame = pd.read_csv(path, dtype=dict.fromkeys(text, str))
    except (ValueError, pd.errors.ParserError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"{path} cannot be read as a CSV table ({reason}): {REMEDY}"
        ) from None
    return check(frame, schema, str(path))


def check(frame: pd.DataFrame, schema: pa.DataFrameSchema, what: str) -> pd.DataFrame:
    """Return `frame` if it fits `schema`; else raise ValueError with one clear line."""
    try:
        return schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        first = errors.failure_cases.iloc[0]
        more = len(errors.failure_cases) - 1
    where = "" if pd.isna(first["index"]) else f", line {int(first['index']) + 2}"
    column = first["column"]
    if pd.isna(column) or column not in schema.columns:
        column = "the table"
    raise ValueError(
        f"{what}: {column}{where}: {first['failure_case']!r} breaks the rule "
        f"`{first['check']}`" + (f" (and {more} more)" if more else "") + f": {REMEDY}"
    )


@dataclass(frozen=True)
class Collection:
    """Shipped tables that nobody draws: the files of one folder, with their schemas.

    Parameters
    ----------
    kind : str
        What one of them is called in a message.
    folder : Path
        Where the files ``<name>.csv`` lie.
    tables : mapping of str to pandera.DataFrameSchema
        The schemas, by name of the table.
    """

    kind: str
    folder: Path
    tables: Mapping[str, pa.DataFrameSchema]

    def names(self) -> list[str]:
        """Return the names of the tables."""
        return list(self.tables)

    def load(self, name: str) -> pd.DataFrame:
        """Read one table and check it against its schema.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ValueError
            If the name is unknown, or the file does not fit its schema.
        FileNotFoundError
            If the file is missing.
        """
        schema = pick(self.tables, name, self.kind)
        return read_table(self.folder / f"{name}.csv", schema)


def write_all(
    cohorts: Mapping[str, Cohort], target: Path = SYNTHETIC, seed: int = DEFAULT_SEED
) -> list[Path]:
    """Make every cohort with `seed`, write its files, and write the manifest.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
    target : Path
        Where the files go; made if it is not there.
    seed : int
        The term's seed. The manifest records it with the SHA-256 of every file.

    Returns
    -------
    list of Path
        The files written, the manifest last.
    """
    target = Path(target)
    target.mkdir(parents=True, exist_ok=True)
    written, sums = [], {}
    for cohort in cohorts.values():
        for name, frame in cohort.frames(cohort.make(random_state=seed)).items():
            path = target / cohort.filename(name)
            check(frame, cohort.tables[name], path.name)
            frame.to_csv(path, index=False, lineterminator="\n")
            sums[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
            written.append(path)
    manifest = target / MANIFEST
    text = json.dumps({"seed": seed, "sha256": sums}, indent=1, sort_keys=True)
    manifest.write_text(text + "\n")
    return [*written, manifest]
