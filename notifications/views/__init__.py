"""Pages: « Mes avis », « Mes préférences »; for administrators, deliveries and subscriptions."""
