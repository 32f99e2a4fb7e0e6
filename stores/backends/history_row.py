"""From a state document to one row of `state_history`. Whatever the document holds, a row comes out that the table
takes: what does not fit its column becomes NULL (or is cut) there and is kept in `metadata` under `rejected`, so
that one odd value never costs a reading, and one reading never costs a batch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

#: The columns we write, in the order of the COPY.
COLUMNS = (
    "timestamp",
    "temperature",
    "humidity",
    "assumed_aircon_power",
    "last_action",
    "api_requests_today",
    "error_count",
    "last_temperature_stale",
    "timezone",
    "metadata",
)
POWER_LENGTH = 10
ACTION_LENGTH = 255
TIMEZONE_LENGTH = 50
#: Databases that the dashboard made long ago still have this width.
OLD_ACTION_LENGTH = 50

LARGEST_MEASUREMENT = Decimal("999.9")  # numeric(4,1)
LARGEST_INTEGER = 2**31 - 1

#: How much of an odd value is kept: enough to see what it was, too little to fill the table.
KEPT_CHARACTERS = 2000
KEPT_NODES = 100
KEPT_DEPTH = 8
KEPT_INTEGER_BITS = 256


@dataclass(frozen=True)
class HistoryRow:
    """One reading, each value such that its column takes it."""

    timestamp: datetime
    temperature: Decimal | None = None
    humidity: Decimal | None = None
    assumed_aircon_power: str | None = "unknown"
    last_action: str | None = None
    api_requests_today: int | None = 0
    error_count: int | None = 0
    last_temperature_stale: bool | None = False
    timezone: str | None = "UTC"
    metadata: dict[str, Any] = field(default_factory=dict)

    def values(self) -> tuple[Any, ...]:
        """For COPY: in the order of COLUMNS, metadata as JSON text."""
        *columns, metadata = (getattr(self, name) for name in COLUMNS)
        return (*columns, json.dumps(metadata, ensure_ascii=False, allow_nan=False))

    def narrowed(self) -> HistoryRow:
        """The same reading for a table whose text columns are narrower than ours."""
        if not self.last_action or len(self.last_action) <= OLD_ACTION_LENGTH:
            return self
        kept = {"last_action": self.last_action, **self.metadata.get("rejected", {})}
        return replace(
            self, last_action=self.last_action[:OLD_ACTION_LENGTH], metadata={**self.metadata, "rejected": kept}
        )

    def bare(self) -> HistoryRow:
        """Only the time, everything else in metadata: for a table that takes the reading in no other way."""
        kept = {name: as_json(getattr(self, name)) for name in COLUMNS[1:-1] if getattr(self, name) is not None}
        return HistoryRow(
            timestamp=self.timestamp,
            assumed_aircon_power=None,
            timezone=None,
            metadata={**self.metadata, "rejected": {**kept, **self.metadata.get("rejected", {})}},
        )


def row_from_values(values: tuple[Any, ...]) -> HistoryRow:
    """The row that `HistoryRow.values` was asked of; numbers and the time may have become text on the way."""
    *columns, metadata = values
    row = HistoryRow(**dict(zip(COLUMNS, columns, strict=False)), metadata=json.loads(metadata))
    if isinstance(row.timestamp, str):
        return replace(row, timestamp=datetime.fromisoformat(row.timestamp))
    return row


def row_from_state(state: Mapping[str, Any], timezone: str, now: datetime) -> HistoryRow:
    """The row of the state document `state`, read at `now` (aware), shown in `timezone`. Never raises."""
    rejected: dict[str, Any] = {}

    def reject(key: str, value: Any) -> None:
        rejected[key] = as_json(value)

    def measurement(key: str) -> Decimal | None:
        value = state.get(key)
        found = as_measurement(value)
        if found is None and value is not None:
            reject(key, value)
        return found

    def count(key: str) -> int | None:
        value = state.get(key, 0)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER:
            return int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_INTEGER:
            return int(value)
        if value is not None:
            reject(key, value)
        return None

    def text(key: str, value: Any, length: int) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            reject(key, value)
            return None
        found = clean_text(value[: length + 1])
        if len(value) > length or found != value:
            reject(key, value)
        return found[:length]

    def flag(key: str) -> bool | None:
        value = state.get(key, False)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int) and value in (0, 1):
            return bool(value)
        reject(key, value)
        return None

    running = state.get("automation_active", state.get("automation_in_progress"))
    row = HistoryRow(
        timestamp=now,
        temperature=measurement("last_temperature"),
        humidity=measurement("last_humidity"),
        assumed_aircon_power=text("assumed_aircon_power", state.get("assumed_aircon_power", "unknown"), POWER_LENGTH),
        last_action=text("last_action", state.get("last_action"), ACTION_LENGTH),
        # The dashboard's column holds the running total of the day, whatever its name says.
        api_requests_today=count("api_requests_total"),
        error_count=count("error_count"),
        last_temperature_stale=flag("last_temperature_stale"),
        timezone=text("timezone", timezone, TIMEZONE_LENGTH),
        metadata={
            "last_read_at": as_json(state.get("last_read_at")),
            "last_tick": as_json(state.get("last_tick")),
            "automation_active": running if isinstance(running, bool) else as_json(running),
            "pending_off_repeat": as_json(state.get("pending_off_repeat")),
        },
    )
    return replace(row, metadata={**row.metadata, "rejected": rejected}) if rejected else row


def as_measurement(value: Any) -> Decimal | None:
    """A number, or a text that is one, rounded as PostgreSQL rounds; None where numeric(4,1) does not hold it."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    if isinstance(value, str) and len(value) > 40 or isinstance(value, int) and abs(value) > 1000:
        return None
    try:
        number = Decimal(str(value).strip())
        # NaN fits numeric(4,1) and would poison every average.
        if not number.is_finite():
            return None
        rounded = number.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return rounded if abs(rounded) <= LARGEST_MEASUREMENT else None


def clean_text(text: str) -> str:
    """The text with U+FFFD for what PostgreSQL's UTF-8 cannot hold: NUL and lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def as_json(value: Any) -> Any:
    """The value as jsonb can hold it, cut to a bounded size. Never raises; the result shares nothing with it."""
    budget = KEPT_NODES

    def convert(value: Any, depth: int) -> Any:
        nonlocal budget
        budget -= 1
        if budget < 0 or depth > KEPT_DEPTH:
            return "…"
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return clean_text(value[:KEPT_CHARACTERS])
        if isinstance(value, int):
            return int(value) if value.bit_length() <= KEPT_INTEGER_BITS else f"integer of {value.bit_length()} bits"
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)
        if isinstance(value, Mapping):
            found = {}
            for key, item in value.items():
                if budget < 0:
                    break
                found[clean_text(str(key)[:200])] = convert(item, depth + 1)
            return found
        if isinstance(value, list | tuple):
            kept = []
            for item in value:
                if budget < 0:
                    break
                kept.append(convert(item, depth + 1))
            return kept
        if isinstance(value, datetime):
            return value.isoformat()
        try:
            return clean_text(str(value)[:KEPT_CHARACTERS])
        except Exception:  # a foreign __str__ may raise anything
            return f"a {type(value).__name__}"

    return convert(value, 0)
