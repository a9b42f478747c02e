"""Disposal of a building (inventory A30, A31, and A28, A29 for its proceeds).

The paragraphs that this path implements (COG 2014-2017, la politique immobilière, then règles budgétaires du FNGA):

    « poursuivre activement la politique de cession des actifs non stratégiques : mise en vente systématique des biens
    vacants, mise en vente des maisons d’habitation (individuelles ou collectives) vacantes ou occupées (sauf cas
    particuliers nécessitant impérativement le maintien d’un logement pour l’accueil de professionnels de santé), mise
    en vente de biens au profit de locaux plus adaptés en location »

    « S’agissant des produits de cessions immobilières, la différence entre le prix de vente et la valeur nette
    comptable de l’actif vient impacter, à due concurrence, les autorisations d’investissements de l’exercice N+1. Elle
    peut également abonder l’enveloppe des loyers et charges locatives sur une période de dix ans (à hauteur d’un
    dixième du différentiel par exercice). »

The text names nobody who decides: the directeur général does, and the board is informed. The building stands in the
register of property and moves with the dossier: proposed at submission, on sale by the decision, under offer, sold.
A CARMI's building is signed for by its director. The CANSSM has no such director for its own buildings (and those of
the establishments below it): there a reviewer puts the file in order and hands it to the review (``own_file``), also
when pieces are asked for, because the fund need not have a preparer.
"""

from collections.abc import Mapping
from typing import Any

from cases.enums import DossierStatus, Duty, OrganisationKind, Role
from workflows.engine import (
    Begin,
    Clock,
    Description,
    Finish,
    Path,
    Piece,
    Place,
    Route,
    Step,
    Within,
    guards,
    outcome,
    property_effects,
    property_forms,
    property_steps,
    register,
    review_steps,
    this,
)

S = DossierStatus

SUBMITTER = "property.disposal.submitter"
DESK = "property.disposal.desk"
SIGN_OFF_DELAY = "property.disposal.sign_off_delay"
CHECK_DELAY = "property.disposal.check_delay"
COMPLETION_DELAY = "property.disposal.completion_delay"
DECIDE_DELAY = "property.disposal.decide_delay"
SUSPENSION = "calendar.review_suspension"

FITS = (guards.missing_pieces, *property_steps.SELLABLE)


@register
class PropertyDisposal(Path):
    """« poursuivre activement la politique de cession des actifs non stratégiques : mise en vente systématique des
    biens vacants, mise en vente des maisons d’habitation »
    """

    key = "property_disposal"
    prefix = "CESSION"
    title = "Cession immobilière"
    summary = "Vente d’un bien du registre du patrimoine : décision, offres, vente, affectation du produit."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.CARMI, OrganisationKind.FUND})
    form = property_forms.DisposalForm
    amount_label = "Prix de mise en vente"
    simulation_requires = ("property",)
    withdrawal_rule = "withdrawal"
    on_withdrawal = (property_effects.release,)
    warnings = property_steps.WARNINGS
    rules = tuple(
        dict.fromkeys(
            (
                *property_steps.RULES,
                *property_effects.PROCEEDS_RULES,
                SUBMITTER,
                DESK,
                SIGN_OFF_DELAY,
                CHECK_DELAY,
                COMPLETION_DELAY,
                DECIDE_DELAY,
                SUSPENSION,
                "refusal.motive",
                "withdrawal",
                "separation.prepare_decide",
            )
        )
    )
    pieces = (
        Piece(
            "valuation_report",
            "Rapport d’évaluation",
            property_steps.VALUATION_REPORT,
            property_steps.always,
            help="Du service des Domaines, d’un notaire ou d’un expert immobilier, daté.",
        ),
        Piece(
            "plot_documents",
            "Documents de la parcelle",
            property_steps.PLOT_DOCUMENTS,
            property_steps.always,
            help="Extrait cadastral et titre de propriété.",
        ),
    )

    @classmethod
    def describe(cls, data: Mapping[str, Any]) -> Description:
        """The title names the building, the amount is the price asked."""
        return property_steps.describe(data)

    start = Begin().Next(this.prepare)

    prepare = Step(
        title="Préparer la cession",
        role=Role.PREPARER,
        filed_by=(Role.REVIEWER,),
        duty=Duty.PREPARE,
        edits=True,
        rules=(property_steps.REGISTER,),
        outcomes=[
            outcome(
                "submit",
                "Soumettre la cession",
                routes=[
                    Route(
                        this.sign_off,
                        S.SUBMITTED,
                        when=property_steps.is_regional,
                        label="bien d’une CARMI",
                        rules=(SUBMITTER,),
                        effects=(property_effects.propose,),
                    ),
                    Route(
                        this.own_file,
                        S.SUBMITTED,
                        label="bien de la CANSSM",
                        rules=(SUBMITTER,),
                        effects=(property_effects.propose,),
                    ),
                ],
                guards=FITS,
                style="primary",
                help="Le bien devient « proposé à la vente » au registre du patrimoine.",
            )
        ],
    )

    sign_off = review_steps.sign_off(
        outcome(
            "transmit",
            "Transmettre",
            to=this.check,
            status=S.UNDER_REVIEW,
            guards=FITS,
            style="primary",
        ),
        back=this.prepare,
        within=SIGN_OFF_DELAY,
        rules=(SUBMITTER,),
        place=Place.REGION,
        effects=(property_effects.release,),
        help="Le bien reprend sa situation d’avant au registre du patrimoine.",
    )

    own_file = Step(
        title="Mettre au point le dossier de la CANSSM",
        role=Role.REVIEWER,
        duty=Duty.PREPARE,
        edits=True,
        within=Within(SIGN_OFF_DELAY),
        rules=(SUBMITTER,),
        outcomes=[
            outcome(
                "transmit",
                "Transmettre à l’instruction",
                to=this.check,
                status=S.UNDER_REVIEW,
                guards=FITS,
                style="primary",
            )
        ],
    )

    check = Step(
        title="Instruire la cession",
        role=Role.REVIEWER,
        duty=Duty.REVIEW,
        within=Within(CHECK_DELAY),
        rules=(DESK,),
        outcomes=[
            outcome(
                "complete",
                "Dossier complet : proposer à la décision",
                to=this.decide,
                status=S.AWAITING_DECISION,
                guards=FITS,
                style="primary",
            ),
            review_steps.request_pieces(
                routes=[
                    Route(
                        this.complete_file,
                        S.TO_COMPLETE,
                        when=property_steps.is_regional,
                        label="bien d’une CARMI",
                        clock=Clock.SUSPEND,
                    ),
                    Route(this.own_file, S.TO_COMPLETE, label="bien de la CANSSM", clock=Clock.SUSPEND),
                ],
            ),
        ],
    )

    complete_file = review_steps.complete_file(
        to=this.check,
        guards=FITS,
        within=COMPLETION_DELAY,
        rules=(property_steps.SAME_BUILDING,),
        place=Place.REGION,
    )

    decide = Step(
        title="Décider la mise en vente",
        role=Role.DIRECTOR_GENERAL,
        duty=Duty.DECIDE,
        within=Within(DECIDE_DELAY),
        rules=(property_steps.DECIDER,),
        outcomes=[
            outcome(
                "put_on_sale",
                "Mettre en vente",
                to=this.sell,
                status=S.APPROVED,
                guards=FITS,
                effects=(
                    property_effects.to_sale,
                    property_effects.put_on_sale_paper,
                ),
                style="success",
                help="Le bien passe « en vente » au registre et au tableau de bord des biens proposés à la vente.",
            ),
            review_steps.refuse(
                this.close,
                property_effects.off_sale,
                property_effects.refusal_paper,
            ),
            review_steps.send_back(this.check),
        ],
    )

    sell = Step(
        title="Vendre le bien",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        rules=(property_steps.SALE_DAY,),
        outcomes=[
            outcome(
                "sold",
                "Enregistrer la vente",
                to=this.allocate_proceeds,
                status=S.EXECUTED,
                form=property_forms.SaleForm,
                guards=(property_steps.not_for_health_professionals,),
                checks=(
                    property_steps.not_before_decision("deed_on"),
                    property_steps.low_price_explained,
                ),
                effects=(property_effects.sell,),
                rules=(property_steps.BOOK_VALUE,),
                style="success",
                help="Une fois l’acte signé. Sous le prix demandé ou sous l’évaluation, écrivez pourquoi.",
            ),
            outcome(
                "record_offer",
                "Enregistrer une offre",
                to=this.sell,
                status=S.APPROVED,
                form=property_forms.OfferForm,
                guards=(property_steps.no_offer_yet,),
                checks=(property_steps.not_before_decision("offered_on"),),
                effects=(property_effects.under_offer,),
                help="Le bien passe « sous offre » ; il reste à vendre.",
            ),
            outcome(
                "offer_dropped",
                "Offre abandonnée",
                to=this.sell,
                status=S.APPROVED,
                motive=True,
                guards=(property_steps.offer_stands,),
                effects=(property_effects.to_sale,),
                help="Le bien est de nouveau « en vente ».",
            ),
            outcome(
                "withdraw_from_sale",
                "Retirer de la vente",
                to=this.end,
                status=S.LAPSED,
                motive=True,
                clock=Clock.DROP,
                effects=(property_effects.off_sale,),
                style="danger",
                help="Le dossier devient caduc ; le bien est « retiré de la vente ».",
            ),
        ],
    )

    allocate_proceeds = Step(
        title="Affecter le produit de la vente",
        role=Role.DIRECTOR_GENERAL,
        duty=Duty.DECIDE,
        within=Within(DECIDE_DELAY),
        rules=(property_steps.DECIDER,),
        outcomes=[
            outcome(
                "allocate",
                "Affecter le produit",
                to=this.inform_board,
                status=S.EXECUTED,
                form=property_forms.ProceedsForm,
                guards=(property_effects.gain_to_allocate,),
                checks=(property_effects.proceeds_fit,),
                effects=(property_effects.allocate_parts, property_effects.proceeds_paper),
                style="success",
                help="Bien du FNGA : partagez la différence entre investissements et loyers. Autre fonds : laissez "
                "les montants vides, la règle de ce fonds s’applique.",
            ),
            outcome(
                "no_credit",
                "Constater : sans crédit",
                to=this.inform_board,
                status=S.EXECUTED,
                guards=(property_effects.no_gain,),
                effects=(property_effects.allocate_parts, property_effects.proceeds_paper),
                help="Bien du FNGA vendu au plus à sa valeur nette comptable.",
            ),
        ],
    )

    inform_board = Step(
        title="Informer le conseil",
        role=Role.BOARD_SECRETARY,
        duty=Duty.EXECUTE,
        rules=(property_steps.BOARD_INFORMATION,),
        outcomes=[
            outcome(
                "inform",
                "Enregistrer l’information du conseil",
                to=this.close,
                status=S.EXECUTED,
                form=property_forms.BoardInformationForm,
                checks=(property_steps.informed_after_sale,),
                style="primary",
            )
        ],
    )

    close = review_steps.close_step(this.end, rules=(DESK,))

    end = Finish("Dossier clos")
