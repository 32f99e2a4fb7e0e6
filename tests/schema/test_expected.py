"""The expected schema, the models and the database say the same; conversions are judged rightly."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections, models, router

from stores.schema.conversion import conversion
from stores.schema.create import create_table
from stores.schema.expected import TABLES

MODELS = {
    model._meta.db_table: model
    for model in apps.get_app_config("stores").get_models()
    if router.db_for_write(model) == "store"
}
EXPECTED = {table.name: table for table in TABLES}


def test_every_table_has_a_model():
    assert set(MODELS) == set(EXPECTED)


@pytest.mark.parametrize("table", EXPECTED)
def test_the_model_has_the_expected_columns(table):
    expected, meta = EXPECTED[table], MODELS[table]._meta
    fields = {field.column: field for field in meta.concrete_fields if field.column}
    assert set(fields) == {column.name for column in expected.columns}
    for column in expected.columns:
        field = fields[column.name]
        assert field.db_type(connections["store"]).replace("varchar", "character varying").replace(" ", "") == (
            column.type.replace(" ", "")
            if "varying" not in column.type
            else column.type.replace("character varying", "charactervarying")
        ), column.name
        assert field.null is not column.not_null, column.name
        assert (field.db_default is not models.NOT_PROVIDED) == (column.default is not None), column.name
    keys = [field.column for field in getattr(meta.pk, "fields", None) or [meta.pk]]
    assert tuple(keys) == expected.primary_key


@pytest.mark.parametrize("table", EXPECTED)
def test_a_migrated_database_answers_the_model(table, alias):
    """Django's own look at the database, and the defaults of an insert that names no column."""
    call_command("migrate", database="store", verbosity=0)
    connection, expected = connections["store"], EXPECTED[table]
    with connection.cursor() as cursor:
        found = {row.name: row for row in connection.introspection.get_table_description(cursor, table)}
        constraints = connection.introspection.get_constraints(cursor, table)
        assert connection.introspection.get_primary_key_columns(cursor, table) == list(expected.primary_key)
    for field in MODELS[table]._meta.concrete_fields:
        if not field.column:
            continue
        row = found[field.column]
        assert row.null_ok is field.null, field.column
        kind = connection.introspection.get_field_type(row.type_code, row)
        known = {kind, "BigAutoField", "AutoField"} if field.primary_key else {kind}
        assert field.get_internal_type() in known, (field.column, kind)
    for index in expected.indexes:
        assert constraints[index.name]["unique"] is index.unique
    for constraint in MODELS[table]._meta.constraints:
        assert constraints[constraint.name]["columns"] == list(constraint.fields)
    assert list(MODELS[table].objects.using("store").all()[:1]) is not None


def test_models_and_migrations_agree(alias):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize(
    "found, expected, verdict",
    [
        ("character varying(50)", "character varying(255)", "widen"),
        ("character varying(300)", "character varying(255)", "wider"),
        ("text", "character varying(255)", "wider"),
        ("character varying", "character varying(255)", "wider"),
        ("character(10)", "character varying(10)", "person"),
        ("smallint", "integer", "widen"),
        ("bigint", "integer", "wider"),
        ("json", "jsonb", "json"),
        ("text", "jsonb", "person"),
        ("timestamp without time zone", "timestamp with time zone", "zone"),
        ("timestamp(3) without time zone", "timestamp with time zone", "zone"),
        ("timestamp(3) with time zone", "timestamp with time zone", "widen"),
        ("numeric(3,1)", "numeric(4,1)", "widen"),
        ("numeric(3,0)", "numeric(4,1)", "widen"),
        ("numeric(4,0)", "numeric(4,1)", "person"),
        ("numeric(5,2)", "numeric(4,1)", "person"),
        ("numeric", "numeric(4,1)", "person"),
        ("double precision", "numeric(4,1)", "person"),
    ],
)
def test_conversions(found, expected, verdict):
    assert conversion(found, expected) == verdict


def test_a_comment_with_a_quote_stays_one_text():
    from dataclasses import replace

    made = create_table("public", replace(TABLES[0], comment="it's"))
    assert made.endswith("IS 'it''s'")
