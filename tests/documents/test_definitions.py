"""Every key of both documents: what fits, what does not, and the edges, taken from the definitions."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from stores.documents import DEFINITIONS, defaults, known_keys, masked, ordered, validate
from stores.documents.fields import (
    BoolField,
    ChoiceField,
    DayField,
    FloatField,
    IntField,
    MomentField,
    TextField,
    TimeZoneField,
    WebAddressField,
)

SAMPLE_HOME = Path(__file__).parents[2] / "switchbot_site/local/sample_home"
SAMPLES = Path(__file__).parents[1] / "samples"


def holding(keys, value):
    for key in reversed(keys):
        value = {key: value}
    return value


def codes(kind, keys, value, strict=True):
    return [remark.code for remark in validate(kind, holding(keys, value), strict=strict)]


LEAVES = [(kind, keys, field) for kind, found in DEFINITIONS.items() for keys, field in found.leaves()]


def of_type(*types):
    return [
        pytest.param(kind, keys, field, id=f"{kind}:{'.'.join(keys)}")
        for kind, keys, field in LEAVES
        if isinstance(field, types)
    ]


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(IntField, FloatField))
def test_a_number_keeps_its_range(kind, keys, field):
    low, high = field.minimum, field.maximum
    step = 1 if isinstance(field, IntField) else Decimal("0.1")
    for edge, beyond in ((low, -step), (high, step)):
        if edge is not None:
            assert codes(kind, keys, edge) == []
            assert codes(kind, keys, edge + beyond) == ["range"]
    assert codes(kind, keys, 10**400) == ([] if high is None else ["range"])


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(IntField, FloatField))
def test_a_number_is_neither_text_nor_a_truth_value(kind, keys, field):
    for wrong in (True, False, "1", [], {}, [1], float("nan"), float("inf"), Decimal("NaN")):
        assert codes(kind, keys, wrong) == ["type"]
    assert codes(kind, keys, None) == ([] if field.nullable else ["type"])


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(IntField))
def test_a_whole_number_has_no_fraction(kind, keys, field):
    for wrong in (3.5, 3.0, Decimal("3")):
        assert codes(kind, keys, wrong) == ["type"]


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(FloatField))
def test_a_fractional_number_may_be_whole(kind, keys, field):
    middle = ((field.minimum or 0) + (field.maximum or 0)) // 2
    for fits in (middle, float(middle), Decimal(middle) + Decimal("0.1")):
        assert codes(kind, keys, fits) == []


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(BoolField))
def test_a_truth_value_is_not_a_number(kind, keys, field):
    assert codes(kind, keys, True) == codes(kind, keys, False) == []
    for wrong in (0, 1, "true", "", None, []):
        assert codes(kind, keys, wrong) == ["type"]


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(ChoiceField))
def test_a_choice_is_one_of_its_values(kind, keys, field):
    for value, _ in field.choices:
        assert codes(kind, keys, value) == []
        assert codes(kind, keys, value.upper()) == ["choice"]
    assert codes(kind, keys, "") == ["choice"]
    assert codes(kind, keys, 1) == ["type"]


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(MomentField))
def test_a_moment_is_iso_with_its_offset(kind, keys, field):
    for fits in ("2026-07-18T14:22:07.481930+00:00", "2026-07-18T14:22:07Z", "2026-07-18T14:22:07+02:00"):
        assert codes(kind, keys, fits) == []
    for wrong in ("2026-07-18T14:22:07", "2026-07-18", "yesterday", "", "2026-02-30T00:00:00Z"):
        assert codes(kind, keys, wrong) == ["format"]
    assert codes(kind, keys, 1784384527) == ["type"]
    assert codes(kind, keys, None) == ([] if field.nullable else ["type"])


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(DayField))
def test_a_day_is_a_date(kind, keys, field):
    assert codes(kind, keys, "2026-07-18") == []
    for wrong in ("2026-7-18", "20260718", "18.07.2026", "2026-02-30", "", "2026-W29-6"):
        assert codes(kind, keys, wrong) == ["format"]
    assert codes(kind, keys, 20260718) == ["type"]


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(TimeZoneField))
def test_a_time_zone_is_an_iana_name(kind, keys, field):
    assert codes(kind, keys, "Europe/Paris") == codes(kind, keys, "UTC") == []
    for wrong in ("Europe/Pariss", "", "../../etc/passwd", "/etc/localtime", "CET+1", "Europe\x00Paris"):
        assert codes(kind, keys, wrong) == ["format"]
    assert codes(kind, keys, 1) == ["type"]


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(WebAddressField))
def test_a_webhook_is_https(kind, keys, field):
    assert codes(kind, keys, "https://maker.ifttt.com/trigger/on/with/key/abc") == codes(kind, keys, "") == []
    for wrong in ("http://maker.ifttt.com/x", "https://", "https://a b/", "//host/x", "javascript:1", "https://[/x"):
        assert codes(kind, keys, wrong) == ["format"]
    assert codes(kind, keys, 1) == ["type"]


@pytest.mark.parametrize(("kind", "keys", "field"), of_type(TextField))
def test_text_is_text_within_its_limits(kind, keys, field):
    for wrong in (1, True, [], {}):
        assert codes(kind, keys, wrong) == ["type"]
    assert codes(kind, keys, None) == ([] if field.nullable else ["type"])
    if field.longest is not None:
        assert codes(kind, keys, "a" * field.longest) == []
        assert codes(kind, keys, "a" * (field.longest + 1)) == ["format"]
    if field.longest == 50:
        assert codes(kind, keys, "") == codes(kind, keys, "C271111EC0AB") == codes(kind, keys, "02-2020-13") == []
        assert codes(kind, keys, "02:11") == ([] if "device" in keys[0] else ["format"])
        for wrong in ("a b", "é", "a_b", "a\n", "٣"):
            assert codes(kind, keys, wrong) == ["format"]


def test_the_parameters_of_the_last_command():
    assert codes("state", ["assumed_aircon_parameter"], "24.5,2,2,on") == []
    for wrong in ("", "24.5,2,2", "24.5,2,2,maybe", "24.5;2;2;on"):
        assert codes("state", ["assumed_aircon_parameter"], wrong) == ["format"]


@pytest.mark.parametrize(
    ("key", "fits", "too_low", "too_high"),
    [("poll_interval_seconds", 15, 14, None), ("idle_poll_interval_seconds", 15, 14, 86401)],
)
def test_what_is_there_is_judged_by_what_the_dashboard_tolerates(key, fits, too_low, too_high):
    assert codes("settings", [key], fits, strict=False) == []
    assert codes("settings", [key], fits, strict=True) == ["range"]
    assert codes("settings", [key], too_low, strict=False) == ["range"]
    assert codes("settings", [key], 10**9, strict=False) == ([] if too_high is None else ["range"])


class TestSeasons:
    def test_the_lowest_must_not_exceed_the_highest(self):
        (remark,) = validate("settings", {"winter": {"min_temp": 22.1, "max_temp": 22}})
        assert (remark.path, remark.code) == ("winter.min_temp", "relation")
        assert codes("settings", ["summer"], {"min_temp": 22, "max_temp": 22.0}) == []

    def test_what_is_no_number_has_no_order(self):
        assert codes("settings", ["summer"], {"min_temp": "30", "max_temp": 20}) == ["type"]

    def test_it_is_an_object(self):
        for wrong in ([], "x", 3, None):
            assert codes("settings", ["winter"], wrong) == ["type"]


class TestTimeWindows:
    def test_good_windows(self):
        for window in (
            {"days": [0, 6], "start": "00:00", "end": "23:59"},
            {"days": [], "start": "22:00", "end": "06:00"},
        ):
            assert codes("settings", ["time_windows"], [window, window]) == []

    @pytest.mark.parametrize("text", ["24:00", "7:30", "07:60", "07:30:00", "", "٠٧:٣٠", "07:30\n"])
    def test_times(self, text):
        (remark,) = validate("settings", {"time_windows": [{}, {"start": text}]})
        assert (remark.path, remark.code) == ("time_windows[1].start", "format")

    def test_days(self):
        found = validate("settings", {"time_windows": [{"days": [0, 7, -1, True, "1", 2.0]}]})
        assert [(remark.path, remark.code) for remark in found] == [
            ("time_windows[0].days[1]", "range"),
            ("time_windows[0].days[2]", "range"),
            ("time_windows[0].days[3]", "type"),
            ("time_windows[0].days[4]", "type"),
            ("time_windows[0].days[5]", "type"),
        ]

    def test_forms(self):
        assert codes("settings", ["time_windows"], {}) == ["type"]
        assert codes("settings", ["time_windows"], ["x", None]) == ["type", "type"]
        assert codes("settings", ["time_windows"], [{"days": 3}]) == ["type"]


def test_unknown_keys_are_noted():
    found = validate("settings", {"a.b": 1, "mode": "winter", "winter": {"x": 1}, "é\x00\ud800": {}})
    assert [(remark.path, remark.code) for remark in found] == [
        ("winter.x", "unknown"),
        ('["a.b"]', "unknown"),
        ('["\\u00e9\\u0000\\ud800"]', "unknown"),
    ]


@pytest.mark.parametrize("kind", DEFINITIONS)
class TestSampleHome:
    def sample(self, kind):
        return json.loads((SAMPLE_HOME / f"{kind}.json").read_text(encoding="utf-8"))

    def test_has_no_remarks(self, kind):
        assert validate(kind, self.sample(kind)) == []

    def test_is_in_the_dashboards_order(self, kind):
        sample = self.sample(kind)
        as_jsonb = json.loads(json.dumps(sample, sort_keys=True))
        assert json.dumps(ordered(kind, as_jsonb)) == json.dumps(sample)

    def test_the_definition_knows_nothing_else(self, kind):
        legacy = {"ifttt_webhooks"} if kind == "settings" else set()
        assert known_keys(kind) == self.sample(kind).keys() | legacy


def test_the_sample_out_of_range():
    found = validate("settings", json.loads((SAMPLES / "out_of_range.json").read_text()))
    assert [(remark.path, remark.code) for remark in found] == [
        ("mode", "choice"),
        ("poll_interval_seconds", "range"),
        ("winter.min_temp", "range"),
        ("winter.min_temp", "relation"),
    ]


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_defaults_are_valid(kind):
    assert validate(kind, defaults(kind)) == []
    assert defaults("settings")["poll_interval_seconds"] == 120


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_every_field_is_in_a_section(kind):
    names = {section.name for section in DEFINITIONS[kind].sections}
    assert {field.section for field in DEFINITIONS[kind].fields} == names


class TestSecrets:
    KEY = "sEcReTkEy123"
    ADDRESS = f"https://maker.ifttt.com/trigger/winter/with/key/{KEY}"

    def test_what_may_be_seen(self):
        shown = masked("settings", {"ifttt_webhooks": {"winter": self.ADDRESS, "fan": "", "off": None}})
        assert shown == {"ifttt_webhooks": {"winter": "https://maker.ifttt.com/…••••", "fan": "", "off": None}}

    @pytest.mark.parametrize(
        "document",
        [
            {"ifttt_webhooks": ADDRESS},
            {"ifttt_webhooks": KEY},
            {"ifttt_webhooks": [ADDRESS, {"x": [KEY]}]},
            {"ifttt_webhooks": {"winter": {"url": ADDRESS}, "other": KEY}},
            {"ifttt_webhooks": {"winter": f"http://{KEY}"}},
            {"ifttt_webhooks": {"winter": f"https://{KEY}@host/x"}},
            {"last_error": f"failed: {ADDRESS}"},
            {"unknown": [{"deep": ADDRESS.upper().replace(KEY.upper(), KEY)}]},
        ],
    )
    def test_wherever_it_stands(self, document):
        assert self.KEY not in json.dumps(masked("settings", document))
        assert self.KEY not in " ".join(map(str, validate("settings", document)))

    def test_the_document_stays_as_it_is(self):
        document = {"ifttt_webhooks": {"winter": self.ADDRESS}, "time_windows": [{"days": [1]}]}
        before = json.dumps(document)
        masked("settings", document)["time_windows"][0]["days"].append(2)
        assert json.dumps(document) == before


@pytest.mark.parametrize("key", ["mode", "timezone", "meter_device_id", "poll_interval_seconds"])
def test_an_address_in_the_wrong_place_is_not_repeated(key):
    remarks = validate("settings", {key: "https://maker.ifttt.com/trigger/on/with/key/sEcReT"})
    assert remarks
    assert "sEcReT" not in " ".join(map(str, remarks))
