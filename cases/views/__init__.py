"""Pages about people, and the download of pieces."""
