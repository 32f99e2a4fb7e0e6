"""How long this site keeps what it keeps, and how much of it."""
