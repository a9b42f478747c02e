"""Words of dossiers for the search page, kept by triggers; the indexes of its orders and filters.

The contrib extension unaccent is no part of the embedded PostgreSQL: ``cases_plain`` does what
``cases.selectors.normalise`` does. Words are kept twice, with their French endings taken off and as they are: what is
being typed is looked up by its beginning, which an ending taken off would have cut.
"""

from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

# Not under « unaccent » rules: canonical decomposition, then what combines is dropped.
PLAIN = r"""
CREATE FUNCTION cases_plain(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT replace(replace(replace(
               lower(regexp_replace(normalize(given, NFKD), '[\u0300-\u036F]+', '', 'g')),
               'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss')
$$;
"""

# PostgreSQL's parser takes « note.pdf » for a host and « -0042 » for a number below nought: it is given words only.
# Without accents the stemmer no longer knows the feminine of a participle: « rénovée » is made « renove ». Nor is « à » a word
# without meaning any more.
WORDS = r"""
CREATE FUNCTION cases_words(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(
               regexp_replace(
                   cases_plain(given),
                   '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u00D7\u00F7\u2000-\u206F\u20A0-\u20CF]+',
                   ' ', 'g'),
               '(e)es?\M|\ma\M', '\1', 'g')
$$;
CREATE FUNCTION cases_lexemes(given text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT to_tsvector('french', words) || to_tsvector('simple', words) FROM (SELECT cases_words(given) AS words) one
$$;
"""

# What was typed. Words that belong together (« 2015-0042 ») have to follow each other; the last one may be unfinished.
# Of « la toiture » only « toiture » is looked up. Amounts are kept by their euros.
QUERY = r"""
CREATE FUNCTION cases_query(typed text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    chunks text[] := regexp_split_to_array(btrim(typed, E' \t\n\r'), '\s+');
    words text;
    part tsquery;
    found tsquery := ''::tsquery;
BEGIN
    FOR number IN 1 .. cardinality(chunks) LOOP
        words := btrim(cases_words(regexp_replace(chunks[number], '^(-?\d+)[.,]\d{1,2}$', '\1')));
        part := phraseto_tsquery('french', words);
        IF number = cardinality(chunks) AND numnode(part) > 0 AND words ~ '[^ ]{2}$' THEN
            part := part || to_tsquery('simple', replace(words, ' ', ' <-> ') || ':*');
        END IF;
        found := found && part;
    END LOOP;
    RETURN found;
END
$$;
"""

# Dates and identifiers are no words. 60 000 characters of each kind: a vector ends at 1 MB, and an act must not fail.
FINDINGS = r"""
CREATE FUNCTION cases_data_text(data jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT string_agg(regexp_replace(value #>> '{}', '^(-?\d+)[.,]\d{1,2}$', '\1'), ' ')
      FROM jsonb_path_query(data - 'title', 'strict $.** ? (@.type() == "string"
               && !(@ like_regex "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?$")
               && !(@ like_regex "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"))') value
$$;
CREATE FUNCTION cases_findings_words(dossier cases_dossier, OUT vector tsvector, OUT head tsvector)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    written text;
BEGIN
    head := setweight(cases_lexemes(dossier.reference), 'A') || setweight(cases_lexemes(dossier.title), 'B');
    SELECT string_agg(text, ' ') INTO written FROM (
        (SELECT name AS text FROM cases_document WHERE dossier_id = dossier.id AND current ORDER BY id)
        UNION ALL
        (SELECT text FROM cases_message WHERE dossier_id = dossier.id AND kind = 'message' ORDER BY id DESC)
    ) every;
    vector := head
        || setweight(cases_lexemes(coalesce(left(cases_plain(cases_data_text(dossier.data)), 60000), '')), 'C')
        || setweight(cases_lexemes(coalesce(left(cases_plain(written), 60000), '')), 'D');
END
$$;
CREATE FUNCTION cases_findings_scope(dossier cases_dossier) RETURNS varchar[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT dossier.involved || (
        SELECT array_agg(above.lineage ORDER BY above.lineage)
          FROM cases_organisation body
          JOIN cases_organisation above ON starts_with(body.lineage, above.lineage)
         WHERE body.id = dossier.organisation_id)
$$;
"""

# Two messages at once: the second waits for the row, and only then reads what there is.
TRIGGERS = r"""
CREATE FUNCTION cases_find_words(of_dossier bigint) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM 1 FROM cases_dossierfindings WHERE dossier_id = of_dossier FOR UPDATE;
    UPDATE cases_dossierfindings kept SET vector = words.vector, head = words.head
      FROM cases_dossier dossier CROSS JOIN LATERAL cases_findings_words(dossier) words
     WHERE dossier.id = of_dossier AND kept.dossier_id = of_dossier;
END
$$;

CREATE FUNCTION cases_dossier_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO cases_dossierfindings (dossier_id, vector, head, scope, blocked_rules)
        SELECT NEW.id, vector, head, cases_findings_scope(NEW), '{}' FROM cases_findings_words(NEW);
    ELSE
        IF NEW.title IS DISTINCT FROM OLD.title OR NEW.data IS DISTINCT FROM OLD.data
           OR NEW.reference IS DISTINCT FROM OLD.reference THEN
            PERFORM cases_find_words(NEW.id);
        END IF;
        IF NEW.involved IS DISTINCT FROM OLD.involved OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id THEN
            UPDATE cases_dossierfindings SET scope = cases_findings_scope(NEW) WHERE dossier_id = NEW.id;
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER cases_found AFTER INSERT ON cases_dossier
    FOR EACH ROW EXECUTE FUNCTION cases_dossier_found();
CREATE TRIGGER cases_found_again AFTER UPDATE ON cases_dossier
    FOR EACH ROW WHEN (
        NEW.title IS DISTINCT FROM OLD.title OR NEW.data IS DISTINCT FROM OLD.data
        OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.involved IS DISTINCT FROM OLD.involved
        OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id
    ) EXECUTE FUNCTION cases_dossier_found();

CREATE FUNCTION cases_written_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cases_find_words(NEW.dossier_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER cases_found AFTER INSERT ON cases_message
    FOR EACH ROW WHEN (NEW.kind = 'message') EXECUTE FUNCTION cases_written_found();
CREATE TRIGGER cases_found AFTER INSERT ON cases_document
    FOR EACH ROW WHEN (NEW.current) EXECUTE FUNCTION cases_written_found();
CREATE TRIGGER cases_found_again AFTER UPDATE ON cases_document
    FOR EACH ROW WHEN (NEW.current IS DISTINCT FROM OLD.current OR NEW.name IS DISTINCT FROM OLD.name)
    EXECUTE FUNCTION cases_written_found();

CREATE FUNCTION cases_body_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases_dossierfindings kept SET scope = cases_findings_scope(dossier)
      FROM cases_dossier dossier JOIN cases_organisation body ON body.id = dossier.organisation_id
     WHERE kept.dossier_id = dossier.id
       AND (starts_with(body.lineage, NEW.lineage) OR starts_with(body.lineage, OLD.lineage));
    RETURN NULL;
END
$$;
CREATE TRIGGER cases_found_again AFTER UPDATE ON cases_organisation
    FOR EACH ROW WHEN (NEW.lineage IS DISTINCT FROM OLD.lineage) EXECUTE FUNCTION cases_body_found();
"""

FILL = """
INSERT INTO cases_dossierfindings (dossier_id, vector, head, scope, blocked_rules)
SELECT dossier.id, words.vector, words.head, cases_findings_scope(dossier), '{}'
  FROM cases_dossier dossier CROSS JOIN LATERAL cases_findings_words(dossier) words
    ON CONFLICT (dossier_id) DO UPDATE SET vector = excluded.vector, head = excluded.head, scope = excluded.scope
"""

DROP = """
DROP TRIGGER cases_found ON cases_dossier;
DROP TRIGGER cases_found_again ON cases_dossier;
DROP TRIGGER cases_found ON cases_message;
DROP TRIGGER cases_found ON cases_document;
DROP TRIGGER cases_found_again ON cases_document;
DROP TRIGGER cases_found_again ON cases_organisation;
DROP FUNCTION cases_body_found();
DROP FUNCTION cases_written_found();
DROP FUNCTION cases_dossier_found();
DROP FUNCTION cases_find_words(bigint);
DROP FUNCTION cases_findings_scope(cases_dossier);
DROP FUNCTION cases_findings_words(cases_dossier);
DROP FUNCTION cases_data_text(jsonb);
DROP FUNCTION cases_query(text);
DROP FUNCTION cases_lexemes(text);
DROP FUNCTION cases_words(text);
DROP FUNCTION cases_plain(text);
"""

# More of the commonest words are known to the planner, which has to tell common from rare ones. New words wait in a
# list that is written into the index once it is this long (kB): what an act may have to wait for stays short.
TUNE = """
ALTER TABLE cases_dossierfindings ALTER COLUMN vector SET STATISTICS 500;
ALTER TABLE cases_dossierfindings ALTER COLUMN scope SET STATISTICS 500;
ALTER INDEX findings_words SET (gin_pending_list_limit = 256);
"""


def create(apps: Any, editor: Any) -> None:
    """Write the functions, take up what is there, then watch what comes."""
    for statement in (PLAIN, WORDS, QUERY, FINDINGS, FILL, TRIGGERS):
        editor.execute(statement, params=None)


def drop(apps: Any, editor: Any) -> None:
    """Stop watching."""
    editor.execute(DROP, params=None)


class Migration(migrations.Migration):
    dependencies = [("cases", "0014_work")]

    operations = [
        migrations.RenameField(
            model_name="dossierfindings", old_name="checked_version", new_name="checked_length"
        ),
        migrations.RemoveIndex(model_name="dossierfindings", name="findings_words"),
        migrations.AddField(
            model_name="dossierfindings",
            name="head",
            field=django.contrib.postgres.search.SearchVectorField(
                null=True, verbose_name="mots de la référence et de l’objet"
            ),
        ),
        migrations.AddField(
            model_name="dossierfindings",
            name="scope",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=400),
                default=list,
                size=None,
                verbose_name="lecteurs",
            ),
        ),
        migrations.RunPython(create, drop),
        # Foreign keys of the rows just written are checked at once: no index is made on a table that still owes checks.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="dossierfindings",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["vector", "head", "scope"], name="findings_words"
            ),
        ),
        migrations.RunSQL(TUNE, migrations.RunSQL.noop),
        *(
            migrations.AddIndex(model_name="dossier", index=models.Index(fields=fields, name=name))
            for name, fields in (
                ("dossier_by_submission", ["submitted_at", "id"]),
                ("dossier_by_due", ["next_due_on", "id"]),
                ("dossier_by_amount", ["amount_ht", "id"]),
                ("dossier_by_status", ["status", "updated_at", "id"]),
                ("dossier_by_path", ["path", "updated_at", "id"]),
                ("dossier_by_exercise", ["exercise", "updated_at", "id"]),
            )
        ),
    ]
