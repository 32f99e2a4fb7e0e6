"""The sample home: two days of a flat whose air conditioner the dashboard looks after, so that a new site has
something to show. Pure: what it returns depends on `now` and the seed alone."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DIRECTORY = Path(__file__).with_name("sample_home")
HOURS = 48
SEED = 20260718
ZONE = ZoneInfo("Europe/Paris")
#: One in so many readings is an old one that the meter repeats.
STALE_ONE_IN = 150
MEAN_OUTSIDE = 26.0


@dataclass(frozen=True)
class Reading:
    """One row of `state_history`, by its columns."""

    timestamp: datetime
    temperature: Decimal
    humidity: Decimal
    assumed_aircon_power: str
    last_action: str | None
    api_requests_today: int
    error_count: int
    last_temperature_stale: bool
    timezone: str
    metadata: dict[str, Any]


@dataclass
class _Room:
    """What the simulation carries from one tick to the next."""

    temperature: float = 25.2
    humidity: float = 54.0
    on: bool = False
    last_action: str | None = None
    requests: int = 0


def history(now: datetime, settings: dict[str, Any], seed: int = SEED) -> list[Reading]:
    """The readings of the last `HOURS`, oldest first, one per poll: a thermostat with hysteresis that rests outside
    the time windows, as `settings` say, under a summer's sun."""
    chance = random.Random(seed)  # noqa: S311  # weather, not a secret
    poll = timedelta(seconds=settings["poll_interval_seconds"])
    count = int(timedelta(hours=HOURS) / poll)
    room = _Room()
    readings: list[Reading] = []
    for number in range(count):
        moment = now - poll * (count - 1 - number)
        if readings and moment.date() != readings[-1].timestamp.date():
            room.requests = 0  # the quota's day is UTC's
        stale = bool(readings) and chance.randrange(STALE_ONE_IN) == 0
        if not stale:
            _weather(room, moment.astimezone(ZONE), chance)
            _decide(room, moment.astimezone(ZONE), settings)
        room.requests += 1
        read_at = moment - (poll if stale else timedelta(seconds=1))
        readings.append(
            Reading(
                timestamp=moment,
                temperature=round(Decimal(room.temperature), 1),
                humidity=round(Decimal(room.humidity), 1),
                assumed_aircon_power="on" if room.on else "off",
                last_action=room.last_action,
                api_requests_today=room.requests,
                error_count=1 if stale else 0,
                last_temperature_stale=stale,
                timezone=str(ZONE),
                metadata={
                    "last_read_at": read_at.isoformat(),
                    "last_tick": moment.isoformat(),
                    "automation_active": _in_window(moment.astimezone(ZONE), settings),
                    "pending_off_repeat": None,
                },
            )
        )
    return readings


def _weather(room: _Room, local: datetime, chance: random.Random) -> None:
    """One poll on: the room follows the outside, warmest at 16:00, and the air conditioner cools and dries it."""
    hour = local.hour + local.minute / 60
    outside = MEAN_OUTSIDE + 6.5 * math.cos((hour - 16) / 24 * 2 * math.pi)
    pull = 0.012 * (outside - room.temperature)
    room.temperature += pull - (0.16 if room.on else 0.0) + chance.gauss(0, 0.03)
    target = 46.0 if room.on else 60.0 - 0.7 * (outside - MEAN_OUTSIDE)
    room.humidity += 0.03 * (target - room.humidity) + chance.gauss(0, 0.25)


def _decide(room: _Room, local: datetime, settings: dict[str, Any]) -> None:
    """The dashboard's rule: on above the maximum, off at the target or outside the windows."""
    limits = settings[settings["mode"]]
    setting = f"{limits['target_temp']},{limits['ac_mode']},{limits['fan_speed']}"
    active = _in_window(local, settings)
    if room.on and (not active or room.temperature <= limits["target_temp"] - settings["hysteresis_celsius"]):
        room.on, room.last_action = False, f"setAll({setting},off)"
    elif not room.on and active and room.temperature >= limits["max_temp"] + settings["hysteresis_celsius"]:
        room.on, room.last_action = True, f"setAll({setting},on)"


def _in_window(local: datetime, settings: dict[str, Any]) -> bool:
    return any(
        local.weekday() in window["days"]
        and time.fromisoformat(window["start"]) <= local.time() < time.fromisoformat(window["end"])
        for window in settings["time_windows"]
    )


def documents(now: datetime) -> tuple[dict[str, Any], dict[str, Any], list[Reading]]:
    """Settings, state and history that fit each other: the state is that of the last reading.

    The history is lived as if each day were a weekday, so that the chart shows the air conditioner at work whenever
    the site is first started; the settings are the sample's to the letter."""
    settings = _read("settings")
    every_day = [{**window, "days": list(range(7))} for window in settings["time_windows"]]
    readings = history(now, {**settings, "time_windows": every_day})
    return settings, _state(_read("state"), readings, now), readings


def _state(state: dict[str, Any], readings: list[Reading], now: datetime) -> dict[str, Any]:
    last = readings[-1]
    moved = now - datetime.fromisoformat(state["last_tick"])
    changes = [
        after.timestamp
        for before, after in zip(readings, readings[1:], strict=False)
        if before.assumed_aircon_power != after.assumed_aircon_power
    ]
    today = now.astimezone(UTC).date()
    limit = state["api_requests_limit"]
    new = {key: _moved(value, moved) for key, value in state.items()}
    new |= {
        "last_temperature": float(last.temperature),
        "last_humidity": round(last.humidity),
        "last_read_at": last.metadata["last_read_at"],
        "last_tick": last.metadata["last_tick"],
        "last_temperature_stale": last.last_temperature_stale,
        "assumed_aircon_power": last.assumed_aircon_power,
        "last_action": last.last_action,
        "last_action_at": changes[-1].isoformat() if changes else None,
        "api_quota_day": today.isoformat(),
        "api_quota_reset_at": datetime.combine(today, time(0, 0, 11), UTC).isoformat(),
        "api_requests_total": last.api_requests_today,
        "api_requests_remaining": limit - last.api_requests_today,
    }
    if last.last_action:
        new["assumed_aircon_parameter"] = last.last_action.removeprefix("setAll(").removesuffix(")")
    del new["pending_off_repeat"]  # the last command is hours old at night
    return new


def _moved(value: Any, by: timedelta) -> Any:
    """`value` with its ISO times moved."""
    if isinstance(value, dict):
        return {key: _moved(inner, by) for key, inner in value.items()}
    if isinstance(value, str) and "T" in value:
        try:
            return (datetime.fromisoformat(value) + by).isoformat()
        except ValueError:
            return value
    return value


def _read(name: str) -> dict[str, Any]:
    document = json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)  # noqa: S101  # our own file
    return document
