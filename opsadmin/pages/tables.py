"""The page "Tables": how large they are, what is done with them, and every object of the catalogue with what belongs to it. It
answers within moments also while PostgreSQL does not, with what was seen last."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.catalogue.kinds import DETAILED
from opsadmin.catalogue.tables import ORDERS
from opsadmin.core.errors import OperationError
from opsadmin.pages.actions import names_of
from opsadmin.pages.reading import Reading, read
from opsadmin.pages.registry import Page, pages, register_page
from opsadmin.pages.site import render_page, site_url
from opsadmin.pages.sql_result import rows_view
from opsadmin.pages.tables_one import object_view, told_object
from opsadmin.pages.tables_relation import May
from opsadmin.pages.tables_view import (
    KEPT,
    PAGE,
    RANGES,
    SHOWN,
    Choice,
    Listing,
    Wanted,
    kind_names,
    objects_listing,
    order_names,
    picked_objects,
    picked_tables,
    ranges_listing,
    tables_listing,
    told_ranges,
    told_tables,
)
from opsadmin.perform import find
from opsadmin.postgres.aliases import default_alias, postgres_aliases

LIST, RANGE_LIST, OBJECTS, DETAILS, ROWS = (
    "list_tables",
    "list_sequences",
    "list_objects",
    "get_object_details",
    "sample_rows",
)
#: Objects that are kept for an outage.
KEPT_OBJECTS = 60


def tables_page(request: HttpRequest) -> HttpResponse:
    """A list; with `?name=` one object."""
    if not request.user.has_perm(find(LIST).permission):
        raise PermissionDenied
    try:
        default = default_alias()
    except OperationError as error:
        return render_page(request, "overview_none", {"title": _("Tables"), "reason": error.message})
    wanted = _wanted(request, default)
    name = request.GET.get("name", "").replace("\0", "")
    return _one_page(request, wanted, name) if name else _list_page(request, wanted)


def _wanted(request: HttpRequest, default: str) -> Wanted:
    def given(name: str) -> str:
        return request.GET.get(name, "").strip().replace("\0", "")[:200]

    asked, show, sort, page = given("database"), given("show"), given("sort"), given("page")
    database = asked if asked in postgres_aliases() else default
    return Wanted(
        database=database,
        is_default=database == default,
        show=show if show in SHOWN else "",
        schema=given("schema"),
        text=given("text"),
        sort=sort if sort in ORDERS else ORDERS[0],
        page=min(max(1, int(page)), 100_000) if page.isdecimal() and len(page) < 10 else 1,
    )


# --- lists ----------------------------------------------------------------------------------------------------------
def _list_page(request: HttpRequest, wanted: Wanted) -> HttpResponse:
    reading, listing = _read_list(request, wanted)
    address = site_url(request, "ops_tables")
    names = kind_names()
    context = {
        "title": _("Tables"),
        "wanted": wanted,
        "databases": postgres_aliases(),
        "address": f"{address}{wanted.query()}",
        "reading": reading,
        "listing": listing,
        "kinds": [
            Choice(names[kind], wanted.query(show=kind, text="", sort="size", page=1), kind == wanted.show)
            for kind in SHOWN
        ],
        "orders": [
            Choice(label, wanted.query(sort=order, page=1), order == wanted.sort)
            for order, label in order_names().items()
        ]
        if not wanted.show
        else [],
        "schemas": _schemas(reading, wanted),
        "first_page": wanted.query(page=1),
        "unfiltered": wanted.query(text="", schema="", page=1),
        "kept": KEPT if reading.seen and not wanted.show else 0,
    }
    return render_page(request, "tables", context)


def _read_list(request: HttpRequest, wanted: Wanted) -> tuple[Reading, Listing | None]:
    if wanted.show == RANGES:
        reading = read(
            request, RANGE_LIST, {"database": wanted.database}, keep=RANGE_LIST, told=told_ranges, is_slow=True
        )
        return reading, ranges_listing(reading.found, wanted) if reading.found else None
    if wanted.show:
        return _read_objects(request, wanted)
    given = {
        "database": wanted.database,
        "schema": wanted.schema,
        "search": wanted.text,
        "sort_by": wanted.sort,
        "limit": KEPT if wanted.is_whole else PAGE,
        "offset": wanted.offset,
    }
    reading = read(
        request,
        LIST,
        given,
        keep=LIST if wanted.is_whole else "",
        told=told_tables,
        picked=lambda kept: picked_tables(kept, wanted),
        also=(LIST,),
    )
    return reading, tables_listing(reading.found, wanted) if reading.found else None


def _read_objects(request: HttpRequest, wanted: Wanted) -> tuple[Reading, Listing | None]:
    schema = wanted.schema or "public"
    given = {
        "database": wanted.database,
        "schema": schema,
        "object_type": wanted.show,
        "search": wanted.text,
        "limit": KEPT if wanted.page == 1 and not wanted.text else PAGE,
        "offset": wanted.offset,
    }
    name = f"{OBJECTS}.{_digest(wanted.show, schema)}"
    reading = read(
        request,
        OBJECTS,
        given,
        keep=name if wanted.page == 1 and not wanted.text else "",
        picked=lambda kept: picked_objects(kept, wanted),
        also=(name,),
        most=KEPT_OBJECTS,
    )
    return reading, objects_listing(reading.found, wanted) if reading.found is not None else None


def _schemas(reading: Reading, wanted: Wanted) -> list[str]:
    """For the filter: of tables all there are."""
    return list(reading.found["schemas"]) if reading.found and not wanted.show else []


def _digest(*parts: str) -> str:
    """For names of what is kept: an object's own may be longer."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


# --- one object -----------------------------------------------------------------------------------------------------
def _one_page(request: HttpRequest, wanted: Wanted, name: str) -> HttpResponse:
    kind = request.GET.get("type", "table")
    kind = kind if kind in DETAILED else "table"
    schema = request.GET.get("schema", "").replace("\0", "") or "public"
    given = {"database": wanted.database, "schema": schema, "name": name, "object_type": kind}
    address, own = site_url(request, "ops_tables"), wanted.object(schema, name, kind)
    show = "" if kind in ("table", "partitioned_table") else _show_of(kind)
    context: dict[str, Any] = {
        "title": name,
        "wanted": wanted,
        "schema": schema,
        "name": name,
        "address": f"{address}{own}",
        "back": f"{address}{wanted.query(schema='', show=show)}",
        "in_schema": f"{address}{wanted.query(schema=schema, show='')}",
        "may_see_rows": request.user.has_perm(find(ROWS).permission),
    }
    if "rows" in request.GET and context["may_see_rows"]:
        context |= _rows(request, given, own)
    else:
        context |= _details(request, wanted, given, own)
    reading: Reading = context["reading"]
    context["suggestions"] = _suggestions(reading, wanted, schema, name, kind)
    answer = render_page(request, "tables_one", context)
    answer.status_code = 404 if reading.wrong else 200
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _details(request: HttpRequest, wanted: Wanted, given: dict[str, str], own: str) -> dict[str, Any]:
    """The object with all that belongs to it."""
    schema, name, kind = given["schema"], given["name"], given["object_type"]
    keep = f"object.{_digest(kind, schema, name)}"
    reading = read(request, DETAILS, given, keep=keep, told=told_object, most=KEPT_OBJECTS)
    if not reading.found:
        return {"reading": reading}
    user = request.user

    def page_of(operation: str) -> str:
        return site_url(request, "ops_run_operation", operation)

    may = May(user.has_perm("opsadmin.create_index"), user.has_perm("opsadmin.drop_index"), page_of)
    one = object_view(reading.found, wanted, may if not reading.seen else None)
    found = {"reading": reading, "one": one, "title": one.title}
    if one.has_rows and not reading.seen:
        found["rows_link"] = f"{site_url(request, 'ops_tables')}{own}&rows=1"
    return {**found, "links": [*_of(reading, wanted), *_links(request, wanted, schema, name, kind, own)]}


def _rows(request: HttpRequest, given: dict[str, str], own: str) -> dict[str, Any]:
    """Some rows of the object. They are not kept."""
    asked = {name: given[name] for name in ("database", "schema", "name")}
    reading = read(request, ROWS, asked, told=lambda found: found)
    found = {
        "reading": reading,
        "address": f"{site_url(request, 'ops_tables')}{own}&rows=1",
        "links": [(_("All of the object"), f"{site_url(request, 'ops_tables')}{own}")],
    }
    if reading.found is None:
        return found
    limit = next(one for one in find(ROWS).fields if one.name == "limit").default
    common = [
        (one.column, [(value, f"{100 * share:.0f} %") for value, share in one.values])
        for one in reading.found.common[:30]
    ]
    return {**found, "sample": {"view": rows_view(reading.found.rows, limit), "common": common}}


def _show_of(kind: str) -> str:
    kinds = {"procedure": "function", "aggregate": "function", "domain": "type", "schema": ""}
    show = kinds.get(kind, kind)
    return show if show in SHOWN else ""


def _suggestions(reading: Reading, wanted: Wanted, schema: str, name: str, kind: str) -> list[tuple[str, str]]:
    """Links to what may have been meant."""
    wrong = reading.wrong
    if wrong is None:
        return []
    match wrong.parameter:
        case "name":
            return [(one, wanted.object(schema, one, kind)) for one in wrong.allowed]
        case "schema":
            return [(f"{one}.{name}", wanted.object(one, name, kind)) for one in wrong.allowed]
        case "object_type":
            return [(f"{schema}.{name}", wanted.object(schema, name, one)) for one in wrong.allowed]
    return []


def _of(reading: Reading, wanted: Wanted) -> list[tuple[str, str]]:
    """To the table that an index is on."""
    names = names_of(reading.found["details"].get("of", ""))
    return [(_("Its table"), wanted.object(names[0], names[1], "table"))] if len(names) == 2 else []


def _links(request: HttpRequest, wanted: Wanted, schema: str, name: str, kind: str, own: str) -> list[tuple[str, str]]:
    """Where there is more of it, as far as the person may go there."""
    found = []
    queries = next((page for page in pages() if page.slug == "queries"), None)
    if (
        queries is not None
        and kind in ("table", "view", "materialized_view")
        and request.user.has_perm(queries.permission)
    ):
        query = replace(wanted, text=name, schema="", show="", page=1, sort="size").query()
        found.append((_("Statements with its name"), f"{site_url(request, queries.url_name)}{query}"))
    whole = own.replace("&type=", "&object_type=")
    found.append((_("All that is known"), f"{site_url(request, 'ops_run_operation', DETAILS)}{whole}"))
    return found


register_page(Page("tables", gettext_lazy("Tables"), tables_page, "opsadmin.view_database", order=-78))
