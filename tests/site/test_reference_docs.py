"""The pages of docs/ that are made from the registries say what the registries say."""

import re

import pytest

from opsadmin.health.catalog import checks
from switchbot_site.reference_docs import DOCS, checks_page, operations_page


@pytest.mark.parametrize("name, made", [("checks.md", checks_page), ("operations.md", operations_page)])
def test_the_page_is_current(name, made):
    assert (DOCS / name).read_text(encoding="utf-8") == made(), "run: python -m switchbot_site.reference_docs"


def test_a_finding_points_to_a_heading_that_is_there():
    headings = set(re.findall(r"^### (.+)$", checks_page(), re.MULTILINE))
    assert headings == {one.id for one in checks()}
