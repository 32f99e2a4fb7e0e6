"""The engine behind `analyze_db_health`: cards of checks, the facts they share, few statements, one report."""
