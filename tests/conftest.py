"""What every test relies on; the database part lies in tests/database.py."""

pytest_plugins = ["tests.database"]
