"""Incidents that open, collect their time and close by themselves, and the decisions that people take."""
