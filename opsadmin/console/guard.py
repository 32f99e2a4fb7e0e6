"""The judgement: whether a statement that the server resolved can do nothing but read what may be read.

It starts from the OIDs in the server's own account of the statement, views and row security written out, and follows
them: an operator to its function, a type to the code that runs when a value becomes one, a function that people wrote to
every name in its text. What it does not know it refuses."""

from __future__ import annotations

from collections.abc import Iterable

from opsadmin.console.body import names_in
from opsadmin.console.errors import SqlRefused
from opsadmin.console.facts import Catalog, CheckedType, Function, Relation
from opsadmin.console.functions import TAKING_TYPE_NAMES, judge_function
from opsadmin.console.mask import is_secret_name
from opsadmin.console.mentions import FIRST_OWN, Mentions, mentions_of
from opsadmin.console.secret_columns import SECRET_FUNCTIONS, SECRETS, SETTINGS, Secret
from opsadmin.console.secrets import limited_names, only_shown
from opsadmin.console.tree import Node, read_tree

#: How far functions that call functions are followed.
MAX_ROUNDS = 12

_KINDS = ("function", "operator", "type", "relation")


def judge(tree: list[Node], catalog: Catalog, *, plan_only: bool = False) -> None:
    """Return where the statement may run. `plan_only`: it is planned and not executed.

    Raises `SqlRefused` where it may not."""
    found = mentions_of(tree)
    _judge_commands(found, plan_only)
    closure = _Closure(catalog, tree=tree, plan_only=plan_only)
    closure.begin(found)
    closure.follow()


def judge_names(names: Iterable[str], catalog: Catalog) -> None:
    """Asked before the server sees the statement, because it runs a type's checks while it only reads a text of that type,
    and a check may do anything.

    Raises `SqlRefused` where a name of the statement leads to a check that does more than look."""
    checked = catalog.checked_types(frozenset(names))
    if not checked or _are_safe(checked, catalog):
        return
    guilty = next((one for one in checked if not _are_safe([one], catalog)), checked[0])
    raise SqlRefused(
        f"{guilty.name} leads to a type whose check may do more than look at the value, and the check would run.",
        "Leave it out, or let the type's check call only functions that are IMMUTABLE and only read.",
    )


def _are_safe(checked: list[CheckedType], catalog: Catalog) -> bool:
    closure = _Closure(catalog)
    try:
        closure.begin(Mentions(types={one.type for one in checked}))
        closure.follow()
    except SqlRefused:
        return False
    return True


def _all(trees: Iterable[str]) -> Mentions:
    return mentions_of(node for tree in trees for node in read_tree(tree))


def _judge_commands(found: Mentions, plan_only: bool) -> None:
    if "utility" in found.commands:
        raise SqlRefused("A command stands where a query must.", "Run a query that only reads.")
    if plan_only:
        return
    if found.commands:
        raise SqlRefused(
            "A part of the statement changes data (INSERT, UPDATE, DELETE or MERGE inside WITH).", "Leave it out."
        )
    if found.locks:
        raise SqlRefused("FOR UPDATE, FOR SHARE and their kin lock rows.", "Leave it out.")
    if found.draws:
        raise SqlRefused("A value is drawn from a sequence.", "Read the sequence: SELECT last_value FROM its_name.")


class _Closure:
    """All that stands behind what is mentioned. `tree`: the statement itself, None for a type's checks."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        tree: list[Node] | None = None,
        plan_only: bool = False,
    ) -> None:
        self.catalog = catalog
        self.tree = tree
        self.plan_only = plan_only
        self.waiting: dict[str, set[int]] = {kind: set() for kind in _KINDS}
        self.seen: dict[str, set[int]] = {kind: set() for kind in _KINDS}
        #: Uses of the server's own relations: the columns (None: any), and whether the statement itself uses them.
        self.uses: list[tuple[int, set[int] | None, bool]] = []

    def begin(self, found: Mentions) -> None:
        """What the statement itself mentions."""
        self._mention(found, by_statement=True)

    def follow(self) -> None:
        """Judge, and go on to what stands behind, until nothing is left.

        Raises `SqlRefused`."""
        for _round in range(MAX_ROUNDS):
            taken = {kind: self._take(kind) for kind in _KINDS}
            uses, self.uses = self.uses, []
            if not any(taken.values()) and not uses:
                return
            if not taken["type"]:  # of types one does not know yet which functions are theirs
                self.catalog.ahead(taken["function"], taken["operator"], _used(taken["relation"], uses))
            self._functions(taken)
            self._relations(taken["relation"], uses)
            # What the statement itself calls is not run while it is planned, if it is volatile. What is called by a
            # function that is not volatile is run with it.
            self.plan_only = False
        raise SqlRefused(
            f"Functions call functions more than {MAX_ROUNDS} deep; the guard does not follow further.",
            "Ask the tables, without the function.",
        )

    def _take(self, kind: str) -> set[int]:
        taken = self.waiting[kind]
        self.seen[kind] |= taken
        self.waiting[kind] = set()
        return taken

    def _add(self, kind: str, oids: Iterable[int]) -> None:
        self.waiting[kind].update(set(oids) - self.seen[kind])

    def _mention(self, found: Mentions, *, by_statement: bool = False) -> None:
        self._judge_settings(found)
        self._add("function", found.functions)
        self._add("operator", found.operators)
        self._add_types(found.types)
        self._add("relation", (oid for oid in found.relations if oid >= FIRST_OWN))
        for oid in found.relations:
            if oid < FIRST_OWN:
                self.uses.append((oid, found.columns.get(oid, set()), by_statement))
        for name in {SECRET_FUNCTIONS[oid] for oid in found.functions & SECRET_FUNCTIONS.keys()}:
            self._judge_secret(name, SECRETS[name])

    def _add_types(self, oids: Iterable[int]) -> None:
        self._add("type", (oid for oid in oids if oid >= FIRST_OWN))

    def _functions(self, taken: dict[str, set[int]]) -> None:
        before = self.seen["function"] - taken["function"]
        wanted = set(taken["function"])
        if taken["type"]:
            functions, trees = self.catalog.types(taken["type"])
            wanted |= set(functions)
            self._mention(_all(trees))
        if not (wanted or taken["operator"]):
            return
        names: set[str] = set()
        signs: set[str] = set()
        for function in self.catalog.functions(wanted, taken["operator"]):
            if function.oid in before:
                continue
            self.seen["function"].add(function.oid)
            if function.oid < FIRST_OWN and function.name in TAKING_TYPE_NAMES:
                self._add_types(one.type for one in self.catalog.checked_types(None))
            elif judge_function(function, plan_only=self.plan_only):
                found = self._inside(function)
                names |= found[0]
                signs |= found[1]
        if names or signs:
            self._named(names, signs)

    def _inside(self, function: Function) -> tuple[frozenset[str], frozenset[str]]:
        """Follow the function's trees, and return the names and operators of its text."""
        self._add_types(function.types)
        for text in (function.parsed_body, function.defaults):
            if text:
                inner = _all([text])
                _judge_commands(inner, plan_only=False)
                self._mention(inner)
        if function.parsed_body or not function.body:
            return frozenset(), frozenset()
        read = names_in(function)
        if "current_setting" in read.names:
            for setting in self.catalog.secret_settings():
                if setting.name.lower() in function.body.lower():
                    raise SqlRefused(
                        f"The function {function.spelled} reads the setting {setting.name}, which holds a secret."
                    )
        return read.names, read.operators

    def _named(self, names: set[str], signs: set[str]) -> None:
        for kind, oid in self.catalog.named(names, signs):
            if kind == "relation" and oid < FIRST_OWN:
                self.uses.append((oid, None, False))
            elif kind == "type":
                self._add_types([oid])
            else:
                self._add(kind, [oid])
                if kind == "function" and oid in SECRET_FUNCTIONS:
                    self._judge_secret(SECRET_FUNCTIONS[oid], SECRETS[SECRET_FUNCTIONS[oid]])

    def _relations(self, own: set[int], uses: list[tuple[int, set[int] | None, bool]]) -> None:
        wanted = _used(own, uses)
        if not wanted:
            return
        found = {relation.oid: relation for relation in self.catalog.relations(wanted)}
        for relation in found.values():
            if relation.kind == "f":
                raise SqlRefused(
                    f"{relation.spelled} is a foreign table: reading it asks another server, a file or a program.",
                    "Read tables of this database.",
                )
            if relation.trees:
                self._mention(_all(relation.trees))
        for oid, columns, by_statement in uses:
            if oid in found:
                self._judge_use(found[oid], columns, by_statement)

    def _judge_use(self, relation: Relation, columns: set[int] | None, by_statement: bool) -> None:
        secret = SECRETS.get(relation.spelled)
        if secret is None:
            return
        hidden = {number for number, name in relation.columns.items() if name in secret.columns}
        if columns is not None and not columns & {*hidden, 0}:
            return
        if secret.always:
            raise SqlRefused(
                f"{relation.spelled} holds secrets in its column {', '.join(sorted(secret.columns))}.",
                "Name the other columns that you want, one by one.",
            )
        if by_statement and self.tree is not None:
            if only_shown(self.tree, relation.oid, hidden):
                return
            if secret.probe == SETTINGS and self._limited(self.tree, relation):
                return
        self._judge_secret(relation.spelled, secret)

    def _limited(self, tree: list[Node], relation: Relation) -> bool:
        """Whether the statement reads only settings by name that hold no secret."""
        number = next(number for number, name in relation.columns.items() if name == "name")
        limit = limited_names(tree, relation.oid, number)
        return limit is not None and not any(limit.fullmatch(one.name) for one in self.catalog.secret_settings())

    def _judge_secret(self, name: str, secret: Secret) -> None:
        """Refuse where the columns hold a secret at this moment."""
        holds = bool(self.catalog.secret_settings()) if secret.probe == SETTINGS else self.catalog.holds(secret.probe)
        if not holds:
            return
        columns = ", ".join(sorted(secret.columns))
        hint = f"Show {columns} as it is: the secret is masked then."
        if secret.probe == SETTINGS:
            hint += " Or limit the rows by name: WHERE name = 'work_mem', WHERE name LIKE 'autovacuum%'."
        raise SqlRefused(f"{name} holds a secret in {columns} on this server, and the statement works with it.", hint)

    def _judge_settings(self, found: Mentions) -> None:
        """What current_setting is asked for."""
        if not found.settings:
            return
        secret = {setting.name.lower() for setting in self.catalog.secret_settings()}
        for name in found.settings:
            if name is None and secret:
                raise SqlRefused(
                    "current_setting is asked for a name that is not written out, and some settings hold secrets here.",
                    "Write the setting's name as a text: current_setting('work_mem').",
                )
            if name is not None and (name.lower() in secret or is_secret_name(name)):
                raise SqlRefused(
                    f"The setting {name} holds a secret, or is called as if it did.",
                    f"SHOW {name} shows it with the secret masked.",
                )


def _used(own: set[int], uses: Iterable[tuple[int, set[int] | None, bool]]) -> set[int]:
    """The relations that a round asks for."""
    return own | {oid for oid, _columns, _by in uses}
