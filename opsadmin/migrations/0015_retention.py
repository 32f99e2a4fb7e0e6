from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0014_view_rows")]
    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50, unique=True, verbose_name="name")),
                ("value", models.PositiveIntegerField(blank=True, null=True, verbose_name="value")),
                ("since", models.DateTimeField(blank=True, null=True, verbose_name="since")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
            ],
            options={
                "verbose_name": "retention",
                "verbose_name_plural": "retention",
                "ordering": ("name",),
                "default_permissions": (),
                "permissions": [("change_retention", "May change how long things are kept")],
            },
        ),
    ]
