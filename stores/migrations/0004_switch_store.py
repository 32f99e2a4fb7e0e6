"""The permission to switch the store."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("stores", "0003_switches_and_conflicts"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="storeswitch",
            options={
                "ordering": ["-at", "-epoch"],
                "permissions": [("switch_store", "Can switch the store and bring its copies back")],
                "verbose_name": "switch",
                "verbose_name_plural": "switches",
            },
        ),
    ]
