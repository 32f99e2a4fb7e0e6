"""Cells of the export."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stores.admin.history_export import as_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"])
def test_text_is_never_a_formula(text):
    assert as_cell(text) == "'" + text


def test_numbers_stay_numbers():
    assert as_cell(Decimal("-5.5")) == Decimal("-5.5")
    assert as_cell(-3) == -3
    assert as_cell("plain = text") == "plain = text"
