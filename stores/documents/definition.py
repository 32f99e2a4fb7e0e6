"""A document's definition: its sections and fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stores.documents.fields import Field, ObjectField


@dataclass(frozen=True)
class Section:
    """A part of the form: `fields` name it by `name`."""

    name: str
    title: str
    help: str = ""


@dataclass(frozen=True)
class DocumentDefinition:
    """The keys of one document, in the order in which the dashboard writes them."""

    kind: str
    title: str
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]

    def field(self, key: str) -> Field | None:
        """The field of a top-level key; None for an unknown key."""
        return next((field for field in self.fields if field.key == key), None)

    def leaves(self) -> Iterator[tuple[tuple[str, ...], Field]]:
        """Every field that is not an object, with its keys from the top: `("winter", "min_temp")`."""
        for field in self.fields:
            if isinstance(field, ObjectField):
                for member in field.fields:
                    yield (field.key, member.key), member
            else:
                yield (field.key,), field
