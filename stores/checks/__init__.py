"""The store's health checks: one file, one check. Each takes a `stores.health.StoreLook`."""
