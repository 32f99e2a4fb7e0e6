"""How a statement uses its tables, by PostgreSQL's own reading of it: columns are resolved by the server, views and
subqueries are looked through, so that no name is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from opsadmin.advisor.operators import DESCENDING, EQUAL, Dictionary, Operator
from opsadmin.advisor.usage import Condition, Kind, Order, Place, TableUse
from opsadmin.advisor.written import Literal, NotWritable, Source, literal, written
from opsadmin.console.tree import Node, text_of

RELATION = "0"
_ANY_SUBLINK = "2"
_EXPLICIT = "1"
_BOOL = 16
#: text and varchar: a cast between them changes nothing for an index.
_TEXTS = frozenset({25, 1043})
_MOST_DEPTH = 60
#: Branches of a UNION that a condition is followed into.
_MOST_ARMS = 50


@dataclass
class _Scope:
    """A query of the statement: its range table, and the query around it."""

    query: Node
    tables: list[Node]
    parent: _Scope | None
    depth: int
    uses: dict[int, TableUse] = field(default_factory=dict)
    inner: dict[int, _Scope] = field(default_factory=dict)


#: A table's appearance: its scope (by id) and its number in the range table.
_Base = tuple[int, int]


def uses_of(tree: Sequence[Node], dictionary: Dictionary, source: Source | None = None) -> list[TableUse]:
    """Every appearance of a table in the statement. `source`: its literals."""
    reader = _Reader(dictionary, source or Source())
    for query in tree:
        reader.read(query, None)
    return list(reader.found.values())


class _Reader:
    def __init__(self, dictionary: Dictionary, source: Source) -> None:
        self._dictionary = dictionary
        self._source = source
        #: Which branch of a UNION its columns are followed into, and the most branches that one met so far has.
        self._arm, self._arms = 0, 1
        self._scopes: dict[int, _Scope] = {}
        self.found: dict[_Base, TableUse] = {}

    # --- scopes -----------------------------------------------------------------------------------------------------
    def read(self, query: Node, parent: _Scope | None) -> _Scope:
        scope = self._open(query, parent)
        if scope.depth <= _MOST_DEPTH:
            self._in_each_arm(self._conditions_of, scope)
            self._in_each_arm(self._orders_of, scope)
            self._columns_of(scope)
        return scope

    def _in_each_arm(self, look: Callable[[_Scope], None], scope: _Scope) -> None:
        """What is asked of the rows of a UNION is asked of each of its branches."""
        self._arm, self._arms = 0, 1
        while self._arm < self._arms:
            look(scope)
            self._arm += 1
        self._arm = 0

    def _open(self, query: Node, parent: _Scope | None) -> _Scope:
        if id(query) in self._scopes:
            return self._scopes[id(query)]
        scope = _Scope(query, query.nodes("rtable"), parent, 0 if parent is None else parent.depth + 1)
        self._scopes[id(query)] = scope
        target = query.number("resultRelation")
        limited = bool(query.nodes("limitCount"))
        for number, entry in enumerate(scope.tables, 1):
            if entry.word("rtekind") == RELATION and entry.word("relkind") in ("r", "p", "m"):
                use = TableUse(entry.number("relid"), _alias(entry), whole=number == target, limited=limited)
                use.is_first = number == 1 and parent is None
                self.found[id(scope), number] = scope.uses[number] = use
        return scope

    # --- where a column comes from ----------------------------------------------------------------------------------
    def _scope_up(self, scope: _Scope, levels: int) -> _Scope | None:
        found: _Scope | None = scope
        for _ in range(levels):
            found = found.parent if found is not None else None
        return found

    def _resolve(self, node: Node, scope: _Scope, depth: int = 0) -> tuple[Node, _Scope]:
        """What a VAR stands for: one of a table, or the expression of a subquery. Casts without effect are taken off."""
        while node.label == "RELABELTYPE" and node.nodes("arg"):
            node = node.nodes("arg")[0]
        if node.label != "VAR" or depth > _MOST_DEPTH:
            return node, scope
        home = self._scope_up(scope, node.number("varlevelsup"))
        number, column = node.number("varno"), node.number("varattno")
        if home is None or not 0 < number <= len(home.tables):
            return node, scope
        entry = home.tables[number - 1]
        match entry.word("rtekind"):
            case "1" if entry.nodes("subquery"):  # SUBQUERY
                below = self._open(entry.nodes("subquery")[0], home)
                return self._output(below, column, node, scope, depth)
            case "6":  # CTE
                query, around = self._cte(entry, home)
                if query is not None:
                    return self._output(self._open(query, around), column, node, scope, depth)
            case "2":  # JOIN
                return self._listed(entry.nodes("joinaliasvars"), column, node, scope, home, depth)
            case "9":  # GROUP, from PostgreSQL 18 on
                return self._listed(entry.nodes("groupexprs"), column, node, scope, home, depth)
        return node, scope

    def _listed(
        self, listed: list[Node], column: int, node: Node, scope: _Scope, home: _Scope, depth: int
    ) -> tuple[Node, _Scope]:
        return self._resolve(listed[column - 1], home, depth + 1) if 0 < column <= len(listed) else (node, scope)

    def _output(self, below: _Scope, column: int, node: Node, scope: _Scope, depth: int) -> tuple[Node, _Scope]:
        """A column of a subquery's result, in the subquery; the subquery's own where it is computed there."""
        arms = _arms_of(below.query)
        if arms and depth <= _MOST_DEPTH:
            self._arms = min(_MOST_ARMS, max(self._arms, len(arms)))
            number = arms[min(self._arm, len(arms) - 1)]
            queries = below.tables[number - 1].nodes("subquery") if 0 < number <= len(below.tables) else []
            return (
                self._output(self._open(queries[0], below), column, node, scope, depth + 1)
                if queries
                else (node, scope)
            )
        for entry in below.query.nodes("targetList"):
            if entry.number("resno") == column and entry.nodes("expr"):
                found, home = self._resolve(entry.nodes("expr")[0], below, depth + 1)
                return (found, home) if found.label == "VAR" else (node, scope)
        return node, scope

    def _cte(self, entry: Node, home: _Scope) -> tuple[Node | None, _Scope | None]:
        around = self._scope_up(home, entry.number("ctelevelsup"))
        if around is not None:
            for one in around.query.nodes("cteList"):
                if one.fields.get("ctename") == entry.fields.get("ctename") and one.nodes("ctequery"):
                    return one.nodes("ctequery")[0], around
        return None, None

    def _base(self, node: Node, scope: _Scope) -> tuple[_Base, int] | None:
        """The table's appearance and the number of its column, where the VAR is one of a table."""
        found, home = self._resolve(node, scope)
        if found.label != "VAR":
            return None
        place = self._scope_up(home, found.number("varlevelsup"))
        base = (id(place), found.number("varno"))
        if base not in self.found:
            return None
        word = found.word("varattno")
        return base, int(word) if word.lstrip("-").isdecimal() else 0

    # --- what is read -----------------------------------------------------------------------------------------------
    def _columns_of(self, scope: _Scope) -> None:
        for node in _own(scope.query):
            if node.label == "QUERY":
                self.read(node, scope)
            elif node.label == "VAR":
                found = self._base(node, scope)
                if found is not None:
                    use = self.found[found[0]]
                    if found[1] > 0:
                        use.columns[found[1]] += 1
                    else:
                        use.whole = True

    # --- conditions -------------------------------------------------------------------------------------------------
    def _conditions_of(self, scope: _Scope) -> None:
        # Policies of row-level security stand with their table, MERGE's condition (from PostgreSQL 17 on) by itself.
        for quals in (*scope.query.nodes("mergeJoinCondition"), *_policies(scope.tables)):
            self._condition(quals, scope, arm=None)
        waiting = scope.query.nodes("jointree")
        while waiting:
            node = waiting.pop()
            for quals in node.nodes("quals"):
                self._condition(quals, scope, arm=None)
            waiting += [
                *node.nodes("fromlist"),
                *node.nodes("larg"),
                *node.nodes("rarg"),
            ]

    def _condition(self, node: Node, scope: _Scope, arm: int | None, depth: int = 0) -> None:
        """Note what the condition says of tables. `arm`: the number of the OR's arm that it stands in."""
        if depth > _MOST_DEPTH:
            return
        match node.label:
            case "BOOLEXPR":
                self._boolean(node, scope, arm, depth)
            case "OPEXPR":
                self._comparison(node, scope, arm)
            case "SCALARARRAYOPEXPR" if node.word("useOr") == "true":
                self._comparison(node, scope, arm, listed=True)
            case "NULLTEST":
                self._null_test(node, scope, arm, is_null=node.word("nulltesttype") == "0")
            case "BOOLEANTEST" if node.word("booltesttype") in _BOOLEAN_TESTS:
                self._test(node.nodes("arg"), scope, arm, *_BOOLEAN_TESTS[node.word("booltesttype")])
            case "VAR" if node.number("vartype") == _BOOL:
                self._test([node], scope, arm, Kind.TRUE, "")
            case "SUBLINK" if node.word("subLinkType") == _ANY_SUBLINK:
                self._in_subquery(node, scope, arm)
            case "ROWCOMPAREEXPR":
                self._row(node, scope, arm)

    def _boolean(self, node: Node, scope: _Scope, arm: int | None, depth: int) -> None:
        parts = node.nodes("args")
        match node.word("boolop"):
            case "and":
                for part in parts:
                    self._condition(part, scope, arm, depth + 1)
            case "or" if arm is None:
                for number, part in enumerate(parts):
                    self._condition(part, scope, number, depth + 1)
                    for use in self._uses_around(scope):
                        _close_arm(use)
            case "not" if parts and parts[0].label == "VAR" and parts[0].number("vartype") == _BOOL:
                self._test([parts[0]], scope, arm, Kind.FALSE, "NOT")
            case "not" if parts and parts[0].label == "NULLTEST":
                self._null_test(parts[0], scope, arm, is_null=parts[0].word("nulltesttype") != "0")

    def _uses_around(self, scope: _Scope | None) -> Iterator[TableUse]:
        while scope is not None:
            yield from scope.uses.values()
            scope = scope.parent

    def _note(self, base: _Base, condition: Condition, arm: int | None) -> None:
        use = self.found[base]
        if arm is None:
            use.groups[0].append(condition)
        else:
            _open_arm(use).append(condition)

    def _comparison(self, node: Node, scope: _Scope, arm: int | None, *, listed: bool = False) -> None:
        sides = node.nodes("args")
        operator = self._dictionary.operators.get(node.number("opno"))
        if len(sides) != 2 or operator is None:
            return
        if not listed and self._is_of_one_row(sides, scope):
            self._row_condition(node, operator, sides, scope, arm)
            return
        self._side(node, sides[0], sides[1], node.number("opno"), scope, arm, listed=listed)
        if operator.commutator and not listed:
            self._side(node, sides[1], sides[0], operator.commutator, scope, arm, listed=False)

    def _is_of_one_row(self, sides: list[Node], scope: _Scope) -> bool:
        """Whether both sides are columns of one appearance of a table."""
        left, right = (self._base(side, scope) if _stripped(side).label == "VAR" else None for side in sides)
        if left is None or right is None:
            return False
        return left[0] == right[0] and left[1] > 0 and right[1] > 0 and left[1] != right[1]

    def _row_condition(self, node: Node, operator: Operator, sides: list[Node], scope: _Scope, arm: int | None) -> None:
        """`paid > due` is the same as `due < paid`, and told so."""
        place = self._base(sides[0], scope)
        if place is None or operator.schema or any(_is_of_another_collation(node, side) for side in sides):
            return
        columns: set[int] = set()
        try:
            left, right = (
                written(side, self._dictionary, lambda var: self._named(var, scope, columns), self._source)
                for side in sides
            )
        except NotWritable:
            return
        name = operator.name
        if not operator.is_immutable:
            return
        if name in _TURNED:
            left, right, name = right, left, _TURNED[name]
        clause = f"({left} {name} {right})"
        where = Place(columns=frozenset(columns))
        self._note(place[0], Condition(where, Kind.ROW, operator=name, clause=clause, estimate=clause), arm)

    def _side(
        self, whole: Node, left: Node, right: Node, opno: int, scope: _Scope, arm: int | None, *, listed: bool
    ) -> None:
        """The condition, seen from the left side."""
        operator = self._dictionary.operators.get(opno)
        place = self._place(left, scope)
        if operator is None or place is None:
            return
        base, where = place
        others = self._bases(right, scope)
        if base in others or _is_of_another_collation(whole, left):
            return
        kind = _kind(operator.strategy, operator.name, listed=listed)
        value = Literal("")
        stripped = _stripped(right)
        if stripped.label == "CONST" and not others:
            value = self._literal(stripped)
            prefix = text_of(stripped) or ""
            if kind is Kind.OTHER and operator.name in ("~~", "^@") and prefix and prefix[0] not in "%_\\":
                kind = Kind.PREFIX
        if kind is Kind.OTHER and not operator.classes or kind is Kind.UNEQUAL and (listed or not value.sql):
            return
        self._note(
            base,
            Condition(
                where,
                kind,
                joins=bool(others),
                value=value.sql,
                text=value.text,
                operator=operator.name,
                classes=operator.classes,
                clause="" if others else self._clause(whole, scope, base),
                estimate="" if others else self._clause(whole, scope, base, is_estimate=True),
            ),
            arm,
        )

    def _null_test(self, node: Node, scope: _Scope, arm: int | None, *, is_null: bool) -> None:
        kind, words = (Kind.NULL, "IS NULL") if is_null else (Kind.NOT_NULL, "IS NOT NULL")
        self._test(node.nodes("arg"), scope, arm, kind, words)

    def _test(self, argument: list[Node], scope: _Scope, arm: int | None, kind: Kind, words: str) -> None:
        found = self._place(argument[0], scope) if argument else None
        if found is not None:
            base, where = found
            text = where.text or f"\x00{where.column}\x00"
            estimate = f"(NOT {text})" if words == "NOT" else f"({text} {words})"
            self._note(base, Condition(where, kind, operator=words, estimate=estimate), arm)

    def _in_subquery(self, node: Node, scope: _Scope, arm: int | None) -> None:
        """`x IN (SELECT y ...)`: a join of x and y."""
        queries = node.nodes("subselect")
        if not queries:
            return
        below = self._open(queries[0], scope)
        outputs = [entry for entry in below.query.nodes("targetList") if entry.word("resjunk") != "true"]
        for number, test in enumerate(_and_parts(node.nodes("testexpr"))):
            sides = test.nodes("args")
            operator = self._dictionary.operators.get(test.number("opno"))
            if len(sides) != 2 or operator is None or operator.strategy != EQUAL:
                continue
            for home, expression in ((scope, sides[0]), (below, _expr(outputs, number))):
                found = self._place(expression, home) if expression is not None else None
                if found is not None:
                    self._note(found[0], Condition(found[1], Kind.EQUAL, joins=True, operator="="), arm)

    def _row(self, node: Node, scope: _Scope, arm: int | None) -> None:
        """`(a, b) > (x, y)`: a range of a, in the order of a and b."""
        columns = node.nodes("largs")
        found = self._place(columns[0], scope) if columns else None
        if found is not None and not any(found[0] in self._bases(right, scope) for right in node.nodes("rargs")):
            self._note(found[0], Condition(found[1], Kind.RANGE, operator="<"), arm)
            orders = [self._place(column, scope) for column in columns]
            if all(one is not None and one[0] == found[0] for one in orders):
                self.found[found[0]].orders.append(tuple(Order(one[1]) for one in orders if one is not None))

    # --- places -----------------------------------------------------------------------------------------------------
    def _place(self, node: Node, scope: _Scope) -> tuple[_Base, Place] | None:
        """A column of a table, or an expression of the columns of one table and nothing else."""
        if not _changes_order(node):
            node = _stripped(node)
        if node.label == "VAR":
            found = self._base(node, scope)
            return (found[0], Place(found[1], columns=frozenset({found[1]}))) if found and found[1] > 0 else None
        if node.label not in ("FUNCEXPR", "OPEXPR", "COALESCEEXPR", "RELABELTYPE"):
            return None
        bases = self._bases(node, scope)
        if len(bases) != 1:
            return None
        (base,) = bases
        columns: set[int] = set()
        try:
            text = written(node, self._dictionary, lambda var: self._named(var, scope, columns), self._source)
        except NotWritable:
            return None
        if not columns:
            return None
        kind = node.number("funcresulttype") or node.number("opresulttype")
        # A function call stands for itself in CREATE INDEX, anything else in parentheses.
        text = text if node.label == "FUNCEXPR" and node.word("funcformat") == "0" else f"({text})"
        return base, Place(0, text, kind, frozenset(columns))

    def _named(self, var: Node, scope: _Scope, columns: set[int]) -> str:
        """A column as it stands in an index's expression: by its number, named later."""
        found = self._base(var, scope)
        if found is None or found[1] <= 0:
            raise NotWritable
        columns.add(found[1])
        return f"\x00{found[1]}\x00"

    def _bases(self, node: Node, scope: _Scope) -> set[_Base]:
        """The tables whose columns stand in the expression. What stands in a subquery of it counts as another table."""
        found: set[_Base] = set()
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if one.label == "QUERY":
                found.add((id(one), 0))
                continue
            if one.label == "VAR":
                base = self._base(one, scope)
                found.add(base[0] if base is not None else (0, 0))
            waiting.extend(one.inner())
        return found

    def _literal(self, const: Node) -> Literal:
        try:
            return literal(const, self._dictionary, self._source)
        except NotWritable:
            return Literal("")

    def _clause(self, node: Node, scope: _Scope, base: _Base, *, is_estimate: bool = False) -> str:
        """The condition as SQL of one table's columns and constants; empty where it is more."""
        columns: set[int] = set()
        if self._bases(node, scope) != {base}:
            return ""
        try:
            return written(
                node,
                self._dictionary,
                lambda var: self._named(var, scope, columns),
                self._source,
                is_estimate=is_estimate,
            )
        except NotWritable:
            return ""

    # --- orders -----------------------------------------------------------------------------------------------------
    def _orders_of(self, scope: _Scope) -> None:
        query = scope.query
        targets = {
            entry.number("ressortgroupref"): entry.nodes("expr")[0]
            for entry in query.nodes("targetList")
            if entry.number("ressortgroupref") and entry.nodes("expr")
        }
        lists = [query.nodes("sortClause"), query.nodes("distinctClause")]
        for window in query.nodes("windowClause"):
            lists.append([*window.nodes("partitionClause"), *window.nodes("orderClause")])
        for clauses in lists:
            self._order(clauses, targets, scope)
        self._groups(query.nodes("groupClause"), targets, scope)
        self._extremes(scope)

    def _order(self, clauses: list[Node], targets: dict[int, Node], scope: _Scope) -> None:
        """As many of the first keys as are of one table."""
        keys: list[Order] = []
        home: _Base | None = None
        for clause in clauses:
            expression = targets.get(clause.number("tleSortGroupRef"))
            found = self._place(expression, scope) if expression is not None else None
            if found is None or home not in (None, found[0]):
                break
            home = found[0]
            operator = self._dictionary.operators.get(clause.number("sortop"))
            descending = operator is not None and operator.strategy in DESCENDING
            keys.append(Order(found[1], descending, clause.word("nulls_first") == "true"))
        if home is not None:
            self.found[home].orders.append(tuple(keys))

    def _groups(self, clauses: list[Node], targets: dict[int, Node], scope: _Scope) -> None:
        columns: dict[_Base, list[int]] = {}
        for clause in clauses:
            expression = targets.get(clause.number("tleSortGroupRef"))
            found = self._base(expression, scope) if expression is not None else None
            if found is not None and found[1] > 0:
                columns.setdefault(found[0], []).append(found[1])
        for base, numbers in columns.items():
            self.found[base].sets.append(tuple(dict.fromkeys(numbers)))

    def _extremes(self, scope: _Scope) -> None:
        """min() and max() read one end of an order."""
        for node in _own(scope.query):
            if node.label == "AGGREF":
                function = self._dictionary.functions.get(node.number("aggfnoid"))
                arguments = node.nodes("args")
                if function is not None and function.is_extreme and len(arguments) == 1:
                    expression = arguments[0].nodes("expr")
                    found = self._place(expression[0], scope) if expression else None
                    if found is not None:
                        self.found[found[0]].orders.append((Order(found[1]),))


#: Comparisons that are told the other way around.
_TURNED = {">": "<", ">=": "<="}
#: `flag IS TRUE`, `flag IS FALSE`.
_BOOLEAN_TESTS = {"0": (Kind.TRUE, "IS TRUE"), "2": (Kind.FALSE, "IS FALSE")}


def _kind(strategy: int, name: str, *, listed: bool) -> Kind:
    if strategy == EQUAL:
        return Kind.IN if listed else Kind.EQUAL
    if name == "<>":
        return Kind.UNEQUAL  # the classes of btree_gist know it, and gain nothing by it
    return Kind.RANGE if strategy else Kind.OTHER


def _arms_of(query: Node) -> list[int]:
    """The entries of the range table that a UNION or its kin is made of."""
    found: list[int] = []
    waiting = query.nodes("setOperations")
    while waiting:
        node = waiting.pop()
        if node.label == "RANGETBLREF":
            found.append(node.number("rtindex"))
        else:
            waiting += [*node.nodes("rarg"), *node.nodes("larg")]
    return found


def _alias(entry: Node) -> str:
    """The name that a plan calls it by."""
    names = entry.nodes("eref")
    return re.sub(r"\\(.)", r"\1", names[0].word("aliasname")) if names else ""


def _policies(tables: list[Node]) -> Iterator[Node]:
    for entry in tables:
        if entry.word("rtekind") == RELATION:
            yield from entry.nodes("securityQuals")


def _changes_order(node: Node) -> bool:
    """Whether it is a cast that takes no work, but to a type which compares otherwise (citext to text)."""
    if node.label != "RELABELTYPE" or node.word("relabelformat") != _EXPLICIT:
        return False
    inner = _stripped(node)
    return inner.label == "VAR" and not {inner.number("vartype"), node.number("resulttype")} <= _TEXTS


def _is_of_another_collation(comparison: Node, side: Node) -> bool:
    """Whether it compares otherwise than the column's own indexes do (x = 'a' COLLATE "C")."""
    column = _stripped(side)
    own, asked = column.number("varcollid"), comparison.number("inputcollid")
    return column.label == "VAR" and bool(own and asked) and own != asked


def _stripped(node: Node) -> Node:
    """Without casts that do nothing."""
    while node.label == "RELABELTYPE" and node.nodes("arg"):
        node = node.nodes("arg")[0]
    return node


def _and_parts(nodes: list[Node]) -> list[Node]:
    return [part for node in nodes for part in (node.nodes("args") if node.label == "BOOLEXPR" else [node])]


def _expr(outputs: list[Node], number: int) -> Node | None:
    found = outputs[number].nodes("expr") if number < len(outputs) else []
    return found[0] if found else None


def _own(query: Node) -> Iterator[Node]:
    """The nodes of a query, those of queries in it left out (the queries themselves are told)."""
    waiting = list(query.inner())
    while waiting:
        node = waiting.pop()
        yield node
        # What a join or a group lists is no use of the column yet.
        if node.label == "RANGETBLENTRY":
            waiting.extend(one for name in ("subquery", "functions", "values_lists") for one in node.nodes(name))
        elif node.label != "QUERY":
            waiting.extend(node.inner())


def _open_arm(use: TableUse) -> list[Condition]:
    if not use.arm_is_open:
        use.groups.append([])
        use.arm_is_open = True
    return use.groups[-1]


def _close_arm(use: TableUse) -> None:
    use.arm_is_open = False
