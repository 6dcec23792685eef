"""What must hold for every cohort, whatever it is about."""

import doctest
import hashlib
import importlib
import json
import pkgutil
import re
from pathlib import Path

import cohorts
import numpy as np
import pandas as pd
import pytest
from cohorts._base import generator
from cohorts._files import MANIFEST, check
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
MADE = json.loads((cohorts.SYNTHETIC / MANIFEST).read_text())
#: The seed of the shipped files, which a new term changes.
TERM = MADE["seed"]
BIB_KEYS = set(
    re.findall(r"^@\w+\{\s*([^,\s]+)", (ROOT / "book/references.bib").read_text(), re.M)
)

every_cohort = pytest.mark.parametrize("name", cohorts.names())
# Small sizes as often as large ones: the edge cases of a generator sit at one, two
# and three people.
sizes = st.one_of(st.integers(1, 5), st.integers(6, 300), st.integers(301, 10_000))
#: Cohorts with many rows a person are drawn at smaller sizes, but once at 10,000.
ROWS = 100_000


def made_of(cohort, size, seed):
    return cohort.frames(cohort.make(**{cohort.size: size}, random_state=seed))


def same(first, second):
    return all(first[table].equals(second[table]) for table in first)


@every_cohort
def test_any_seed_and_size_fits_the_schema_and_repeats(name):
    cohort = cohorts.get(name)
    # What one person more adds; tables that do not grow do not count.
    one, two = (sum(map(len, made_of(cohort, n, 0).values())) for n in (1, 2))
    largest = ROWS // max(two - one, 1)

    @settings(max_examples=12, deadline=None, derandomize=True)
    @given(seed=st.integers(0, 2**32 - 1), size=sizes)
    def holds(seed, size):
        size = min(size, largest)
        made = made_of(cohort, size, seed)
        for table, frame in made.items():
            check(frame, cohort.tables[table], f"{name}.{table}")
        assert same(made, made_of(cohort, size, seed))

    holds()


@every_cohort
def test_ten_thousand_fit_the_schema(name):
    cohort = cohorts.get(name)
    for table, frame in made_of(cohort, 10_000, 3).items():
        check(frame, cohort.tables[table], f"{name}.{table}")


@every_cohort
def test_another_seed_gives_other_data(name):
    cohort = cohorts.get(name)
    first, second = (cohort.frames(cohort.make(random_state=n)) for n in (1, 2))
    assert not same(first, second)


def test_cohorts_do_not_share_random_numbers():
    draws = {name: generator(7, name).random(8) for name in cohorts.names()}
    assert len({draw.tobytes() for draw in draws.values()}) == len(cohorts.names())


def test_a_seed_sequence_and_a_generator_are_accepted():
    sequence = np.random.SeedSequence(5)
    from_sequence = generator(sequence, "x").random()
    assert from_sequence == generator(np.random.default_rng(sequence), "x").random()


@every_cohort
@pytest.mark.parametrize("size", [0, -3, 2.5, "ten", True])
def test_a_wrong_size_is_named(name, size):
    cohort = cohorts.get(name)
    with pytest.raises(ValueError, match=cohort.size) as caught:
        cohort.make(**{cohort.size: size}, random_state=0)
    assert repr(size) in str(caught.value)


@every_cohort
@pytest.mark.parametrize("seed", [-1, "today", 1.5])
def test_a_wrong_seed_is_named(name, seed):
    with pytest.raises(ValueError, match="random_state"):
        cohorts.get(name).make(random_state=seed)


def test_an_unknown_cohort_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match="acute_phase") as caught:
        cohorts.load("acute_fase")
    assert "acute_fase" in str(caught.value)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    cohorts.write_all(cohorts.COHORTS, folder, TERM)
    return folder


def test_shipped_files_are_what_the_code_makes(written):
    shipped = {p.name: p.read_bytes() for p in cohorts.SYNTHETIC.iterdir()}
    made = {p.name: p.read_bytes() for p in written.iterdir()}
    assert shipped.keys() == made.keys()
    assert [name for name in made if made[name] != shipped[name]] == []


def test_manifest_names_every_file_with_its_sum():
    sums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in cohorts.SYNTHETIC.glob("*.csv")
    }
    assert MADE["sha256"] == sums


def test_all_files_together_stay_small():
    assert sum(path.stat().st_size for path in cohorts.SYNTHETIC.iterdir()) < 12e6


@every_cohort
def test_load_gives_back_what_make_made(name):
    cohort = cohorts.get(name)
    made = cohort.frames(cohort.make(random_state=TERM))
    loaded = cohort.frames(cohorts.load(name))
    for table, frame in made.items():
        pd.testing.assert_frame_equal(
            frame.reset_index(drop=True), loaded[table], check_dtype=False
        )


@every_cohort
def test_every_planted_value_has_a_unit_a_meaning_and_a_source(name):
    for key, planted in cohorts.get(name).truth.items():
        assert planted.unit and len(planted.meaning) > 10, key
        assert planted.source == "teaching" or planted.source in BIB_KEYS, (
            f"{name}.{key}: {planted.source} is not in book/references.bib"
        )


@every_cohort
def test_every_column_is_explained(name):
    for schema in cohorts.get(name).tables.values():
        for column_name, column in schema.columns.items():
            assert column.description, column_name
            measured = column.metadata["unit"] is not None
            if measured:
                assert column.metadata["between"], f"{column_name} has no range"


def test_examples_in_the_docstrings():
    modules = [cohorts] + [
        importlib.import_module(f"cohorts.{module.name}")
        for module in pkgutil.iter_modules(cohorts.__path__)
        if module.name != "__main__"
    ]
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) > 10


class TestBadFiles:
    """A file that does not fit ends in one line that says what to do."""

    @pytest.fixture
    def shipped(self, tmp_path):
        cohort = cohorts.get("acute_phase")
        path = tmp_path / "acute_phase.csv"
        path.write_bytes((cohorts.SYNTHETIC / path.name).read_bytes())
        return path, cohort.tables["acute_phase"]

    def refusal(self, path, schema):
        with pytest.raises((ValueError, FileNotFoundError)) as caught:
            cohorts.read_table(path, schema)
        message = str(caught.value)
        assert "\n" not in message and path.name in message
        assert "make data" in message
        return message

    def test_missing(self, shipped):
        path, schema = shipped
        path.unlink()
        assert "missing" in self.refusal(path, schema)

    def test_not_a_table(self, shipped):
        path, schema = shipped
        path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\xff")
        self.refusal(path, schema)

    def test_empty(self, shipped):
        path, schema = shipped
        path.write_bytes(b"")
        self.refusal(path, schema)

    def test_impossible_value(self, shipped):
        path, schema = shipped
        frame = pd.read_csv(path)
        frame.loc[10, "crp_mg_l"] = -5.0
        frame.to_csv(path, index=False)
        message = self.refusal(path, schema)
        assert "crp_mg_l" in message and "-5" in message and "line 12" in message

    def test_missing_column(self, shipped):
        path, schema = shipped
        pd.read_csv(path).drop(columns="sex").to_csv(path, index=False)
        assert "sex" in self.refusal(path, schema)

    def test_words_where_numbers_belong(self, shipped):
        path, schema = shipped
        frame = pd.read_csv(path).astype({"age_years": object})
        frame.loc[3, "age_years"] = "old"
        frame.to_csv(path, index=False)
        assert "age_years" in self.refusal(path, schema)

    def test_doubled_row(self, shipped):
        path, schema = shipped
        frame = pd.read_csv(path)
        pd.concat([frame, frame.head(1)]).to_csv(path, index=False)
        self.refusal(path, schema)
