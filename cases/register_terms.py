"""The words of the registers and of what is exchanged on a dossier: property, œuvres, opinions, meetings, links.

Pure: no database. The tables of moves hold the small state machines of the registers; PostgreSQL triggers are built
from the same tables.
"""

from django.db import models


class PropertyUse(models.TextChoices):
    """What a building is used for (inventory A30, A31)."""

    ADMINISTRATIVE = "administrative", "Administratif"
    HEALTH_SOCIAL = "health_social", "Sanitaire et social"
    HOUSING = "housing", "Habitation"


class PropertyState(models.TextChoices):
    """Where a building stands between use and sale."""

    IN_USE = "in_use", "Utilisé"
    VACANT = "vacant", "Vacant"
    PROPOSED = "proposed", "Proposé à la vente"
    ON_SALE = "on_sale", "En vente"
    UNDER_OFFER = "under_offer", "Sous offre"
    SOLD = "sold", "Vendu"
    WITHDRAWN = "withdrawn", "Retiré de la vente"


_P = PropertyState

#: Moves of a building. All but those between « utilisé » and « vacant » are made by a disposal (path A31).
PROPERTY_MOVES: dict[PropertyState, frozenset[PropertyState]] = {
    _P.IN_USE: frozenset({_P.VACANT, _P.PROPOSED}),
    _P.VACANT: frozenset({_P.IN_USE, _P.PROPOSED}),
    _P.PROPOSED: frozenset({_P.ON_SALE, _P.WITHDRAWN}),
    _P.ON_SALE: frozenset({_P.UNDER_OFFER, _P.SOLD, _P.WITHDRAWN}),
    _P.UNDER_OFFER: frozenset({_P.ON_SALE, _P.SOLD, _P.WITHDRAWN}),
    _P.WITHDRAWN: frozenset({_P.IN_USE, _P.VACANT, _P.PROPOSED}),
    _P.SOLD: frozenset(),
}
#: States in which a building is in the hands of a disposal.
IN_DISPOSAL = frozenset({_P.PROPOSED, _P.ON_SALE, _P.UNDER_OFFER})


class Occupation(models.TextChoices):
    """Whether a building is occupied (A31: « vacantes ou occupées »)."""

    OCCUPIED = "occupied", "Occupé"
    PARTLY = "partly", "Occupé en partie"
    VACANT = "vacant", "Vacant"


class ValueSource(models.TextChoices):
    """Who valued a building on the market (A75 names the service des Domaines)."""

    DOMAINES = "domaines", "Service des Domaines"
    NOTARY = "notary", "Notaire"
    EXPERT = "expert", "Expert immobilier"
    INTERNAL = "internal", "Estimation interne"


class PlannedFuture(models.TextChoices):
    """« Chaque bien et son devenir prévisionnel » (A30)."""

    KEEP = "keep", "Conserver"
    SELL = "sell", "Vendre"
    RENT = "rent", "Louer"
    ADAPT = "adapt", "Adapter"


class ProceedsUse(models.TextChoices):
    """What the proceeds of a sale are used for, by the fund that owns the building (A28, A29, A76)."""

    INVESTMENT = "investment", "Autorisations d’investissements"
    RENTS = "rents", "Loyers et charges locatives"
    FUND_RESOURCE = "fund_resource", "Ressource du fonds"
    REGIONAL_FUND = "regional_fund", "Fonds régional de modernisation des œuvres"
    NO_INCREASE = "no_increase", "Sans majoration des autorisations"


class FacilityKind(models.TextChoices):
    """What an œuvre is."""

    HEALTH_CENTRE = "health_centre", "Centre de santé"
    CONSULTATION = "consultation", "Point de consultation"
    PHARMACY = "pharmacy", "Pharmacie"
    LABORATORY = "laboratory", "Laboratoire d’analyses"
    OPTICS = "optics", "Cabinet d’optique"
    DENTAL = "dental", "Cabinet ou laboratoire dentaire"
    AMBULANCE = "ambulance", "Service d’ambulances"
    HOME_CARE = "home_care", "Soins ou services à domicile"
    ESTABLISHMENT = "establishment", "Établissement"
    OTHER = "other", "Autre œuvre"


class ApprovalState(models.TextChoices):
    """The agrément « centre de santé » of an œuvre (A65: existing, to request, to modify, to remove)."""

    UNLISTED = "unlisted", "Non recensé"
    EXISTING = "existing", "Existant"
    TO_REQUEST = "to_request", "À solliciter"
    PROVISIONAL = "provisional", "Provisoire"
    GRANTED = "granted", "Accordé"
    TO_MODIFY = "to_modify", "À modifier"
    REMOVED = "removed", "Supprimé"


_A = ApprovalState

#: Moves of an agrément. « Non recensé » is where an œuvre stands before its body has made its inventory, which may find
#: it in any state.
APPROVAL_MOVES: dict[ApprovalState, frozenset[ApprovalState]] = {
    _A.UNLISTED: frozenset(_A) - {_A.UNLISTED},
    _A.EXISTING: frozenset({_A.TO_MODIFY, _A.REMOVED}),
    _A.TO_REQUEST: frozenset({_A.PROVISIONAL, _A.GRANTED, _A.REMOVED}),
    _A.PROVISIONAL: frozenset({_A.GRANTED, _A.REMOVED}),
    _A.GRANTED: frozenset({_A.TO_MODIFY, _A.REMOVED}),
    _A.TO_MODIFY: frozenset({_A.PROVISIONAL, _A.GRANTED, _A.REMOVED}),
    _A.REMOVED: frozenset({_A.TO_REQUEST}),
}


class RegisterKind(models.TextChoices):
    """Registers that a file can be imported into."""

    PROPERTY = "property", "Patrimoine"
    FACILITY = "facility", "Œuvres"


class ImportState(models.TextChoices):
    """Where an import stands: read and shown, loaded whole, or given up."""

    PREVIEWED = "previewed", "À confirmer"
    LOADED = "loaded", "Chargé"
    ABANDONED = "abandoned", "Abandonné"


class OpinionAnswer(models.TextChoices):
    """What an opinion says."""

    FAVOURABLE = "favourable", "Favorable"
    RESERVED = "reserved", "Réservé"
    UNFAVOURABLE = "unfavourable", "Défavorable"


class OpinionState(models.TextChoices):
    """Where one opinion that was asked for stands."""

    INVITED = "invited", "Attendu"
    GIVEN = "given", "Rendu"
    RECUSED = "recused", "Récusé (conflit d’intérêts)"
    LAPSED = "lapsed", "Non rendu dans le délai"
    CANCELLED = "cancelled", "Sans objet"


class MeetingKind(models.TextChoices):
    """Who meets: the board, or the fund with the two ministries (A33: « des rencontres régulières »)."""

    BOARD = "board", "Conseil d’administration"
    CONCERTATION = "concertation", "Concertation avec la tutelle"


class MeetingState(models.TextChoices):
    """Where a meeting stands."""

    PLANNED = "planned", "Prévue"
    CLOSED = "closed", "Close"
    CANCELLED = "cancelled", "Annulée"


class PaperKind(models.TextChoices):
    """Papers of a meeting."""

    AGENDA = "agenda", "Ordre du jour"
    MINUTES = "minutes", "Procès-verbal"


class MessageKind(models.TextChoices):
    """Messages are read by all who see the dossier, notes by the CANSSM alone."""

    MESSAGE = "message", "Message"
    NOTE = "note", "Note interne"


class LinkKind(models.TextChoices):
    """How one dossier relates to another."""

    FOLLOWS = "follows", "fait suite à"
    REPLACES = "replaces", "remplace"
    SAME_OPERATION = "same_operation", "même opération que"
