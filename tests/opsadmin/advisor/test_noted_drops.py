"""Indexes of which an app says why they are there are no advice."""

from opsadmin.advisor.advise import _without_noted
from opsadmin.advisor.drops import Drop, Why
from opsadmin.health import notes


def drop(name: str, why: Why) -> Drop:
    return Drop(
        oid=1, index=name, table="public.t", why=why, kept="", reason="", caution="", bytes=1, ddl="DROP ...", undo=""
    )


def test_a_noted_index_is_told_and_not_dropped(monkeypatch):
    monkeypatch.setattr(notes, "_notes", [])
    notes.register_note("index.*", "*.made_anew", "It is made anew.")
    drops, said = _without_noted(
        [drop("public.made_anew", Why.REDUNDANT), drop("public.other", Why.UNUSED), drop("public.x", Why.REPLACED)]
    )
    assert [one.index for one in drops] == ["public.other", "public.x"]
    assert said == ["public.made_anew: It is made anew."]


def test_a_note_is_of_its_check_alone(monkeypatch):
    monkeypatch.setattr(notes, "_notes", [])
    notes.register_note("index.unused", "*.t_idx", "The yearly report needs it.")
    drops, said = _without_noted([drop("public.t_idx", Why.DUPLICATE)])
    assert [one.index for one in drops] == ["public.t_idx"]
    assert not said
