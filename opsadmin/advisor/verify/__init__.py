"""Advice verified: the statements run with the indexes really built, where nobody sees it and nothing stays."""
