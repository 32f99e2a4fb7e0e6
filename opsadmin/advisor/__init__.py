"""Which indexes would help: candidates from how PostgreSQL reads the statements, their cost by its own planner, a search."""
