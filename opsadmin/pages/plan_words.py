"""What a node of a plan does, in a sentence for people who do not read plans every day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: By node type. `table` and `index` are its names, quoted nowhere: they are shown as text.
_WORDS = {
    "Bitmap Index Scan": gettext_lazy("Notes in a bitmap where the index %(index)s has what is looked for."),
    "Bitmap Heap Scan": gettext_lazy("Fetches from %(table)s what the bitmap below it names."),
    "BitmapAnd": gettext_lazy("Keeps of the bitmaps below what all of them have."),
    "BitmapOr": gettext_lazy("Puts the bitmaps below together."),
    "Tid Scan": gettext_lazy("Fetches rows of %(table)s by their place in the file."),
    "Tid Range Scan": gettext_lazy("Reads a range of the pages of %(table)s."),
    "Sample Scan": gettext_lazy("Reads a sample of %(table)s."),
    "Subquery Scan": gettext_lazy("Passes on the rows of a subquery."),
    "Function Scan": gettext_lazy("Takes the rows that the function %(table)s returns."),
    "Table Function Scan": gettext_lazy("Takes rows out of a document (XMLTABLE, JSON_TABLE)."),
    "Values Scan": gettext_lazy("Takes the rows that stand in the statement itself."),
    "CTE Scan": gettext_lazy("Reads what WITH %(table)s has put together."),
    "WorkTable Scan": gettext_lazy("Reads the rows of the last round of the recursion."),
    "Named Tuplestore Scan": gettext_lazy("Reads the rows that a trigger was given."),
    "Foreign Scan": gettext_lazy("Asks the foreign server for %(table)s."),
    "Nested Loop": gettext_lazy("For every row of its first side, goes through its second side."),
    "Hash Join": gettext_lazy("Looks each row of its first side up in a hash table of the second."),
    "Merge Join": gettext_lazy("Goes through both sides in the same order and joins what is equal."),
    "Hash": gettext_lazy("Puts the rows below it into a hash table."),
    "Sort": gettext_lazy("Sorts the rows below it."),
    "Incremental Sort": gettext_lazy("Sorts what comes sorted in part already, group by group."),
    "Materialize": gettext_lazy("Keeps the rows below it, to read them more than once."),
    "Memoize": gettext_lazy("Remembers what came for which value, and does not look again."),
    "Group": gettext_lazy("Makes one row of those that are equal."),
    "Unique": gettext_lazy("Leaves out rows that are equal to the one before."),
    "WindowAgg": gettext_lazy("Works out window functions."),
    "SetOp": gettext_lazy("Compares two sets of rows (INTERSECT, EXCEPT)."),
    "LockRows": gettext_lazy("Locks the rows that it passes on."),
    "Limit": gettext_lazy("Stops when there are enough rows."),
    "Append": gettext_lazy("Passes on the rows of all parts, one part after the other."),
    "Merge Append": gettext_lazy("Passes on the rows of all parts, in one order."),
    "Recursive Union": gettext_lazy("Repeats its second part until that brings nothing new."),
    "Gather": gettext_lazy("Collects what parallel workers bring."),
    "Gather Merge": gettext_lazy("Collects what parallel workers bring, in one order."),
    "ProjectSet": gettext_lazy("Makes the rows of functions that return many."),
    "ModifyTable": gettext_lazy("Writes to %(table)s."),
    "Result": gettext_lazy("Works out values without reading a table."),
}


def words_of(node_type: str, title: str, table: str, index: str, detail: Mapping[str, Any]) -> str:
    """The sentence; empty for a kind of node that this does not know (an extension's, a newer server's)."""
    names = {"table": table, "index": index}
    match node_type:
        case "Seq Scan" if "Filter" in detail:
            words = _("Reads all of %(table)s and keeps the rows that its filter lets through.")
        case "Seq Scan":
            words = _("Reads all of %(table)s.")
        case "Index Scan" if "Index Cond" in detail:
            words = _("Finds rows of %(table)s by the index %(index)s.")
        case "Index Scan" if "Order By" in detail:
            words = _("Takes the nearest rows of %(table)s from the index %(index)s.")
        case "Index Scan":
            words = _("Reads %(table)s in the order of the index %(index)s.")
        case "Index Only Scan" if "Index Cond" in detail:
            words = _("Finds what it needs of %(table)s in the index %(index)s alone.")
        case "Index Only Scan":
            words = _("Reads the index %(index)s instead of %(table)s.")
        case "Aggregate":
            words = _aggregate(title)
        case "Result" if "One-Time Filter" in detail:
            words = _("Decides once whether there is anything to do.")
        case _:
            words = str(_WORDS.get(node_type, ""))
    said = words % names
    if said and title.startswith("Parallel "):
        said += " " + _("Parallel workers share the work.")
    return said


def _aggregate(title: str) -> str:
    if "HashAggregate" in title or "MixedAggregate" in title:
        return _("Counts or sums by group, the groups in a hash table.")
    if "GroupAggregate" in title:
        return _("Counts or sums by group, of rows that come sorted.")
    return _("Counts or sums all rows into one.")
