"""What the site database keeps of failover: switches, conflicts, the last known pages. On the alias `store` this makes
nothing (`stores.router`)."""

import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stores", "0002_hosts"),
    ]

    operations = [
        migrations.CreateModel(
            name="LastKnownPage",
            fields=[
                ("path", models.CharField(max_length=200, primary_key=True, serialize=False, verbose_name="page")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("headers", models.JSONField(verbose_name="headers")),
                ("rows", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="rows")),
                ("taken_at", models.DateTimeField(verbose_name="taken at")),
            ],
            options={
                "verbose_name": "last known page",
                "verbose_name_plural": "last known pages",
            },
        ),
        migrations.CreateModel(
            name="StoreConflict",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("resync", models.UUIDField(db_index=True, verbose_name="resync")),
                ("kind", models.CharField(max_length=50, verbose_name="document")),
                ("path", models.TextField(verbose_name="path")),
                ("keys", models.JSONField(verbose_name="keys")),
                ("has_base", models.BooleanField(verbose_name="there before the outage")),
                ("base", models.JSONField(blank=True, null=True, verbose_name="before the outage")),
                ("has_ours", models.BooleanField(verbose_name="in this host's copy")),
                ("ours", models.JSONField(blank=True, null=True, verbose_name="this host's copy")),
                ("has_theirs", models.BooleanField(verbose_name="in PostgreSQL")),
                ("theirs", models.JSONField(blank=True, null=True, verbose_name="PostgreSQL")),
                (
                    "kept",
                    models.CharField(
                        choices=[("ours", "this host's copy"), ("theirs", "PostgreSQL")],
                        max_length=10,
                        verbose_name="kept for now",
                    ),
                ),
                ("rule", models.TextField(blank=True, verbose_name="rule")),
                ("epoch", models.BigIntegerField(verbose_name="epoch")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("revision", models.BigIntegerField(blank=True, null=True, verbose_name="revision")),
                ("settled_at", models.DateTimeField(blank=True, db_index=True, null=True, verbose_name="settled at")),
                ("settled_by", models.CharField(blank=True, max_length=150, verbose_name="settled by")),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("ours", "this host's copy"),
                            ("theirs", "PostgreSQL"),
                            ("base", "before the outage"),
                            ("other", "another value"),
                        ],
                        max_length=10,
                        verbose_name="decision",
                    ),
                ),
                ("decided", models.JSONField(blank=True, null=True, verbose_name="decided value")),
            ],
            options={
                "verbose_name": "conflict",
                "verbose_name_plural": "conflicts",
                "ordering": ["-at", "kind", "path"],
            },
        ),
        migrations.CreateModel(
            name="StoreSwitch",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("epoch", models.BigIntegerField(verbose_name="epoch")),
                (
                    "from_backend",
                    models.CharField(
                        choices=[("postgres", "PostgreSQL"), ("filesystem", "JSON copy")],
                        max_length=20,
                        verbose_name="from",
                    ),
                ),
                (
                    "to_backend",
                    models.CharField(
                        choices=[("postgres", "PostgreSQL"), ("filesystem", "JSON copy")],
                        max_length=20,
                        verbose_name="to",
                    ),
                ),
                ("automatic", models.BooleanField(verbose_name="automatic")),
                ("who", models.CharField(blank=True, max_length=150, verbose_name="who")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("at", models.DateTimeField(db_index=True, verbose_name="at")),
                ("lasted", models.FloatField(blank=True, null=True, verbose_name="seconds on the former")),
                ("detail", models.JSONField(blank=True, default=dict, verbose_name="detail")),
            ],
            options={
                "verbose_name": "switch",
                "verbose_name_plural": "switches",
                "ordering": ["-at", "-epoch"],
            },
        ),
    ]
