"""The judgement without a server: trees as newer versions print them, and a catalogue that is made up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from opsadmin.console.errors import SqlRefused
from opsadmin.console.facts import CheckedType, Function, Relation, Setting
from opsadmin.console.guard import judge, judge_names
from opsadmin.console.tree import read_tree

FUNCTION = Function(20000, "f", "f()", "f", "s", "sql", None, "SELECT 1", None, None, (), (), None)
SHADOW = Relation(12005, "pg_catalog", "pg_shadow", "v", {1: "usename", 7: "passwd"}, ())
USER = Relation(12014, "pg_catalog", "pg_user", "v", {1: "usename", 7: "passwd", 9: "useconfig"}, ())
QUERY = "({{QUERY :commandType {command} :utilityStmt <> :hasForUpdate false {rest}}})"


@dataclass
class MadeUp:
    """A catalogue of what a test needs."""

    all_functions: dict[int, Function] = field(default_factory=dict)
    all_relations: dict[int, Relation] = field(default_factory=dict)
    names: dict[str, tuple[str, int]] = field(default_factory=dict)
    checks: list[CheckedType] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    secrets: bool = False

    def ahead(self, functions, operators, relations):
        pass

    def functions(self, functions, operators):
        return [self.all_functions[oid] for oid in functions if oid in self.all_functions]

    def relations(self, oids):
        return [self.all_relations[oid] for oid in oids if oid in self.all_relations]

    def named(self, names, operators):
        return [self.names[name] for name in names if name in self.names]

    def types(self, types):
        return [], [text for one in self.checks if one.type in types for text in one.trees]

    def checked_types(self, names):
        return [one for one in self.checks if names is None or one.name in names]

    def holds(self, probe):
        return self.secrets

    def secret_settings(self):
        return self.settings


def tree(rest: str, command: int = 1):
    return read_tree(QUERY.format(command=command, rest=rest))


def view(oid: int, columns: str) -> str:
    """A view as PostgreSQL 16 and later print it: it keeps its name, and the columns stand in a list of their own."""
    inside = QUERY.format(command=1, rest=":rtable ({RANGETBLENTRY :rtekind 0 :relid 1260 :relkind r})")
    return (
        f":rtable ({{RANGETBLENTRY :rtekind 1 :subquery {inside[1:-1]} :relid {oid} :relkind v :perminfoindex 1}})"
        f" :rteperminfos ({{RTEPERMISSIONINFO :relid {oid} :requiredPerms 2 :selectedCols (b {columns})}})"
    )


def test_a_view_of_the_server_is_judged_as_a_whole_in_newer_versions_too():
    catalog = MadeUp(all_relations={12005: SHADOW, 12014: USER})
    judge(tree(view(12014, "8 14")), catalog)
    judge(tree(view(12005, "8")), catalog)
    for columns in ("14", "7"):  # the column, and the whole row
        with pytest.raises(SqlRefused, match="pg_shadow holds secrets in its column passwd"):
            judge(tree(view(12005, columns)), catalog)


@pytest.mark.parametrize("command", [2, 3, 4, 5])
def test_what_changes_data_is_planned_at_most(command):
    with pytest.raises(SqlRefused, match="changes data"):
        judge(tree("", command), MadeUp())
    judge(tree("", command), MadeUp(), plan_only=True)


def test_a_command_in_a_query_s_place_is_refused_even_to_be_planned():
    with pytest.raises(SqlRefused, match="command"):
        judge(read_tree("({QUERY :commandType 6 :utilityStmt ? :hasForUpdate false})"), MadeUp(), plan_only=True)


@pytest.mark.parametrize(
    "function, words",
    [
        (replace(FUNCTION, oid=900, name="pg_do", spelled="pg_do()", volatility="v", language="internal"), "VOLATILE"),
        (replace(FUNCTION, language="c"), "written in c"),
        (replace(FUNCTION, language="plperl"), "written in plperl"),
        (replace(FUNCTION, language="internal"), "written in internal"),
        (replace(FUNCTION, language="internal", stands_for="query_to_xml"), "runs the SQL"),
        (replace(FUNCTION, language="c", extension="dblink"), "reaches other servers"),
        (replace(FUNCTION, language="c", extension="x", name="crosstab"), "runs the SQL"),
        (replace(FUNCTION, language="c", extension="x", volatility="v"), "of the extension x is VOLATILE"),
        (replace(FUNCTION, settings=("role=postgres",)), "sets role"),
        (replace(FUNCTION, language="plpgsql", body="BEGIN EXECUTE x; END"), "EXECUTE"),
        (replace(FUNCTION, language="plpgsql", volatility="v", body="BEGIN DELETE FROM t; END"), "DELETE"),
        (replace(FUNCTION, body="SELECT 'a"), "cannot be read"),
        (replace(FUNCTION, parsed_body=QUERY.format(command=4, rest="")), "changes data"),
        (replace(FUNCTION, defaults="({NEXTVALUEEXPR :seqid 1})"), "sequence"),
    ],
)
def test_functions_that_are_refused(function, words):
    catalog = MadeUp(all_functions={function.oid: function})
    with pytest.raises(SqlRefused, match=words):
        judge(tree(f":targetList ({{FUNCEXPR :funcid {function.oid}}})"), catalog)


@pytest.mark.parametrize(
    "function",
    [
        FUNCTION,
        replace(FUNCTION, language="plpgsql", volatility="v", body="BEGIN RETURN upper('DELETE'); END"),
        replace(FUNCTION, language="c", extension="x"),
        replace(FUNCTION, language="c", extension="pgcrypto", name="gen_salt", volatility="v"),
        replace(FUNCTION, language="internal", stands_for="range_constructor2"),
        replace(FUNCTION, language="internal", kind="a"),
        replace(FUNCTION, settings=("search_path=public", "enable_seqscan=off")),
    ],
)
def test_functions_that_are_let_through(function):
    judge(tree(f":targetList ({{FUNCEXPR :funcid {function.oid}}})"), MadeUp(all_functions={function.oid: function}))


def test_what_a_statement_calls_is_not_run_while_it_is_planned_but_what_that_calls_may_be():
    volatile = replace(FUNCTION, oid=900, volatility="v", language="internal", spelled="pg_do()")
    stable = replace(FUNCTION, body="SELECT pg_do()")
    catalog = MadeUp(all_functions={900: volatile, 20000: stable}, names={"pg_do": ("function", 900)})
    judge(tree(":targetList ({FUNCEXPR :funcid 900})"), catalog, plan_only=True)
    with pytest.raises(SqlRefused, match="pg_do"):
        judge(tree(":targetList ({FUNCEXPR :funcid 20000})"), catalog, plan_only=True)


def test_functions_that_call_each_other_come_to_an_end():
    first = replace(FUNCTION, body="SELECT g()")
    second = replace(FUNCTION, oid=20001, spelled="g()", body="SELECT f()")
    names = {"f": ("function", 20000), "g": ("function", 20001)}
    judge(
        tree(":targetList ({FUNCEXPR :funcid 20000})"),
        MadeUp(all_functions={20000: first, 20001: second}, names=names),
    )


def test_functions_too_deep_to_follow_are_refused():
    chain = {20000 + n: replace(FUNCTION, oid=20000 + n, body=f"SELECT f{n + 1}()") for n in range(30)}
    names = {f"f{n}": ("function", 20000 + n) for n in range(30)}
    with pytest.raises(SqlRefused, match="deep"):
        judge(tree(":targetList ({FUNCEXPR :funcid 20000})"), MadeUp(all_functions=chain, names=names))


HARM = replace(FUNCTION, language="plpgsql", body="BEGIN EXECUTE 'x'; END")
TRAP = CheckedType(30000, "trap", ("{FUNCEXPR :funcid 20000}",))
FINE = CheckedType(30001, "fine", ("{FUNCEXPR :funcid 99}",))


def test_a_type_s_check_is_judged_before_the_server_reads_a_text_of_it():
    catalog = MadeUp(all_functions={20000: HARM}, checks=[FINE, TRAP])
    judge_names({"select", "fine"}, catalog)
    with pytest.raises(SqlRefused, match="trap leads to a type"):
        judge_names({"select", "fine", "trap"}, catalog)


def test_a_type_s_check_is_judged_where_the_server_comes_to_the_type_without_a_name():
    catalog = MadeUp(all_functions={20000: HARM}, checks=[FINE, TRAP])
    judge(tree(":targetList ({COERCEVIAIO :resulttype 30001})"), catalog)
    with pytest.raises(SqlRefused, match="EXECUTE"):
        judge(tree(":targetList ({COERCEVIAIO :resulttype 30000})"), catalog)


def test_a_function_that_takes_a_type_s_name_may_come_to_any_type():
    valid = replace(FUNCTION, oid=6210, name="pg_input_is_valid", spelled="pg_input_is_valid(text, text)")
    statement = tree(":targetList ({FUNCEXPR :funcid 6210})")
    judge(statement, MadeUp(all_functions={6210: valid, 20000: HARM}, checks=[FINE]))
    with pytest.raises(SqlRefused, match="EXECUTE"):
        judge(statement, MadeUp(all_functions={6210: valid, 20000: HARM}, checks=[FINE, TRAP]))


def test_a_foreign_table_below_a_table_is_found():
    catalog = MadeUp(all_relations={30000: Relation(30000, "public", "far away", "f", {}, ())})
    with pytest.raises(SqlRefused, match=r"public\.far away is a foreign table"):
        judge(tree(":rtable ({RANGETBLENTRY :rtekind 0 :relid 30000 :relkind r})"), catalog)


def test_a_setting_s_name_that_is_not_written_out_matters_only_where_there_are_secrets():
    dynamic = tree(":targetList ({FUNCEXPR :funcid 2077 :args ({VAR :varno 1})})")
    judge(dynamic, MadeUp())
    with pytest.raises(SqlRefused, match="not written out"):
        judge(dynamic, MadeUp(settings=[Setting("primary_conninfo", ("x",))]))
