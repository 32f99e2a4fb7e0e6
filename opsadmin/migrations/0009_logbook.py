from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("opsadmin", "0008_samples")]
    operations = []
