"""What a cell may say. What is exported in the template's format comes back equal."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.finess import finess_key
from cases.imports.cells import (
    Amount,
    CellFault,
    Choice,
    Code,
    Day,
    Finess,
    Kind,
    Surface,
    Text,
    Whole,
    YesNo,
)
from cases.imports.reading import Cell, ErrorCell, Formula
from cases.register_terms import PropertyUse

USES = Choice(dict(PropertyUse.choices))
D = Decimal


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (Text(), "  Bureaux \n de  Lens ", "Bureaux de Lens"),
        (Text(), 12.0, "12"),
        (Text(), 12.5, "12,5"),
        (Code(), "NPDC-Lens", "npdc-lens"),
        (Code(), 1234, "1234"),
        (Amount(), "1 234,50", D("1234.50")),
        (Amount(), "1\u202f234,50\u00a0€", D("1234.50")),
        (Amount(), 0.1 + 0.2, D("0.30")),
        (Amount(), 0, D("0.00")),
        (Surface(), "1 234,5 m²", D("1234.50")),
        (Surface(), 12, D("12.00")),
        (Whole(0, 99), " 4 0 ", 40),
        (Whole(0, 99), 40.0, 40),
        (Day(), "31/12/2015", date(2015, 12, 31)),
        (Day(), "2015-12-31", date(2015, 12, 31)),
        (Day(), "1/2/2015", date(2015, 2, 1)),
        (Day(), datetime(2015, 12, 31), date(2015, 12, 31)),  # noqa: DTZ001 (Excel's days have no zone)
        (YesNo(), "OUI", True),
        (YesNo(), "n", False),
        (YesNo(), True, True),
        (USES, "sanitaire ET social", "health_social"),
        (USES, "health_social", "health_social"),
        (Finess(), "62 000 000 0", "620000000"),
        (Finess(), 10000024, "010000024"),
    ],
    ids=str,
)
def test_cell_is_read(kind: Kind, cell: Cell, value: object) -> None:
    assert kind.read(cell) == value


@pytest.mark.parametrize(
    ("kind", "cell", "said"),
    [
        (Text(), Formula(), "contient une formule"),
        (Amount(), ErrorCell("#N/A"), "erreur (#N/A)"),
        (Text(5), "Bureaux", "dépasse 5 caractères"),
        (Text(), datetime(2015, 1, 1), "contient une date"),  # noqa: DTZ001 (as above)
        (Amount(), "25.000", "deux façons"),
        (Amount(), "-1", "négatif"),
        (Amount(), 1.005, "deux décimales"),
        (Amount(), "beaucoup", "« beaucoup » n’est pas un montant"),
        (Amount(), True, "n’est pas un nombre"),
        (Amount(), float("inf"), "n’est pas un montant"),
        (Surface(), "grande", "« grande » n’est pas une surface"),
        (Surface(), -1, "zéro ou plus"),
        (Surface(), 10**8, "inférieure à cent millions"),
        (Whole(2000, 2100), 1999, "entre 2000 et 2100"),
        (Whole(), 1.5, "nombre entier"),
        (Whole(), "1e999999999", "n’est pas un nombre entier"),
        (Day(), "31/02/2015", "n’existe pas dans le calendrier"),
        (Day(), "31/12/15", "écrivez-la comme 31/12/2015"),
        (Day(), 42369, "mettez la cellule au format Date"),
        (Day(), timedelta(hours=1), "n’est pas une date"),
        (YesNo(), "peut-être", "ni « Oui » ni « Non »"),
        (USES, "Palais", "« Palais » n’est pas dans la liste. Écrivez : « Administratif »"),
        (USES, "?", "n’est pas dans la liste"),
        (Finess(), "620000005", "La clé du numéro FINESS"),
        (Finess(), 62, "neuf caractères"),
    ],
    ids=str,
)
def test_cell_that_cannot_be_read_says_what_to_type(kind: Kind, cell: Cell, said: str) -> None:
    with pytest.raises(CellFault, match=said.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")):
        kind.read(cell)


amounts = st.decimals(0, D("999999999999.99"), places=2)
surfaces = st.decimals(0, D("99999999.99"), places=2)
numbers = st.integers(0, 9_999_999).map(lambda n: f"62{n:06}"[:8]).map(lambda n: n + finess_key(n))


@given(
    st.one_of(
        st.tuples(st.just(Amount()), amounts),
        st.tuples(st.just(Surface()), surfaces),
        st.tuples(st.just(Whole()), st.integers(0, 99_999)),
        st.tuples(st.just(Day()), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
        st.tuples(st.just(YesNo()), st.booleans()),
        st.tuples(st.just(USES), st.sampled_from(PropertyUse.values)),
        st.tuples(st.just(Finess()), numbers),
        st.tuples(st.just(Code()), st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)),
    )
)
def test_what_is_written_is_read_back(one: tuple[Kind, Any]) -> None:
    kind, value = one
    written = kind.write(value)
    assert (
        kind.read(float(written) if isinstance(written, Decimal) else written) == value
    )  # as a file gives it
    if isinstance(kind, Amount | Surface | Day):
        assert kind.read(kind.show(value)) == value  # as a clerk types it
