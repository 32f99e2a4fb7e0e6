"""The settings document, as the dashboard's form writes it. No default is given where its reference names none."""

from __future__ import annotations

from stores.documents.definition import DocumentDefinition, Section
from stores.documents.fields import (
    BoolField,
    ChoiceField,
    DaysField,
    FloatField,
    IntField,
    ListField,
    ObjectField,
    TextField,
    TimeOfDayField,
    TimeZoneField,
    WebAddressField,
)
from stores.documents.fields import gettext_noop as _

_DEVICE = r"[A-Za-z0-9:-]*"
_DEVICE_TEXT = "letters, digits, colons and hyphens only"
_SCENE = r"[A-Za-z0-9-]*"
_SCENE_TEXT = "letters, digits and hyphens only"


def _season(key: str, label: str) -> ObjectField:
    def temperature(name: str, title: str) -> FloatField:
        return FloatField(key=name, label=title, unit="°C", minimum=10, maximum=35)

    return ObjectField(
        key=key,
        label=label,
        section="comfort",
        ordered_pair=("min_temp", "max_temp"),
        fields=(
            temperature("min_temp", _("Lowest temperature")),
            temperature("max_temp", _("Highest temperature")),
            temperature("target_temp", _("Temperature to set")),
            IntField(key="fan_speed", label=_("Fan speed"), minimum=1, maximum=4),
            IntField(key="ac_mode", label=_("Air conditioner mode"), minimum=0, maximum=5),
        ),
    )


def _scene(key: str, label: str) -> TextField:
    return TextField(key=key, label=label, longest=50, pattern=_SCENE, pattern_text=_SCENE_TEXT)


def _webhook(key: str, label: str) -> WebAddressField:
    return WebAddressField(key=key, label=label)


SETTINGS = DocumentDefinition(
    kind="settings",
    title=_("Settings"),
    sections=(
        Section("automation", _("Automation")),
        Section("comfort", _("Comfort and thresholds")),
        Section("polling", _("Polling")),
        Section("cooldowns", _("Cooldowns and repeats")),
        Section(
            "windows",
            _("Time windows"),
            _("When the automation may act. A window that ends before it starts crosses midnight."),
        ),
        Section("devices", _("Devices and scenes")),
        Section(
            "webhooks",
            _("Webhooks"),
            _("Legacy IFTTT addresses. Each holds a secret key, so a stored one is never shown whole."),
        ),
    ),
    fields=(
        BoolField(key="automation_enabled", label=_("Automation"), section="automation"),
        ChoiceField(
            key="mode",
            label=_("Season"),
            section="automation",
            choices=(("winter", _("Winter: heat")), ("summer", _("Summer: cool"))),
        ),
        IntField(
            key="poll_interval_seconds",
            label=_("Poll interval"),
            section="polling",
            default=120,
            unit="s",
            minimum=60,
            maximum=3600,
            tolerated=(15, None),
            help=_("How often the meter is read. Each read costs one API request."),
        ),
        FloatField(
            key="hysteresis_celsius",
            label=_("Hysteresis"),
            section="comfort",
            default=0.3,
            unit="°C",
            minimum=0,
            maximum=5,
            help=_("How far the temperature must pass a threshold before anything happens."),
        ),
        IntField(
            key="command_cooldown_seconds",
            label=_("Pause between commands"),
            section="cooldowns",
            default=180,
            unit="s",
            minimum=0,
            maximum=3600,
        ),
        IntField(
            key="action_on_cooldown_seconds",
            label=_("Pause before switching on again"),
            section="cooldowns",
            default=0,
            unit="s",
            minimum=0,
            maximum=3600,
        ),
        IntField(
            key="action_off_cooldown_seconds",
            label=_("Pause before switching off again"),
            section="cooldowns",
            default=0,
            unit="s",
            minimum=0,
            maximum=3600,
        ),
        IntField(
            key="off_repeat_count",
            label=_("Times to send off"),
            section="cooldowns",
            default=1,
            minimum=1,
            maximum=10,
            help=_("Infrared commands get lost; off is sent this often."),
        ),
        IntField(
            key="off_repeat_interval_seconds",
            label=_("Pause between repeated offs"),
            section="cooldowns",
            default=10,
            unit="s",
            minimum=1,
            maximum=600,
        ),
        BoolField(
            key="turn_off_outside_windows",
            label=_("Switch off outside the windows"),
            section="windows",
        ),
        TimeZoneField(
            key="timezone",
            label=_("Time zone"),
            section="windows",
            default="Europe/Paris",
            help=_("The windows are read in this zone. IANA name, as Europe/Paris."),
        ),
        IntField(
            key="api_quota_warning_threshold",
            label=_("Warn at this many requests left"),
            section="polling",
            default=250,
            unit=_("requests"),
            minimum=0,
            maximum=10000,
        ),
        TextField(
            key="meter_device_id",
            label=_("Meter"),
            section="devices",
            longest=50,
            pattern=_DEVICE,
            pattern_text=_DEVICE_TEXT,
            help=_("Device ID from the SwitchBot app."),
        ),
        TextField(
            key="aircon_device_id",
            label=_("Air conditioner"),
            section="devices",
            longest=50,
            pattern=_DEVICE,
            pattern_text=_DEVICE_TEXT,
            help=_("ID of the infrared remote in the SwitchBot app."),
        ),
        _season("winter", _("Winter")),
        _season("summer", _("Summer")),
        ObjectField(
            key="aircon_scenes",
            label=_("Scenes"),
            section="devices",
            fields=(
                _scene("winter", _("Winter scene")),
                _scene("summer", _("Summer scene")),
                _scene("fan", _("Fan scene")),
                _scene("off", _("Off scene")),
            ),
        ),
        ListField(
            key="time_windows",
            label=_("Time windows"),
            section="windows",
            item=ObjectField(
                key="window",
                label=_("Window"),
                fields=(
                    DaysField(key="days", label=_("Days")),
                    TimeOfDayField(key="start", label=_("From")),
                    TimeOfDayField(key="end", label=_("To")),
                ),
            ),
        ),
        BoolField(
            key="adaptive_polling_enabled",
            label=_("Poll less often when idle"),
            section="polling",
        ),
        IntField(
            key="idle_poll_interval_seconds",
            label=_("Poll interval when idle"),
            section="polling",
            default=600,
            unit="s",
            minimum=300,
            maximum=86400,
            tolerated=(15, 86400),
        ),
        IntField(
            key="poll_warmup_minutes",
            label=_("Poll normally before a window"),
            section="polling",
            default=15,
            unit="min",
            minimum=0,
            maximum=1440,
        ),
        IntField(
            key="aircon_poll_cooldown_minutes",
            label=_("Pause between reads of the air conditioner"),
            section="polling",
            default=15,
            unit="min",
            minimum=1,
            maximum=1440,
        ),
        BoolField(
            key="fan_mode_during_window",
            label=_("Fan when the temperature is right"),
            section="windows",
        ),
        ObjectField(
            key="ifttt_webhooks",
            label=_("IFTTT webhooks"),
            section="webhooks",
            secret=True,
            fields=(
                _webhook("winter", _("Winter webhook")),
                _webhook("summer", _("Summer webhook")),
                _webhook("fan", _("Fan webhook")),
                _webhook("off", _("Off webhook")),
            ),
        ),
    ),
)
