/* SPDX-License-Identifier: MIT */
/*
 * A program for an agenda from anybody, run on a list too: four bytes for each operation.  What is next, what is taken,
 * what is found and how many there are must be the same; memory fails when the program says so.
 */
#include <itsm/sla.h>

#include "support.h"

#include <stdlib.h>

enum { IDS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static itsm_time armed[IDS]; /* the list; ITSM_TIME_NONE: not armed */

static itsm_id id_of(size_t i)
{
    const itsm_id id = {i & 3, i};
    return id;
}

/* The first of the list; IDS: none. */
static size_t list_next(void)
{
    size_t first = IDS;
    for (size_t i = 0; i < IDS; i++) {
        if (armed[i] == ITSM_TIME_NONE) continue;
        if (first == IDS || armed[i] < armed[first] || (armed[i] == armed[first] && (i & 3) < (first & 3))) first = i;
    }
    return first;
}

static size_t list_count(void)
{
    size_t n = 0;
    for (size_t i = 0; i < IDS; i++) n += armed[i] != ITSM_TIME_NONE;
    return n;
}

static void must(int right)
{
    if (!right) abort();
}

static void check_entry(itsm_status status, const itsm_agenda_entry *entry, size_t wanted)
{
    must(status == (wanted == IDS ? ITSM_NOTHING : ITSM_OK));
    if (wanted == IDS) return;
    must(entry->at == armed[wanted] && entry->id.hi == (wanted & 3) && entry->id.lo == wanted);
}

static void run(itsm_agenda *agenda, struct counting *counting, const uint8_t op[4])
{
    const size_t i = op[1] % IDS, first = list_next();
    const itsm_time at = op[2] == 255 ? ITSM_TIME_NONE : op[2] == 254 ? INT64_MAX : op[2] - 100 + op[3] % 2;
    const size_t due = first < IDS && armed[first] <= at ? first : IDS;
    itsm_agenda_entry entry = {0, {0, 0}};
    itsm_time found = 0;
    itsm_status status;
    counting_fail_from(counting, op[3] / 64); /* 0: never */
    switch (op[0] % 8) {
    case 0: status = itsm_agenda_next(&entry, agenda), check_entry(status, &entry, first); break;
    case 1:
        status = itsm_agenda_take(&entry, agenda, at), check_entry(status, &entry, due);
        if (due < IDS) armed[due] = ITSM_TIME_NONE;
        break;
    case 2:
        must(itsm_agenda_remove(agenda, id_of(i)) == (armed[i] == ITSM_TIME_NONE ? ITSM_NOTHING : ITSM_OK));
        armed[i] = ITSM_TIME_NONE;
        break;
    case 3:
        status = itsm_agenda_find(&found, agenda, id_of(i));
        must(armed[i] == ITSM_TIME_NONE ? status == ITSM_NOTHING : status == ITSM_OK && found == armed[i]);
        break;
    default:
        status = itsm_agenda_set(agenda, id_of(i), at);
        must(status == ITSM_OK || (status == ITSM_E_NOMEM && counting->failed && armed[i] == ITSM_TIME_NONE));
        if (!status) armed[i] = at;
    }
    counting_stop(counting);
    must(itsm_agenda_count(agenda) == list_count());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_agenda *agenda;
    itsm_agenda_entry entry;
    for (size_t i = 0; i < IDS; i++) armed[i] = ITSM_TIME_NONE;
    must(itsm_agenda_new(&agenda, ctx) == ITSM_OK);
    for (size_t i = 0; i + 4 <= size && i < 1 << 16; i += 4) run(agenda, &counting, data + i);
    for (size_t first; (first = list_next()) < IDS; armed[first] = ITSM_TIME_NONE) {
        const itsm_status status = itsm_agenda_take(&entry, agenda, INT64_MAX);
        check_entry(status, &entry, first);
    }
    must(itsm_agenda_next(&entry, agenda) == ITSM_NOTHING);
    itsm_agenda_free(agenda);
    itsm_ctx_free(ctx);
    must(counting.outstanding == 0);
    return 0;
}
