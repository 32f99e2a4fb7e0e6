"""The state document: what the dashboard's scheduler, its web actions and its quota counter write at every tick.

Bounds that the dashboard does not have are those of what reads the value: `state_history.temperature` is
numeric(4,1), `last_action` varchar(255), humidity a percentage."""

from __future__ import annotations

from stores.documents.definition import DocumentDefinition, Section
from stores.documents.fields import (
    BoolField,
    ChoiceField,
    DayField,
    FloatField,
    IntField,
    MomentField,
    ObjectField,
    TextField,
)
from stores.documents.fields import gettext_noop as _

#: After this long the dashboard itself treats a lock as released.
LOCK_EXPIRES_SECONDS = 300

STATE = DocumentDefinition(
    kind="state",
    title=_("State"),
    sections=(
        Section("meter", _("Meter")),
        Section("aircon", _("Air conditioner")),
        Section("quota", _("API quota")),
        Section(
            "lock",
            _("Automation lock"),
            _("Held while one process decides and acts. Its token only ever rises, so it is not edited by hand."),
        ),
        Section("repeat", _("Pending repeat of off")),
    ),
    fields=(
        FloatField(
            key="last_temperature",
            label=_("Temperature"),
            section="meter",
            unit="°C",
            minimum=-50,
            maximum=100,
            nullable=True,
        ),
        FloatField(
            key="last_humidity", label=_("Humidity"), section="meter", unit="%", minimum=0, maximum=100, nullable=True
        ),
        MomentField(key="last_read_at", label=_("Read at"), section="meter", nullable=True),
        BoolField(key="last_temperature_stale", label=_("Reading is stale"), section="meter"),
        TextField(key="last_temperature_stale_reason", label=_("Why it is stale"), section="meter", nullable=True),
        TextField(key="last_error", label=_("Last error"), section="meter", nullable=True),
        MomentField(key="last_tick", label=_("Last tick"), section="meter", nullable=True),
        ChoiceField(
            key="assumed_aircon_power",
            label=_("Assumed power"),
            section="aircon",
            choices=(("on", _("On")), ("off", _("Off")), ("unknown", _("Unknown"))),
        ),
        IntField(
            key="assumed_aircon_mode", label=_("Assumed mode"), section="aircon", minimum=1, maximum=5, nullable=True
        ),
        TextField(
            key="assumed_aircon_parameter",
            label=_("Last command's parameters"),
            section="aircon",
            nullable=True,
            pattern=r"-?[0-9]+(?:\.[0-9]+)?,[0-5],[1-4],(?:on|off)",
            pattern_text="temperature, mode, fan speed and power, as 24.5,2,2,on",
        ),
        TextField(key="last_action", label=_("Last action"), section="aircon", longest=255, nullable=True),
        MomentField(key="last_action_at", label=_("Last action at"), section="aircon", nullable=True),
        MomentField(key="last_aircon_poll_at", label=_("Air conditioner read at"), section="aircon", nullable=True),
        DayField(key="api_quota_day", label=_("Day that is counted"), section="quota", nullable=True),
        IntField(
            key="api_requests_total",
            label=_("Requests made"),
            section="quota",
            minimum=0,
            unit=_("requests"),
            nullable=True,
        ),
        IntField(
            key="api_requests_limit",
            label=_("Requests allowed"),
            section="quota",
            default=10000,
            minimum=0,
            unit=_("requests"),
            nullable=True,
        ),
        IntField(
            key="api_requests_remaining",
            label=_("Requests left"),
            section="quota",
            minimum=0,
            unit=_("requests"),
            nullable=True,
        ),
        MomentField(key="api_quota_reset_at", label=_("Count started at"), section="quota", nullable=True),
        BoolField(key="automation_in_progress", label=_("Lock is held"), section="lock", editable=False),
        MomentField(key="automation_locked_at", label=_("Held since"), section="lock", nullable=True, editable=False),
        TextField(key="automation_lock_owner", label=_("Held by"), section="lock", nullable=True, editable=False),
        IntField(
            key="automation_lock_token",
            label=_("Fencing token"),
            section="lock",
            minimum=0,
            editable=False,
            help=_("Rises with each lock; a process with an older token must not act any more."),
        ),
        ObjectField(
            key="pending_off_repeat",
            label=_("Pending repeat of off"),
            section="repeat",
            nullable=True,
            fields=(
                IntField(key="remaining", label=_("Repeats left"), minimum=0, maximum=10),
                IntField(key="interval_seconds", label=_("Pause between them"), unit="s", minimum=1, maximum=600),
                MomentField(key="next_run_at", label=_("Next one at"), nullable=True),
                TextField(key="state_reason", label=_("Reason"), nullable=True),
            ),
        ),
    ),
)
