from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0007_runs_that_take_long")]
    operations = [
        migrations.CreateModel(
            name="SampledCounters",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(max_length=100, unique=True, verbose_name="database")),
                ("version", models.BigIntegerField(default=0)),
                ("seen_at", models.DateTimeField(blank=True, null=True, verbose_name="seen at")),
                ("tried_at", models.DateTimeField(blank=True, null=True, verbose_name="tried at")),
                ("data", models.BinaryField(blank=True, default=bytes)),
            ],
            options={
                "verbose_name": "counters seen last",
                "verbose_name_plural": "counters seen last",
                "permissions": [("sample_database", "May take samples for the trends")],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(blank=True, max_length=100, verbose_name="database")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("deploy", "deploy"),
                            ("index_created", "index made"),
                            ("index_dropped", "index dropped"),
                            ("switch", "switch of the store"),
                            ("outage", "outage"),
                            ("restart", "restart"),
                            ("reset", "counters reset"),
                            ("suspended", "compute suspended"),
                            ("incident", "incident"),
                        ],
                        max_length=15,
                        verbose_name="kind",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("text", models.CharField(max_length=300, verbose_name="text")),
            ],
            options={
                "verbose_name": "mark",
                "verbose_name_plural": "marks",
                "ordering": ("at", "pk"),
                "default_permissions": (),
                "indexes": [models.Index(fields=["at"], name="opsadmin_mark_at")],
                "constraints": [
                    models.UniqueConstraint(fields=("database", "kind", "at", "text"), name="opsadmin_mark_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Sample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(max_length=100, verbose_name="database")),
                (
                    "kind",
                    models.CharField(
                        choices=[("metrics", "figures"), ("statements", "statements"), ("tables", "tables")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("minutes", "five minutes"), ("hour", "hour"), ("day", "day")],
                        max_length=7,
                        verbose_name="width",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="from")),
                ("last_at", models.DateTimeField(verbose_name="last look")),
                ("data", models.JSONField(verbose_name="data")),
            ],
            options={
                "verbose_name": "sample",
                "verbose_name_plural": "samples",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("database", "kind", "level", "at"), name="opsadmin_sample_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SampledStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(max_length=100, verbose_name="database")),
                ("queryid", models.CharField(max_length=20, verbose_name="query id")),
                ("text", models.TextField(verbose_name="text")),
                ("seen_at", models.DateTimeField(verbose_name="seen at")),
            ],
            options={
                "verbose_name": "sampled statement",
                "verbose_name_plural": "sampled statements",
                "default_permissions": (),
                "indexes": [models.Index(fields=["database", "seen_at"], name="opsadmin_sampled_statement_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("database", "queryid"), name="opsadmin_sampled_statement_once")
                ],
            },
        ),
    ]
