"""What goes wrong while the local site is set up or started: always something a person has to do."""

from __future__ import annotations


class LocalError(Exception):
    """The message says what is wrong and what to do; it is shown as it is, without a traceback."""


class ClusterError(LocalError):
    """The private PostgreSQL cluster could not be made, started or stopped."""
