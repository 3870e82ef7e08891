/* SPDX-License-Identifier: MIT */
/*
 * SQLite's result codes as the library's, in one table, and messages in the room a call gives for them.
 *
 * An extended code that is not in the table counts as its primary code.  SQLITE_ERROR is what statements of ours can
 * only meet when a table is not as it was made, so it is damage.
 */
#include "adapters/sqlite/internal.h"

#include <stdarg.h>

static const struct {
    int code;
    itsm_status status;
} codes[] = {
    {SQLITE_OK, ITSM_OK},
    {SQLITE_ROW, ITSM_OK},
    {SQLITE_DONE, ITSM_NOTHING},
    {SQLITE_ERROR, ITSM_E_CORRUPT},
    {SQLITE_INTERNAL, ITSM_E_IO},
    {SQLITE_PERM, ITSM_E_READONLY},
    {SQLITE_ABORT, ITSM_E_BUSY},
    {SQLITE_BUSY, ITSM_E_BUSY},
    {SQLITE_BUSY_SNAPSHOT, ITSM_E_RETRY},
    {SQLITE_LOCKED, ITSM_E_BUSY},
    {SQLITE_NOMEM, ITSM_E_NOMEM},
    {SQLITE_READONLY, ITSM_E_READONLY},
    {SQLITE_INTERRUPT, ITSM_E_BUSY},
    {SQLITE_IOERR, ITSM_E_IO},
    {SQLITE_IOERR_NOMEM, ITSM_E_NOMEM},
    {SQLITE_CORRUPT, ITSM_E_CORRUPT},
    {SQLITE_NOTFOUND, ITSM_E_UNSUPPORTED},
    {SQLITE_FULL, ITSM_E_FULL},
    {SQLITE_CANTOPEN, ITSM_E_IO},
    {SQLITE_PROTOCOL, ITSM_E_BUSY},
    {SQLITE_SCHEMA, ITSM_E_RETRY},
    {SQLITE_TOOBIG, ITSM_E_LIMIT},
    {SQLITE_CONSTRAINT, ITSM_E_INVALID},
    {SQLITE_CONSTRAINT_UNIQUE, ITSM_E_UNIQUE},
    {SQLITE_MISMATCH, ITSM_E_CORRUPT},
    {SQLITE_MISUSE, ITSM_E_MISUSE},
    {SQLITE_NOLFS, ITSM_E_UNSUPPORTED},
    {SQLITE_AUTH, ITSM_E_READONLY},
    {SQLITE_RANGE, ITSM_E_MISUSE},
    {SQLITE_NOTADB, ITSM_E_CORRUPT},
};

itsm_status itsm__sqlite_status(int code)
{
    for (int exact = 1; exact >= 0; exact--)
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
            if (codes[i].code == (exact ? code : code & 0xff)) return codes[i].status;
    return ITSM_E_IO;
}

itsm_status itsm__sqlite_say(const itsm_call *call, itsm_status rc, const char *format, ...)
{
    va_list args;

    if (!call || !call->message || !call->message_size || call->message_size > 65536) return rc;
    va_start(args, format);
    sqlite3_vsnprintf((int)call->message_size, call->message, format, args);
    va_end(args);
    return rc;
}

itsm_status itsm__sqlite_failed(const itsm_call *call, itsm__connection *c, int code)
{
    itsm_status rc = itsm__sqlite_status(c->db ? sqlite3_extended_errcode(c->db) : code);

    if (rc >= 0) rc = itsm__sqlite_status(code); /* the error was not kept with the connection */
    return itsm__sqlite_say(call, rc, "%s", c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(code));
}
