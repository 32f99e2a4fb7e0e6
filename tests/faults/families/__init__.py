"""The families, in the order of the table."""

from importlib import import_module

MODULES = ("killed", "line", "hosts", "server", "files")


def load() -> None:
    for name in MODULES:
        import_module(f"{__name__}.{name}")
