"""Addresses of « Mes avis »."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("avis/", views.notice_list, name="notices"),
    path("avis/lus/", views.read_all, name="notices_read"),
    path("avis/<int:notice_id>/lu/", views.read_one, name="notice_read"),
]
