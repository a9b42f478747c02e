"""HTTP API of what a dossier is: tokens, download of pieces; and what every part of the API shares."""
