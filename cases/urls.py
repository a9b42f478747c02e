"""Addresses of pieces, budgets and of the administration of roles."""

from django.urls import path

from cases.views import absences, administration, budget, documents

urlpatterns = [
    path("dossiers/<str:reference>/pieces/<uuid:public_id>/", documents.download, name="document"),
    path("budgets/", budget.budgets, name="budgets"),
    path("budgets/<str:fund>/<int:year>/", budget.budget, name="budget"),
    path("budgets/<str:fund>/<int:year>/export.xlsx", budget.budget_export, name="budget_export"),
    path("budgets/<str:fund>/<int:year>/<str:code>/", budget.line, name="budget_line"),
    path(
        "budgets/<str:fund>/<int:year>/<str:code>/export.xlsx", budget.line_export, name="budget_line_export"
    ),
    path("absences/", absences.own, name="absences"),
    path("absences/<uuid:public_id>/annuler/", absences.cancel, name="absence_cancel"),
    path("absences/<str:username>/", absences.of_person, name="absences_of"),
    path("absences/<str:username>/declarer/", absences.declare, name="absence_declare"),
    path("absences/<str:username>/suppleant/", absences.deputy, name="absence_deputy"),
    path("roles/", administration.roles, name="roles"),
    path("roles/<int:pk>/fin/", administration.role_end, name="role_end"),
    path("personnes/", administration.person_jump, name="person_jump"),
    path("personnes/nouvelle/", administration.person_new, name="person_new"),
    path("personnes/<str:username>/", administration.person, name="person"),
    path("personnes/<str:username>/roles/", administration.role_grant, name="role_grant"),
    path("personnes/<str:username>/fermer/", administration.person_close, name="person_close"),
    path("personnes/<str:username>/flux/", administration.person_feeds_revoke, name="person_feeds_revoke"),
]
