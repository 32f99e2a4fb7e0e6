"""SVG text from numbers and escaped strings."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

NOTHING = mark_safe("")


def number(value: float) -> str:
    """A coordinate: a tenth of a unit is less than a pixel shows."""
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, inner: SafeString | str = NOTHING, /, **attributes: object) -> SafeString:
    """`<name ...>inner</name>`; a str inside or in an attribute is escaped. `css` stands for class, `_` for `-`."""
    written = format_html_join(
        "",
        ' {}="{}"',
        (
            ("class" if key == "css" else key.replace("_", "-"), number(value) if isinstance(value, float) else value)
            for key, value in attributes.items()
            if value is not None
        ),
    )
    if inner == "":
        return format_html("<{}{}/>", mark_safe(name), written)  # noqa: S308  # names are written in this package
    return format_html("<{}{}>{}</{}>", mark_safe(name), written, inner, mark_safe(name))  # noqa: S308


def group(items: Iterable[SafeString], **attributes: object) -> SafeString:
    inner = join(items)
    return element("g", inner, **attributes) if inner else NOTHING


def join(items: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((item,) for item in items))
