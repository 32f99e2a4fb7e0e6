import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("opsadmin", "0011_schedule"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AskedStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(max_length=100, verbose_name="database")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("sql", models.TextField(verbose_name="statement")),
                ("params", models.TextField(blank=True, verbose_name="parameters")),
                ("action", models.CharField(max_length=20, verbose_name="asked for")),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("times", models.PositiveIntegerField(default=1, verbose_name="times")),
                ("rows", models.PositiveIntegerField(blank=True, null=True, verbose_name="rows")),
                ("elapsed_ms", models.FloatField(blank=True, null=True, verbose_name="elapsed (ms)")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "asked statement",
                "verbose_name_plural": "asked statements",
                "ordering": ("-asked_at", "-pk"),
                "default_permissions": (),
                "indexes": [models.Index(fields=["user", "database", "-asked_at"], name="opsadmin_asked_latest")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "database", "digest"), name="opsadmin_asked_statement_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(max_length=100, verbose_name="database")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("sql", models.TextField(verbose_name="statement")),
                ("params", models.TextField(blank=True, verbose_name="parameters")),
                ("is_shared", models.BooleanField(default=False, verbose_name="shared")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved statement",
                "verbose_name_plural": "saved statements",
                "ordering": ("name", "pk"),
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("user", "database", "name"), name="opsadmin_saved_statement_name")
                ],
            },
        ),
    ]
