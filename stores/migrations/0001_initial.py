"""Adopts the store's tables: on an empty database, on one that the dashboard made, and on anything between.

The database side is `stores.schema.adopt`, which makes what is missing and leaves the rest alone, so plain `migrate`
works on all three. There is no way back: the tables are the dashboard's."""

import django.db.models.functions.datetime
from django.db import migrations, models

from stores.schema.migrate import adopt_schema


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(adopt_schema, migrations.RunPython.noop)],
            state_operations=[
                migrations.CreateModel(
                    name="HistoryEntry",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "device_id",
                            models.CharField(blank=True, db_default="", max_length=50, verbose_name="device"),
                        ),
                        ("kind", models.CharField(max_length=50, verbose_name="kind")),
                        (
                            "timestamp",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(),
                                verbose_name="happened at",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(), verbose_name="stored at"
                            ),
                        ),
                        (
                            "payload",
                            models.JSONField(db_default=models.Value({}, models.JSONField()), verbose_name="payload"),
                        ),
                    ],
                    options={
                        "verbose_name": "event",
                        "verbose_name_plural": "events",
                        "db_table": "history_entries",
                    },
                ),
                migrations.CreateModel(
                    name="JsonDocument",
                    fields=[
                        (
                            "kind",
                            models.CharField(max_length=50, primary_key=True, serialize=False, verbose_name="document"),
                        ),
                        ("data", models.JSONField(verbose_name="content")),
                        (
                            "updated_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(),
                                null=True,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "revision",
                            models.BigIntegerField(db_default=1, editable=False, verbose_name="revision"),
                        ),
                    ],
                    options={
                        "verbose_name": "document",
                        "verbose_name_plural": "documents",
                        "db_table": "json_store",
                        "ordering": ["kind"],
                    },
                ),
                migrations.CreateModel(
                    name="Revision",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "kind",
                                "revision",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("kind", models.CharField(max_length=50)),
                        ("revision", models.BigIntegerField()),
                        ("data", models.JSONField()),
                        (
                            "written_at",
                            models.DateTimeField(
                                db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField())
                            ),
                        ),
                        ("writer", models.CharField(db_default="", max_length=150)),
                        ("reason", models.CharField(db_default="", max_length=200)),
                        ("token", models.UUIDField(null=True)),
                    ],
                    options={
                        "verbose_name": "revision",
                        "verbose_name_plural": "revisions",
                        "db_table": "json_store_revision",
                        "ordering": ["kind", "-revision"],
                    },
                ),
                migrations.CreateModel(
                    name="StateHistory",
                    fields=[
                        ("id", models.AutoField(primary_key=True, serialize=False)),
                        (
                            "timestamp",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(),
                                null=True,
                                verbose_name="time",
                            ),
                        ),
                        (
                            "temperature",
                            models.DecimalField(decimal_places=1, max_digits=4, null=True, verbose_name="temperature"),
                        ),
                        (
                            "humidity",
                            models.DecimalField(decimal_places=1, max_digits=4, null=True, verbose_name="humidity"),
                        ),
                        (
                            "assumed_aircon_power",
                            models.CharField(max_length=10, null=True, verbose_name="air conditioner"),
                        ),
                        (
                            "last_action",
                            models.CharField(max_length=255, null=True, verbose_name="last action"),
                        ),
                        (
                            "api_requests_today",
                            models.IntegerField(db_default=0, null=True, verbose_name="API requests today"),
                        ),
                        ("error_count", models.IntegerField(db_default=0, null=True, verbose_name="errors")),
                        (
                            "last_temperature_stale",
                            models.BooleanField(db_default=False, null=True, verbose_name="stale"),
                        ),
                        (
                            "timezone",
                            models.CharField(db_default="UTC", max_length=50, null=True, verbose_name="time zone"),
                        ),
                        (
                            "metadata",
                            models.JSONField(
                                db_default=models.Value({}, models.JSONField()),
                                null=True,
                                verbose_name="metadata",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "reading",
                        "verbose_name_plural": "history",
                        "db_table": "state_history",
                    },
                ),
                migrations.CreateModel(
                    name="AutomationState",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("device_id", models.CharField(max_length=50, verbose_name="device")),
                        ("key", models.CharField(max_length=100, verbose_name="key")),
                        (
                            "value",
                            models.JSONField(db_default=models.Value({}, models.JSONField()), verbose_name="value"),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(),
                                verbose_name="updated at",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "automation state",
                        "verbose_name_plural": "automation states",
                        "db_table": "automation_state",
                        "constraints": [
                            models.UniqueConstraint(fields=("device_id", "key"), name="automation_state_device_id_key")
                        ],
                    },
                ),
            ],
        ),
    ]
