"""The store's operations, registered with opsadmin: each is a page, a command, an HTTP call and an assistant's tool."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
