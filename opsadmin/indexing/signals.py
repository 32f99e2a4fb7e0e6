"""What others may want to know of an index."""

from __future__ import annotations

from django.dispatch import Signal

#: An index was made. `database`: the alias; `ddl`: the statement; `index`: its quoted name with the schema; `advice`: what
#: create_index was given under that name, None where nothing was; `run`: the number of its run.
index_created = Signal()
