/* SPDX-License-Identifier: MIT */
/*
 * The schema of a store: seeing that it is there, making it, telling it the model, and its care.
 *
 * It is made in one transaction under an advisory lock, so processes that open an empty database at the same time make
 * it once.  Its version stands in itsm_meta: a later version of this code brings an older schema up to its own by the
 * statements of each version in between; a newer schema is refused.
 */
#include "adapters/postgres/postgres.h"

itsm_status itsm__pg_with_schema(char **out, size_t *size, const itsm__pg *pg, const char *sql)
{
    size_t name = strlen(pg->schema), n = 1;

    for (const char *p = sql; *p; p++) n += *p == '~' ? name : 1;
    char *text = itsm__pg_alloc(pg, n), *to = text;
    if (!text) return ITSM_E_NOMEM;
    for (const char *p = sql; *p; p++) {
        if (*p != '~') *to++ = *p;
        else memcpy(to, pg->schema, name), to += name;
    }
    *out = text, *size = n;
    return ITSM_OK;
}

/* A statement with the schema's name in it, run at once. */
static itsm_status run(PGresult **out, const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call, const char *sql)
{
    char *text;
    size_t size;
    itsm_status rc = itsm__pg_with_schema(&text, &size, pg, sql);

    if (out) *out = NULL;
    if (rc) return rc;
    rc = itsm__pg_text(out, pg, link, call, text);
    itsm__pg_free(pg, text, size);
    return rc;
}

/* One answer as text; "" for null or none. */
static const char *text_at(const PGresult *result, int at)
{
    return PQntuples(result) == 1 && at < PQnfields(result) ? PQgetvalue(result, 0, at) : "";
}

/* Opening ------------------------------------------------------------------------------------------------------------- */

static itsm_status check_server(itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    PGresult *result;

    if (PQserverVersion(link->conn) < 120000)
        return itsm__pg_say(call, ITSM_E_UNSUPPORTED, "the server is older than PostgreSQL 12");
    itsm_status rc = run(&result, pg, link, call,
                         "SELECT current_setting('server_encoding'), current_setting('fsync'),"
                         " current_setting('synchronous_commit')");
    if (rc) return rc;
    if (strcmp(text_at(result, 0), "UTF8") != 0)
        rc = itsm__pg_say(call, ITSM_E_UNSUPPORTED, "the database's encoding is not UTF8");
    if (strcmp(text_at(result, 1), "on") == 0 && strcmp(text_at(result, 2), "off") != 0) pg->caps |= ITSM_CAP_DURABLE;
    PQclear(result);
    return rc;
}

static itsm_status is_there(int *out, const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    PGresult *result;
    itsm_status rc = run(&result, pg, link, call, "SELECT to_regclass('~.itsm_meta') IS NOT NULL");

    if (rc) return rc;
    *out = strcmp(text_at(result, 0), "t") == 0;
    PQclear(result);
    return ITSM_OK;
}

/* All statements of a version, in one round trip. */
static itsm_status run_all(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call,
                           const char *const *statements)
{
    itsm_buf all = {NULL, 0, 0, pg->alloc, pg->alloc_user};
    itsm_status rc = ITSM_OK;

    for (; *statements && !rc; statements++) {
        rc = itsm_buf_add(&all, *statements, strlen(*statements));
        if (!rc) rc = itsm_buf_add(&all, ";\n", 2);
    }
    if (!rc) rc = itsm_buf_add(&all, "", 1);
    if (!rc) rc = run(NULL, pg, link, call, all.p);
    itsm_buf_clear(&all);
    return rc;
}

static itsm_status make(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    int there = 0;
    itsm_status rc = run(NULL, pg, link, call, "BEGIN; SELECT pg_advisory_xact_lock(1769239405, hashtext('~'))");

    if (!rc) rc = is_there(&there, pg, link, call);
    if (!rc && !there) rc = run_all(pg, link, call, itsm__pg_version_1);
    itsm_status ended = run(NULL, pg, link, rc ? NULL : call, rc ? "ROLLBACK" : "COMMIT");
    return rc ? rc : ended;
}

static itsm_status check_version(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    PGresult *result;
    int version = 0;
    itsm_status rc = run(&result, pg, link, call, "SELECT version FROM ~.itsm_meta");

    if (rc) return rc;
    for (const char *p = text_at(result, 0); *p >= '0' && *p <= '9' && version < 100000; p++)
        version = version * 10 + (*p - '0');
    PQclear(result);
    if (version > ITSM__PG_VERSION)
        return itsm__pg_say(call, ITSM_E_VERSION, "the schema was made by a newer version of libitsm-postgres");
    return version == ITSM__PG_VERSION ? ITSM_OK : itsm__pg_say(call, ITSM_E_CORRUPT, "the schema has no version");
}

itsm_status itsm__pg_open_schema(itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    int there = 0;
    itsm_status rc = check_server(pg, link, call);

    if (!rc) rc = is_there(&there, pg, link, call);
    if (rc) return rc;
    if (!there && (pg->options.flags & (ITSM_POSTGRES_READONLY | ITSM_POSTGRES_EXISTING)))
        return itsm__pg_say(call, ITSM_E_NOT_FOUND, "there is no store in this schema");
    if (!there) rc = make(pg, link, call);
    return rc ? rc : check_version(pg, link, call);
}

/* The model ----------------------------------------------------------------------------------------------------------- */

static const itsm_type_info *type_at(const itsm_type_info *types, size_t i)
{
    return (const itsm_type_info *)(const void *)((const char *)types + i * types->size);
}

static void put_types(itsm__pg_parameters *p, const itsm_type_info *types, size_t ntypes)
{
    itsm__pg_array(p, ITSM__PG_INT8);
    for (size_t i = 0; i < ntypes; i++)
        if (!type_at(types, i)->internal) itsm__pg_add_int8(p, type_at(types, i)->type);
    itsm__pg_array_end(p), itsm__pg_array(p, ITSM__PG_TEXT);
    for (size_t i = 0; i < ntypes; i++)
        if (!type_at(types, i)->internal) itsm__pg_add_bytes(p, type_at(types, i)->name.p, type_at(types, i)->name.n);
    itsm__pg_array_end(p);
}

/* A record's field `id` is its own identity, which is the table's key. */
static int is_key(const itsm_field_info *field)
{
    return field->kind == ITSM_REF && itsm_str_is(field->name, "id");
}

/* One column of the fields of all types: the type's number, the field's, its kind, its name. */
static void put_fields(itsm__pg_parameters *p, const itsm_type_info *types, size_t ntypes, int column)
{
    static const Oid elements[] = {ITSM__PG_INT8, ITSM__PG_INT4, ITSM__PG_INT4, ITSM__PG_TEXT};

    itsm__pg_array(p, elements[column]);
    for (size_t i = 0; i < ntypes; i++) {
        const itsm_type_info *type = type_at(types, i);
        for (size_t k = 0; !type->internal && k < type->nfields; k++) {
            const itsm_field_info *field = &type->fields[k];
            if (is_key(field)) continue;
            if (column == 0) itsm__pg_add_int8(p, type->type);
            else if (column == 1) itsm__pg_add_int4(p, field->no);
            else if (column == 2) itsm__pg_add_int4(p, field->kind);
            else itsm__pg_add_bytes(p, field->name.p, field->name.n);
        }
    }
    itsm__pg_array_end(p);
}

itsm_status itsm__pg_define(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes)
{
    itsm__pg *pg = self;
    itsm__pg_link *link;
    itsm__pg_parameters p;
    PGresult *result = NULL;

    if (!ntypes || (pg->options.flags & ITSM_POSTGRES_READONLY)) return ITSM_OK;
    itsm__pg_parameters_init(&p, pg);
    put_types(&p, types, ntypes);
    for (int column = 0; column < 4; column++) put_fields(&p, types, ntypes, column);
    itsm_status rc = itsm__pg_take(&link, pg, call, ITSM__PG_IN_CALL);
    if (!rc) {
        rc = itsm__pg_run(&result, pg, link, call, ITSM__PG_DEFINE, &p);
        PQclear(result);
        itsm__pg_release(pg, link);
    }
    itsm__pg_parameters_clear(&p);
    return rc == ITSM_E_UNKNOWN ? ITSM_E_RETRY : rc;
}

/* Care ---------------------------------------------------------------------------------------------------------------- */

/* VACUUM FULL writes a table anew; it cannot be part of a transaction, so each table is a statement of its own. */
static itsm_status compact(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    PGresult *result;
    itsm_status rc = run(&result, pg, link, call,
                         "SELECT format('VACUUM (FULL, ANALYZE) ~.%I', t) FROM (SELECT table_name FROM ~.itsm_type"
                         " UNION ALL VALUES ('itsm_row'), ('itsm_key'), ('itsm_waiting'), ('itsm_audit')) x(t)");

    if (rc) return rc;
    for (int i = 0; !rc && i < PQntuples(result); i++)
        rc = itsm__pg_text(NULL, pg, link, call, PQgetvalue(result, i, 0));
    PQclear(result);
    return rc;
}

static itsm_status check(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    itsm__pg_parameters p;
    PGresult *result = NULL;

    itsm__pg_parameters_init(&p, pg);
    itsm_status rc = itsm__pg_run(&result, pg, link, call, ITSM__PG_CHECK, &p);
    if (!rc && (PQntuples(result) != 1 || itsm__pg_be64(PQgetvalue(result, 0, 0)) != 0))
        rc = itsm__pg_say(call, ITSM_E_CORRUPT, "rows, index entries and audit entries do not belong together");
    PQclear(result);
    itsm__pg_parameters_clear(&p);
    return rc;
}

/* Both may take long: the server's limit is lifted, on a link that is closed afterwards. */
itsm_status itsm__pg_maintain(void *self, const itsm_call *call, uint32_t what)
{
    itsm__pg *pg = self;
    itsm__pg_link *link;

    if (what == ITSM_MAINTAIN_COMPACT && (pg->options.flags & ITSM_POSTGRES_READONLY))
        return itsm__pg_say(call, ITSM_E_READONLY, "the store is open for reading only");
    itsm_status rc = itsm__pg_take(&link, pg, call, ITSM__PG_IN_CALL);
    if (rc) return rc;
    rc = run(NULL, pg, link, call, "SET statement_timeout = 0; SET enable_hashjoin = on; SET enable_seqscan = on");
    if (!rc) rc = what == ITSM_MAINTAIN_COMPACT ? compact(pg, link, call) : check(pg, link, call);
    link->lost = 1;
    itsm__pg_release(pg, link);
    return rc == ITSM_E_UNKNOWN ? ITSM_E_RETRY : rc;
}
