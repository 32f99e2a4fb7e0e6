import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The groups themselves are made behind it (opsadmin.role_groups): there are no permissions before."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("opsadmin", "0012_statements"),
    ]

    operations = [
        migrations.CreateModel(
            name="RoleGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=20, unique=True, verbose_name="role")),
                (
                    "group",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="auth.group",
                        verbose_name="group",
                    ),
                ),
                ("granted", models.JSONField(default=list, verbose_name="permissions given")),
            ],
            options={
                "verbose_name": "group of a role",
                "verbose_name_plural": "groups of roles",
                "permissions": [
                    ("measure_index", "May read an index as a whole to measure how much of it is empty"),
                ],
                "default_permissions": (),
            },
        ),
    ]
