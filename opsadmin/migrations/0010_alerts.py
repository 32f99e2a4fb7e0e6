import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0009_logbook")]
    operations = [
        migrations.CreateModel(
            name="AlertDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("channel", models.CharField(max_length=100, verbose_name="channel")),
                ("subject", models.CharField(max_length=300, verbose_name="subject")),
                ("message", models.JSONField(verbose_name="message")),
                ("created_at", models.DateTimeField(db_index=True, verbose_name="created at")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("sent", "sent"), ("given_up", "given up")],
                        db_index=True,
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_at", models.DateTimeField(verbose_name="next attempt at")),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
            ],
            options={
                "verbose_name": "alert",
                "verbose_name_plural": "alerts",
                "ordering": ("-created_at", "-pk"),
                "permissions": [("test_alert", "May send a test alert")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="ToldCondition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("severity", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("bad_at", models.DateTimeField(blank=True, null=True)),
                ("bad_severity", models.CharField(blank=True, max_length=10)),
                (
                    "condition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="told", to="opsadmin.condition"
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
    ]
