"""Sentences that are written down, or come from code that knows no language, told in the reader's language. They are English, and
each is known by the template that it was made of: an app names its own.

    register_sentences(gettext_noop("PostgreSQL started."), gettext_noop("The role {role} may not see this: {words}."))
    retold("PostgreSQL started.")  # "PostgreSQL a démarré." for a French reader"""

from __future__ import annotations

import re

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

#: Where something is put that differs.
_PLACE = re.compile(r"\{(\w+)\}")

_plain: set[str] = set()
_patterns: list[tuple[re.Pattern[str], str]] = []


def register_sentences(*templates: str) -> None:
    """English sentences with {names} for what differs."""
    for template in templates:
        if not _PLACE.search(template):
            _plain.add(template)
        elif template not in (known for _pattern, known in _patterns):
            _patterns.append((_pattern_of(template), template))
    # The longest first: what a short one fits, a longer one may say better.
    _patterns.sort(key=lambda entry: -len(entry[1]))


def retold(text: str) -> str:
    """The sentence in the present language; as it is where nobody knows it. What stands in its places may be sentences, too."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    if text in _plain:
        return _(text)
    for pattern, template in _patterns:
        if found := pattern.fullmatch(text):
            return _put(_(template), {name: retold(value) for name, value in found.groupdict().items()})
    return text


def _put(template: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), template)


def _pattern_of(template: str) -> re.Pattern[str]:
    made, end = "", 0
    seen: set[str] = set()
    for place in _PLACE.finditer(template):
        made += re.escape(template[end : place.start()])
        made += f"(?P={place[1]})" if place[1] in seen else f"(?P<{place[1]}>.+?)"
        seen.add(place[1])
        end = place.end()
    return re.compile(made + re.escape(template[end:]), re.DOTALL)


register_sentences(
    # Marks of the trends
    gettext_noop("PostgreSQL does not answer."),
    gettext_noop("PostgreSQL refused: {words}."),
    gettext_noop("PostgreSQL refused the connection: {words}."),
    gettext_noop("Another server took over."),
    gettext_noop("The compute was suspended, and woken."),
    gettext_noop("PostgreSQL started; its counters were lost."),
    gettext_noop("PostgreSQL started."),
    gettext_noop("The statistics were reset."),
    # Why a check could not look
    gettext_noop("This server is PostgreSQL {major}; there is no such thing before {number}."),
    gettext_noop("The extension {name} is not installed in the database {database}."),
    gettext_noop("The role {role} does not have the privileges of {name}."),
    gettext_noop("The role {role} is no superuser, and only one may see this."),
    gettext_noop("This server is a standby; its primary has the answer."),
    gettext_noop("This server is no standby."),
    gettext_noop("The role {role} may read no table here, and what ANALYZE saw is told only to those who may."),
    gettext_noop("{host} owns this: it is not yours to change."),
    gettext_noop("The time for the whole look was used up."),
    gettext_noop("Ask for this area alone."),
    gettext_noop("Look again when it answers."),
    gettext_noop("The role {role} may not see this: {words}."),
    gettext_noop("It would have waited for a lock longer than {ms} ms. {blocking}"),
    gettext_noop("Somebody holds ACCESS EXCLUSIVE on something it reads."),
    gettext_noop("Look again when the lock is gone."),
    gettext_noop("PostgreSQL did not answer in time: it is busy, or this catalogue is larger than any that was tried."),
    gettext_noop("Ask for this area alone, or when the server is less busy."),
    gettext_noop("PostgreSQL refused the question: {words}."),
    gettext_noop("Please report this with the server's version."),
    gettext_noop("The look itself failed ({kind}). The site's log says where."),
)
