"""Documents to text and back: the same value and type, from a file and from jsonb."""

from __future__ import annotations

import json
import math
import sys
import threading
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.backends.json_rules import MAX_PROBLEMS, TOO_LARGE
from stores.backends.json_text import MAX_BYTES, MAX_DEPTH, check, decode, encode, inexact_numbers, parse_file
from stores.errors import DocumentDamaged, DocumentError

SAMPLES = Path(__file__).parents[1] / "samples"

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
texts = st.text(characters, max_size=12)
keys = texts | st.sampled_from(["", "a.b", "a[0]", "\\u0000", '"', "é", "🌡"])
floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [0.1, 1e22, 1e-7, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e308, 1e16, 123456789012345680.0]
)
leaves = (
    st.none() | st.booleans() | st.integers() | st.integers(-(2**200), 2**200) | floats | texts | st.just("\\u0000")
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))
documents = st.dictionaries(keys, values, max_size=5)


def alike(one: Any, other: Any) -> bool:
    """Equal, with equal types all the way down; -0.0 is 0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def has_exponent(value: Any) -> bool:
    if isinstance(value, dict):
        return any(has_exponent(member) for member in value.values())
    if isinstance(value, list):
        return any(has_exponent(member) for member in value)
    return isinstance(value, float) and ("e" in repr(value) or repr(value) == "-0.0")


def deep(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(depth - 1):
        document = {"a": document}
    return document


def problems_of(call: Any, *arguments: Any, **options: Any) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        call(*arguments, **options)
    return [str(problem) for problem in caught.value.problems]


class TestRoundTrip:
    @given(documents, st.sampled_from([None, 2]))
    @settings(max_examples=100, deadline=None)
    def test_text_gives_the_document_back(self, document, indent):
        text = encode(document, indent=indent)
        assert alike(decode(text), document)
        assert alike(decode(text.encode()), document)
        assert alike(parse_file(text.encode(), source="f"), document)

    @given(documents)
    @settings(max_examples=100, deadline=None)
    def test_layout_is_the_dashboards(self, document):
        if not has_exponent(document):
            assert encode(document, indent=2) == json.dumps(document, indent=2, ensure_ascii=False)
            assert encode(document) == json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    @given(documents)
    @settings(max_examples=100, deadline=None)
    def test_any_json_reader_reads_it(self, document):
        assert alike(json.loads(encode(document)), document)

    def test_jsonb_gives_the_document_back(self, postgres):
        @given(documents)
        @settings(max_examples=80, deadline=None)
        def through_jsonb(document):
            row = postgres.execute("SELECT (%s::jsonb)::text", [encode(document)]).fetchone()
            assert alike(decode(row[0]), document)

        through_jsonb()

    @pytest.mark.parametrize(
        "value", [1e22, -1e22, 1e-7, 5e-324, 1.7976931348623157e308, 0.1, 1e16, 5.0, 2**64, -(10**40)]
    )
    def test_numbers_keep_value_and_type_in_jsonb(self, postgres, value):
        row = postgres.execute("SELECT (%s::jsonb)::text", [encode({"n": value})]).fetchone()
        found = decode(row[0])["n"]
        assert found == value
        assert type(found) is type(value)

    def test_negative_zero_is_zero_on_both(self, postgres):
        assert encode({"n": -0.0}) == '{"n":0.0}'
        row = postgres.execute("SELECT (%s::jsonb)::text", [encode({"n": -0.0})]).fetchone()
        assert math.copysign(1, decode(row[0])["n"]) == 1

    def test_the_largest_numbers_fit_jsonb(self, postgres):
        document = {"i": 10**4299, "d": Decimal("0." + "0" * 4000 + "1" * 299), "f": Decimal("1" * 309 + ".5")}
        row = postgres.execute("SELECT (%s::jsonb)::text", [encode(document)]).fetchone()
        assert parse_file(row[0].encode(), source="jsonb") == document

    def test_subclasses_are_written_as_their_base(self):
        class Mode(StrEnum):
            WINTER = "winter"

        class Celsius(float):
            def __repr__(self):
                return "warm"

        assert encode({"mode": Mode.WINTER, "t": Celsius(1.5), "w": (1, 2)}) == '{"mode":"winter","t":1.5,"w":[1,2]}'


class TestRefused:
    """Alike in `encode` (before anything is written), in `decode` and in `parse_file`."""

    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            ({"winter": {"min_temp": math.nan}}, "winter.min_temp: NaN is not a number"),
            ({"time_windows": [{"start": math.inf}]}, "time_windows[0].start: Infinity is not"),
            ({"a": -math.inf}, "a: -Infinity is not"),
            ({"a": "x\x00"}, "a: The text contains a NUL"),
            ({"a": ["\ud800"]}, "a[0]: The text contains half of a character"),
            ({"a\x00": 1}, 'The key ["a\\u0000"]: The text contains a NUL'),
            ({"w": {"\udfff": 1}}, 'w: The key ["\\udfff"]: The text contains half'),
            ({"w": {1: 2}}, "w: The key 1 is a number; keys must be text"),
            ({None: 2}, "The key None is null; keys must be text"),
            ({"a": {1, 2}}, "a: A value of type set cannot be written"),
            ({"a": b"x"}, "a: A value of type bytes cannot"),
            ({"a": 10**4300}, "a: The number has more than 4,300 digits"),
            ({"a": -(10**4300)}, "a: The number has more than 4,300 digits"),
            ({"a": Decimal("NaN")}, "a: NaN is not"),
            ({"a": Decimal("sNaN")}, "a: sNaN is not"),
            ({"a": Decimal("1e400")}, "a: The number is larger than any reader can hold"),
            ({"a": Decimal("1e999999")}, "a: The number is larger than any reader can hold"),
            ({"a": Decimal("1e-9999")}, "a: The number is closer to zero"),
            ({"a": Decimal("1." + "1" * 4300)}, "a: The number has more than 4,300 digits"),
            (["a"], "The document must be an object with keys and values ({...}), not a list."),
            (None, "The document must be an object with keys and values ({...}), not null."),
        ],
    )
    def test_encode_says_where(self, document, expected):
        found = problems_of(encode, document)
        assert len(found) == 1
        assert expected in found[0]
        assert found == problems_of(encode, document, indent=2)
        assert found == [str(problem) for problem in check(document)]

    def test_all_problems_at_once(self):
        found = problems_of(encode, {"a": math.nan, "b": [1, "\x00", {"c": {2: object()}}], "d": "fine"})
        assert [text.split(":")[0] for text in found] == ["a", "b[1]", "b[2].c", 'b[2].c["2"]']

    def test_a_long_list_of_problems_ends(self):
        assert len(problems_of(encode, {"a": [math.nan] * 10_000})) == MAX_PROBLEMS + 1

    @given(
        st.recursive(
            leaves | st.sampled_from([math.nan, math.inf, "\x00", "\ud800", "\\u0000", b"", Decimal("1e400")]),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(keys | st.just("\x00") | st.none(), inner, max_size=3)
            ),
        )
    )
    @settings(max_examples=150, deadline=None)
    def test_writing_and_checking_agree(self, value):
        from stores.backends.json_check import find_problems

        try:
            encode({"v": value})
        except DocumentError as error:
            raised = error.problems
        else:
            raised = []
        assert raised == find_problems({"v": value})

    def test_what_encode_refuses_jsonb_cannot_hold_either(self, postgres):
        import psycopg

        for text in ('{"a":"\\u0000"}', '{"a":NaN}', '{"a":"\\ud800"}', '{"a":Infinity}'):
            with pytest.raises(psycopg.DataError):
                postgres.execute("SELECT %s::jsonb", [text])
            with pytest.raises(DocumentDamaged):
                decode(text)
            with pytest.raises(DocumentError):
                encode(json.loads(text))

    def test_depth(self):
        fits, too_deep = deep(MAX_DEPTH), deep(MAX_DEPTH + 1)
        for indent in (None, 2):
            assert decode(encode(fits, indent=indent)) == fits
            assert "nested more than 200" in problems_of(encode, too_deep, indent=indent)[0]
        assert "nested more than 200" in problems_of(decode, json.dumps(too_deep))[0]
        assert "nested more than 200" in problems_of(parse_file, json.dumps(too_deep).encode(), source="f")[0]
        lists = '{"a":' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}"
        assert encode(decode(lists)) == lists
        assert "nested more than 200" in problems_of(decode, lists.replace("[]", "[[]]"))[0]

    def test_depth_from_a_deep_stack(self):
        document = deep(MAX_DEPTH)
        text = json.dumps(document)

        def descend(left: int) -> tuple[str, Any]:
            if left:
                return descend(left - 1)
            return encode(document), decode(text)

        frame, used = sys._getframe(), 0
        while frame.f_back is not None:
            frame, used = frame.f_back, used + 1
        written, found = descend(sys.getrecursionlimit() - used - 60)
        assert decode(written) == document == found

    def test_a_cycle_is_named(self):
        document: dict[str, Any] = {"a": {}}
        document["a"]["b"] = [document]
        assert problems_of(encode, document) == ["a.b[0]: The value contains itself. Take it out."]

    def test_one_list_held_many_times_ends(self):
        value: list[Any] = ["x" * 500]
        for _ in range(60):
            value = [value, value]
        assert problems_of(encode, {"a": value}) == [TOO_LARGE]
        found = problems_of(encode, {"a": [math.nan], "b": value})
        assert found[0].startswith("a[0]: NaN")
        assert found[1] == "Only the first 500,000 values were examined."

    def test_size_counts_without_the_layout(self):
        fits = {"a": "x" * (MAX_BYTES - 8)}
        assert len(encode(fits)) == MAX_BYTES
        assert decode(encode(fits, indent=2)) == fits
        for indent in (None, 2):
            assert "more than 16 MiB" in problems_of(encode, {"a": "x" * (MAX_BYTES - 7)}, indent=indent)[0]
        accents = {"a": "é" * (MAX_BYTES // 2)}
        assert "more than 16 MiB" in problems_of(encode, accents)[0]
        text = json.dumps(accents, ensure_ascii=False)
        assert "more than 16 MiB" in problems_of(decode, text)[0]
        assert "more than 16 MiB" in problems_of(parse_file, text.encode(), source="f")[0]

    def test_a_document_changed_by_another_thread_never_breaks_out(self):
        document = {str(number): number for number in range(2000)}
        stop = threading.Event()
        refused: list[str] = []

        def churn() -> None:
            number = 0
            while not stop.is_set():
                document[f"new{number % 50}"] = number
                document.pop(f"new{(number + 25) % 50}", None)
                number += 1

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(200):
                try:
                    decode(encode(document))
                except DocumentError as error:
                    refused.append(str(error))
        finally:
            stop.set()
            thread.join()
        assert all("changed while" in message for message in refused)


class TestDamaged:
    """`decode`: what a store holds."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", "line 1, column 1: The file is empty"),
            ("[1]", "line 1, column 1: The document must be an object"),
            ('"x"', "not a text"),
            ('{\n  "a": NaN\n}', "line 2, column 8: a: NaN is not"),
            ('{"a": [1, -Infinity]}', "line 1, column 11: a[1]: -Infinity"),
            ('{"a": 1e400}', "line 1, column 7: a: The number is larger"),
            ('{"a": -1' + "0" * 400 + ".5}", "a: The number is larger"),
            ('{"a": ' + "1" * 4301 + "}", "line 1, column 7: a: The number has more than 4,300 digits"),
            ('{"a": "\\u0000"}', "line 1, column 7: a: The text contains a NUL"),
            ('{"a": "\\uDfff"}', "a: The text contains half"),
            ('{"a": "\ud800"}', "line 1, column 8: The text contains half"),
            ('{"a": 1', "line 1, column 8: a: The text ends here"),
            ("[" * 100_000, "nested more than 200"),
            ('{"a":' * 100_000, "nested more than 200"),
            (b'{"a": 1}' + b"\x00" * 4096, "line 1, column 9: From here on there are zero bytes"),
            (b"\x00" * 4096, "line 1, column 1: From here on there are zero bytes"),
            (b"\x80\x81\x82", "line 1, column 1: The byte 0x80 is not UTF-8"),
            ('{"a":1}'.encode("utf-16"), "looks like UTF-16"),
            ('{"a":1}'.encode("utf-16-le"), "looks like UTF-16"),
        ],
    )
    def test_says_where(self, text, expected):
        with pytest.raises(DocumentDamaged) as caught:
            decode(text, source="settings.json")
        assert expected in str(caught.value)
        assert str(caught.value).startswith("settings.json: ")

    @pytest.mark.parametrize(
        "text", ['\ufeff{"a":1}', '{"a":1}\r\n', '\r\n{\r\n"a":\t1}', '{"a":2,"a":1}', '\ufeff{"a":1}'.encode()]
    )
    def test_harmless(self, text):
        assert decode(text) == {"a": 1}

    def test_escapes_that_only_look_dangerous(self):
        assert decode('{"a": "\\\\u0000", "b": "\\ud83c\\udf21"}') == {"a": "\\u0000", "b": "🌡"}

    def test_other_interpreter_limits_change_nothing(self):
        digits, depth = sys.get_int_max_str_digits(), sys.getrecursionlimit()
        try:
            sys.set_int_max_str_digits(0)
            assert "4,300 digits" in problems_of(decode, '{"a": ' + "1" * 5000 + "}")[0]
            assert "4,300 digits" in problems_of(encode, {"a": 10**5000})[0]
            sys.set_int_max_str_digits(640)
            assert "4,300 digits" in problems_of(decode, '{"a": ' + "1" * 700 + "}")[0]
            sys.setrecursionlimit(5_000)
            assert "nested more than 200" in problems_of(decode, '{"a":' * 1_000_000)[0]
            sys.setrecursionlimit(10**6)
            assert "nested more than 200" in problems_of(decode, '{"a":' * 1_000_000)[0]
        finally:
            sys.set_int_max_str_digits(digits)
            sys.setrecursionlimit(depth)

    @given(documents, st.data())
    @settings(max_examples=80, deadline=None)
    def test_every_truncation_is_found(self, document, data):
        text = encode(document, indent=2)
        cut = data.draw(st.integers(0, len(text) - 1))
        for read in (lambda: decode(text[:cut]), lambda: parse_file(text[:cut].encode(), source="f")):
            found = problems_of(read)
            assert len(found) == 1
            assert "The text ends here" in found[0] or "The file is empty" in found[0]

    @given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0dD8ean1.-+ \n\x00tr/', max_size=30).map(str.encode))
    @settings(max_examples=200, deadline=None)
    def test_nothing_but_a_document_error_comes_out(self, data):
        try:
            loose = decode(data)
        except DocumentDamaged:
            with pytest.raises(DocumentError):
                parse_file(data, source="f")
        else:
            assert alike(decode(encode(loose)), loose)


class TestFile:
    """`parse_file`: strict."""

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("duplicate_keys", "line 1, column 59: poll_interval_seconds: The key stands twice"),
            ("empty", "line 1, column 1: The file is empty"),
            ("latin1", "line 1, column 46: The byte 0xe9 is not UTF-8. In Latin-1 it would be 'é'"),
            ("not_a_number", "line 1, column 52: hysteresis_celsius: NaN is not a number"),
            ("nul_character", "line 1, column 42: timezone: The text contains a NUL"),
            ("top_level_list", "line 1, column 1: The document must be an object"),
            ("truncated", "The text ends here"),
        ],
    )
    def test_samples(self, name, expected):
        found = problems_of(parse_file, (SAMPLES / f"{name}.json").read_bytes(), source=name)
        assert len(found) == 1
        assert expected in found[0]

    def test_out_of_range_is_no_business_of_the_parser(self):
        assert parse_file((SAMPLES / "out_of_range.json").read_bytes(), source="f")["mode"] == "autumn"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('{"a":1}\n{"b":2}', "line 2, column 1: A second document begins here"),
            ('{"a":1}}', "line 1, column 8: The document ends before this"),
            ('{"a":1,}', "line 1, column 7: a: There is a comma before the closing '}'"),
            ('{"a":[1,]}', "line 1, column 8: a[0]: There is a comma before the closing ']'"),
            ('{"a":1 "b":2}', "line 1, column 8: a: '\"' stands where a comma"),
            ("{a:1}", "line 1, column 2: 'a' stands where a key in double quotes should be"),
            ('{"a" 1}', "line 1, column 6: a: '1' stands where the colon"),
            ('{"a":}', "line 1, column 6: a: '}' stands where a value should be"),
            ('{"a":1]', "line 1, column 7: a: ']' stands where a comma, or the '}'"),
            ('{"a":01}', "line 1, column 6: a: This is not a number as JSON writes them"),
            ('{"a":.5}', "a: This is not a number"),
            ('{"a":1.}', "a: This is not a number"),
            ('{"a":+1}', "a: This is not a number"),
            ('{"a":True}', "a: True is not JSON. Write true."),
            ('{"a":yes}', "a: A word stands where a value should be"),
            ('{"a":1} // x', "line 1, column 9: The document ends before this"),
            ('{ // x\n"a":1}', "line 1, column 3: JSON has no comments"),
            ('{"a":"x\ny"}', "line 1, column 8: a: The line ends inside a text"),
            ('{"a":"\t"}', "a: The control character U+0009"),
            ('{"a":"\\x"}', "a: A backslash here begins no escape"),
            ('{"a":"\\u12"}', "a: A backslash here begins no escape"),
            ('{"é":1,\r\n"ü": NaN}', 'line 2, column 6: ["ü"]: NaN'),
            ('\ufeff{"a":NaN}', "line 1, column 6: a: NaN"),
        ],
    )
    def test_says_where(self, text, expected):
        found = problems_of(parse_file, text.encode(), source="f")
        assert len(found) == 1
        assert expected in found[0]

    def test_all_meaning_problems_at_once(self):
        text = '{"a": 1, "a": NaN,\n "w": {"x": 1, "x": 2, "y": "\\u0000"},\n "n": 1e999,\n "z": "\\ud800", "a": 3}'
        found = problems_of(parse_file, text.encode(), source="f")
        assert [line.split(": ")[0] for line in found] == [
            "line 1, column 10", "line 1, column 15", "line 2, column 16", "line 2, column 29", "line 3, column 7",
            "line 4, column 7", "line 4, column 17",
        ]  # fmt: skip

    def test_a_cut_off_file_says_what_is_open(self):
        found = problems_of(parse_file, b'{\n "winter": {\n  "min_temp": [1', source="f")
        assert "line 3, column 17: winter.min_temp[0]: The text ends here" in found[0]
        assert "winter (opened in line 2), winter.min_temp (opened in line 3)" in found[0]

    def test_numbers_finer_than_a_double_are_kept(self):
        text = '{"a": 12345678901234567890.5, "b": [0.1, 1e22, 1e-400], "c": 1.10, "i": 123456789012345678901}'
        document = parse_file(text.encode(), source="f")
        assert document["a"] == Decimal("12345678901234567890.5")
        assert document["b"][:2] == [0.1, 1e22]
        assert type(document["b"][1]) is float
        assert document["c"] == 1.1
        assert type(document["i"]) is int
        assert [problem.path for problem in inexact_numbers(document)] == ["a", "b[2]"]
        assert '"a":12345678901234567890.5,' in encode(document)
        assert parse_file(encode(document).encode(), source="f") == document
        assert alike(decode(text)["b"], [0.1, 1e22, 0.0])

    def test_a_number_finer_than_anyone_keeps(self):
        for number in ("1e-99999", "1e-99999999999999999999"):
            assert "closer to zero" in problems_of(parse_file, f'{{"a":{number}}}'.encode(), source="f")[0]
        assert parse_file(b'{"a":0e99999999999999999999}', source="f") == {"a": 0.0}

    def test_messages_hold_no_values(self):
        secret = "https://maker.ifttt.com/trigger/x/with/key/s3cr3t"
        for text in (
            f'{{"a": "{secret}\n"}}',
            f'{{"a": "{secret}\\u0000"}}',
            f'{{"a": {secret}}}',
            f'{{"a": "{secret}',
        ):
            assert "s3cr3t" not in " ".join(problems_of(parse_file, text.encode(), source="f"))

    def test_long_texts_take_linear_time(self):
        long = {"a": "x" * 8_000_000, "b": ["y" * 50] * 100_000}
        assert parse_file(json.dumps(long).encode(), source="f") == long
        bad = json.dumps({"a": ["x" * 1000] * 4000, "b": [math.nan] * 200}, indent=2).encode()
        assert len(problems_of(parse_file, bad, source="f")) == MAX_PROBLEMS + 1


@pytest.fixture
def postgres():
    import os

    import psycopg

    with psycopg.connect(os.environ["POSTGRES_URL"], autocommit=True) as connection:
        yield connection
