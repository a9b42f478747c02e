"""``make bench``: a step and the queue against bare viewflow, in one run on one PostgreSQL."""
