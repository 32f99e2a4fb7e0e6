"""Fixtures every test may use. One family per file in tests/fixtures."""
