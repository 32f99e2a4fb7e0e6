"""Making, dropping and rebuilding indexes while the tables are in use."""
