"""Plans: what PostgreSQL would do for a statement, and what that says. `explain.explain` is the way in."""
