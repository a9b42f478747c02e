"""Columns as people search them: small letters without accents, as ``normalise`` writes what is looked for."""

from __future__ import annotations

from typing import Any, Final, TypeVar, cast

from django.db.models import CharField, Func, Model, QuerySet, Value
from django.db.models.functions import Coalesce, Concat, Lower, Replace

from cases.selectors.dossiers import normalise

ModelT = TypeVar("ModelT", bound=Model)

_ACCENTED: Final = "àáâäãåçèéêëìíîïñòóôöõùúûüýÿ"
_PLAIN: Final = "aaaaaaceeeeiiiinooooouuuuyy"


def searched(*columns: str) -> Func:
    """The columns one after the other, blanks between, in small letters without accents; an absent one is nothing."""
    parts = [part for column in columns for part in (Value(" "), Coalesce(column, Value("")))]
    joined = Lower(Concat(*parts, output_field=CharField()))
    plain = Replace(Replace(joined, Value("œ"), Value("oe")), Value("æ"), Value("ae"))
    return Func(plain, Value(_ACCENTED), Value(_PLAIN), function="translate", output_field=CharField())


def with_words(found: QuerySet[ModelT], text: str, *columns: str) -> QuerySet[ModelT]:
    """Rows that hold every word of a text in one of the columns, accents and case ignored."""
    words = normalise(text).split()
    if not words:
        return found
    rows: Any = found.annotate(searched=searched(*columns))
    for word in words:
        rows = rows.filter(searched__contains=word)
    return cast("QuerySet[ModelT]", rows)
