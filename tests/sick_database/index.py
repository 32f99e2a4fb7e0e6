"""Sick and innocent indexes."""

from tests.sick_database.plant import LookAlike, Problem

PROBLEMS = [
    Problem(
        "a CREATE INDEX CONCURRENTLY that failed",
        check="index.invalid",
        object="public.broken_email",
        sow="""
        CREATE TABLE people_twice (id int PRIMARY KEY, email text);
        INSERT INTO people_twice VALUES (1, 'a'), (2, 'a');
        CREATE INDEX broken_email ON people_twice (email);
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken_email'::regclass;
        """,
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "a valid index with a dot, a quote and a blank in its name",
        objects=('public."odd. ""name"',),
        sow="""
        CREATE TABLE odd_names (id int PRIMARY KEY, email text);
        CREATE INDEX "odd. ""name" ON odd_names (email);
        """,
    ),
]
