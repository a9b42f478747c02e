"""HTTP API of the approval paths: what exists, what would happen, dossiers, acts, work. Translates,
decides nothing.
"""
