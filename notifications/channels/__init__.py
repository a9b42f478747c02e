"""How a row leaves: by mail (``mail``) or by a signed call (``calls``). Neither writes to the database."""
