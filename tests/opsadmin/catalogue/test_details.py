"""Everything that belongs to one object, for every kind."""

from __future__ import annotations

import json

import psycopg
import pytest

from opsadmin.api import OperationError, get_object_details
from opsadmin.core.blocks import blocks_of
from opsadmin.postgres.session import Session

ODD = 'Odd.Schema "x"'


def details(name, object_type="table", schema="sales"):
    """The object; its data are JSON, and it can be shown."""
    found = get_object_details(schema=schema, name=name, object_type=object_type)
    json.dumps(found.as_dict())
    assert blocks_of(found)
    return found


def by_name(parts):
    return {one.name: one for one in parts}


def test_a_tables_columns(catalogue):
    columns = by_name(details("customer").columns)
    assert list(columns) == ["id", "email", "born", "mood", "Full Name", "shout", "notes", "home"]
    assert (columns["id"].type, columns["id"].nullable, columns["id"].identity) == ("integer", False, "always")
    assert columns["id"].sequence == "sales.customer_id_seq"
    assert (columns["email"].collation, columns["email"].comment) == ('pg_catalog."C"', "Where we write to")
    assert (columns["email"].null_fraction, columns["email"].n_distinct) == (0, -1)
    assert [(one.grantee, one.privileges) for one in columns["email"].privileges] == [("Odd Role", ("UPDATE",))]
    assert (columns["born"].statistics_target, columns["born"].null_fraction) == (500, 1)
    assert (columns["mood"].type, columns["mood"].default) == ("sales.mood", "'o''k'::sales.mood")
    assert (columns["shout"].generated, columns["shout"].expression) == ("stored", "upper(email)")
    assert (columns["notes"].storage, columns["notes"].compression) == ("external", "pglz")


def test_a_tables_facts_sizes_and_statistics(catalogue):
    table = details("customer")
    assert (table.kind, table.identity, table.comment, table.notes) == ("table", "sales.customer", "Who buys", ())
    assert table.options == ("fillfactor=80", "autovacuum_enabled=on")
    assert (table.access_method, table.persistence, table.replica_identity) == ("heap", "permanent", "primary key")
    with psycopg.connect(catalogue) as connection:
        (total,) = connection.execute("SELECT pg_total_relation_size('sales.customer')").fetchone()
        (index,) = connection.execute("SELECT pg_indexes_size('sales.customer')").fetchone()
    assert (table.sizes.total_bytes, table.sizes.index_bytes, table.sizes.is_estimated) == (total, index, False)
    assert table.rows == 200
    assert table.statistics.n_tup_ins == 200
    assert table.statistics.last_vacuum.tzinfo is not None


def test_a_tables_indexes(catalogue):
    indexes = by_name(details("customer").indexes)
    assert list(indexes) == ["customer_pkey", "customer_email", "customer_name"]
    assert (indexes["customer_pkey"].primary, indexes["customer_pkey"].constraint) == (True, "customer_pkey")
    email = indexes["customer_email"]
    assert email.definition.endswith("(lower(email) DESC NULLS LAST) INCLUDE (born) WHERE (born IS NOT NULL)")
    assert (email.columns, email.include, email.partial, email.unique) == (("(expression)",), ("born",), True, True)
    assert (email.valid, email.scans, email.size_is_estimated) == (True, 0, False)
    assert indexes["customer_name"].options == ("fillfactor=70",)


def test_constraints_both_ways(catalogue):
    orders, customer = details("orders"), details("customer")
    constraints = by_name(orders.constraints)
    assert [one.kind for one in orders.constraints] == ["primary key", "exclude", "foreign key", "check"]
    assert constraints["one_at_a_time"].definition == "EXCLUDE USING gist (during WITH &&)"
    assert (constraints["positive"].validated, constraints["positive"].definition) == (
        False,
        "CHECK ((id > 0)) NOT VALID",
    )
    key = constraints["by_customer"]
    assert (key.references, key.columns, key.deferrable, key.deferred) == (
        "sales.customer",
        ("customer_id",),
        True,
        True,
    )
    assert [(one.table, one.name) for one in customer.referenced_by] == [("sales.orders", "by_customer")]
    assert "ON DELETE CASCADE" in customer.referenced_by[0].definition


def test_triggers_rules_and_policies(catalogue):
    orders = details("orders")
    triggers = by_name(orders.triggers)
    assert (triggers["touched"].timing, triggers["touched"].events) == ("BEFORE", ("INSERT", "UPDATE"))
    assert (triggers["touched_when"].state, triggers["touched_when"].function) == ("disabled", "sales.touch()")
    assert "WHEN ((old.id IS DISTINCT FROM new.id))" in triggers["touched_when"].definition
    assert (orders.rules[0].event, orders.rules[0].instead) == ("DELETE", True)
    assert "old.id < 5" in orders.rules[0].definition
    policy = orders.policies[0]
    assert (policy.command, policy.permissive, policy.roles) == ("UPDATE", False, ("Odd Role",))
    assert (policy.using, policy.check) == ("(customer_id > 0)", "(id > 5)")
    assert (orders.row_security, orders.row_security_forced) == (True, True)


def test_switched_off_triggers_of_a_foreign_key_are_shown(catalogue):
    with psycopg.connect(catalogue, autocommit=True) as connection:
        connection.execute("ALTER TABLE sales.orders DISABLE TRIGGER ALL")
        try:
            internal = [one for one in details("orders").triggers if one.internal]
        finally:
            connection.execute("ALTER TABLE sales.orders ENABLE TRIGGER ALL")
            connection.execute("ALTER TABLE sales.orders DISABLE TRIGGER touched_when")
    assert {one.state for one in internal} == {"disabled"}


def test_privileges_are_by_role_and_the_default_ones_written_out(catalogue):
    granted = {one.grantee: one for one in details("customer").privileges}
    assert granted["PUBLIC"].privileges == ("SELECT",)
    assert (granted["Odd Role"].privileges, granted["Odd Role"].grantable) == (("INSERT", "SELECT"), ("INSERT",))
    default = details("only_here", schema="elsewhere")
    assert default.privileges_are_default
    assert [(one.grantee, len(one.privileges) >= 7) for one in default.privileges] == [("postgres", True)]


def test_what_uses_it_and_what_it_uses(catalogue):
    used_by = {(one.kind, one.name, one.how): one.columns for one in details("customer").used_by}
    assert used_by[("view", "sales.big_orders", "definition")] == ("email", "id")
    assert used_by[("table", "sales.orders", "foreign key by_customer")] == ("id",)
    uses = {(one.kind, one.name, one.how) for one in details("orders").uses}
    assert {
        ("function", "sales.touch()", "trigger touched"),
        ("sequence", "sales.orders_id_seq", "default of id"),
        ("table", "sales.customer", "foreign key by_customer"),
        ("type", "sales.amount", "column total"),
    } <= uses
    assert ("function", "sales.counted()") in {(one.kind, one.name) for one in details("orders").used_by}
    assert [(one.kind, one.name) for one in details("big_orders", "view").used_by] == [("view", "sales.over_view")]
    assert {one.name for one in details("big_orders", "view").uses} == {"sales.customer", "sales.orders"}


def test_publications_by_every_way(catalogue):
    found = {one.name: one.how for one in details("customer").publications}
    assert found.pop("of_schema", "schema") == "schema"
    assert found == {"of_all": "all tables", "of_table": "table"}
    assert details("big_orders", "view").publications == ()


def test_partitions_and_their_partitions(catalogue):
    top = details("reading")
    assert (top.kind, top.partitioning.strategy, top.partitioning.columns) == ("partitioned_table", "range", ("at",))
    assert (top.partitioning.key, top.rows, top.children_total) == ("RANGE (at)", 400, 3)
    children = {one.name: one for one in top.children}
    assert children["sales.reading_2025"].bound.startswith("FOR VALUES FROM ('2025-01-01")
    assert (children["sales.reading_2026"].kind, children["sales.reading_2026"].leaves) == ("partitioned_table", 1)
    assert top.children[-1].bound == "DEFAULT"
    assert top.sizes.total_bytes == sum(one.total_bytes for one in top.children)
    middle = details("reading_2026")
    assert [one.name for one in middle.parents] == ["sales.reading"]
    assert (middle.partitioning.key, middle.bound[:15]) == ("LIST (sensor)", "FOR VALUES FROM")
    assert details("reading_2026_s1").bound == "FOR VALUES IN (1, 2)"
    assert details("by_expression").partitioning.key == "HASH (lower(a))"
    assert details("by_expression").partitioning.columns == ("(expression)",)


def test_the_sums_are_of_all_partitions_however_many_are_listed(catalogue, monkeypatch):
    everything = details("reading")
    monkeypatch.setattr("opsadmin.catalogue.relation_read.MOST", 2)
    some = details("reading")
    assert (len(some.children), some.children_total) == (2, 3)
    assert (some.rows, some.sizes) == (everything.rows, everything.sizes)
    assert "2 of 3." in [getattr(block, "more", "") for block in some.blocks()]


def test_what_is_no_is_shown_where_it_is_the_news(catalogue):
    tables = {block.title: block for block in details("orders").blocks() if hasattr(block, "columns")}
    assert "Permissive" in tables["Policies"].columns
    assert "Scans" in tables["Indexes"].columns
    assert "Access method" in tables["Indexes"].columns
    assert "Collation" not in tables["Columns"].columns


def test_inheritance(catalogue):
    child = details("child")
    assert [one.name for one in child.parents] == ["sales.parent"]
    assert [(one.name, one.inherited) for one in child.columns] == [("a", True), ("b", True), ("c", False)]
    assert [one.name for one in details("parent").children] == ["sales.child"]
    assert details("scratch").columns == ()


def test_views(catalogue):
    view = details("big_orders", "view")
    assert "o.total::numeric > 10::numeric" in view.definition
    assert (view.options, view.updatable, view.sizes) == (("security_barrier=true",), False, None)
    assert details("over_view", "view").kind == "view"
    materialized = details("per_customer", "materialized_view")
    assert (materialized.populated, len(materialized.indexes)) == (False, 1)
    assert "GROUP BY" in materialized.definition


def test_a_foreign_table_shows_no_password(catalogue):
    remote = details("remote", "foreign_table")
    assert (remote.server, remote.foreign_options) == ("far", ("table_name=T", "password=(hidden)"))
    assert remote.columns[0].foreign_options == ("column_name=A",)
    assert "s3cret" not in json.dumps(remote.as_dict())
    assert details("remote").kind == "foreign_table"


def test_an_index(catalogue):
    index = details("customer_email", "index")
    assert (index.table, index.predicate, index.facts.unique) == ("sales.customer", "(born IS NOT NULL)", True)
    first, second = index.keys
    assert (first.name, first.expression, first.descending, first.nulls_first) == (None, "lower(email)", True, False)
    assert (second.name, second.is_key, second.operator_class) == ("born", False, None)
    assert details("customer_name", "index").keys[0].operator_class == "text_pattern_ops"
    top = details("reading_at", "index")
    assert (top.kind, len(top.children)) == ("partitioned_index", 3)
    assert [one.name for one in details("reading_2025_at_idx", "index").parents] == ["sales.reading_at"]


def test_sequences(catalogue):
    ticket = details("ticket", "sequence")
    assert (ticket.data_type, ticket.increment, ticket.cycles, ticket.owned_by) == ("smallint", 3, True, None)
    assert 1 < ticket.used_percent < 5
    assert ticket.definition.startswith("CREATE SEQUENCE sales.ticket AS smallint\n")
    untouched = details("untouched", "sequence")
    assert (untouched.last_value, untouched.used_percent, untouched.values_left) == (None, 0, 2**63 - 1)
    identity = details("customer_id_seq", "sequence")
    assert (identity.owned_by, identity.is_identity, identity.last_value) == ("sales.customer.id", True, 200)
    assert identity.values_left == 2**31 - 1 - 200
    assert ("table", "default of id") in {(one.kind, one.how) for one in details("orders_id_seq", "sequence").used_by}


@pytest.mark.parametrize(
    "typed, identity",
    [
        ("f(integer, text)", "sales.f(a integer, b text)"),
        ("f(INT4,text)", "sales.f(a integer, b text)"),
        ("f (a integer, b text)", "sales.f(a integer, b text)"),
        ("f(numeric(10,2))", "sales.f(a numeric)"),
        ("f(sales.mood[])", "sales.f(VARIADIC a sales.mood[])"),
        ("f(VARIADIC mood[])", "sales.f(VARIADIC a sales.mood[])"),
        ("alone", "sales.alone(a timestamp with time zone, OUT b integer, OUT c text)"),
        ("alone(timestamptz)", "sales.alone(a timestamp with time zone, OUT b integer, OUT c text)"),
        ("touch()", "sales.touch()"),
    ],
)
def test_a_function_by_its_arguments(catalogue, typed, identity):
    assert details(typed, "function").identity == identity


def test_functions_of_every_kind(catalogue):
    alone = details("alone", "function")
    assert (alone.security_definer, alone.settings, alone.volatility) == (True, ("search_path=sales",), "volatile")
    assert [one.grantee for one in alone.privileges] == ["postgres"]
    assert "DEFAULT 'x, y'::text" in details("f(integer, text)", "function").arguments
    assert details("counted", "function").uses[0].name == "sales.orders"
    assert "BEGIN ATOMIC" in details("counted", "function").definition
    assert details("tidy", "procedure").kind == "procedure"
    largest = details("largest", "aggregate")
    assert "SFUNC = int4larger,\n    STYPE = integer" in largest.definition
    assert [one.how for one in details("touch", "function").used_by] == ["trigger touched", "trigger touched_when"]


def test_an_ambiguous_function_names_its_overloads(catalogue):
    overloads = ("f(integer, text)", "f(numeric)", "f(sales.mood[])")
    with pytest.raises(OperationError, match="say which, as in") as caught:
        details("f", "function")
    assert caught.value.allowed == overloads
    for overload in overloads:
        assert details(overload, "function").name == "f"
    with pytest.raises(OperationError, match="There is no function") as caught:
        details("f(date)", "function")
    assert caught.value.allowed == overloads


def test_types_of_every_kind(catalogue):
    mood = details("mood", "type")
    assert mood.labels == ("sad", "o'k", "hap\\py")
    assert ("table", "column mood") in {(one.kind, one.how) for one in mood.used_by}
    amount = details("amount", "domain")
    assert (amount.base_type, amount.not_null, amount.default) == ("numeric(10,2)", True, "0")
    assert by_name(amount.constraints)["not_huge"].validated is False
    address = details("address", "type")
    assert [(one.name, one.type) for one in address.attributes] == [("street", "text"), ("house No", "integer")]
    span = details("span", "type")
    assert (span.subtype, span.partner_type) == ("double precision", "sales.span_multirange")
    assert span.used_by == ()
    assert details("span_multirange", "type").partner_type == "sales.span"
    assert details("text", "type", schema="pg_catalog").input_function == "textin(cstring)"


@pytest.mark.parametrize(
    "name, object_type, kind",
    [
        ("mood", "type", "TYPE"),
        ("amount", "domain", "DOMAIN"),
        ("address", "type", "TYPE"),
        ("ticket", "sequence", "SEQUENCE"),
        ("largest", "aggregate", "AGGREGATE sales.largest(int)"),
        ("f(integer, text)", "function", "FUNCTION sales.f(int, text)"),
        ("customer_name", "index", "INDEX"),
    ],
)
def test_a_definition_makes_it_again(catalogue, name, object_type, kind):
    before = details(name, object_type)
    target = kind if "(" in kind else f"{kind} sales.{name}"
    with psycopg.connect(catalogue, autocommit=True) as connection:
        connection.execute(f"ALTER {target} RENAME TO put_aside")
        try:
            connection.execute(before.definition)
            again = details(name, object_type)
        finally:
            connection.execute(f"DROP {target} CASCADE")
            connection.execute(
                f"ALTER {target.replace(name.split('(')[0], 'put_aside')} RENAME TO {name.split('(')[0]}"
            )
    assert again.definition == before.definition


def test_a_range_is_made_again(catalogue):
    before = details("span", "type")
    with psycopg.connect(catalogue, autocommit=True) as connection:
        connection.execute("DROP TYPE sales.span")
        connection.execute(before.definition)
    assert details("span", "type") == before


def test_an_extension_and_a_schema(catalogue):
    extension = details("plpgsql", "extension")
    assert (extension.schema, extension.version, extension.update_sql) == ("pg_catalog", "1.0", "")
    assert ("language", "plpgsql") in {(one.kind, one.name) for one in extension.members}
    schema = details("sales", "schema")
    assert (schema.owner, schema.facts.tables) == ("store", 12)
    assert {one.grantee: one.grantable for one in schema.privileges}["Odd Role"] == ("USAGE",)
    assert [(one.kind, one.grantee, one.privileges) for one in schema.default_privileges] == [
        ("tables", "Odd Role", ("SELECT",))
    ]


@pytest.mark.parametrize(
    "typed, stored",
    [
        ('My "Table".é', 'My "Table".é'),
        ('"My ""Table"".é"', 'My "Table".é'),
        ("%(schema)s", "%(schema)s"),
        ("UPPER", "UPPER"),
        ('"UPPER"', "UPPER"),
        ("Upper", "upper"),
        ('" lead"', " lead"),
        ("é" * 30 + "x", "é" * 30 + "x"),
        (
            "a123456789b123456789c123456789d123456789e123456789f123456789xyz_cut_by_postgresql",
            "a123456789b123456789c123456789d123456789e123456789f123456789xyz",
        ),
    ],
)
def test_odd_names_as_stored_and_as_typed(catalogue, typed, stored):
    assert details(typed, schema=ODD).name == stored


def test_odd_columns_and_references(catalogue):
    odd = details('My "Table".é', schema=ODD)
    assert odd.identity == '"Odd.Schema ""x"""."My ""Table"".é"'
    assert [one.name for one in odd.columns] == ["a.b", "%s", "Ünï"]
    assert odd.referenced_by[0].table == '"Odd.Schema ""x""".fkd'
    index = details('ix % "q" 1', "index", schema=ODD)
    assert [one.name for one in index.keys] == ["%s", "Ünï"]
    assert details("f(x, y)", "function", schema=ODD).name == "f(x, y)"
    assert details('"f(x, y)"(int)', "function", schema=ODD).name == "f(x, y)"


@pytest.mark.parametrize(
    "asked, parameter, allowed, message",
    [
        ({"name": "custmer"}, "name", "customer", "name like it is customer"),
        ({"name": "big_orders"}, "object_type", "view", "it is a view. Ask with object_type=view"),
        ({"name": "customer", "object_type": "view"}, "object_type", "table", "it is a table"),
        ({"name": "mood"}, "object_type", "type", "it is a type"),
        ({"name": "largest", "object_type": "procedure"}, "object_type", "function", "it is a function"),
        ({"name": "only_here"}, "schema", "elsewhere", "There is one in elsewhere"),
        ({"name": "customer", "schema": "sale"}, "schema", "sales", "no schema 'sale'"),
        ({"name": "sale", "object_type": "schema"}, "name", "sales", "no schema 'sale'"),
        ({"name": "plpgsq", "object_type": "extension"}, "name", "plpgsql", "no extension"),
        ({"name": "reading_a", "object_type": "index"}, "name", "reading_at", "like it"),
        ({"name": "moods", "object_type": "type"}, "name", "mood", "like it"),
    ],
)
def test_what_is_not_there_says_what_is(catalogue, asked, parameter, allowed, message):
    with pytest.raises(OperationError, match=message) as caught:
        get_object_details(**{"schema": "sales", **asked})
    assert caught.value.parameter == parameter
    assert allowed in caught.value.allowed


@pytest.mark.parametrize("name", ["", "nothing like it at all", "%s", "';--"])
@pytest.mark.parametrize("object_type", ["table", "index", "sequence", "function", "type", "extension", "schema"])
def test_impossible_names_are_answered(catalogue, name, object_type):
    with pytest.raises(OperationError, match="There is no"):
        get_object_details(schema="sales", name=name, object_type=object_type)


def test_the_spellings_of_the_mcp_server_are_taken(catalogue):
    assert get_object_details(schema_name="sales", object_name="orders").name == "orders"


def test_few_statements_whatever_the_table(catalogue, monkeypatch):
    counts = []
    settle = Session.attempt

    def counting(session):
        counts.append(session)
        return settle(session)

    monkeypatch.setattr(Session, "attempt", counting)
    for name in ("customer", "orders", "reading", "reading_2026", "child"):
        details(name)
    assert max(session.statements for session in counts) <= 11


def test_a_role_without_grants_is_told_what_is_missing(catalogue_as_bare):
    orders = details("orders")
    assert [one.name for one in orders.columns] == ["id", "customer_id", "total", "during"]
    assert orders.sizes.is_estimated is False
    (note,) = orders.notes
    assert "GRANT USAGE ON SCHEMA sales TO catalogue_bare; GRANT SELECT ON sales.orders TO catalogue_bare;" in note
    ticket = details("ticket", "sequence")
    assert (ticket.last_value, ticket.used_percent) == (None, None)
    assert "GRANT SELECT ON SEQUENCE sales.ticket TO catalogue_bare;" in ticket.notes[0]
    for name, kind in (("big_orders", "view"), ("customer_email", "index"), ("alone", "function"), ("mood", "type")):
        assert details(name, kind).definition
    assert details("plpgsql", "extension").members
    assert "may not use it" in details("sales", "schema").notes[0]
