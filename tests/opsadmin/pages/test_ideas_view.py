"""Index advice as the page shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsadmin.advisor.advice import FrontierPoint
from opsadmin.core.errors import OperationFailed
from opsadmin.models import SeenAnswer
from opsadmin.pages.ideas_charts import taken_off
from opsadmin.pages.ideas_kept import QUERIES, WORKLOAD, Kept, keep, kept
from opsadmin.pages.ideas_view import FULL, LISTED, Doors, Ideas, ideas_of
from tests.opsadmin.pages.ideas_advice import DJANGO, advice, recommendation

pytestmark = pytest.mark.django_db
DOORS = Doors("store", True, "/queries/")


def kept_of(found, kind=WORKLOAD, **given) -> Kept:
    keep("store", kind, found, by="anna", key="k", given=given)
    answer = kept("store", kind)
    assert answer is not None
    return answer


def shown(found, *, doors=DOORS, **more) -> Ideas:
    return ideas_of(kept_of(found), doors, **more)


def test_what_is_kept_has_no_constants():
    last = kept_of(advice(), QUERIES, queries=["SELECT 'secret of mine', 2"], time_limit=9)
    data = str(SeenAnswer.objects.get().data)
    assert "secret" not in data
    assert last.statements == ()
    assert last.given == {"time_limit": 9}
    assert (last.by, last.key) == ("anna", "k")
    assert kept_of(advice(), QUERIES, queries=["SELECT $1"]).statements == ("SELECT $1",)
    assert kept("store", WORKLOAD) is None
    long = replace(advice().queries[0], sql="SELECT " + "1, " * 9000)
    assert len(str(kept_of(advice(queries=(long,))).advice["queries"])) < 5000


def test_the_whole_in_sentences():
    page = shown(advice())
    assert page.lead == "2 indexes of 11.4 MB together would take 89.9 % off the cost of 2 statements."
    assert page.bound == "No set of the candidates of that size can be more than 10.7 % better."
    assert page.footing == "21 candidates, 40 plans asked for, in 1.23 s. Nothing was run or changed."
    assert [tile.figure for tile in page.tiles] == ["−89.9 %", "11.4 MB", "2", "1", "2"]
    assert [tile.note for tile in page.tiles][1] == "of tables of 47.7 MB"
    assert [tile.note for tile in page.tiles][-1] == "1 could not be"
    budgeted = shown(advice(budget_bytes=20 * 1024 * 1024, lower_bound=10_079.0, complete=False))
    assert budgeted.tiles[1].note == "of 20 MB allowed"
    assert budgeted.bound.startswith(
        "No set of the candidates of that size is better: that is proven. The time was over"
    )
    assert page.all_ddl.splitlines()[-1] == 'DROP INDEX CONCURRENTLY public."old ""index""";'


@pytest.mark.parametrize("bound", [0.0, -5.0])
def test_a_bound_that_says_nothing(bound):
    assert shown(advice(lower_bound=bound)).bound == ""


def test_nothing_to_gain():
    page = shown(advice(0, cost_after=100_000.0, frontier=advice().frontier[:1], drops=(), not_analyzed=()))
    assert page.lead == "No index would make these cheaper: 2 statements looked at, candidates tried: 21."
    assert (page.costs, page.frontier, page.ideas, page.bound, page.all_ddl) == (None, None, (), "", "")
    assert [tile.title for tile in page.tiles] == ["Indexes to make", "Statements analysed"]
    page = shown(advice(0, candidates=1))
    assert page.lead.endswith("candidates tried: 1. 1 existing index can go.")
    assert page.freed == "It takes 8.58 MB, and work at every write."
    assert page.footing.startswith("1 candidate, 40 plans")


@pytest.mark.parametrize(
    ("left", "lead"), [(0, "There was no statement to look at."), (1, "No statement could be analysed.")]
)
def test_no_statements(left, lead):
    found = advice(
        0, cost_before=0.0, cost_after=0.0, queries=(), frontier=(), not_analyzed=advice().not_analyzed[:left]
    )
    assert shown(found).lead == lead


def test_an_index():
    (one, _) = shown(advice()).ideas
    assert one.on == 'public."Odd <b>table" ("dé.y")'
    assert one.ddl.endswith('("dé.y");')
    assert (one.percent, one.width) == ("−60.0 %", "60.0")
    assert dict(one.figures) == {
        "Size": "3.81 MB",
        "A row written costs": "30 % more",
        "Statements helped": "1",
        "Access method": "btree",
    }
    assert one.reason == "Serves 1 statement and costs 90\N{NO-BREAK SPACE}000."
    (line,) = one.lines
    assert line.link == "/queries/?queryid=-77"
    assert (line.before, line.after, line.saved) == ("90 000", "80", "−99.9 %")
    assert "HypoPG" in one.basis


def test_an_index_that_was_made_meanwhile():
    found = ideas_of(kept_of(advice()), DOORS, there={('public."Odd <b>table"', "odd_2"), ("other", "odd_1")})
    assert [one.is_there for one in found.ideas] == [False, True]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"basis": "stand-in", "using": "gin"}, "HypoPG cannot pretend GIN"),
        ({"basis": "model"}, "Reckoned by a model"),
    ],
)
def test_the_basis_in_words(changes, expected):
    (one,) = shown(advice(recommendations=(recommendation(1, **changes),))).ideas
    assert one.basis.startswith(expected)


def test_a_covering_partial_index_that_brings_nothing_alone():
    special = recommendation(1, include=("a", "b"), predicate="NOT done", gain=-0.001, write_overhead=0.001)
    (one,) = shown(advice(recommendations=(special,))).ideas
    assert one.on == 'public."Odd <b>table" ("dé.y") INCLUDE (a, b) WHERE NOT done'
    assert one.percent == "0 %"
    assert one.remark.startswith("Alone it brings next to nothing")
    assert dict(one.figures)["A row written costs"] == "nothing more"


def test_the_django_project():
    (one,) = shown(advice(recommendations=(recommendation(1, django=DJANGO),))).ideas
    assert one.model.endswith('models.Index(fields=["day"], name="odd_1")')
    assert one.migration.startswith("# stores/migrations/0007_odd_1.py\n# Run:")
    migration = DJANGO.partition("\n\n")[2]
    (one,) = shown(advice(recommendations=(recommendation(1, django=migration),))).ideas
    assert (one.model, one.migration) == ("", migration)
    (one,) = shown(advice(recommendations=(recommendation(1, django="# No model can say it."),))).ideas
    assert (one.model, one.migration) == ("# No model can say it.", "")


def test_statements_stand_by_what_they_gain():
    page = shown(advice())
    assert [line.saved for line in page.lines] == ["−99.9 %", "="]
    assert [line.link for line in page.lines] == ["/queries/?queryid=-77", ""]
    assert (page.lines[0].width_before, page.lines[0].width_after) == ("100.0", "1.0")
    assert "&#x27;***&#x27;" in page.lines[1].sql
    ((why, text),) = page.not_analyzed
    assert why == "There is no table nowhere."
    assert "secret" not in text
    other = shown(advice(), doors=Doors("other", False, "/queries/"))
    assert other.lines[0].link == "/queries/?queryid=-77&database=other"
    assert shown(advice(), doors=Doors("store", True, "")).lines[0].link == ""


def test_a_long_advice_is_cut_unless_all_is_asked_for():
    long = advice(FULL + 3, queries=advice().queries * LISTED)
    page = shown(long)
    assert [len(page.ideas), len(page.shorter), len(page.lines)] == [FULL, 3, LISTED]
    assert page.more_lines == LISTED
    page = shown(long, everything=True)
    assert [len(page.ideas), len(page.shorter), len(page.lines), page.more_lines] == [FULL + 3, 0, 2 * LISTED, 0]


def test_what_a_size_buys():
    frontier = shown(advice()).frontier
    assert frontier is not None
    assert [point.gain for point in frontier.points] == ["0 %", "−60.0 %", "−89.9 %"]
    assert [point.is_chosen for point in frontier.points] == [False, False, True]
    # What is asked for again is enough for what was promised.
    assert float(frontier.points[1].max_size_mb) * 1024 * 1024 >= 4_000_000
    assert frontier.points[0].max_size_mb == ""
    assert "size of the indexes, MB" in frontier.picture.wide
    tiny = (FrontierPoint(size_bytes=0, cost=5.0, indexes=0), FrontierPoint(size_bytes=1, cost=1.0, indexes=1))
    frontier = shown(advice(frontier=tiny)).frontier
    assert frontier is not None
    assert "size of the indexes, B" in frontier.picture.narrow
    assert shown(advice(frontier=tuple(replace(point, cost=0.0) for point in tiny))).frontier is None


def test_a_size_that_writes_make_dearer():
    points = advice().frontier
    written = (*points[:2], replace(points[2], cost=50_000.0))
    frontier = shown(advice(frontier=written)).frontier
    assert frontier is not None
    assert frontier.caveat.endswith("−50.0 % in all, where the statements alone gain −89.9 %.")
    frontier = shown(advice()).frontier
    assert frontier is not None
    assert frontier.caveat == ""
    assert frontier.has_others
    frontier = shown(advice(frontier=points[::2])).frontier
    assert frontier is not None
    assert not frontier.has_others


@pytest.mark.parametrize(
    ("gain", "said"), [(-0.1, "0 %"), (0.0004, "< 0.1 %"), (0.5, "−50.0 %"), (0.99999, "−99.9 %"), (1.0, "−100 %")]
)
def test_what_is_taken_off(gain, said):
    assert taken_off(gain) == said


def test_an_advice_that_is_not_taken_is_told(monkeypatch):
    monkeypatch.setattr("opsadmin.pages.ideas_kept.remember", lambda *given: None)
    with pytest.raises(OperationFailed, match="did not take it"):
        keep("store", WORKLOAD, advice(), by="anna", key="k", given={})


def test_an_advice_of_another_release_is_not_shown():
    kept_of(advice())
    row = SeenAnswer.objects.get()
    row.data["shape"]["Recommendation"].append("colour")
    row.save()
    assert kept("store", WORKLOAD) is None
