"""How an index is named."""

from __future__ import annotations

from opsadmin.advisor.index_name import MOST_BYTES, name_parts
from opsadmin.core.errors import OperationError


def parts_of(index: str) -> tuple[str, str]:
    """Schema (empty where none is named) and name, plain, from `schema."Name"`.

    Raises `OperationError` where it is no name."""
    parts = name_parts(index)
    if len(parts) in (1, 2) and all(part and len(part.encode()) <= MOST_BYTES for part in parts):
        return ("", *parts)[-2], parts[-1]
    raise OperationError(
        f'index is {index!r}; it must be a name as SQL writes it: name, schema.name or schema."Name".',
        parameter="index",
    )
