"""Advice as Django code, carried out in a real project: the migration runs, makemigrations finds nothing to do, PostgreSQL
has the index that was asked for, and undoing it takes it away."""

from typing import Any

import psycopg
import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from opsadmin.advisor.django_text import DjangoProject, django_text
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.advisor.sql_tree import Unreadable, expression_tree
from opsadmin.postgres.names import quoted
from tests.opsadmin.advisor.django_project import Project

#: What is asked of each app, and how its Order's Meta is. `sql`: part of the reason why Meta cannot say it.
ADD = {
    "plain": ("indexes", {"keys": ["status", ["day", "", True]]}, ""),
    "covering": ("meta", {"keys": ["customer_id"], "include": ["Price in €", "status"]}, ""),
    "partial": (
        "none",
        {"keys": ["created"], "predicate": "is_open AND day IS NULL AND status = 'it''s 100 %'::text"},
        "",
    ),
    "negative": ("base", {"keys": ["created"], "predicate": "NOT is_open"}, ""),
    "handed": ("base", {"keys": ["customer_id"], "predicate": "day IS NOT NULL"}, ""),
    "ranged": ("none", {"keys": ["status"], "predicate": "\"Price in €\" > 5 AND day >= '2024-02-29'::date"}, ""),
    "other": ("indexes", {"keys": ["day"], "predicate": "status <> 'done'"}, ""),
    "nullable": ("indexes", {"keys": ["day"], "predicate": "note <> 'done'"}, ""),
    "listed": ("indexes", {"keys": ["day"], "predicate": "status IN ('b', 'a') OR customer_id = 7"}, ""),
    "prefix": ("none", {"keys": [["status", "text_pattern_ops"], "day"]}, ""),
    "lowered": (
        "none",
        {"keys": [{"text": "(lower(status))"}, {"text": "day", "column": "day", "descending": True}]},
        "",
    ),
    "nulls": ("none", {"keys": [["day", "", True], "status", ["note", "", False]], "first": True}, ""),
    "classed": ("none", {"keys": [{"text": "(upper(status))", "opclass": "text_pattern_ops"}]}, ""),
    "keyed": ("none", {"keys": [{"text": "((data ->> 'kind'::text))"}]}, ""),
    "searched": ("none", {"keys": [{"text": "(to_tsvector('english'::regconfig, body))"}], "using": "gin"}, ""),
    "gin": ("none", {"keys": ["data"], "using": "gin", "options": "fastupdate = off"}, ""),
    "jsonb": ("none", {"keys": [["data", "jsonb_path_ops"]], "using": "gin"}, ""),
    "trigram": ("none", {"keys": [["body", "gin_trgm_ops"]], "using": "gin"}, ""),
    "brin": ("none", {"keys": ["created"], "using": "brin", "options": "pages_per_range = 32"}, ""),
    "hash": ("none", {"keys": ["status"], "using": "hash"}, ""),
    "filled": ("none", {"keys": ["status"], "options": "fillfactor = 70"}, ""),
    "elsewhere": ("schema", {"keys": ["status"]}, ""),
    "through": ("through", {"keys": ["customer_id", "order_id"], "of": "order_rivals"}, "many-to-many field of Order"),
    "child": ("child", {"keys": ["customer_ptr_id", "status"]}, ""),
    "inherited": ("child", {"keys": ["email"], "of": "customer"}, ""),
    "parted": ("parted", {"keys": ["status"], "of": "parted"}, "managed = False"),
    "unmanaged": ("unmanaged", {"keys": ["status"], "of": "by_hand"}, "managed = False"),
    "arithmetic": ("none", {"keys": [{"text": '(("Price in €" % 7))'}]}, "no words for its expression"),
    "truth": ("none", {"keys": ["day"], "predicate": "is_open IS TRUE"}, "no words for its keys or its predicate"),
    "long": ("none", {"keys": ["day"], "named": "orders_of_a_shop_by_their_day_and_no_more"}, "has 41 characters"),
    "unknown": ("none", {"keys": ["by_hand"]}, "no field for the column by_hand"),
    "zoneless": (
        "none",
        {"keys": ["day"], "predicate": "created > '2024-01-01 00:00:00'::timestamptz"},
        "without a zone",
    ),
}
DROP = {
    "d_meta": ("indexes", "d_meta_day_idx", "Meta.indexes of Order"),
    "d_number": ("none", "number", "gets no db_index=True"),
    "d_key": ("none", "customer_id", "gets db_index=False"),
    "d_alone": ("none", "customer_id", ""),
    "d_code": ("none", "code", ""),
    "d_hand": ("none", "by hand", ""),
    "d_base": ("base", "d_base_order_w", "so that it has not those of its base"),
    "d_unique": ("none", "email_like", ""),
}


def table_of(app, kind, what="order"):
    if what in ("by_hand", "parted"):
        return what
    return f'other."Order of {app}"' if kind == "schema" else f"public.{app}_{what}"


@pytest.fixture(scope="module")
def address(superuser_dsn):
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS shops_of_django WITH (FORCE)")
        connection.execute("CREATE DATABASE shops_of_django")
        made = psycopg.conninfo.make_conninfo(superuser_dsn, dbname="shops_of_django")
        with psycopg.connect(made, autocommit=True) as inside:
            inside.execute("CREATE SCHEMA other; CREATE EXTENSION pg_trgm")
            inside.execute("CREATE TABLE by_hand (id bigint, status text, day date)")
            inside.execute("CREATE TABLE parted (id bigint, status text) PARTITION BY HASH (id)")
        yield made
        connection.execute("DROP DATABASE shops_of_django WITH (FORCE)")


@pytest.mark.slow
def test_advice_is_carried_out(address, tmp_path):
    kinds = {app: kind for app, (kind, *_) in (ADD | DROP).items()}
    project = Project(tmp_path, address, kinds)
    project.run("call_command('makemigrations', verbosity=0)")
    project.migrate()
    with psycopg.connect(address, autocommit=True) as connection:

        def rows(sql, *values):
            return connection.execute(sql, values).fetchall()

        def indexes():
            return dict(
                rows(
                    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid > 16000"
                )
            )

        for app in ("unknown",):
            connection.execute(f"ALTER TABLE {app}_order ADD by_hand int")
        connection.execute('CREATE INDEX "by hand" ON d_hand_order (day, lower(note))')
        connection.execute("CREATE INDEX of_auth ON auth_group (name DESC)")
        connection.execute("CREATE INDEX d_key_other ON d_key_order (customer_id, day)")
        before = indexes()

        wanted = {}
        for app, (kind, asked, _) in ADD.items():
            name = asked.get("named", f"new_{app}_idx")
            wanted[app] = {**asked, "table": table_of(app, kind, asked.get("of", "order")), "name": name}
        wanted["nulls"]["keys"] = [
            {"text": "day", "column": "day", "descending": True, "nulls_first": False},
            {"text": "note", "column": "note", "nulls_first": True},
        ]
        for key in wanted["plain"]["keys"][1:]:
            key[:] = ["day"]
        wanted["plain"]["keys"][1] = {"text": "day", "column": "day", "descending": True, "nulls_first": True}
        wanted["lowered"]["keys"][1]["nulls_first"] = True
        for app, (kind, named, _) in DROP.items():
            table = table_of(app, kind, "customer" if named == "email_like" else "order")
            found = named
            if quoted(named) not in before and named not in before:
                head = f"{table.removeprefix('public.')}_{named.removesuffix('_like')}_"
                like = named in ("code", "email_like")
                found = next(one for one in before if one.startswith(head) and one.endswith("_like") == like)
            wanted[app] = {"table": table, "drop": found}
        wanted["auth"] = {"table": "auth_group", "keys": ["name"], "name": "new_auth_idx"}
        wanted["nobody"] = {"table": "django_migrations", "keys": ["app"], "name": "new_nobody_idx"}
        answers = project.ask(wanted)
        assert answers.pop("nobody") is None

        for app, (_, _, reason) in ADD.items():
            advice = answers[app]
            assert bool(advice["change"]) == (not reason), (app, advice["reason"])
            assert reason in advice["reason"], app
            assert str(tmp_path) not in advice["text"]
        auth = answers["auth"]
        assert "installed package" in auth["reason"]
        assert auth["path"].startswith("shops/plain/migrations/0002_group_new_auth")
        assert "('auth', '0012_alter_user_first_name_max_length')" in auth["migration"]
        # Two migrations of one app: the second is to be asked for when the first is there.
        taken = {app: one for app, one in answers.items() if app != "auth"}
        for advice in taken.values():
            project.take(advice)
        for app, (_, _, where) in DROP.items():
            assert where in answers[app]["place"], answers[app]
        assert "CONCURRENTLY" not in answers["parted"]["migration"]
        assert "IF NOT EXISTS pg_trgm" in answers["trigram"]["migration"]
        assert "--fake" in answers["plain"]["already"]
        assert answers["elsewhere"]["already"] == ""
        assert "The index stays: it alone serves a foreign key" in answers["d_alone"]["reason"]
        assert not answers["d_alone"]["migration"]

        said = project.run("call_command('check'); call_command('makemigrations', check_changes=True, dry_run=True)")
        assert "No changes detected" in said
        project.migrate()
        after = indexes()

        for app, (kind, asked, _) in ADD.items():
            name = wanted[app]["name"]
            shown = f"other.{name}" if kind == "schema" else name
            connection.execute(answers[app]["ddl"])
            as_wanted = indexes()["other.wanted" if kind == "schema" else "wanted"]
            made = after[shown]
            connection.execute(f"DROP INDEX {'other.' if kind == 'schema' else ''}wanted")
            if app in ("other", "nullable"):
                assert "NOT (" in made
                assert_used_alike(connection, app, asked["predicate"], shown)
            else:
                assert made == as_wanted.replace("INDEX wanted", f"INDEX {name}"), app
        gone = {
            quoted(wanted[app]["drop"]) if " " in wanted[app]["drop"] else wanted[app]["drop"]
            for app in DROP
            if app != "d_alone"
        }
        new = {
            f"other.{one['name']}" if app == "elsewhere" else one["name"] for app, one in wanted.items() if app in ADD
        }
        assert set(before) - set(after) == gone
        assert set(after) - set(before) == new

        # Its definition was not known: the migration says that it cannot be undone.
        assert "reverse_sql" not in answers["d_hand"]["migration"]
        project.apps.remove("d_hand")
        project.migrate("0001")
        left = indexes()
        assert not set(left) & new
        assert {name: before[name] for name in left} == left
        assert set(before) - set(left) == {'"by hand"'}
        look_at_what_goes_wrong(project, wanted)


def look_at_what_goes_wrong(project, wanted):
    shops = project.directory / "shops"
    (shops / "gin" / "migrations" / "0002_another.py").write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [('gin', '0001_initial')]\n"
    )
    for file in (shops / "jsonb" / "migrations").iterdir():
        if file.is_file():
            file.unlink()
    (shops / "jsonb" / "migrations").rename(shops / "jsonb" / "gone")
    (shops / "hash" / "models.py").write_text(
        (shops / "hash" / "models.py").read_text().replace("class Order(", "exec('')\n\nclass Order(")
        + "\nOrder.__qualname__ = 'Made'\n"
    )
    answers = project.ask({app: {**wanted[app], "name": f"newer_{app}_idx"} for app in ("gin", "jsonb", "hash")})
    assert "2 latest migrations (0002_another, 0002_order_new_gin_idx): merge them first" in answers["gin"]["reason"]
    assert "Run the DDL by hand" in answers["gin"]["reason"]
    assert "GinIndex(" in answers["gin"]["change"]
    assert "The app jsonb has no migrations" in answers["jsonb"]["reason"]
    assert (answers["jsonb"]["migration"], answers["jsonb"]["command"]) == ("", "")
    assert "opclasses=" in answers["jsonb"]["change"]
    assert answers["hash"]["place"] == "Meta.indexes of hash.Order"
    (shops / "plain" / "migrations" / "0003_broken.py").write_text("nonsense(")
    answers = project.ask({"plain": {**wanted["plain"], "name": "newer"}})
    assert "cannot be read (SyntaxError)" in answers["plain"]["reason"]
    assert answers["plain"]["migration"] == ""


def assert_used_alike(connection, app, predicate, index):
    """The planner takes Django's partial index for the predicate as it was asked for."""
    connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    plan = connection.execute(
        f"EXPLAIN SELECT day FROM {app}_order WHERE {predicate} AND day = '2024-01-01'"
    ).fetchall()
    assert index in str(plan), plan


@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_a_project_of_several_databases(store_db):
    """The store's tables are routed by model to one alias; nothing else of the project is there."""
    with psycopg.connect(store_db) as connection:
        oids = dict(
            connection.execute("SELECT relname, oid FROM pg_class WHERE relname IN ('state_history', 'json_store')")
        )
    project = DjangoProject("store")
    assert not project.has(1)
    document = project.add(
        IndexSpec(oids["json_store"], "public.json_store", (Key.of("data", "jsonb_path_ops"),), using="gin"), "data_idx"
    )
    assert document.model == "stores.JsonDocument"
    assert 'GinIndex(fields=["data"], opclasses=["jsonb_path_ops"], name="data_idx")' in document.change
    assert document.place.startswith("stores/models.py, line ")
    assert document.command.startswith("python manage.py migrate stores 0")
    assert document.command.endswith("--database=store")
    spec = IndexSpec(oids["json_store"], "public.json_store", (Key("(data #> '{a}')"),))
    assert "hints={'model_name': 'jsondocument'}" in DjangoProject("store").add(spec, "data_idx").migration
    day = IndexSpec(oids["state_history"], "public.state_history", (Key.of("last_action"),))
    assert "AddIndexConcurrently" in project.add(day, "last_action_idx").migration
    (both,) = project.together()
    assert both.app == "stores"
    assert both.path.endswith("_advised_indexes.py")
    made: dict[str, Any] = {}
    exec(both.text, made)  # noqa: S102  # what a person puts into the project
    migration = made["Migration"]("0099_advised_indexes", "stores")
    state = MigrationLoader(None).project_state()
    before = state.clone()
    assert migration.atomic is False
    with connections["store"].schema_editor(atomic=False) as editor:
        state = migration.apply(state, editor)
    with psycopg.connect(store_db) as connection:
        there = "SELECT count(*) FROM pg_indexes WHERE indexname IN ('data_idx', 'last_action_idx')"
        assert connection.execute(there).fetchone() == (2,)
        with connections["store"].schema_editor(atomic=False) as editor:
            migration.unapply(before, editor)
        assert connection.execute(there).fetchone() == (0,)
    assert DjangoProject("store").together() == []
    assert django_text(IndexSpec(1259, "pg_catalog.pg_class", (Key.of("relname"),)), "x_idx", "store") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("((status)::text <> 'x'::text)", "NOT (status = 'x')"),
        ("a = ANY (ARRAY[1, 2])", '"a" IN (1, 2)'),
        ("((a)::text = ANY ((ARRAY['x'::character varying])::text[]))", "cast(a AS text) IN ('x'::varchar::text)"),
        ("NOT NOT (a AND (b AND c))", "a AND b AND c"),
        ("a IS NOT NULL", "NOT a IS NULL"),
        ("pg_catalog.lower(a)", "LOWER((a))"),
    ],
)
def test_texts_that_mean_the_same(one, other):
    def plain(tree):
        if tree[0] == "cast" and tree[2] == "text":
            return plain(tree[1])
        return tuple(plain(part) if isinstance(part, tuple) else part for part in tree)

    assert plain(expression_tree(one)) == plain(expression_tree(other))


@pytest.mark.parametrize(
    "text",
    ["", "a IS TRUE", "a + ", "E'x' = a", "a BETWEEN 1 AND 2", "(a", "a)", "a b", "$1", "(" * 70 + "a" + ")" * 70],
)
def test_what_is_not_known_is_refused(text):
    with pytest.raises(Unreadable):
        expression_tree(text)
