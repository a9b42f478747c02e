"""The committed budget tables: they equal the convention's, and every printed sum is accounted for."""

import csv
import hashlib
import os
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from cases.budget_tables import (
    BUDGET_YEARS,
    DATA,
    RESERVE_YEARS,
    YEARS,
    TableError,
    check_tables,
    figure_kind,
    known_differences,
    read_reserves,
    read_tables,
)
from cases.budget_terms import GROUPS_BY_FUND, FigureKind, FundCode, Mark, Nature, Side

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "BERLINE_CONVENTION_DIR"
SOURCES = {
    FundCode.FNGA: ("fnga_2014_2017.csv",),
    FundCode.FNASS: (
        "fnass_1_personnes_agees.csv",
        "fnass_2_maladie.csv",
        "fnass_3_at_mp.csv",
        "fnass_recapitulatif.csv",
    ),
    FundCode.FNPPS: ("fnpps_2014_2017.csv",),
}
COLUMNS = [f"{year}_{'realise' if year < 2014 else 'budget'}" for year in YEARS]


#: SHA-256 of the committed tables as they were compared with the texts: a clone without them is held to these.
COMPARED = {
    "checks.csv": "a2d8f29755d3c94605589790f7bc661343d14c4246a559ccd572a7afb8a3bb51",
    "differences.csv": "66a2b62b5d76052a516c651f69c4cd1945f356fd3739aaf47ef1808b45b1a5da",
    "exercises.csv": "5172558443ea899a0444d9d798a475fe18a20f8c7c463c7f4375d5efb31f9fa8",
    "fnass.csv": "b2f194a3a9d784bebb9811b686c3d8f06b4d84f47a8e8b24a8828d1caa75f136",
    "fnga.csv": "8c44328399a362c5aed3683879dcc211dfb6c9eb082824a29abb576aa2d598f9",
    "fnmo.csv": "12982d6454905493ef68a5ddf8b582d872a9085029ce525f72273aff9adafa67",
    "fnmo_reserves.csv": "bc0e5ba9c2f26547ac1ee4430a0a3c0c73177642cdfb9057a89435a369cfb724",
    "fnpps.csv": "73c242d7aff1dacac3d7ab2bb99ec00ebbe5b36622e6eafaa17dc59ddd2523b0",
}


def convention_data() -> Path | None:
    """The convention's own tables; None in a plain clone. Fails where they have to be and are not."""
    folder = Path(os.environ.get(VARIABLE) or ROOT.parent / "shared" / "convention")
    if (folder / "data").is_dir():
        return folder
    if os.environ.get(VARIABLE) or os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"The budget tables are not in {folder}/data: set {VARIABLE}.")
    return None


def test_tables_are_those_that_were_compared() -> None:
    """After a change of a table, run the comparisons with the texts at hand, then write the new fingerprints here."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in DATA.glob("*.csv")}
    assert found == COMPARED


def printed(folder: Path, *names: str) -> dict[str, dict[str, str]]:
    """The records of the convention's own files by code."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            found |= {row["code"]: row for row in csv.DictReader(file, delimiter=";")}
    return found


def ours(fund: FundCode) -> dict[str, dict[str, str]]:
    """The records of our file of that fund."""
    return printed(DATA, f"{fund.value.lower()}.csv")


@pytest.mark.parametrize("fund", SOURCES)
def test_figures_and_lines_equal_those_of_the_convention(fund: FundCode) -> None:
    folder = convention_data()
    if folder is None:
        return
    theirs = printed(folder / "data", *SOURCES[fund])
    rows = ours(fund)
    assert set(rows) - set(theirs) == {"RN"}
    assert set(theirs) <= set(rows)
    for code, row in theirs.items():
        assert [rows[code][str(year)] for year in YEARS] == [row[column] for column in COLUMNS], code
        assert rows[code]["line"] == row["seed_001_line"], code


def test_reserves_equal_those_of_the_convention() -> None:
    folder = convention_data()
    if folder is None:
        return
    path = folder / "data" / "fnmo_reserves.csv"
    with path.open(encoding="utf-8", newline="") as file:
        theirs = list(csv.DictReader(file, delimiter=";"))
    with (DATA / "fnmo_reserves.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter=";"))
    wanted = [*map(str, RESERVE_YEARS)]
    assert [[row[year] for year in wanted] for row in found] == [
        [row[year] for year in wanted] for row in theirs
    ]
    assert [row["line"] for row in found] == [row["seed_001_line"] for row in theirs]


def test_figures_stand_at_the_lines_they_name() -> None:
    folder = convention_data()
    if folder is None:
        return
    (path,) = folder.glob("001_*.txt")
    text = path.read_text(encoding="utf-8").split("\n")
    for fund in SOURCES:
        for row in ours(fund).values():
            near = " ".join(text[int(row["line"]) - 1 : int(row["line"]) + 2])
            for year in YEARS:
                assert row[str(year)] in near, f"{fund} {row['code']} {year}"


def test_units_are_euros() -> None:
    tables = read_tables()
    personnel = next(row for row in tables[FundCode.FNGA] if row.code == "A-I-1")
    assert personnel.figures[2014] == Decimal("52840000.00")
    regions = next(row for row in tables[FundCode.FNPPS] if row.code == "M.reg")
    assert regions.figures[2012] == Decimal("3355456.61")
    benefits = next(row for row in tables[FundCode.FNASS] if row.code == "I.F.ANGDM.ind")
    assert benefits.figures[2017] == Decimal("21275053.00")
    for rows in tables.values():
        for row in rows:
            assert all(amount.as_tuple().exponent == -2 for amount in row.figures.values())


def test_sums_that_do_not_add_up_are_those_that_are_known() -> None:
    checked = check_tables()
    assert set(checked.differences) == set(known_differences())
    assert len(checked.differences) == len(known_differences()) == 30
    assert all(known_differences().values())
    by_fund = {fund: sum(one.fund == fund for one in checked.differences) for fund in FundCode}
    assert by_fund == {"FNGA": 2, "FNASS": 21, "FNPPS": 2, "FNMO": 5}


def test_every_printed_total_is_checked() -> None:
    """Each total, each row told apart, each repetition with a figure is the left side of a sum."""
    sums = check_tables().sums
    assert sums == 72 + 254 + 12 + 9
    with (DATA / "checks.csv").open(encoding="utf-8", newline="") as file:
        repeated = {row["total"] for row in csv.DictReader(file, delimiter=";")}
    for row in read_tables()[FundCode.FNASS]:
        if row.role == "recap" and row.figures and row.code not in {"R.F.fam", "R.F.ss", "R.K.ss"}:
            assert row.code in repeated, row.code


def test_differences_of_the_fnass_are_those_of_the_inventory() -> None:
    folder = convention_data()
    if folder is None:
        return
    inventory = (folder / "inventory.md").read_text(encoding="utf-8")
    table = inventory[inventory.index("Every mismatch:") : inventory.index("## D.3")]
    cells = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")][1:]

    def number(text: str) -> Decimal:
        return Decimal(re.sub(r"[^0-9-]", "", text.replace("−", "-")))

    theirs = sorted((int(c[1]), number(c[2]), number(c[3]), number(c[4])) for c in cells)
    found = [one for one in check_tables().differences if one.fund == "FNASS"]
    assert sorted((o.year, o.printed, o.recomputed, o.difference) for o in found) == theirs


@pytest.mark.parametrize("fund", FundCode)
def test_lines_that_bear_credits_are_fully_described(fund: FundCode) -> None:
    for row in read_tables()[fund]:
        assert row.label
        assert row.line > 3000
        if row.role == "leaf":
            assert row.nature in Nature.values
            assert row.side in Side.values
            assert row.group in ("", *GROUPS_BY_FUND[fund])
            assert row.mark in ("", *Mark.values)
        else:
            assert (row.nature, row.side, row.group, row.mark) == ("", "", "", "")
        if row.group:
            assert (row.nature, row.side, row.mark) == ("limitative", "canssm", "")


def test_groups_hold_the_lines_that_the_inventory_maps() -> None:
    held: dict[str, list[str]] = {}
    for rows in read_tables().values():
        for row in rows:
            held.setdefault(row.group, []).append(row.code)
    del held[""]
    assert held == {
        "G1": ["A-I-1"],
        "G2": ["A-I-2.autres"],
        "G3": ["A-I-2.info"],
        "G4": ["A-I-3.info"],
        "G5": ["A-I-3.autres"],
        "FA": [
            "I.F.CAN.col",
            "I.F.CAN.aut",
            "I.F.CAN.cv.stg",
            "II.F.CAN.col",
            "II.F.CAN.aut",
            "III.reg.col",
            "III.reg.ind",
        ],
        "FB": ["I.K.imm", "II.K.imm"],
    }


def test_marks_are_on_menton_and_on_one_reserve_of_each_fund_that_has_one() -> None:
    marked = {
        (fund.value, row.code, row.mark) for fund, rows in read_tables().items() for row in rows if row.mark
    }
    assert marked == {
        ("FNASS", "I.F.CAN.cv.men", "menton"),
        *((fund, "RN", "national_reserve") for fund in ("FNGA", "FNASS", "FNPPS")),
    }


def test_the_fnpps_prints_a_forecast_for_2017() -> None:
    assert figure_kind("FNPPS", 2017) is FigureKind.FORECAST
    assert figure_kind("FNPPS", 2016) is FigureKind.BUDGET
    assert figure_kind("FNGA", 2017) is FigureKind.BUDGET
    assert figure_kind("FNGA", 2013) is FigureKind.EXECUTED
    assert YEARS[2:] == BUDGET_YEARS


def test_reserves_of_the_fnmo() -> None:
    reserves = read_reserves()
    assert reserves["reserves_after"][2012] == Decimal(56942282)
    assert reserves["reserves_after"][2013] == Decimal(59348180)
    assert reserves["result"][2010] == Decimal(-679649)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the data that may be damaged."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def spoil(folder: Path, name: str, before: str, after: str) -> None:
    """Replace ``before`` once."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_a_changed_figure_is_a_difference_that_is_not_known(copy: Path) -> None:
    spoil(copy, "fnga.csv", "52,84", "52,85")
    new = set(check_tables(copy).differences) - set(known_differences(copy))
    assert {(one.total, one.year, one.difference) for one in new} == {("A-I", 2014, Decimal(-10000))}


@pytest.mark.parametrize(
    ("name", "before", "after", "fault"),
    [
        ("fnga.csv", "52,84", "52.84", "no printed figure"),
        ("fnga.csv", "52,84", "52,8", "no printed figure"),
        ("fnga.csv", "A-I-1;A-I;leaf", "A-I-1;A-X;leaf", "before its parent"),
        ("fnga.csv", "A-I-1;A-I;leaf", "A-I;A-I;leaf", "stands twice"),
        ("fnga.csv", "A-I-1;A-I;leaf", "A-I-1;A-I;leaves", "unknown role"),
        ("fnpps.csv", ";T;leaf;", ";T;leaf", "a column is missing"),
        ("checks.csv", "R.F.I;I.F", "R.F.I;I.G", "unknown rows"),
    ],
)
def test_a_damaged_file_is_named(copy: Path, name: str, before: str, after: str, fault: str) -> None:
    spoil(copy, name, before, after)
    with pytest.raises(TableError, match=rf"{name}:\d+: .*{fault}"):
        check_tables(copy)
