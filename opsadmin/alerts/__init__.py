"""Alerts: who is told when a check or the store changes, by e-mail and webhook."""
