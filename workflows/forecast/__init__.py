"""When the work that waits in a queue will be done, by simulation from what the queue did before. No database."""
