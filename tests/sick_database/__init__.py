"""A deliberately sick database: what a health report must find, and innocent look-alikes that it must not touch."""
