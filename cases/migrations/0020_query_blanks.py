"""« vis-à-vis » can be searched: the word that says nothing left two blanks, between which PostgreSQL missed a word."""

from django.db import migrations

QUERY = r"""
CREATE OR REPLACE FUNCTION cases_query(typed text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    chunks text[] := regexp_split_to_array(btrim(typed, E' \t\n\r'), '\s+');
    words text;
    part tsquery;
    found tsquery := ''::tsquery;
BEGIN
    FOR number IN 1 .. cardinality(chunks) LOOP
        words := btrim(regexp_replace(
            cases_words(regexp_replace(chunks[number], '^(-?\d+)[.,]\d{1,2}$', '\1')), ' +', ' ', 'g'));
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


class Migration(migrations.Migration):
    dependencies = [("cases", "0019_queue_weeks")]

    operations = [migrations.RunSQL([QUERY], migrations.RunSQL.noop)]
