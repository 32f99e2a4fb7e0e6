import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0008_samples")]
    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(max_length=100, verbose_name="database")),
                ("cause", models.CharField(max_length=200, verbose_name="cause")),
                ("open_key", models.CharField(blank=True, editable=False, max_length=310, null=True, unique=True)),
                (
                    "severity",
                    models.CharField(
                        choices=[("warning", "warning"), ("critical", "critical")],
                        max_length=10,
                        verbose_name="severity",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("message", models.TextField(blank=True, verbose_name="what is wrong")),
                ("opened_at", models.DateTimeField(db_index=True, verbose_name="opened at")),
                ("opened_by", models.CharField(blank=True, max_length=150, verbose_name="opened by")),
                ("fine_since", models.DateTimeField(blank=True, null=True, verbose_name="fine since")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                ("closed_by", models.CharField(blank=True, max_length=150, verbose_name="closed by")),
            ],
            options={
                "verbose_name": "incident",
                "verbose_name_plural": "incidents",
                "ordering": ("-opened_at", "-pk"),
                "permissions": [("write_incident", "May open and close incidents and write notes in them")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(blank=True, max_length=100, verbose_name="database")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "status",
                    models.CharField(
                        choices=[("proposed", "proposed"), ("accepted", "accepted"), ("superseded", "superseded")],
                        default="proposed",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("template", models.CharField(blank=True, max_length=30, verbose_name="template")),
                ("context", models.TextField(blank=True, verbose_name="context")),
                ("decision", models.TextField(verbose_name="decision")),
                ("consequences", models.TextField(blank=True, verbose_name="consequences")),
                ("written_by", models.CharField(blank=True, max_length=150, verbose_name="written by")),
                ("written_at", models.DateTimeField(auto_now_add=True, verbose_name="written at")),
                ("changed_by", models.CharField(blank=True, max_length=150, verbose_name="changed by")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="decisions",
                        to="opsadmin.operationrun",
                        verbose_name="run of an operation",
                    ),
                ),
                (
                    "superseded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="supersedes",
                        to="opsadmin.decision",
                        verbose_name="superseded by",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="decisions",
                        to="opsadmin.incident",
                        verbose_name="incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision",
                "verbose_name_plural": "decisions",
                "ordering": ("-written_at", "-pk"),
                "permissions": [("write_decision", "May write down decisions and change them")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Condition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("database", models.CharField(max_length=100, verbose_name="database")),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("severity", models.CharField(max_length=10, verbose_name="severity")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("message", models.TextField(blank=True, verbose_name="message")),
                ("data", models.JSONField(blank=True, default=dict)),
                ("always", models.BooleanField(default=False)),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="conditions",
                        to="opsadmin.incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "condition",
                "verbose_name_plural": "conditions",
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.UniqueConstraint(fields=("database", "subject"), name="opsadmin_condition_once"),
        ),
        migrations.CreateModel(
            name="IncidentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "opened"),
                            ("worse", "went wrong"),
                            ("better", "is better"),
                            ("fine", "is fine"),
                            ("happened", "happened"),
                            ("note", "note"),
                            ("run", "operation"),
                            ("reopened", "opened again"),
                            ("closed", "closed"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("severity", models.CharField(blank=True, max_length=10, verbose_name="severity")),
                ("subject", models.CharField(blank=True, max_length=200, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("who", models.CharField(blank=True, max_length=150, verbose_name="who")),
                ("ref", models.CharField(blank=True, editable=False, max_length=200, null=True)),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="opsadmin.incident"
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of an incident",
                "verbose_name_plural": "entries of incidents",
                "ordering": ("at", "pk"),
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="incidentevent",
            constraint=models.UniqueConstraint(fields=("incident", "ref"), name="opsadmin_incident_event_once"),
        ),
    ]
