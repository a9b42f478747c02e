"""Addresses of pieces, budgets, registers and of the administration of roles."""

from django.urls import path

from cases.views import (
    administration,
    budget,
    documents,
    exchanges,
    facilities,
    help,
    imports,
    property,
    property_boards,
    saved,
)

urlpatterns = [
    path("aide/", help.index, name="help"),
    path("aide/images/<slug:name>.png", help.image, name="help_image"),
    path("aide/<slug:slug>/", help.document, name="help_document"),
    path("dossiers/<str:reference>/pieces/<uuid:public_id>/", documents.download, name="document"),
    path("messages/<uuid:message_id>/fichiers/<uuid:file_id>/", exchanges.download, name="message_file"),
    path("budgets/", budget.budgets, name="budgets"),
    path("budgets/<str:fund>/<int:year>/", budget.budget, name="budget"),
    path("budgets/<str:fund>/<int:year>/export.xlsx", budget.budget_export, name="budget_export"),
    path("budgets/<str:fund>/<int:year>/<str:code>/", budget.line, name="budget_line"),
    path(
        "budgets/<str:fund>/<int:year>/<str:code>/export.xlsx", budget.line_export, name="budget_line_export"
    ),
    path("patrimoine/", property.properties, name="properties"),
    path("patrimoine/export.xlsx", property.properties_xlsx, name="properties_xlsx"),
    path("patrimoine/nouveau/", property.new, name="property_new"),
    path("patrimoine/tableaux-de-bord/", property_boards.boards, name="property_boards"),
    path(
        "patrimoine/tableaux-de-bord/tableaux-de-bord.pdf",
        property_boards.boards_pdf,
        name="property_boards_pdf",
    ),
    path(
        "patrimoine/tableaux-de-bord/<slug:name>.xlsx",
        property_boards.boards_xlsx,
        name="property_boards_xlsx",
    ),
    path("patrimoine/import/", imports.upload, {"kind": "property"}, name="property_import"),
    path(
        "patrimoine/import/modele.xlsx",
        imports.template,
        {"kind": "property"},
        name="property_import_template",
    ),
    path("patrimoine/<slug:code>/", property.building, name="property"),
    path("patrimoine/<slug:code>/modifier/", property.change, name="property_change"),
    path("patrimoine/<slug:code>/situation/", property.move, name="property_move"),
    path("oeuvres/", facilities.facilities, name="facilities"),
    path("oeuvres/export.xlsx", facilities.facilities_xlsx, name="facilities_xlsx"),
    path("oeuvres/nouvelle/", facilities.facility_new, name="facility_new"),
    path("oeuvres/import/", imports.upload, {"kind": "facility"}, name="facility_import"),
    path(
        "oeuvres/import/modele.xlsx",
        imports.template,
        {"kind": "facility"},
        name="facility_import_template",
    ),
    path("oeuvres/<slug:code>/", facilities.facility, name="facility"),
    path(
        "oeuvres/<slug:code>/professionnels/",
        facilities.professional_add,
        name="facility_professional_add",
    ),
    path(
        "oeuvres/<slug:code>/professionnels/<int:pk>/depart/",
        facilities.professional_end,
        name="facility_professional_end",
    ),
    *(
        path(f"oeuvres/<slug:code>/{what}/", facilities.facility_do, {"what": what}, name="facility_do")
        for what in facilities.FORMS
    ),
    path("imports/<uuid:public_id>/", imports.preview, name="import"),
    path("imports/<uuid:public_id>/charger/", imports.load, name="import_load"),
    path("imports/<uuid:public_id>/abandonner/", imports.abandon, name="import_abandon"),
    path("imports/<uuid:public_id>/anomalies.csv", imports.faults, name="import_faults"),
    path("vues/", saved.views, name="views"),
    path("vues/enregistrer/", saved.view_save, name="view_save"),
    path("vues/<uuid:public_id>/", saved.view_open, name="view_open"),
    path("vues/<uuid:public_id>/renommer/", saved.view_rename, name="view_rename"),
    path("vues/<uuid:public_id>/partager/", saved.view_share, name="view_share"),
    path("vues/<uuid:public_id>/supprimer/", saved.view_delete, name="view_delete"),
    path("roles/", administration.roles, name="roles"),
    path("roles/<int:pk>/fin/", administration.role_end, name="role_end"),
    path("personnes/", administration.person_jump, name="person_jump"),
    path("personnes/nouvelle/", administration.person_new, name="person_new"),
    path("personnes/<str:username>/", administration.person, name="person"),
    path("personnes/<str:username>/roles/", administration.role_grant, name="role_grant"),
    path("personnes/<str:username>/fermer/", administration.person_close, name="person_close"),
    path("personnes/<str:username>/flux/", administration.person_feeds_revoke, name="person_feeds_revoke"),
]
