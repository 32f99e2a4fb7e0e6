"""PostgreSQL's text format from its JSON, for a plan that was run: it is asked for once. The lines are those of EXPLAIN, so
that whatever reads its output reads this too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsadmin.plans.tree import relation_of, title_of

_HEADS = frozenset(
    """
    Node Type|Plans|Startup Cost|Total Cost|Plan Rows|Plan Width|Actual Startup Time|Actual Total Time|Actual Rows|
    Actual Loops|Relation Name|Schema|Alias|Index Name|Parent Relationship|Subplan Name|Output|Parallel Aware|
    Async Capable|Join Type|Strategy|Partial Mode|Scan Direction|Operation|Command|Inner Unique|Single Copy|Workers|
    Disabled|CTE Name|Function Name|Table Function Name|Custom Plan Provider|Tuplestore Name
    """.replace("\n", "")
    .replace("  ", "")
    .split("|")
)
_SORT = ("Sort Method", "Sort Space Used", "Sort Space Type")
_HASH = ("Hash Buckets", "Original Hash Buckets", "Hash Batches", "Original Hash Batches", "Peak Memory Usage")
_HEAP = ("Exact Heap Blocks", "Lossy Heap Blocks")
_AGGREGATE = ("HashAgg Batches", "Disk Usage", "Planned Partitions")
_BLOCKS = ("hit", "read", "dirtied", "written")
#: Said only where it is not the usual.
_QUIET = frozenset({"Heap Fetches", "Workers Planned", "Workers Launched"})


def text_of(statements: list[dict[str, Any]]) -> str:
    """The text, a blank line between statements."""
    return "\n\n".join("\n".join(_statement(one)) for one in statements)


def _statement(statement: dict[str, Any]) -> Iterator[str]:
    yield from _node(statement["Plan"], "", "")
    if settings := statement.get("Settings"):
        yield "Settings: " + ", ".join(f"{name} = '{value}'" for name, value in settings.items())
    planning = statement.get("Planning")
    if isinstance(planning, dict) and (buffers := _buffers(planning)):
        yield "Planning:"
        yield f"  {buffers}"
    if "Planning Time" in statement:
        yield f"Planning Time: {statement['Planning Time']} ms"
    for trigger in statement.get("Triggers") or ():
        name = trigger.get("Constraint Name") or trigger.get("Trigger Name")
        yield f"Trigger {name}: time={trigger.get('Time', 0)} calls={trigger.get('Calls', 0)}"
    if jit := statement.get("JIT"):
        yield "JIT:"
        yield f"  Functions: {jit.get('Functions', 0)}"
        yield "  Options: " + ", ".join(f"{name} {_word(on)}" for name, on in (jit.get("Options") or {}).items())
        if timing := jit.get("Timing"):
            yield "  Timing: " + ", ".join(
                f"{name} {value.get('Total', 0) if isinstance(value, dict) else value} ms"
                for name, value in timing.items()
            )
    if "Execution Time" in statement:
        yield f"Execution Time: {statement['Execution Time']} ms"


def _node(plan: dict[str, Any], indent: str, arrow: str) -> Iterator[str]:
    if name := plan.get("Subplan Name"):
        yield f"{indent}{name}"
        indent += "  "
        arrow = "->  "
    yield f"{indent}{arrow}{_headline(plan)}"
    inner = indent + " " * len(arrow) + "  "
    for line in _details(plan):
        yield inner + line
    for child in plan.get("Plans", ()):
        yield from _node(child, inner, "->  ")


def _headline(plan: dict[str, Any]) -> str:
    words = [title_of(plan)]
    relation, index = relation_of(plan), plan.get("Index Name")
    if index:
        words.append(f"using {index}" if relation else f"on {index}")
    if relation:
        words.append(f"on {relation}")
    alias = plan.get("Alias")
    if alias and relation and alias != relation.rpartition(".")[2]:
        words.append(alias)
    cost = f"(cost={plan['Startup Cost']}..{plan['Total Cost']} rows={plan['Plan Rows']} width={plan['Plan Width']})"
    if "Actual Loops" not in plan:
        return f"{' '.join(words)}  {cost}"
    if not plan["Actual Loops"]:
        return f"{' '.join(words)}  {cost} (never executed)"
    time = f"time={plan['Actual Startup Time']}..{plan['Actual Total Time']} " if "Actual Total Time" in plan else ""
    return f"{' '.join(words)}  {cost} (actual {time}rows={plan['Actual Rows']} loops={plan['Actual Loops']})"


def _details(plan: dict[str, Any]) -> Iterator[str]:
    for key, value in plan.items():
        if key in _HEADS or value in (None, "", []):
            continue
        if key in _SORT:
            if key == "Sort Method":
                yield f"Sort Method: {value}  {plan.get('Sort Space Type')}: {plan.get('Sort Space Used')}kB"
        elif key in _HASH:
            if key == "Hash Buckets":
                yield (
                    f"Buckets: {value}  Batches: {plan.get('Hash Batches')}  "
                    f"Memory Usage: {plan.get('Peak Memory Usage')}kB"
                )
            elif key == "Peak Memory Usage" and "Hash Buckets" not in plan:
                yield _hash_aggregate(plan)
        elif key in ("Storage", "Maximum Storage"):
            if key == "Storage":
                yield f"Storage: {value}  Maximum Storage: {plan.get('Maximum Storage')}kB"
        elif key in _HEAP:
            if key == "Exact Heap Blocks" and (plan[key] or plan.get("Lossy Heap Blocks")):
                blocks = {"exact": plan[key], "lossy": plan.get("Lossy Heap Blocks")}
                yield "Heap Blocks: " + " ".join(f"{name}={count}" for name, count in blocks.items() if count)
        elif key in _AGGREGATE or key.endswith((" Blocks", " I/O Read Time", " I/O Write Time")):
            if key == "Shared Hit Blocks" and (buffers := _buffers(plan)):
                yield buffers
        elif key.startswith("Rows Removed by") or key in ("Subplans Removed",):
            if value:
                yield f"{key}: {value}"
        elif isinstance(value, bool):
            if value:
                yield f"{key}: true"
        elif isinstance(value, list):
            if all(isinstance(one, str) for one in value):
                yield f"{key}: {', '.join(value)}"
        elif not isinstance(value, dict) and (value or key in _QUIET):
            yield f"{key}: {value}"


def _hash_aggregate(plan: dict[str, Any]) -> str:
    said = f"Batches: {plan.get('HashAgg Batches', 1)}  Memory Usage: {plan['Peak Memory Usage']}kB"
    return f"{said}  Disk Usage: {plan['Disk Usage']}kB" if plan.get("Disk Usage") else said


def _buffers(plan: dict[str, Any]) -> str:
    parts = []
    for kind in ("Shared", "Local", "Temp"):
        counts = [(word, plan.get(f"{kind} {word.capitalize()} Blocks", 0)) for word in _BLOCKS]
        if said := " ".join(f"{word}={count}" for word, count in counts if count):
            parts.append(f"{kind.lower()} {said}")
    return f"Buffers: {', '.join(parts)}" if parts else ""


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
