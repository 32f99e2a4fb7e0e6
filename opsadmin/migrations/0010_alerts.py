from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0009_logbook")]
    operations = []
