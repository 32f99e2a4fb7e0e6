"""The store in the admin: one module per page family."""
