/* SPDX-License-Identifier: MIT */
/*
 * Records to be asked about.  A log is replayed into a store in memory, by --map and --zone of the command; it is read
 * once.  A store is opened for reading only: nothing is written or locked.
 */
#include "cli/desk.h"

static int open_system(desk *d, const itsm_sla *sla)
{
    static const char key[] = "libitsm";
    itsm_sms_options how = ITSM_SMS_OPTIONS_INIT;
    how.sla = sla, how.key.p = key, how.key.n = sizeof key - 1;
    itsm_status rc = itsm_sms_new(&d->sms, d->ctx, itsm_model_builtin(), d->store, &how);
    return rc ? input_error(d->ctx, rc, d->path) : EXIT_FINE;
}

static int replay_log(desk *d, const itsm_sla *sla)
{
    itsm_event_log *log = NULL;
    itsm_replay_options how = ITSM_REPLAY_OPTIONS_INIT;
    how.slas = &sla, how.nslas = 1;
    itsm_status rc = source_open(&d->in);
    if (!rc) rc = itsm_event_log_open(&log, d->ctx, d->mapping, d->zone, source_read, &d->in);
    if (!rc) rc = itsm_replay_run(&d->replay, d->sms, d->mapping, log, &how);
    int code = !rc                ? EXIT_FINE
               : d->in.compressed ? compressed_error(&d->in, d->name)
                                  : input_error(d->ctx, rc, d->path);
    itsm_event_log_free(log);
    return code;
}

int desk_open_log(desk *d, const command *self, itsm_ctx *ctx, const char *log, const itsm_sla *sla)
{
    memset(d, 0, sizeof *d);
    d->ctx = d->in.ctx = ctx, d->path = d->in.path = log, d->name = self->name;
    int code = load_mapping(&d->mapping, ctx, value_of(self, "--map"));
    if (!code) code = load_zone(&d->zone, ctx, value_of(self, "--zone"));
    itsm_status rc = code ? ITSM_OK : itsm_os_store_open(&d->store, ctx, ITSM_STR(":memory:"));
    if (rc) code = input_error(ctx, rc, log);
    if (!code) code = open_system(d, sla);
    return code ? code : replay_log(d, sla);
}

int desk_open_store(desk *d, const command *self, itsm_ctx *ctx, const char *path, const itsm_sla *sla)
{
    itsm_file_options how = ITSM_FILE_OPTIONS_INIT;
    memset(d, 0, sizeof *d);
    d->ctx = ctx, d->path = path, d->name = self->name;
    how.flags = ITSM_FILE_READONLY | ITSM_FILE_EXISTING;
    itsm_status rc = itsm_store_file(&d->store, ctx, itsm_os_io(), itsm_str_c(path), &how);
    return rc ? input_error(ctx, rc, path) : open_system(d, sla);
}

void desk_close(desk *d)
{
    itsm_replay_free(d->replay);
    itsm_sms_free(d->sms);
    itsm_store_free(d->store);
    itsm_zone_free(d->zone);
    itsm_mapping_free(d->mapping);
    source_close(&d->in);
}
