from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0010_alerts")]
    operations = []
