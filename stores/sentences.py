"""What `stores.backends` and the checks say, for pages in other languages: that code knows no language. A test compares."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from opsadmin.retold import register_sentences

register_sentences(
    # Switches
    gettext_noop("{before} → {after}: {reason}"),
    gettext_noop("STORE_BACKEND={backend} at the start."),
    gettext_noop("STORE_BACKEND is now {backend}."),
    gettext_noop("PostgreSQL answers again."),
    gettext_noop("The copies were brought back."),
    gettext_noop("The file that holds the mode was lost; the journal has writes that PostgreSQL lacks."),
    # stores.errors
    gettext_noop("The store could not do what was asked."),
    gettext_noop("The store does not answer. Nothing was written; the same call may work later."),
    gettext_noop("This write belongs to a time before the last switch of its host; nothing was written."),
    gettext_noop("PostgreSQL did not answer a moment ago, so it was not asked again."),
    # stores.backends.postgres_errors
    gettext_noop(
        "PostgreSQL refuses the password. Check role and password in POSTGRES_URL (Neon: was the role's password reset?)."
    ),
    gettext_noop("PostgreSQL asks for a password and POSTGRES_URL has none. Add it."),
    gettext_noop(
        "PostgreSQL lets nobody in from here under this role (pg_hba.conf). Check role, database and sslmode in POSTGRES_URL."
    ),
    gettext_noop("The role in POSTGRES_URL may not log in. Give it LOGIN or name another."),
    gettext_noop("PostgreSQL refuses the role. Check role and password in POSTGRES_URL."),
    gettext_noop("Neon knows no such endpoint: it was deleted, or the host in POSTGRES_URL is mistyped."),
    gettext_noop("Neon cannot tell which endpoint is meant: this libpq sends no server name. Use libpq 14 or newer."),
    gettext_noop("The server takes encrypted connections only. Set POSTGRES_SSL_MODE=require."),
    gettext_noop(
        "The server offers no encryption and sslmode asks for it. For a server on this host set POSTGRES_SSL_MODE=prefer."
    ),
    gettext_noop(
        "The server's certificate does not stand the check of this sslmode. Check host and sslrootcert in POSTGRES_URL."
    ),
    gettext_noop(
        "The pooler refuses a startup parameter of POSTGRES_URL. Take `options` out of it, or use the direct host."
    ),
    gettext_noop("The Neon endpoint is disabled. Enable it in Neon's console."),
    gettext_noop("The Neon endpoint is locked for now. Check the project's quotas in Neon's console."),
    gettext_noop("Neon's compute time of this period is used up. Upgrade the plan or wait for the next period."),
    gettext_noop("Too many Neon computes run at once. Suspend one in Neon's console."),
    gettext_noop("Neon's control plane has trouble. Try again in a minute."),
    gettext_noop("Neon's compute is starting or moving. Try again in a few seconds."),
    gettext_noop("Neon throttles new connections. Try again in a minute."),
    gettext_noop("The pooler had no free connection for too long. Look for long transactions."),
    gettext_noop("PostgreSQL has no free connection (max_connections). Lower STORE_POOL_SIZE or close other clients."),
    gettext_noop("PostgreSQL is starting or stopping. Try again in a few seconds."),
    gettext_noop(
        "The host name in POSTGRES_URL could not be resolved. Check its spelling and this machine's name service."
    ),
    gettext_noop(
        "PostgreSQL refuses connections: nothing listens at the address in POSTGRES_URL. Start it, or check host and port."
    ),
    gettext_noop(
        "PostgreSQL is not running: its socket is missing. Start it, or check the socket directory in POSTGRES_URL."
    ),
    gettext_noop("The line to PostgreSQL was closed. Make a new store."),
    gettext_noop("PostgreSQL did not answer within {seconds} s. Nothing was changed; try again."),
    gettext_noop("PostgreSQL has no such database. Check POSTGRES_URL, or create the database."),
    gettext_noop("PostgreSQL has no such role. Check POSTGRES_URL, or create the role."),
    gettext_noop("PostgreSQL has no such database. Check POSTGRES_URL, or create it."),
    gettext_noop(
        "The connection to PostgreSQL was lost or could not be made. Try again; if it lasts, check the server and the network."
    ),
    gettext_noop("Another session holds the lock for longer than {seconds} s. Nothing was written; try again."),
    gettext_noop("PostgreSQL cancelled the statement: it took too long. Nothing was written; try again."),
    gettext_noop("Another session got in the way (deadlock or serialization). Nothing was written; try again."),
    gettext_noop(
        "PostgreSQL takes no writes: it is a replica or set to read only. Nothing was written; check which server POSTGRES_URL names."
    ),
    gettext_noop("PostgreSQL's disk is full. Nothing was written; free some space."),
    gettext_noop("A table or column of the store is missing. Run `manage.py migrate --database=store`."),
    gettext_noop(
        "The role in POSTGRES_URL may not do this to the store's tables. Grant it the tables, or make it a member of their owner."
    ),
    gettext_noop(
        "The store's tables are not as expected (SQLSTATE {state}). Run `manage.py migrate --database=store`."
    ),
    gettext_noop("PostgreSQL cannot store the document: {reason}."),
    gettext_noop(
        "PostgreSQL ended the transaction: it was idle for too long. Nothing was written; do slow work before it, not inside."
    ),
    gettext_noop("PostgreSQL ended the connection (restart or suspend). Try again."),
    gettext_noop("PostgreSQL reports a failure (SQLSTATE {state}). Try again; if it lasts, read its log."),
    # The other backends
    gettext_noop("The store is {phase}, which takes longer than this call could wait. Try again."),
    gettext_noop("The store changes its mode again and again. Nothing was written. Try again in a moment."),
    gettext_noop("The store changes its mode again and again. Try again in a moment."),
    gettext_noop("All connections of this process were in use for too long. Nothing was changed; try again."),
    gettext_noop(
        "All {n} connections of this process were in use for {seconds} s. Nothing was changed; raise STORE_POOL_SIZE or look for a "
        "long transaction."
    ),
    gettext_noop("PostgreSQL answers, but takes no writes: it is a replica or set to read only."),
    gettext_noop("The row of {kind} is gone. Nothing was written."),
    gettext_noop("{path} was changed by another program during the transaction. Nothing was written. Try again."),
    gettext_noop(
        "{path} cannot be read: the process runs as user {user}, who has no permission. Give the file and its directory to that "
        "user (chown), or run the site as their owner."
    ),
    gettext_noop("{path} cannot be read ({words}). Look at the disk and the kernel's log."),
    gettext_noop("{path} lies on a file system that is mounted read-only. Nothing was written."),
    gettext_noop(
        "The directory {path} is not writable for user {user}. Nothing was written. Give it to that user (chown, chmod u+w)."
    ),
    gettext_noop(
        "{path} cannot be written: user {user} has no permission for it or for the lock beside it. Nothing was written. Give the "
        "files and their directory to that user (chown)."
    ),
    gettext_noop("The disk is full: {path} was not written and has its former content. Free some space."),
    # The checks
    gettext_noop("The state could not be read."),
    gettext_noop("Make the store answer first."),
    gettext_noop("The site database could not be read."),
    gettext_noop("See the site's log."),
    gettext_noop("{path} cannot be looked at: {words}."),
    gettext_noop("Make it, or correct STORE_DIR."),
    gettext_noop("No document could be read."),
    gettext_noop("{n} readings wait to be written meanwhile."),
    gettext_noop("The host's mode cannot be read."),
    gettext_noop("Look at STORE_DIR and its rights."),
    gettext_noop("Make PostgreSQL answer first."),
)
