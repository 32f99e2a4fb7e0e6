"""Sick and innocent rights."""

from tests.sick_database.plant import Bed, LookAlike, Problem, each


def open_the_network(bed: Bed) -> None:
    """pg_hba.conf is read by the view as it stands, before a reload."""
    rules = bed.cluster.data / "pg_hba.conf"
    with rules.open("a", encoding="utf-8") as file:
        file.write(
            "host all all 127.0.0.1/32 trust\nhost sick all 10.0.0.0/8 trust\nhost all all 0.0.0.0/0 scram-sha-256\n"
        )


def a_view_of_who_asks(bed: Bed) -> None:
    if bed.superuser.info.server_version >= 150000:
        bed.superuser.execute(
            "CREATE VIEW s_view_invoker WITH (security_invoker = on) AS SELECT * FROM s_tenants;"
            "GRANT SELECT ON s_view_invoker TO s_visitor"
        )


PROBLEMS = [
    Problem(
        "CREATE on the schema public for PUBLIC",
        check="security.public_create",
        object="public",
        message="tables, functions and operators in the schema public",
        sow="GRANT CREATE ON SCHEMA public TO PUBLIC",
    ),
    Problem(
        "CREATE on another schema for PUBLIC, with an odd name",
        check="security.public_create",
        object='"s Open.schema"',
        sow='CREATE SCHEMA "s Open.schema"; GRANT ALL ON SCHEMA "s Open.schema" TO PUBLIC;',
    ),
    Problem(
        "CREATE on the database for PUBLIC",
        check="security.public_create",
        object="sick",
        message="schemas in the database",
        sow="GRANT CREATE ON DATABASE sick TO PUBLIC",
    ),
    Problem(
        "SECURITY DEFINER without search_path, a superuser's, open to all",
        check="security.definer_search_path",
        object="public.s_definer(text, integer)",
        severity="critical",
        message="everybody may call it",
        hint="REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        sow="CREATE FUNCTION s_definer(text, int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ),
    Problem(
        "SECURITY DEFINER without search_path, taken from PUBLIC, with another setting",
        check="security.definer_search_path",
        object='public."s Closed"()',
        severity="warning",
        message="only some roles may call it",
        sow="""
        CREATE FUNCTION "s Closed"() RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET work_mem = '8MB'
            AS 'BEGIN RETURN 1; END';
        REVOKE ALL ON FUNCTION "s Closed"() FROM PUBLIC;
        """,
    ),
    Problem(
        "a SECURITY DEFINER trigger function of an ordinary role",
        check="security.definer_search_path",
        object="public.s_trigger()",
        severity="warning",
        sow="""
        CREATE ROLE s_owner;
        CREATE FUNCTION s_trigger() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
        ALTER FUNCTION s_trigger() OWNER TO s_owner;
        """,
    ),
    Problem(
        "a SECURITY DEFINER procedure",
        check="security.definer_search_path",
        object="public.s_procedure(IN x integer)",
        sow="CREATE PROCEDURE s_procedure(x int) LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN END'",
    ),
    Problem(
        "a SECURITY DEFINER function whose path begins where everybody may create",
        check="security.definer_search_path",
        object="public.s_weak()",
        severity="warning",
        message="begins with public, where everybody may create objects",
        hint="REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        sow="CREATE FUNCTION s_weak() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp "
        "AS 'SELECT 1'",
    ),
    Problem(
        "one whose path begins with schemas that are not there, then an odd one where everybody may create",
        check="security.definer_search_path",
        object="public.s_weak_odd()",
        message='begins with "s Open.schema"',
        sow="CREATE FUNCTION s_weak_odd() RETURNS int LANGUAGE sql SECURITY DEFINER "
        'SET search_path = "$user", "not, there", "s Open.schema", pg_catalog AS \'SELECT 1\'',
    ),
    Problem(
        "one whose path begins where another role may create",
        check="security.definer_search_path",
        object="public.s_weak_by_role()",
        message="begins with s_shared, where s_maker may create objects",
        sow="""
        CREATE ROLE s_maker; CREATE SCHEMA s_shared; GRANT USAGE, CREATE ON SCHEMA s_shared TO s_maker;
        CREATE FUNCTION s_weak_by_role() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = s_shared, pg_temp
            AS 'SELECT 1';
        """,
    ),
    Problem(
        "a SECURITY DEFINER function without a path in a schema that is safe",
        check="security.definer_search_path",
        object="s_closed.s_pathless()",
        hint="Fix the path: pg_catalog",
        sow="""
        CREATE SCHEMA s_closed;
        CREATE FUNCTION s_closed.s_pathless() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
        """,
    ),
    Problem(
        "a login with CREATEROLE",
        check="security.createrole_login",
        object='"s Personnel"',
        message="pg_execute_server_program",
        before=16,
        sow='CREATE ROLE "s Personnel" LOGIN CREATEROLE',
    ),
    Problem(
        "a login with BYPASSRLS where there is row level security",
        check="security.bypassrls_login",
        object='"s Reader.of all"',
        message="BYPASSRLS",
        sow='CREATE ROLE "s Reader.of all" LOGIN BYPASSRLS',
    ),
    Problem(
        "a superuser's view of a table with row level security",
        check="security.view_past_rls",
        object='public."s View"',
        message="s_visitor may use the view",
        sow="""
        CREATE ROLE s_visitor;
        CREATE TABLE s_tenants (id int PRIMARY KEY, owner text);
        ALTER TABLE s_tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY mine ON s_tenants USING (owner = current_user);
        CREATE VIEW "s View" AS SELECT * FROM s_tenants;
        GRANT SELECT ON "s View" TO s_visitor;
        """,
    ),
    Problem(
        "a view of the owner of a table with row level security",
        check="security.view_past_rls",
        object="public.s_view_of_owner",
        message="shows public.s_tenants_too with the rights of s_landlord",
        sow="""
        CREATE ROLE s_landlord;
        CREATE TABLE s_tenants_too (id int PRIMARY KEY, owner text);
        ALTER TABLE s_tenants_too ENABLE ROW LEVEL SECURITY, OWNER TO s_landlord;
        CREATE POLICY mine ON s_tenants_too USING (owner = current_user);
        CREATE VIEW s_view_of_owner AS SELECT id FROM s_tenants_too WHERE id > 0;
        ALTER VIEW s_view_of_owner OWNER TO s_landlord;
        GRANT SELECT ON s_view_of_owner TO s_visitor;
        """,
    ),
    Problem(
        "a second superuser that logs in",
        check="security.superuser_login",
        object='"s Root"',
        message="beside postgres",
        sow='CREATE ROLE "s Root" LOGIN SUPERUSER',
    ),
    Problem(
        "a role that runs programs on the server",
        check="security.server_files",
        object="s_runner",
        message="pg_execute_server_program",
        sow="CREATE ROLE s_runner LOGIN; GRANT pg_execute_server_program TO s_runner;",
    ),
    Problem(
        "a role that writes the server's files through another one",
        check="security.server_files",
        object="s_writer",
        message="pg_write_server_files",
        sow="""
        CREATE ROLE s_writers; GRANT pg_write_server_files TO s_writers;
        CREATE ROLE s_writer LOGIN IN ROLE s_writers;
        """,
    ),
    Problem(
        "SELECT on a table for PUBLIC",
        check="security.granted_to_public",
        object="public.s_read",
        severity="warning",
        message="SELECT on the table public.s_read.",
        sow="CREATE TABLE s_read (id int PRIMARY KEY); GRANT SELECT ON s_read TO PUBLIC;",
    ),
    Problem(
        "everything on a table for PUBLIC",
        check="security.granted_to_public",
        object="public.s_all",
        severity="critical",
        message="TRUNCATE",
        sow="CREATE TABLE s_all (id int PRIMARY KEY); GRANT ALL ON s_all TO PUBLIC;",
    ),
    Problem(
        "one column for PUBLIC",
        check="security.granted_to_public",
        object="public.s_column",
        severity="critical",
        message='(columns "the name")',
        sow='CREATE TABLE s_column (id int PRIMARY KEY, "the name" text); '
        'GRANT UPDATE ("the name") ON s_column TO PUBLIC;',
    ),
    Problem(
        "a view for PUBLIC",
        check="security.granted_to_public",
        object="public.s_view",
        message="on the view",
        sow="CREATE VIEW s_view AS SELECT 1 AS id; GRANT SELECT ON s_view TO PUBLIC;",
    ),
    Problem(
        "a sequence for PUBLIC, in a schema of its own",
        check="security.granted_to_public",
        object="s_apart.s_numbers",
        severity="warning",
        message="on the sequence",
        sow="CREATE SCHEMA s_apart; CREATE SEQUENCE s_apart.s_numbers; GRANT USAGE ON SEQUENCE s_apart.s_numbers TO PUBLIC;",
    ),
    Problem(
        "a foreign server that everybody enters by one password",
        check="security.public_user_mapping",
        object='"s far. server"',
        by=("superuser",),
        sow="""
        CREATE FOREIGN DATA WRAPPER s_wrapper;
        CREATE SERVER "s far. server" FOREIGN DATA WRAPPER s_wrapper;
        CREATE USER MAPPING FOR PUBLIC SERVER "s far. server" OPTIONS (user 'root', password 'sesame');
        """,
    ),
    Problem(
        "tables to come for PUBLIC",
        check="security.default_privileges",
        object="role s_owner in schema s_apart",
        message="SELECT",
        sow="ALTER DEFAULT PRIVILEGES FOR ROLE s_owner IN SCHEMA s_apart GRANT SELECT ON TABLES TO PUBLIC",
    ),
    Problem(
        "policies without row level security",
        check="security.policies_without_rls",
        object="public.s_rows",
        severity="critical",
        message="2 row security policies (mine, yours)",
        sow="""
        CREATE TABLE s_rows (id int PRIMARY KEY, owner text);
        CREATE POLICY mine ON s_rows USING (owner = current_user);
        CREATE POLICY yours ON s_rows FOR SELECT USING (true);
        """,
    ),
    Problem(
        "policies whose row level security was switched off again",
        check="security.policies_without_rls",
        object="public.s_rows_off",
        sow="""
        CREATE TABLE s_rows_off (id int PRIMARY KEY, owner text);
        ALTER TABLE s_rows_off ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY mine ON s_rows_off USING (owner = current_user);
        ALTER TABLE s_rows_off DISABLE ROW LEVEL SECURITY;
        """,
    ),
    Problem(
        "trust from a network",
        check="security.trust_authentication",
        object="pg_hba.conf line 3",
        by=("superuser",),
        message="lets every role into sick from 10.0.0.0/255.0.0.0 without a password",
        sow=open_the_network,
    ),
    Problem(
        "a password kept as MD5",
        check="security.md5_password",
        object="s_old_password",
        by=("superuser",),
        sow="CREATE ROLE s_old_password LOGIN PASSWORD 'md50123456789abcdef0123456789abcdef'",
    ),
    Problem(
        "new passwords as MD5",
        check="security.weak_setting",
        object="password_encryption",
        sow=each("ALTER SYSTEM SET password_encryption = md5"),
    ),
]

LOOK_ALIKES = [
    LookAlike("the first superuser", objects=("postgres",), sow="SELECT 1"),
    LookAlike(
        "superusers and dangerous roles that cannot log in",
        objects=("s_sleeping_root", "s_writers", "s_programs"),
        sow="CREATE ROLE s_sleeping_root SUPERUSER; CREATE ROLE s_programs; "
        "GRANT pg_execute_server_program TO s_programs;",
    ),
    LookAlike(
        "login roles with innocent rights",
        objects=("s_app", "s_reader", "monitor", "bare"),
        sow="""
        CREATE ROLE s_app LOGIN CREATEDB PASSWORD 'a long enough one';
        CREATE ROLE s_reader LOGIN IN ROLE pg_read_all_data;
        """,
    ),
    LookAlike(
        "schemas with USAGE for PUBLIC, or CREATE for one role",
        objects=("s_used", "s_apart", "template1", "store", "pg_default"),
        sow="CREATE SCHEMA s_used; GRANT USAGE ON SCHEMA s_used TO PUBLIC; GRANT ALL ON SCHEMA s_used TO s_app;",
    ),
    LookAlike(
        "definer functions that fix their path, or are bound",
        objects=(
            "public.s_fixed()",
            "public.s_empty_path()",
            "public.s_bound()",
            "public.s_pathed(IN x integer)",
            "public.s_own()",
        ),
        sow="""
        CREATE FUNCTION s_fixed() RETURNS int LANGUAGE sql SECURITY DEFINER
            SET search_path = pg_catalog, public, pg_temp AS 'SELECT 1';
        CREATE FUNCTION s_empty_path() RETURNS int LANGUAGE sql SECURITY DEFINER SET work_mem = '8MB' SET search_path = ''
            AS 'SELECT 1';
        CREATE FUNCTION s_bound() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1;
        CREATE PROCEDURE s_pathed(x int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = s_closed, s_shared, pg_temp
            AS 'BEGIN END';
        CREATE FUNCTION s_own() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = s_shared AS 'SELECT 1';
        ALTER FUNCTION s_own() OWNER TO s_maker;
        """,
    ),
    LookAlike(
        "roles with CREATEROLE or BYPASSRLS that cannot log in, and the one that owns a database",
        objects=("s_roles", "s_backup", "store"),
        sow="CREATE ROLE s_roles CREATEROLE; CREATE ROLE s_backup BYPASSRLS;",
    ),
    LookAlike(
        "views of a table with row level security that show nobody more than it allows",
        objects=("public.s_view_held", "public.s_view_mine", "public.s_view_forced", "public.s_view_revoked"),
        sow="""
        CREATE VIEW s_view_mine AS SELECT * FROM s_tenants;
        CREATE VIEW s_view_revoked AS SELECT * FROM s_tenants;
        GRANT SELECT ON s_view_revoked TO s_visitor; REVOKE SELECT ON s_view_revoked FROM s_visitor;
        CREATE TABLE s_forced (id int PRIMARY KEY, owner text);
        ALTER TABLE s_forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, OWNER TO s_landlord;
        CREATE POLICY mine ON s_forced USING (owner = current_user);
        CREATE VIEW s_view_forced AS SELECT * FROM s_forced;
        ALTER VIEW s_view_forced OWNER TO s_landlord; GRANT SELECT ON s_view_forced TO s_visitor;
        GRANT SELECT ON s_tenants TO s_visitor;
        CREATE VIEW s_view_held AS SELECT * FROM s_tenants;
        ALTER VIEW s_view_held OWNER TO s_visitor; GRANT SELECT ON s_view_held TO s_app;
        """,
    ),
    LookAlike(
        "a view with the rights of who asks",
        objects=("public.s_view_invoker",),
        sow=a_view_of_who_asks,
    ),
    LookAlike(
        "foreign servers with a mapping for PUBLIC without a password, and with a password for one role",
        objects=("s_public_server", "s_named_server"),
        sow="""
        CREATE SERVER s_public_server FOREIGN DATA WRAPPER s_wrapper;
        CREATE USER MAPPING FOR PUBLIC SERVER s_public_server OPTIONS (user 'guest');
        CREATE SERVER s_named_server FOREIGN DATA WRAPPER s_wrapper;
        CREATE USER MAPPING FOR s_app SERVER s_named_server OPTIONS (user 's_app', password 'sesame');
        """,
    ),
    LookAlike(
        "functions that run with the caller's rights, open to all",
        objects=("public.s_invoker()",),
        sow="CREATE FUNCTION s_invoker() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "GRANT EXECUTE ON FUNCTION s_invoker() TO PUBLIC;",
    ),
    LookAlike(
        "grants to named roles",
        objects=("public.s_named", "public.s_taken_back", "public.s_named_view"),
        sow="""
        CREATE TABLE s_named (id int PRIMARY KEY, name text);
        GRANT ALL ON s_named TO s_app; GRANT UPDATE (name) ON s_named TO s_reader;
        CREATE TABLE s_taken_back (id int PRIMARY KEY);
        GRANT SELECT ON s_taken_back TO PUBLIC; REVOKE SELECT ON s_taken_back FROM PUBLIC;
        CREATE VIEW s_named_view AS SELECT 1 AS id; GRANT SELECT ON s_named_view TO s_app;
        """,
    ),
    LookAlike(
        "what an extension grants to PUBLIC",
        objects=("public.pg_stat_statements", "public.pg_stat_statements_info"),
        sow="SELECT 1",
    ),
    LookAlike(
        "default privileges for a named role, and PostgreSQL's own for functions",
        objects=("role s_app", "role s_app in schema s_used"),
        sow="""
        ALTER DEFAULT PRIVILEGES FOR ROLE s_app GRANT SELECT ON TABLES TO s_reader;
        ALTER DEFAULT PRIVILEGES FOR ROLE s_app IN SCHEMA s_used GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
        """,
    ),
    LookAlike(
        "row level security with policies, and with none: nobody but the owner sees a row",
        objects=("public.s_guarded", "public.s_shut"),
        sow="""
        CREATE TABLE s_guarded (id int PRIMARY KEY, owner text);
        ALTER TABLE s_guarded ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON s_guarded USING (owner = current_user);
        CREATE TABLE s_shut (id int PRIMARY KEY);
        ALTER TABLE s_shut ENABLE ROW LEVEL SECURITY;
        """,
    ),
    LookAlike(
        "trust on the socket and the loopback address, a password from elsewhere",
        objects=("pg_hba.conf line 1", "pg_hba.conf line 2", "pg_hba.conf line 4"),
        sow="SELECT 1",
    ),
]


def finish(bed: Bed) -> None:
    bed.superuser.execute("SELECT pg_reload_conf()")
