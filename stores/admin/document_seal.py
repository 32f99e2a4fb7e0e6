"""A document as a page may hold it: each secret stands as a placeholder that names it without telling it, so that a
form or a text full of placeholders can be turned back when it is saved, and a changed secret shows as changed."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.utils.crypto import salted_hmac

from stores.backends.protocol import Document
from stores.documents import definition
from stores.documents.secrets import HIDDEN, mask, replace_secrets

_SALT = "stores.document"


def seal(kind: str, document: Document) -> tuple[Document, dict[str, Any]]:
    """`document` with placeholders, and what each stands for."""
    secrets: dict[str, Any] = {}

    def placeholder(value: Any) -> str:
        name = f"{mask(value)}{salted_hmac(_SALT, repr(value)).hexdigest()[:8]}"
        secrets[name] = value
        return name

    return replace_secrets(definition(kind), document, placeholder), secrets


def unseal(document: Any, secrets: dict[str, Any]) -> Any:
    """`document` with the secrets in the place of their placeholders."""
    if isinstance(document, dict):
        return {key: unseal(value, secrets) for key, value in document.items()}
    if isinstance(document, list):
        return [unseal(value, secrets) for value in document]
    return secrets.get(document, document) if isinstance(document, str) else document


def strange_placeholders(document: Any) -> list[str]:
    """The placeholders left in an unsealed document: they stand for nothing that is stored."""
    if isinstance(document, dict | list):
        members = document.values() if isinstance(document, dict) else document
        return [found for member in members for found in strange_placeholders(member)]
    return [document] if isinstance(document, str) and f"…{HIDDEN}" in document else []


def sign(kind: str, sealed: Document) -> str:
    """A sealed document as text for a hidden input; nobody can make one up."""
    return signing.dumps([kind, sealed], salt=_SALT, compress=True)


def unsign(kind: str, text: str) -> Document | None:
    """What `sign` was given; None for anything else."""
    try:
        found_kind, sealed = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return sealed if found_kind == kind and isinstance(sealed, dict) else None
