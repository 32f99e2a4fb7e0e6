from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0007_runs_that_take_long")]
    operations = []
