"""Plans as pages show them: what is said on top, where the work is, and trees of any depth."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from django.template.loader import render_to_string

from opsadmin.pages.plan_shares import own_costs
from opsadmin.pages.plan_view import DEEPEST, plan_view
from opsadmin.plans.tree import tree_of

JOIN = "SELECT c.name, count(*) FROM orders AS o JOIN customer AS c ON c.id = o.customer_id GROUP BY 1 ORDER BY 2 DESC"


class Lists(HTMLParser):
    """Whether every element is closed where it belongs, and how deep lists nest."""

    EMPTY = frozenset({"rect", "br", "input", "meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.deepest = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        assert "style" not in given
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.deepest = max(self.deepest, self.open.count("ul"))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag, (tag, self.getpos())


def drawn(plan: Any) -> str:
    return render_to_string("admin/opsadmin/plan.html", {"plan": plan_view(plan)})


def read(page: str) -> Lists:
    """The page, well-formed, with every id once and every link leading to one."""
    found = Lists()
    found.feed(page)
    assert not found.open
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links} <= set(found.ids)
    return found


def plain_node(number: int, cost: float, **more: Any) -> dict[str, Any]:
    return {"id": number, "node_type": "Seq Scan", "title": "Seq Scan", "cost": cost, "rows": 1, **more}


def stored(tree: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"total_cost": tree["cost"], "rows": 1, "text": "Seq Scan", "tree": tree, **more}


def test_a_plan_and_the_same_stored(plan_of):
    plan = plan_of(JOIN)
    page = drawn(plan)
    read(page)
    assert page == drawn(json.loads(json.dumps(plan.as_dict())))
    for words in ("Reads all of public.orders.", "Looks each row of its first side up", "Hash Cond:", "own cost"):
        assert words in page
    assert plan.text.splitlines()[0] in page.replace("&gt;", ">")


def test_shares_are_of_the_whole(plan_of):
    tree = plan_of(JOIN).tree
    own = own_costs(tree)
    assert sum(own.values()) == pytest.approx(tree.cost)
    assert set(own) == {node.id for node in tree.walk()}
    shown = plan_view(plan_of(JOIN)).tree
    assert sum(node.share for node in shown.nodes) == pytest.approx(1)
    assert not shown.by_time


def test_what_a_limit_does_not_read_is_no_work(plan_of):
    plan = plan_of("SELECT * FROM (SELECT * FROM orders OFFSET 0) AS o LIMIT 1")
    assert sum(own_costs(plan.tree).values()) == pytest.approx(plan.total_cost)


def test_what_is_read_again_and_again_is_work():
    inner = {"Node Type": "Index Scan", "Total Cost": 8.0, "Plan Rows": 1}
    outer = {"Node Type": "Seq Scan", "Total Cost": 100.0, "Plan Rows": 1000}
    loop = {"Node Type": "Nested Loop", "Total Cost": 8120.0, "Plan Rows": 1000, "Plans": [outer, inner]}
    own = own_costs(tree_of([{"Plan": loop}]))
    assert own[2] == pytest.approx(100)
    assert own[3] == pytest.approx(8000)
    assert own[1] == pytest.approx(20)


def test_what_happened(plan_of):
    plan = plan_of("SELECT * FROM orders WHERE note LIKE '%x%' OR amount = 5 ORDER BY note", analyze=True)
    view = plan_view(plan)
    assert view.tree.by_time
    assert sum(node.share for node in view.tree.nodes) == pytest.approx(1)
    scan = view.tree.nodes[-1]
    assert "59 940 rows thrown away" in [mark.text for mark in scan.marks]
    assert dict(scan.figures)["rows"] == "60"
    (full,) = (one for one in view.warnings if "to keep 60" in one.message)
    assert full.node_anchor == scan.anchor
    assert scan.warnings
    page = drawn(plan)
    read(page)
    assert f'href="#{scan.anchor}"' in page
    assert "own time" in page


def test_estimates_and_spills_in_words():
    tree = plain_node(
        1,
        50.0,
        node_type="Sort",
        title="Sort",
        rows=12,
        actual={"rows": 60000, "loops": 1, "ms": 40.0, "self_ms": 30.0, "estimate_error": 5000.0},
        detail={"Sort Space Type": "Disk", "Sort Space Used": 2048, "Sort Key": ["a", "b"]},
        children=[
            plain_node(
                2,
                40.0,
                node_type="Bitmap Heap Scan",
                title="Bitmap Heap Scan",
                actual={"rows": 3, "loops": 4, "ms": 10.0, "self_ms": 10.0, "estimate_error": 3.0},
                detail={"Lossy Heap Blocks": 700, "Filter": "(x > 'ü\"<b>')"},
            ),
            plain_node(3, 1.0),
        ],
    )
    nodes = plan_view(stored(tree)).tree.nodes
    assert [mark.text for mark in nodes[0].marks] == ["estimate 5 000 times too low", "sorted on disk, 2 MB"]
    assert [mark.tone for mark in nodes[0].marks] == ["warning", "warning"]
    assert [mark.text for mark in nodes[1].marks] == ["estimate 3 times too low", "lossy bitmap, 700 pages"]
    assert [mark.text for mark in nodes[2].marks] == ["never ran"]
    assert [node.percent for node in nodes] == ["75 %", "25 %", "–"]
    assert dict(nodes[1].figures)["loops"] == "4"
    page = drawn(stored(tree))
    read(page)
    assert "ü&quot;&lt;b&gt;" in page
    assert "Most of the time is spent in" in page


def test_worst_first():
    said = [
        {"severity": "ok", "node": 1, "message": "Leaves some out."},
        {"severity": "warning", "node": 0, "message": "Never analyzed.", "sql": "ANALYZE t;"},
        {"severity": "critical", "node": 1, "message": "On fire."},
    ]
    plan = stored(plain_node(1, 5.0), warnings=said)
    assert [one.message for one in plan_view(plan).warnings] == ["On fire.", "Never analyzed.", "Leaves some out."]
    assert plan_view(plan).tree.nodes[0].warnings == (1, 3)
    read(drawn(plan))


@pytest.mark.parametrize(
    "after, said",
    [(plain_node(1, 2.0), "50 times cheaper."), (plain_node(1, 250.0), "2.5 times as expensive."), (None, "the same")],
)
def test_before_and_after(after, said):
    before = plain_node(1, 100.0)
    after = after or before
    sides = {name: {"total_cost": tree["cost"], "tree": tree} for name, tree in (("before", before), ("after", after))}
    index = {"ddl": 'CREATE INDEX ON "a.b" (ü)', "name": "x", "size_bytes": None, "used": True}
    plan = stored(after, **sides, hypothetical_indexes=[index], hidden_indexes=["old"])
    assert said in plan_view(plan).compared.verdict
    page = drawn(plan)
    read(page)
    assert "CREATE INDEX ON &quot;a.b&quot; (ü)" in page
    assert "The plan without what was tried" in page


def test_a_tried_index_in_the_tree():
    node = plain_node(1, 2.0, node_type="Index Scan", title="Index Scan", relation="public.t", index="<13556>btree_t_a")
    index = {"ddl": "CREATE INDEX ON t (a)", "name": "<13556>btree_t_a", "size_bytes": 8192, "used": True}
    (shown,) = plan_view(stored(node, hypothetical_indexes=[index])).tree.nodes
    assert shown.target == "using btree_t_a (tried) on public.t"
    (other,) = plan_view(stored({**node, "index": "<13556>mine"}, hypothetical_indexes=[index])).tree.nodes
    assert other.target == "using <13556>mine on public.t"


@pytest.mark.parametrize("deep", [30, DEEPEST + 100])
def test_deep_plans(deep):
    tree = plain_node(deep, 1.0)
    for number in range(deep - 1, 0, -1):
        tree = plain_node(number, 1.0 + deep - number, children=[tree, plain_node(1000 + number, 0.5)])
    page = drawn(stored(tree))
    assert read(page).deepest <= DEEPEST + 2
    assert page.count('class="plan-item"') == 2 * deep - 1
    assert ("below node" in page) == (deep > DEEPEST)


def test_a_wide_plan_is_not_heavy():
    parts = [plain_node(number, 1.0, relation=f"public.part_{number}") for number in range(2, 202)]
    page = drawn(stored(plain_node(1, 200.0, node_type="Append", title="Append", children=parts)))
    read(page)
    assert len(page) < 250_000


def test_a_plan_of_nothing(plan_of):
    plan = plan_of("DELETE FROM ruled")
    read(drawn(plan))
    assert plan_view(plan).tree.nodes[0].percent == "0 %"
    read(drawn({}))
