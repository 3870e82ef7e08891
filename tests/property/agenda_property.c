/* SPDX-License-Identifier: MIT */
/*
 * Random operations on an agenda against a list that is searched from end to end.
 *
 * Few identities, so that all of them are armed, moved and disarmed often; half of them are such that they want
 * the same few slots at the end of the index, where probes wrap round.  Few instants, so that most are shared.  Some
 * requests for memory fail.  ITSM_CASES sets the number of operations, ITSM_SEED the seed.
 */
#include <itsm/sla.h>

#include "../unit/support.h"
#include "base/hash.h"

#include <criterion/criterion.h>

enum { IDS = 600 };

static uint64_t seed = UINT64_C(20260330);
static itsm_id ids[IDS];
static itsm_time armed[IDS]; /* the model: ITSM_TIME_NONE: not armed */

static int64_t below(int64_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int64_t)((seed * UINT64_C(2685821657736338717) >> 11) % (uint64_t)n);
}

static void choose_ids(void)
{
    uint64_t next = 1;
    for (size_t i = 0; i < IDS; i++) {
        ids[i].hi = i % 3 ? 0 : (uint64_t)below(4), ids[i].lo = next++;
        while (i % 2 && (itsm__hash(&ids[i], sizeof ids[i]) & 1023) < 1021) ids[i].lo = next++;
        armed[i] = ITSM_TIME_NONE;
    }
}

static int is_before(size_t a, size_t b)
{
    if (armed[a] != armed[b]) return armed[a] < armed[b];
    return ids[a].hi != ids[b].hi ? ids[a].hi < ids[b].hi : ids[a].lo < ids[b].lo;
}

/* The first that is armed; IDS: nothing is. */
static size_t model_next(void)
{
    size_t first = IDS;
    for (size_t i = 0; i < IDS; i++)
        if (armed[i] != ITSM_TIME_NONE && (first == IDS || is_before(i, first))) first = i;
    return first;
}

static size_t model_count(void)
{
    size_t n = 0;
    for (size_t i = 0; i < IDS; i++) n += armed[i] != ITSM_TIME_NONE;
    return n;
}

static void check_entry(itsm_status status, const itsm_agenda_entry *entry, size_t wanted)
{
    cr_assert_eq(status, wanted == IDS ? ITSM_NOTHING : ITSM_OK);
    if (wanted == IDS) return;
    cr_assert(entry->at == armed[wanted] && entry->id.hi == ids[wanted].hi && entry->id.lo == ids[wanted].lo);
}

static void one_operation(itsm_agenda *agenda, struct counting *counting, int64_t share_armed)
{
    const size_t i = (size_t)below(IDS);
    itsm_agenda_entry entry = {0, {0, 0}};
    itsm_time at = below(20) ? below(50) : (itsm_time)(seed >> 1);
    const int64_t what = below(100);
    if (what < share_armed) {
        counting_fail(counting, below(10) ? 0 : 1 + (size_t)below(2)); /* 0: none */
        const itsm_status status = itsm_agenda_set(agenda, ids[i], at);
        const int failed = counting_stop(counting);
        cr_assert_eq(status, failed ? ITSM_E_NOMEM : ITSM_OK);
        cr_assert(!failed || armed[i] == ITSM_TIME_NONE, "moving needs no memory");
        if (!failed) armed[i] = at;
    } else if (what < 75) {
        counting_fail_from(counting, (size_t)below(3)); /* 0: none */
        if (below(2)) cr_assert_eq(itsm_agenda_set(agenda, ids[i], ITSM_TIME_NONE), ITSM_OK);
        else cr_assert_eq(itsm_agenda_remove(agenda, ids[i]), armed[i] == ITSM_TIME_NONE ? ITSM_NOTHING : ITSM_OK);
        counting_stop(counting);
        armed[i] = ITSM_TIME_NONE;
    } else if (what < 85) {
        const size_t next = model_next();
        const size_t wanted = next < IDS && armed[next] <= at ? next : IDS;
        check_entry(itsm_agenda_take(&entry, agenda, at), &entry, wanted);
        if (wanted < IDS) armed[wanted] = ITSM_TIME_NONE;
    } else if (what < 92) {
        check_entry(itsm_agenda_next(&entry, agenda), &entry, model_next());
    } else {
        cr_assert_eq(itsm_agenda_find(&at, agenda, ids[i]), armed[i] == ITSM_TIME_NONE ? ITSM_NOTHING : ITSM_OK);
        cr_assert(armed[i] == ITSM_TIME_NONE || at == armed[i]);
        cr_assert_eq(itsm_agenda_count(agenda), model_count());
    }
}

Test(agenda_property, it_is_a_sorted_list, .timeout = 600)
{
    const char *cases = getenv("ITSM_CASES"), *given = getenv("ITSM_SEED");
    const long n = cases ? strtol(cases, NULL, 10) : 300000;
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_agenda *agenda;
    int64_t share_armed = 60;
    if (given) seed = strtoull(given, NULL, 10);
    printf("agenda_property: seed %llu, %ld operations\n", (unsigned long long)seed, n);
    choose_ids();
    cr_assert_eq(itsm_agenda_new(&agenda, ctx), ITSM_OK);
    for (long i = 0; i < n; i++) {
        if (i % 4000 == 0) share_armed = below(75); /* fills and empties by turns */
        one_operation(agenda, &counting, share_armed);
        if (below(20000)) continue;
        itsm_agenda_clear(agenda);
        for (size_t k = 0; k < IDS; k++) armed[k] = ITSM_TIME_NONE;
    }
    itsm_agenda_free(agenda);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    printf("agenda_property: %ld operations, 0 differences\n", n);
}
