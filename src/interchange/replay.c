/* SPDX-License-Identifier: MIT */
/*
 * Replaying a log: every event is observed by the engine, in batches cut at fixed places of the log, so that a replay
 * that was killed and is run again makes the same batches from where it stood, and the same audit trail.  What the log
 * says of itself goes into a profile on the way, and the rules missed are counted; those of events that were in the
 * store before come from the history of their cases, so a second replay of the same log answers the same.  At the end
 * each case is measured from its clock in the store.
 *
 * Memory: a profile and a few numbers per case, plus one batch.
 */
#include "interchange/replay.h"

#include "base/hash.h"
#include "base/text.h"
#include "sms/observe.h"

#define BATCH_EVENTS 1000

void itsm_replay_free(itsm_replay *r)
{
    if (!r) return;
    for (size_t i = 0; i < r->nslas && r->slas; i++) itsm_sla_free(r->slas[i]);
    itsm__free(&r->memory, r->slas, r->nslas * sizeof(itsm_sla *));
    itsm__free(&r->memory, r->values, r->profile.ncases * r->nslas * sizeof *r->values);
    itsm__free(&r->memory, r->counts, r->count_capacity * sizeof *r->counts);
    itsm__map_clear(&r->rules);
    itsm_buf_clear(&r->scratch);
    itsm__profile_clear(&r->profile);
    itsm__arena_clear(&r->text);
    itsm_observer_free(r->observer);
    itsm__memory memory = r->memory;
    itsm__free(&memory, r, sizeof *r);
}

static itsm_status begin(itsm_replay **out, itsm_sms *sms, itsm_ctx *ctx, const itsm_mapping *mapping,
                         const itsm_event_log *log, const itsm_replay_options *options)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_replay *r = itsm__alloc_zero(memory, sizeof *r);
    if (!r) return ITSM_E_NOMEM;
    r->ctx = ctx, r->memory = *memory, r->sms = sms, r->mapping = mapping;
    itsm__arena_init(&r->text, memory);
    itsm__map_init(&r->rules, memory);
    itsm_buf_init(&r->scratch, ctx);
    r->totals.size = sizeof r->totals;
    *out = r;
    const itsm_str *fields, *header;
    size_t n = itsm__event_log_header(&header, log);
    itsm_status rc = itsm__profile_init(&r->profile, memory, mapping, itsm__event_log_places(log), n);
    if (!rc && !(r->slas = itsm__alloc_zero(memory, options->nslas * sizeof(itsm_sla *)))) rc = ITSM_E_NOMEM;
    if (rc) return rc;
    for (r->nslas = 0; r->nslas < options->nslas; r->nslas++) r->slas[r->nslas] = itsm_sla_ref(options->slas[r->nslas]);
    n = itsm_mapping_fields(&fields, mapping);
    return itsm_observer_new(&r->observer, sms, itsm_mapping_type(mapping), fields, n);
}

/* A calendar that never opens has no due dates at all: said before anything is written. */
static itsm_status check_calendars(const itsm_replay *r)
{
    for (size_t i = 0; i < r->nslas; i++) {
        const itsm_calendar *calendar = itsm__sla_calendar(r->slas[i]);
        itsm_time at;
        if (!calendar || itsm_calendar_next_open(&at, calendar, 0) != ITSM_E_NO_OPEN_TIME ||
            itsm_calendar_prev_open(&at, calendar, 0) != ITSM_E_NO_OPEN_TIME)
            continue;
        return itsm__issue(r->ctx, ITSM_E_NO_OPEN_TIME, itsm_calendar_name(calendar), ITSM_STR("weekly"),
                           itsm_str_c(NULL), "calendar %S never opens", itsm_calendar_name(calendar));
    }
    return ITSM_OK;
}

/* Counting ---------------------------------------------------------------------------------------------------------- */

/* move NUL rule NUL clause NUL undecided */
static itsm_status put_key(itsm_buf *out, const itsm_deviation *d)
{
    const itsm_str parts[] = {d->move, d->rule, d->clause};
    itsm_status rc = ITSM_OK;
    out->n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !rc; i++)
        if (!(rc = itsm__buf_str(out, parts[i]))) rc = itsm__buf_char(out, 0);
    return rc ? rc : itsm__buf_char(out, (char)(d->undecided != 0));
}

static itsm_status count_rule(itsm_replay *r, const itsm_deviation *d)
{
    int added;
    if (d->undecided) r->totals.undecided++;
    else r->totals.deviations++;
    itsm_status rc = put_key(&r->scratch, d);
    uint64_t *place = rc ? NULL : itsm__map_put(&r->rules, r->scratch.p, r->scratch.n, &added);
    if (!place) return ITSM_E_NOMEM;
    if (!added) return r->counts[*place].count++, ITSM_OK;
    *place = r->ncounts;
    if ((rc = itsm__grow(&r->memory, &r->counts, &r->count_capacity, r->ncounts + 1, sizeof *r->counts))) return rc;
    itsm__rule_count *count = &r->counts[r->ncounts++];
    memset(count, 0, sizeof *count);
    count->undecided = d->undecided, count->count = 1;
    rc = itsm__arena_copy(&count->move, &r->text, d->move);
    if (!rc) rc = itsm__arena_copy(&count->rule, &r->text, d->rule);
    return rc ? rc : itsm__arena_copy(&count->clause, &r->text, d->clause);
}

static itsm_status count_rules(itsm_replay *r, const itsm_deviation *deviations, size_t n)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n && !rc; i++) rc = count_rule(r, &deviations[i]);
    return rc;
}

/* A case whose first events were in the store before. */
typedef struct known_case {
    itsm_replay *replay;
    uint64_t left; /* events still to be counted */
} known_case;

static itsm_status count_entry(void *user, const itsm_history *entry)
{
    known_case *known = user;
    if (entry->action != ITSM_AUDIT_OBSERVE || !known->left) return ITSM_OK;
    known->left--;
    return count_rules(known->replay, entry->deviations, entry->ndeviations);
}

static itsm_status count_known(itsm_replay *r)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < r->profile.ncases && !rc; i++) {
        const itsm__log_case *c = &r->profile.cases[i];
        known_case known = {r, c->known};
        if (c->known) rc = itsm_sms_history(r->sms, itsm__observer_ref(r->observer, c->number), count_entry, &known);
    }
    return rc;
}

/* Observing --------------------------------------------------------------------------------------------------------- */

/*
 * A checksum over everything the row says, continuing that of the case: over the columns with the delimiter between
 * them, which is mostly how they stand in the input.
 */
static uint32_t checksum(uint32_t check, const itsm_log_event *event, char delimiter)
{
    const itsm_str *fields = event->columns, *last = fields + event->ncolumns - 1;
    int joined = 1;
    for (size_t i = 1; i < event->ncolumns && joined; i++)
        joined = fields[i].p == fields[i - 1].p + fields[i - 1].n + 1 && fields[i].p[-1] == delimiter;
    check = itsm__crc32c(check, "\n", 1);
    if (joined) return itsm__crc32c(check, fields->p, (size_t)(last->p + last->n - fields->p));
    for (size_t i = 0; i < event->ncolumns; i++) {
        if (i) check = itsm__crc32c(check, &delimiter, 1);
        check = itsm__crc32c(check, fields[i].p, fields[i].n);
    }
    return check;
}

/* What the engine says of an event, with the line it stands on. */
static itsm_status with_line(itsm_replay *r, const itsm_log_event *event, itsm_status code)
{
    const itsm_issue *issue = itsm_ctx_issue(r->ctx, 0);
    itsm__position at = {0, event->line, 1};
    if (code == ITSM_E_NOMEM || (issue && issue->line)) return code;
    itsm_buf why = ITSM_BUF_INIT;
    itsm_buf_init(&why, r->ctx);
    (void)!itsm__buf_str(&why, issue ? issue->message : itsm_str_c(itsm_status_text(code)));
    itsm__issues_clear(r->ctx);
    itsm__issue_at(r->ctx, code, at, event->number, itsm_str_c(NULL), "%S", itsm_buf_str(&why));
    itsm_buf_clear(&why);
    return code;
}

static itsm_status observe(itsm_replay *r, itsm_work *work, const itsm_log_event *event, size_t state)
{
    itsm__log_case *c;
    itsm_observation o;
    itsm_observed seen = ITSM_OBSERVED_INIT;
    itsm_status rc = itsm__profile_add(&r->profile, &c, event, state);
    if (rc) return rc;
    memset(&o, 0, sizeof o);
    c->check = checksum(c->check, event, r->mapping->delimiter);
    o.size = sizeof o, o.number = event->number, o.ordinal = c->events - 1, o.check = c->check, o.at = event->at.at;
    o.opened = event->opened.at, o.who = event->who, o.state = event->state, o.values = event->values;
    o.stopped = event->resolved.at != ITSM_TIME_NONE && event->resolved.at >= event->opened.at ? event->resolved.at
                                                                                               : ITSM_TIME_NONE;
    o.stopped_is_final = r->mapping->resolved_is_final;
    rc = itsm_work_observe(&seen, work, r->observer, &o);
    if (rc == ITSM_NOTHING) return c->known++, r->totals.known++, ITSM_OK;
    if (rc) return with_line(r, event, rc);
    r->totals.recorded++;
    return count_rules(r, seen.deviations, seen.ndeviations);
}

static itsm_status commit(itsm_work *work)
{
    itsm_status rc = itsm_work_commit(NULL, work);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

/* A batch ends: what is in it is kept, and whoever watches is told. */
static itsm_status end_batch(itsm_replay *r, itsm_work *work, const itsm_replay_options *options)
{
    itsm_status rc = commit(work);
    return rc || !options->progress ? rc : options->progress(options->user, r->totals.events);
}

static itsm_status observe_all(itsm_replay *r, itsm_event_log *log, const itsm_replay_options *options)
{
    uint32_t batch = options->batch ? options->batch : BATCH_EVENTS;
    const itsm_log_event *event;
    itsm_work *work;
    itsm_act act = ITSM_ACT_INIT;
    act.who = options->who.n ? options->who : ITSM_STR("replay");
    act.now = options->now ? options->now : ITSM_TIME_NONE;
    itsm_status rc = itsm_work_new(&work, r->sms, &act), last;
    if (rc) return rc;
    while ((last = itsm_event_log_next(&event, log)) == ITSM_OK) {
        if ((rc = observe(r, work, event, itsm__event_log_state(log)))) break;
        if (++r->totals.events % batch == 0 && (rc = end_batch(r, work, options))) break;
    }
    if (!rc) rc = last == ITSM_DONE ? commit(work) : last;
    itsm_work_free(work);
    return rc;
}

/* All of it --------------------------------------------------------------------------------------------------------- */

static itsm_status read_root(itsm_replay *r, itsm_store *store)
{
    itsm_audit_checkpoint checkpoint = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_status rc = itsm_audit_root(&checkpoint, r->ctx, store);
    if (rc) return rc;
    r->totals.audit_size = checkpoint.count;
    memcpy(r->totals.audit_root, checkpoint.root, sizeof r->totals.audit_root);
    return ITSM_OK;
}

static itsm_status keep_header(itsm_replay *r, const itsm_event_log *log)
{
    const itsm_str *names;
    size_t n = itsm__event_log_header(&names, log);
    itsm_str *header = itsm__arena_alloc(&r->text, n * sizeof *header);
    itsm_status rc = header ? ITSM_OK : ITSM_E_NOMEM;
    for (size_t i = 0; i < n && !rc; i++) rc = itsm__arena_copy(&header[i], &r->text, names[i]);
    r->header = header;
    return rc;
}

itsm_status itsm_replay_run(itsm_replay **out, itsm_sms *sms, const itsm_mapping *mapping, itsm_event_log *log,
                            const itsm_replay_options *options)
{
    static const itsm_replay_options defaults = ITSM_REPLAY_OPTIONS_INIT;
    itsm_replay *r = NULL;
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!sms || !mapping || !log || (options && options->size < sizeof *options)) return ITSM_E_MISUSE;
    if (!options) options = &defaults;
    itsm_ctx *ctx = itsm__sms_ctx(sms);
    itsm__issues_clear(ctx);
    itsm_status rc = begin(&r, sms, ctx, mapping, log, options);
    if (!rc) rc = check_calendars(r);
    if (!rc) rc = keep_header(r, log);
    if (!rc) rc = observe_all(r, log, options);
    if (!rc) rc = itsm__sla_table_fill(r);
    if (!rc) rc = count_known(r);
    if (!rc) rc = read_root(r, itsm__sms_store(sms));
    if (!rc) itsm__event_log_digest(r->source, log), r->totals.cases = r->profile.ncases;
    if (rc) itsm_replay_free(r), r = NULL;
    *out = r;
    return rc;
}

void itsm_replay_counts_get(itsm_replay_counts *out, const itsm_replay *replay)
{
    size_t size = out->size < sizeof *out ? out->size : sizeof *out;
    memcpy((char *)out + sizeof out->size, (const char *)&replay->totals + sizeof out->size, size - sizeof out->size);
}
