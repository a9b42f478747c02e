"""Addresses of the work itself."""

from django.urls import path

from workflows.views import calendar, dossier, exchanges, feeds, filing, receipts, register, work

urlpatterns = [
    path("", work.home, name="home"),
    path("taches/", work.queue_page, name="queue"),
    path("taches/<int:task_id>/prendre/", work.task_claim, name="task_claim"),
    path("taches/<int:task_id>/rendre/", work.task_release, name="task_release"),
    path("taches/<int:task_id>/confier/", dossier.task_reassign, name="task_reassign"),
    path("dossiers/", work.search, name="search"),
    path("calendrier/", calendar.calendar, name="calendar"),
    path("registre/", register.register, name="register"),
    path("registre/export.xlsx", register.register_xlsx, name="register_xlsx"),
    path("registre/export.pdf", register.register_pdf, name="register_pdf"),
    path("flux/", feeds.feeds, name="feeds"),
    path("flux/<uuid:public_id>/revoquer/", feeds.feed_revoke, name="feed_revoke"),
    path("flux/<str:secret>.ics", feeds.calendar_feed, name="calendar_feed"),
    path("flux/<str:secret>.atom", feeds.register_feed, name="register_feed"),
    path("nouveau/", filing.dossier_new, name="dossier_new"),
    path("nouveau/<slug:key>/", filing.dossier_new, name="dossier_new_path"),
    path("nouveau/<slug:key>/simuler/", filing.dossier_simulate, name="dossier_simulate"),
    path("dossiers/<str:reference>/", dossier.dossier, name="dossier"),
    path("dossiers/<str:reference>/modifier/", filing.dossier_edit, name="dossier_edit"),
    path("dossiers/<str:reference>/agir/", dossier.dossier_act, name="dossier_act"),
    path(
        "dossiers/<str:reference>/echeances/<int:deadline_id>/prolonger/",
        dossier.deadline_extend,
        name="deadline_extend",
    ),
    path("dossiers/<str:reference>/messages/", exchanges.message_post, name="message_post"),
    path("dossiers/<str:reference>/notes/", exchanges.note_post, name="note_post"),
    path("dossiers/<str:reference>/liens/", exchanges.link_add, name="link_add"),
    path("dossiers/<str:reference>/liens/<uuid:link_id>/retirer/", exchanges.link_remove, name="link_remove"),
    path("dossiers/<str:reference>/copie/", exchanges.dossier_copy, name="dossier_copy"),
    path("dossiers/<str:reference>/pieces/", dossier.dossier_upload, name="dossier_upload"),
    path("dossiers/<str:reference>/journal.json", dossier.dossier_journal, name="dossier_journal"),
    path("accuses/<str:token>/", receipts.receipt, name="receipt"),
]
