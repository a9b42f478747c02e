"""Approval paths: one file each, found at start-up. They never import each other."""
