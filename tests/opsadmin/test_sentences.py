"""What is told of a failed connection or statement."""

import os

import pytest
from django.db import Error, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg.conninfo import conninfo_to_dict

from opsadmin.postgres.sentences import sentence_of

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.mark.parametrize(
    "changed, told",
    [
        (
            {"NAME": "no_such_database"},
            'PostgreSQL refused the connection: database "no_such_database" does not exist.',
        ),
        ({"HOST": "/nonexistent", "PASSWORD": "secret"}, "PostgreSQL does not answer."),
    ],
)
def test_a_refused_connection_is_told_without_its_address(changed, told):
    parts = conninfo_to_dict(os.environ["POSTGRES_URL"])
    settings = {
        **connections.settings["store"],
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts["dbname"],
        "USER": parts["user"],
        "HOST": parts["host"],
        "PORT": parts["port"],
        "OPTIONS": {},
        **changed,
    }
    with pytest.raises(Error) as caught:
        DatabaseWrapper(settings, "store").ensure_connection()
    assert sentence_of(caught.value) == told


def test_a_refused_statement_is_told_in_the_servers_words():
    with pytest.raises(Error) as caught, connections["store"].cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    assert sentence_of(caught.value) == 'PostgreSQL refused: relation "no_such_table" does not exist.'
