"""A database in which a test's commits are real, emptied after it instead of copied anew for each: ten times quicker.

Whatever a test may leave there is taken away or noticed: rows, numbers of sequences, connections of other processes. A
database of which more than that has changed (a table, a trigger, what the migrations wrote) is thrown away.
"""

from collections.abc import Callable

from django.db import DatabaseError, connection, connections

Execute = Callable[..., list[tuple[object, ...]]]

#: What is there besides rows: tables, columns, constraints, indexes, triggers and whether they are on.
_SCHEMA = """
SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
       SELECT concat_ws(' ', 'column', attrelid::regclass, attname, atttypid, attnotnull, attisdropped) AS line
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0
        UNION ALL
       SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgname, tgenabled, tgfoid) FROM pg_trigger
        UNION ALL
       SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, convalidated) FROM pg_constraint
        UNION ALL
       SELECT concat_ws(' ', 'function', oid, md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS lines
"""
_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
)
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
_LEAVE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class OwnDatabase:
    """One for each test process, made when it is first asked for. ``execute`` speaks to the server, outside of it."""

    def __init__(self, name: str, execute: Execute) -> None:
        self.name = name
        self._execute = execute
        self._made_from = ""
        self._schema: object = None
        self._kept: dict[str, object] = {}
        self._tables: list[str] = []
        self._sequences: dict[str, object] = {}

    def use(self, template: str) -> None:
        """Connect to it, empty but for what the migrations write."""
        if self._made_from != template:
            self.drop()
            self._execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"')
            self._made_from = template
            self._enter()
            self._learn()
        else:
            self._enter()

    def leave(self) -> None:
        """Make it as it was, for the next test."""
        self._enter()  # a connection without the test's settings and locks
        try:
            clean = self._clean()
        except DatabaseError:  # whose user is no superuser, or what we do not know: a copy does it, too
            clean = False
        connections.close_all()
        if not clean:
            self.drop()

    def drop(self) -> None:
        """Throw it away."""
        self._made_from = ""
        self._execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def _enter(self) -> None:
        connections.close_all()
        connection.settings_dict["NAME"] = self.name

    def _learn(self) -> None:
        self._tables = [str(table) for (table,) in _all(_TABLES)]
        self._kept = {table: _content(table) for table in _filled(self._tables)}
        self._schema = _all(_SCHEMA)
        self._sequences = dict(_all(_SEQUENCES))

    def _clean(self) -> bool:
        """Whether it is as it was."""
        _all(_LEAVE)
        if _all(_SCHEMA) != self._schema or [table for (table,) in _all(_TABLES)] != self._tables:
            return False
        if {table: _content(table) for table in self._kept} != self._kept:
            return False
        filled = [table for table in _filled(self._tables) if table not in self._kept]
        with connection.cursor() as cursor:
            # Triggers and foreign keys do not fire: the append-only tables are emptied as well.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in filled) or "SELECT 1")
            for sequence, value in _all(_SEQUENCES):
                if value != self._sequences.get(str(sequence)):
                    before = self._sequences.get(str(sequence))
                    cursor.execute(
                        "SELECT setval(%s, %s, %s)", [f'"{sequence}"', before or 1, before is not None]
                    )
        return True


def _all(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _filled(tables: list[str]) -> list[str]:
    """Those of the tables that hold a row."""
    each = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in tables)
    return [str(table) for (table,) in _all(" UNION ALL ".join(each))]


def _content(table: str) -> object:
    return _all(
        f"SELECT count(*), md5(string_agg(each::text, ' ' ORDER BY each::text)) FROM \"{table}\" AS each"
    )
