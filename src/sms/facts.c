/* SPDX-License-Identifier: MIT */
/*
 * What targets are chosen by: the priority of a record, and whatever other fields the rules in force read.  A clock
 * keeps the facts of each of its targets as bytes, one behind the other, so that whether they changed is one comparison
 * and clocks under rules on the priority alone keep nothing:
 *
 *   facts = length (4 bytes) , { name , value }     values as the records' codec writes them
 *
 * A reference is kept as the number of the record it leads to, which never changes.  Cost: a look-up and a copy for
 * each field the rules read.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "record/codec.h"
#include "record/internal.h"

enum { LENGTH = 4 };

static int64_t priority_of(itsm_work *work, const itsm_record *record)
{
    if (work->priority_type != itsm_record_type(record)) {
        work->priority_type = itsm_record_type(record);
        work->priority = itsm_type_field(work->priority_type, ITSM_STR("priority"));
    }
    const itsm_field_def *field = work->priority;
    const itsm_value *value = field ? itsm__record_at(record, field->number) : NULL;
    return value && value->kind == ITSM_INT ? value->u.i : 0;
}

/* Taking ------------------------------------------------------------------------------------------------------------ */

/* A single value as rules can read it; ITSM_NOTHING: they cannot. */
static itsm_status plain_value(itsm_value *out, itsm_work *work, const itsm_value *value)
{
    itsm__draft *other;
    switch (value->kind) {
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_INT:
    case ITSM_BOOL: *out = *value; return ITSM_OK;
    case ITSM_REF: break;
    default: return ITSM_NOTHING;
    }
    const itsm_status rc = itsm__work_find(&other, work, value->u.ref);
    const itsm_value *number = rc ? NULL : itsm__record_at(other->record, ITSM_FIELD_NUMBER);
    if (rc || !number) return rc < 0 ? rc : ITSM_NOTHING;
    *out = itsm_value_text(number->u.s);
    return ITSM_OK;
}

static itsm_status plain_list(itsm_value *out, itsm_work *work, const itsm_value *list)
{
    itsm_value *items = itsm__arena_alloc(&work->arena, list->u.list.n * sizeof *items);
    size_t n = 0;
    if (!items) return ITSM_E_NOMEM;
    for (size_t i = 0; i < list->u.list.n; i++) {
        const itsm_status rc = plain_value(&items[n], work, &list->u.list.item[i]);
        if (rc < 0) return rc;
        if (rc == ITSM_OK) n++;
    }
    memset(out, 0, sizeof *out);
    out->kind = ITSM_LIST, out->u.list.item = items, out->u.list.n = n;
    return n ? ITSM_OK : ITSM_NOTHING;
}

static itsm_status put_value(itsm_work *work, itsm__clock_draft *clock, size_t *end, const itsm_value *value)
{
    const size_t bound = itsm__value_bound(value);
    if (bound > UINT32_MAX - *end) return ITSM_E_LIMIT;
    const itsm_status rc = itsm__grow(&work->memory, &clock->facts, &clock->facts_capacity, *end + bound, 1);
    if (!rc) *end = (size_t)(itsm__value_put(clock->facts + *end, value) - clock->facts);
    return rc;
}

/* A field, if the record has a value in it that rules can read. */
static itsm_status put_fact(itsm_work *work, itsm__clock_draft *clock, size_t *end, const itsm_record *record,
                            itsm_str name)
{
    const itsm_field_def *field = itsm_type_field(itsm_record_type(record), name);
    itsm_value held, plain;
    itsm_status rc = field ? itsm_record_get(&held, record, field) : ITSM_NOTHING;
    if (!rc) rc = held.kind == ITSM_LIST ? plain_list(&plain, work, &held) : plain_value(&plain, work, &held);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    const itsm_value label = itsm_value_text(name);
    rc = put_value(work, clock, end, &label);
    return rc ? rc : put_value(work, clock, end, &plain);
}

/* Facts behind those there are, not yet counted in.  Targets that were chosen without any have a length of 0 each. */
static itsm_status put_facts(itsm_work *work, itsm__clock_draft *clock, size_t *start, size_t *end,
                             const itsm_record *record)
{
    const itsm_sla *sla = work->sms->sla;
    *start = clock->nfacts ? clock->nfacts : clock->npriorities * LENGTH, *end = *start + LENGTH;
    itsm_status rc = itsm__grow(&work->memory, &clock->facts, &clock->facts_capacity, *end, 1);
    if (!rc && !clock->nfacts) memset(clock->facts, 0, *start);
    for (size_t i = 0; i < itsm_sla_field_count(sla) && !rc; i++)
        if (!itsm_str_is(itsm_sla_field_at(sla, i), "priority"))
            rc = put_fact(work, clock, end, record, itsm_sla_field_at(sla, i));
    if (!rc) itsm__put_be32(clock->facts + *start, (uint32_t)(*end - *start - LENGTH));
    return rc;
}

/* Rules on nothing but the priority, and none before that read more: the usual case. */
static int are_facts_needed(const itsm_work *work, const itsm__clock_draft *clock)
{
    const itsm_sla *sla = work->sms->sla;
    const size_t n = itsm_sla_field_count(sla);
    return clock->nfacts || n > 1 || (n == 1 && !itsm_str_is(itsm_sla_field_at(sla, 0), "priority"));
}

itsm_status itsm__facts_take(int *changed, itsm_work *work, itsm__clock_draft *clock, const itsm_record *record)
{
    const int64_t priority = priority_of(work, record);
    size_t start = 0, end = 0;
    itsm_status rc = ITSM_OK;
    *changed = !clock->npriorities || clock->priorities[clock->npriorities - 1] != priority;
    if (are_facts_needed(work, clock)) {
        if ((rc = put_facts(work, clock, &start, &end, record))) return rc;
        const size_t n = end - start;
        if (!clock->nfacts) *changed |= n > LENGTH;
        else
            *changed |= n != clock->nfacts - clock->last_facts ||
                        memcmp(clock->facts + start, clock->facts + clock->last_facts, n) != 0;
    }
    if (!*changed) return ITSM_OK;
    rc = itsm__grow(&work->memory, &clock->priorities, &clock->priority_capacity, clock->npriorities + 1,
                    sizeof *clock->priorities);
    if (rc) return rc;
    clock->priorities[clock->npriorities++] = priority;
    if (clock->nfacts || end - start > LENGTH) clock->last_facts = start, clock->nfacts = end;
    return ITSM_OK;
}

/* Reading ----------------------------------------------------------------------------------------------------------- */

/* The next facts as bytes; ITSM_E_CORRUPT if they are not there. */
static itsm_status next_facts(itsm__reader *out, itsm__reader *in)
{
    if (in->end - in->p < LENGTH) return ITSM_E_CORRUPT;
    const uint32_t n = itsm__be32(in->p);
    if ((uint64_t)(in->end - in->p - LENGTH) < n) return ITSM_E_CORRUPT;
    out->p = in->p + LENGTH, out->end = in->p = out->p + n;
    return ITSM_OK;
}

itsm_status itsm__facts_find_last(itsm__clock_draft *clock)
{
    itsm__reader in = {clock->facts, clock->facts + clock->nfacts}, unused;
    itsm_status rc = ITSM_OK;
    clock->last_facts = 0;
    if (!clock->nfacts) return ITSM_OK;
    for (size_t i = 0; i < clock->npriorities && !rc; i++) {
        clock->last_facts = (size_t)(in.p - clock->facts);
        rc = next_facts(&unused, &in);
    }
    return !rc && in.p != in.end ? ITSM_E_CORRUPT : rc;
}

static itsm_status read_facts(itsm_sla_facts *out, itsm__arena *arena, int64_t priority, itsm__reader in)
{
    size_t room = 1 + (size_t)(in.end - in.p) / 2, n = 1; /* a name and a value take 2 bytes at least */
    itsm_status rc = ITSM_OK;
    if (room > ITSM__FACTS_MAX) room = ITSM__FACTS_MAX;
    itsm_sla_fact *items = itsm__arena_alloc(arena, room * sizeof *items);
    if (!items) return ITSM_E_NOMEM;
    items[0].field = ITSM_STR("priority"), items[0].value = itsm_value_number(ITSM_INT, priority);
    for (; in.p < in.end && !rc; n++) {
        itsm_value name;
        if (n == room) return ITSM_E_CORRUPT;
        if ((rc = itsm__value_read(&name, &in, arena)) || name.kind != ITSM_TEXT) return rc ? rc : ITSM_E_CORRUPT;
        items[n].field = name.u.s;
        rc = itsm__value_read(&items[n].value, &in, arena);
    }
    out->item = items, out->n = n;
    return rc;
}

itsm_status itsm__clock_facts(itsm_sla_facts **out, itsm__arena *arena, const itsm__clock_draft *clock)
{
    itsm__reader in = {clock->facts, clock->facts ? clock->facts + clock->nfacts : NULL};
    itsm_sla_facts *facts = itsm__arena_alloc(arena, clock->npriorities * sizeof *facts);
    itsm_status rc = facts ? ITSM_OK : ITSM_E_NOMEM;
    for (size_t i = 0; i < clock->npriorities && !rc; i++) {
        itsm__reader one = {NULL, NULL};
        if (clock->nfacts) rc = next_facts(&one, &in);
        if (!rc) rc = read_facts(&facts[i], arena, clock->priorities[i], one);
    }
    *out = facts;
    return rc;
}
