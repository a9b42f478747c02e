"""Addresses of « Mes avis », and of what administrators see of deliveries."""

from django.urls import path

from notifications.views import administration, notices, preferences

urlpatterns = [
    path("avis/", notices.notice_list, name="notices"),
    path("avis/lus/", notices.read_all, name="notices_read"),
    path("avis/<int:notice_id>/lu/", notices.read_one, name="notice_read"),
    path("avis/preferences/", preferences.preferences, name="notice_preferences"),
    path("envois/", administration.deliveries, name="deliveries"),
    path("envois/reessayer/", administration.delivery_retry_all, name="delivery_retry_all"),
    path("envois/<int:row_id>/reessayer/", administration.delivery_retry, name="delivery_retry"),
    path("envois/adresses/", administration.addresses, name="addresses"),
    path("envois/adresses/<str:username>/", administration.address, name="person_address"),
    path("abonnements/", administration.webhooks, name="webhooks"),
    path("abonnements/nouveau/", administration.webhook_new, name="webhook_new"),
    path("abonnements/<int:webhook_id>/", administration.webhook_do, name="webhook_do"),
]
