"""Start-up of Berline: settings, addresses, embedded database, background tasks."""
