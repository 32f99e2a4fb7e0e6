"""The text in four formats is PostgreSQL's own, and the page and the terminal get a tree that can be read."""

from __future__ import annotations

import json
import re

import pytest

from opsadmin.core.blocks import Code, Figures, Note
from opsadmin.core.result import plain

STATEMENTS = [
    "SELECT 1",
    'SELECT note || \'<&>"x"\' AS "ä b" FROM orders WHERE note = \'tab\t"quote" \\ é\' ORDER BY 1',
    "SELECT customer_id, code, count(*) FROM orders GROUP BY GROUPING SETS ((customer_id, code), (code), ())",
    "SELECT * FROM big_orders b JOIN customer c ON c.id = b.customer_id WHERE c.tags = ARRAY['a'] OR c.id IN (SELECT 5)",
    "WITH x AS MATERIALIZED (SELECT * FROM reading) SELECT * FROM x, x y WHERE x.at = y.at LIMIT 5",
    "UPDATE customer SET active = NOT active WHERE id = 5",
    "INSERT INTO ruled VALUES (1)",
    "MERGE INTO fresh USING orders ON a = id WHEN MATCHED THEN DELETE",
]


@pytest.mark.parametrize("sql", STATEMENTS)
@pytest.mark.parametrize("format", ["text", "json", "yaml", "xml"])
def test_a_format_is_postgresqls_own(plan_of, shop, sql, format):
    if sql.startswith("MERGE") and shop.info.server_version < 150_000:
        pytest.skip("PostgreSQL has MERGE from 15 on.")
    options = "" if format == "text" else f"(FORMAT {format}, VERBOSE, SETTINGS)"
    said = shop.execute(f"EXPLAIN {options} {sql}").fetchall()
    own = said[0][0] if len(said) == 1 else "\n".join(row[0] for row in said)
    text = plan_of(sql, format=format).text
    if format == "json":
        assert json.loads(text) == own
    else:
        assert text == own


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM orders o JOIN customer c ON c.id = o.customer_id WHERE o.amount > 900",
        "SELECT * FROM orders WHERE at < '2024-01-03' ORDER BY amount DESC LIMIT 5",
        "WITH x AS MATERIALIZED (SELECT * FROM reading) SELECT device, count(*) FROM x GROUP BY device",
        "SELECT (SELECT max(amount) FROM orders o WHERE o.customer_id = c.id) FROM customer c WHERE c.id < 3",
        "SELECT * FROM orders WHERE note = 'x' AND false",
        "SELECT * FROM generate_series(1, 10) g JOIN customer c ON c.id = g",
    ],
)
def test_the_text_of_a_plan_that_ran_has_postgresqls_lines(plan_of, shop, sql):
    def shape(text):
        """Without numbers that differ from run to run."""
        return [re.sub(r"[\d.]+", "N", line) for line in text.splitlines() if "Buffers" not in line]

    own = shop.execute(f"EXPLAIN (ANALYZE, VERBOSE, BUFFERS OFF) {sql}").fetchall()
    only_verbose = ("Output:", "Inner Unique:", "Query Identifier:")
    wanted = [line for line in shape("\n".join(row[0] for row in own)) if not line.strip().startswith(only_verbose)]
    assert [line for line in shape(plan_of(sql, analyze=True).text) if line != "Planning:"] == wanted


def test_it_is_read_as_a_tree(plan_of):
    sql = "SELECT c.* FROM orders o LEFT JOIN customer c ON c.id = o.customer_id AND c.name LIKE 'x%' WHERE o.id < 50"
    plan = plan_of(sql)
    (outline,) = [block.text for block in plan.blocks() if isinstance(block, Code)]
    assert "└─ " in outline
    assert "Left Join" in outline
    assert "Index Scan using orders_pkey on public.orders o" in outline
    assert [node.id for node in plan.tree.walk()] == list(range(1, len(list(plan.tree.walk())) + 1))
    assert isinstance(plan.blocks()[0], Figures)
    assert plain(plan)["tree"]["children"]
    json.dumps(plain(plan))


def test_notes_and_warnings_stand_on_the_page(plan_of):
    notes = [block for block in plan_of("SELECT * FROM orders WHERE note = $1").blocks() if isinstance(block, Note)]
    assert [note.status.value for note in notes] == ["warning", "ok"]
    assert "reads the whole table, about 60 000 rows" in notes[0].text
