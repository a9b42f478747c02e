"""A sentence links to the dossiers that it names, and to nothing else."""

from cases.errors import Reason
from workflows.templatetags.references import linked


def test_each_reference_becomes_one_link() -> None:
    reason = Reason("x", "Avec FNMO-2015-0002 et FNMO-2015-0003.", related=("FNMO-2015-0002",) * 2)
    assert linked(reason) == (
        'Avec <a class="reference" href="/dossiers/FNMO-2015-0002/">FNMO-2015-0002</a> et FNMO-2015-0003.'
    )


def test_the_rest_of_the_sentence_stays_text() -> None:
    assert linked(Reason("x", "<b>« FNMO »</b> & co")) == "&lt;b&gt;« FNMO »&lt;/b&gt; &amp; co"
