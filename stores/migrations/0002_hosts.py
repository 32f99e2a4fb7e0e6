"""The tables of failover in PostgreSQL: the hosts with their epochs, the replayed batches of readings, and the fence
in the trigger of json_store."""

from django.db import migrations, models

from stores.schema.migrate import adopt_schema


class Migration(migrations.Migration):
    dependencies = [("stores", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(adopt_schema, migrations.RunPython.noop)],
            state_operations=[
                migrations.CreateModel(
                    name="StoreHost",
                    fields=[
                        ("host", models.UUIDField(primary_key=True, serialize=False, verbose_name="host")),
                        ("epoch", models.BigIntegerField(db_default=0, verbose_name="epoch")),
                        ("name", models.CharField(db_default="", max_length=150, verbose_name="name")),
                        (
                            "seen_at",
                            models.DateTimeField(
                                db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField()),
                                verbose_name="seen at",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "host",
                        "verbose_name_plural": "hosts",
                        "db_table": "json_store_host",
                    },
                ),
                migrations.CreateModel(
                    name="HistoryReplay",
                    fields=[
                        ("id", models.UUIDField(primary_key=True, serialize=False)),
                        (
                            "replayed_at",
                            models.DateTimeField(
                                db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField()),
                                verbose_name="replayed at",
                            ),
                        ),
                        ("rows", models.IntegerField(db_default=0, verbose_name="rows")),
                    ],
                    options={
                        "verbose_name": "replayed batch",
                        "verbose_name_plural": "replayed batches",
                        "db_table": "history_replay",
                    },
                ),
            ],
        ),
    ]
