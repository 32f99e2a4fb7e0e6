from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0013_roles")]
    operations = [
        migrations.AlterModelOptions(
            name="seenanswer",
            options={
                "default_permissions": (),
                "permissions": [("view_rows", "May see a few rows of any table")],
                "verbose_name": "answer seen last",
                "verbose_name_plural": "answers seen last",
            },
        ),
    ]
