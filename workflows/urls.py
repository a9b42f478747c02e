"""Addresses of the work itself."""

from django.urls import path

from workflows.views import calendar, dossier, filing, receipts, work

urlpatterns = [
    path("", work.home, name="home"),
    path("taches/", work.queue_page, name="queue"),
    path("taches/<int:task_id>/prendre/", work.task_claim, name="task_claim"),
    path("taches/<int:task_id>/rendre/", work.task_release, name="task_release"),
    path("taches/<int:task_id>/confier/", dossier.task_reassign, name="task_reassign"),
    path("dossiers/", work.search, name="search"),
    path("calendrier/", calendar.calendar, name="calendar"),
    path("nouveau/", filing.dossier_new, name="dossier_new"),
    path("nouveau/<slug:key>/", filing.dossier_new, name="dossier_new_path"),
    path("nouveau/<slug:key>/simuler/", filing.dossier_simulate, name="dossier_simulate"),
    path("dossiers/<str:reference>/", dossier.dossier, name="dossier"),
    path("dossiers/<str:reference>/modifier/", filing.dossier_edit, name="dossier_edit"),
    path("dossiers/<str:reference>/agir/", dossier.dossier_act, name="dossier_act"),
    path("dossiers/<str:reference>/pieces/", dossier.dossier_upload, name="dossier_upload"),
    path("dossiers/<str:reference>/journal.json", dossier.dossier_journal, name="dossier_journal"),
    path("accuses/<str:token>/", receipts.receipt, name="receipt"),
]
