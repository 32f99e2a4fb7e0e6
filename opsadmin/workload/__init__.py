"""What the database does all day, as pg_stat_statements counts it. Nothing is ever reset."""
