/* SPDX-License-Identifier: MIT */
/*
 * The inside of the store in PostgreSQL.
 *
 * A *link* is one connection of the pool with all statements prepared; a call takes one, a view keeps one until it is
 * closed.  A connection of the host is wrapped as a link for one call: nothing is prepared there, and nothing of its
 * settings is changed.  What is sent is put together in *parameters*: numbers, bytes and arrays in the server's binary form.
 */
#ifndef ITSM_SRC_ADAPTERS_POSTGRES_H
#define ITSM_SRC_ADAPTERS_POSTGRES_H

#include <itsm/postgres.h>

#include <libpq-fe.h>

/* The schema this code makes and knows. */
#define ITSM__PG_VERSION 1

/* Statements that every link has prepared. */
enum {
    ITSM__PG_APPLY,
    ITSM__PG_GET,
    ITSM__PG_GET_MANY,
    ITSM__PG_ROWS_UP,
    ITSM__PG_ROWS_DOWN,
    ITSM__PG_KEYS_UP,
    ITSM__PG_KEYS_UP_OPEN,
    ITSM__PG_KEYS_DOWN,
    ITSM__PG_KEYS_DOWN_OPEN,
    ITSM__PG_AUDIT,
    ITSM__PG_RESERVE,
    ITSM__PG_SEAL,
    ITSM__PG_DEFINE,
    ITSM__PG_CHECK,
    ITSM__PG_STATEMENTS
};

enum { ITSM__PG_PARAMETERS = 16 };

/* The types of what is sent, by their fixed numbers. */
enum {
    ITSM__PG_BYTEA = 17,
    ITSM__PG_INT8 = 20,
    ITSM__PG_INT4 = 23,
    ITSM__PG_TEXT = 25,
    ITSM__PG_UUID = 2950,
    ITSM__PG_BYTEAS = 1001,
    ITSM__PG_INT4S = 1007,
    ITSM__PG_TEXTS = 1009,
    ITSM__PG_INT8S = 1016,
    ITSM__PG_UUIDS = 2951
};

typedef struct itsm__pg_statement {
    const char *sql; /* ~ stands for the schema */
    int n;           /* parameters */
    Oid types[ITSM__PG_PARAMETERS];
} itsm__pg_statement;

extern const itsm__pg_statement itsm__pg_statements[ITSM__PG_STATEMENTS];

/* The statements that make version 1 of the schema from nothing, NULL at the end. */
extern const char *const itsm__pg_version_1[];

/* What a link is used for. */
enum { ITSM__PG_CLOSED, ITSM__PG_IDLE, ITSM__PG_IN_CALL, ITSM__PG_IN_VIEW };

typedef struct itsm__pg_link {
    PGconn *conn;
    uint32_t state;
    int ready;   /* everything is prepared */
    int pending; /* answers nobody has read yet: of the end of a view */
    int lost;
    int warned; /* a warning came with the last answer */
    int host;   /* the host's own: left open, nothing is prepared */
} itsm__pg_link;

typedef struct itsm__pg {
    itsm_alloc_fn alloc;
    void *alloc_user;
    itsm_mutexes mutexes;
    void *mutex; /* NULL: for one thread */
    uint64_t caps;
    itsm_postgres_options options; /* without zeros */
    char *conninfo;                /* NUL-terminated */
    size_t conninfo_size;
    char schema[64 + 2];              /* quoted */
    char *sql[ITSM__PG_STATEMENTS]; /* the statements with the schema's name */
    size_t sql_size[ITSM__PG_STATEMENTS];
    itsm__pg_link *links; /* as many as there may be */
} itsm__pg;

/* array.c: parameters ------------------------------------------------------------------------------------------------- */

typedef struct itsm__pg_parameters {
    itsm_buf buf;
    itsm_status rc; /* of the first addition that failed; later ones do nothing */
    int n;
    size_t start[ITSM__PG_PARAMETERS + 1];
    unsigned char null[ITSM__PG_PARAMETERS];
    size_t element; /* where the length of the present element stands */
    size_t array;   /* where the number of elements of the present array stands */
    uint32_t elements;
} itsm__pg_parameters;

void itsm__pg_parameters_init(itsm__pg_parameters *p, const itsm__pg *pg);
void itsm__pg_parameters_clear(itsm__pg_parameters *p);
void itsm__pg_int4(itsm__pg_parameters *p, int32_t i);
void itsm__pg_int8(itsm__pg_parameters *p, uint64_t u);
void itsm__pg_bytes(itsm__pg_parameters *p, const void *bytes, size_t n);
void itsm__pg_id(itsm__pg_parameters *p, itsm_id id);

/* An array: begin it, then one call for each element, then end it. */
void itsm__pg_array(itsm__pg_parameters *p, Oid element);
void itsm__pg_array_end(itsm__pg_parameters *p);
void itsm__pg_add_int4(itsm__pg_parameters *p, int32_t i);
void itsm__pg_add_int8(itsm__pg_parameters *p, uint64_t u);
void itsm__pg_add_bytes(itsm__pg_parameters *p, const void *bytes, size_t n);
void itsm__pg_add_id(itsm__pg_parameters *p, itsm_id id);
void itsm__pg_add_null(itsm__pg_parameters *p);
/* An element whose bytes are appended to the buffer in between. */
itsm_buf *itsm__pg_add_begin(itsm__pg_parameters *p);
void itsm__pg_add_end(itsm__pg_parameters *p, itsm_status rc);

/* Numbers and identities of a binary answer. */
uint32_t itsm__pg_be32(const void *p);
uint64_t itsm__pg_be64(const void *p);
itsm_id itsm__pg_be_id(const void *p);

/* fields.c: the fields of a row as JSON: {"<number>:<kind>": value, ...}, for the columns of its table ------------------ */

itsm_status itsm__pg_fields(itsm_buf *out, const itsm_row *row);

/* link.c -------------------------------------------------------------------------------------------------------------- */

void *itsm__pg_alloc(const itsm__pg *pg, size_t size); /* zeroed */
void itsm__pg_free(const itsm__pg *pg, void *ptr, size_t size);

/* A message for the caller, and the status. */
itsm_status itsm__pg_say(const itsm_call *call, itsm_status rc, const char *message);

/* A link for a call or a view: ITSM_OK, BUSY, or why none can be made.  Given back by itsm__pg_release(). */
itsm_status itsm__pg_take(itsm__pg_link **out, itsm__pg *pg, const itsm_call *call, uint32_t state);
void itsm__pg_release(itsm__pg *pg, itsm__pg_link *link);

/* A connection of the host as a link, for one call. */
itsm_status itsm__pg_host(itsm__pg_link *out, const itsm_call *call);

/* A new connection that has nothing prepared. */
itsm_status itsm__pg_connect(PGconn **out, const itsm__pg *pg, const itsm_call *call);

/*
 * Run a statement and wait: ITSM_OK and its rows, or what its failure means.  A lost link is ITSM_E_UNKNOWN here; the
 * caller knows what could have come of it.
 */
itsm_status itsm__pg_run(PGresult **out, const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call, int statement,
                         const itsm__pg_parameters *p);

/* The same for text without parameters, several statements too; the last one's rows, if `out` is not NULL. */
itsm_status itsm__pg_text(PGresult **out, const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call,
                          const char *sql);

/* What a failure means: by its SQLSTATE. */
itsm_status itsm__pg_status(const char *sqlstate);

/* schema.c ------------------------------------------------------------------------------------------------------------ */

/* A copy of a statement with the schema's name, NUL-terminated. */
itsm_status itsm__pg_with_schema(char **out, size_t *size, const itsm__pg *pg, const char *sql);

/* See that the schema is there in the version we know, or make it. */
itsm_status itsm__pg_open_schema(itsm__pg *pg, itsm__pg_link *link, const itsm_call *call);

itsm_status itsm__pg_define(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes);
itsm_status itsm__pg_maintain(void *self, const itsm_call *call, uint32_t what);

/* apply.c ------------------------------------------------------------------------------------------------------------- */

itsm_status itsm__pg_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied);
itsm_status itsm__pg_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first);
itsm_status itsm__pg_audit_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end);

/* read.c -------------------------------------------------------------------------------------------------------------- */

itsm_status itsm__pg_view_open(void *self, const itsm_call *call, void **view);
void itsm__pg_view_close(void *self, void *view);
itsm_status itsm__pg_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row);
itsm_status itsm__pg_get_many(void *self, const itsm_call *call, void *view, const itsm_ref *refs, size_t n,
                              void **cursor);
itsm_status itsm__pg_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor);
itsm_status itsm__pg_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor);
itsm_status itsm__pg_next(void *self, const itsm_call *call, void *cursor, itsm_row *row);
void itsm__pg_cursor_close(void *self, void *cursor);

#endif
