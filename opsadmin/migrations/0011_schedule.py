from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0010_alerts")]
    operations = [
        migrations.CreateModel(
            name="ScheduledTask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True, verbose_name="task")),
                ("enabled", models.BooleanField(blank=True, null=True, verbose_name="enabled")),
                ("every_seconds", models.PositiveIntegerField(blank=True, null=True, verbose_name="every (seconds)")),
                ("next_at", models.DateTimeField(blank=True, null=True, verbose_name="next")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="last begun")),
                ("elapsed_ms", models.FloatField(blank=True, null=True, verbose_name="took (ms)")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not yet"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("interrupted", "interrupted"),
                        ],
                        default="",
                        max_length=12,
                        verbose_name="outcome",
                    ),
                ),
                ("message", models.TextField(blank=True, verbose_name="what it did")),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="failures in a row")),
                ("holder", models.CharField(blank=True, max_length=150, verbose_name="process")),
                ("alive_until", models.DateTimeField(blank=True, null=True, verbose_name="alive until")),
                ("run", models.BigIntegerField(blank=True, null=True, verbose_name="run")),
            ],
            options={
                "verbose_name": "scheduled task",
                "verbose_name_plural": "scheduled tasks",
                "ordering": ("name",),
                "permissions": [
                    ("run_tasks", "May run scheduled tasks"),
                    ("manage_schedule", "May change when tasks run, and whether"),
                ],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ScheduleLease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50, unique=True, verbose_name="lease")),
                ("holder", models.CharField(max_length=150, verbose_name="process")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("until", models.DateTimeField(verbose_name="until")),
            ],
            options={
                "verbose_name": "lease of the schedule",
                "verbose_name_plural": "leases of the schedule",
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="operationrun",
            name="log",
            field=models.JSONField(blank=True, default=list, verbose_name="log"),
        ),
    ]
