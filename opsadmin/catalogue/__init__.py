"""What is in a database: schemas, the objects in them, and one object with all that belongs to it. Every question is a
file in `sql`, set-based, and takes no lock on what it asks about; `relation.sql`'s companion `definitions.sql` is the
one exception, and what it cannot have while somebody holds the object is said in the answer's `notes`."""
