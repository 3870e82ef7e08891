/* SPDX-License-Identifier: MIT */
/*
 * Instants as text, and TZif files in the making: what the tests of times and of zones share.
 */
#ifndef ITSM_TESTS_TZIF_H
#define ITSM_TESTS_TZIF_H

#include <itsm/time.h>

#include "support.h"

#include <criterion/criterion.h>

static inline itsm_time instant(const char *text)
{
    itsm_time t = ITSM_TIME_NONE;
    cr_assert(itsm_time_decode(&t, itsm_str_c(text)) == ITSM_OK, "%s is no instant", text);
    return t;
}

static inline int64_t wall(const char *text)
{
    int64_t w = ITSM_TIME_NONE;
    cr_assert(itsm_local_decode(&w, itsm_str_c(text)) == ITSM_OK, "%s is no wall clock", text);
    return w;
}

static inline void assert_instant(itsm_time got, const char *wanted)
{
    char text[ITSM_TIME_MAX];
    cr_assert_str_eq(itsm_time_text(text, got), wanted);
}

/* A TZif file in the making: transitions, types, abbreviations, and a footer. */
struct tzif {
    char version;
    int64_t time[8];
    unsigned char index[8];
    unsigned ntimes;
    int32_t offset[4];
    unsigned char dst[4], at[4];
    unsigned ntypes;
    const char *chars; /* with its NULs; `nchars` bytes */
    unsigned nchars;
    const char *footer; /* without the line ends */
    unsigned leaps, isstd, isut;
};

struct bytes {
    unsigned char p[1024];
    size_t n;
};

static inline void put(struct bytes *out, uint64_t value, int size)
{
    while (size--) out->p[out->n++] = (unsigned char)(value >> (8 * size));
}

static inline void put_block(struct bytes *out, const struct tzif *z, int size, int empty)
{
    memcpy(out->p + out->n, "TZif", 4), out->n += 4;
    put(out, (unsigned char)z->version, 1);
    memset(out->p + out->n, 0, 15), out->n += 15;
    put(out, empty ? 0 : z->isut, 4), put(out, empty ? 0 : z->isstd, 4), put(out, empty ? 0 : z->leaps, 4);
    put(out, empty ? 0 : z->ntimes, 4), put(out, empty ? 1 : z->ntypes, 4), put(out, empty ? 1 : z->nchars, 4);
    if (empty) {
        put(out, 0, 7);
        return;
    }
    for (unsigned i = 0; i < z->ntimes; i++) put(out, (uint64_t)z->time[i], size);
    for (unsigned i = 0; i < z->ntimes; i++) put(out, z->index[i], 1);
    for (unsigned i = 0; i < z->ntypes; i++)
        put(out, (uint64_t)(int64_t)z->offset[i] & 0xffffffffu, 4), put(out, z->dst[i], 1), put(out, z->at[i], 1);
    memcpy(out->p + out->n, z->chars, z->nchars), out->n += z->nchars;
    for (unsigned i = 0; i < z->leaps; i++) put(out, 78796800, size), put(out, 1, 4);
    for (unsigned i = 0; i < z->isstd + z->isut; i++) put(out, 1, 1);
}

static inline void put_tzif(struct bytes *out, const struct tzif *z)
{
    out->n = 0;
    put_block(out, z, 4, z->version != 0);
    if (z->version == 0) return;
    put_block(out, z, 8, 0);
    put(out, '\n', 1);
    memcpy(out->p + out->n, z->footer, strlen(z->footer)), out->n += strlen(z->footer);
    put(out, '\n', 1);
}

static inline itsm_status decode_tzif(itsm_zone **zone, itsm_ctx *ctx, const struct tzif *z)
{
    struct bytes file;
    put_tzif(&file, z);
    itsm_bytes bytes = {file.p, file.n};
    return itsm_zone_decode(zone, ctx, bytes, ITSM_STR("Test/Zone"));
}

static inline struct tzif only_rule(const char *footer)
{
    struct tzif z;
    memset(&z, 0, sizeof z);
    z.version = '3', z.ntypes = 1, z.chars = "-00", z.nchars = 4, z.footer = footer;
    return z;
}

/* LMT +00:53:28 until 1893-12-01, then CET, and central European summer time by rule. */
static inline struct tzif berlin(void)
{
    struct tzif z = only_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    z.version = '2', z.ntimes = 1, z.time[0] = -2400972808, z.index[0] = 1;
    z.ntypes = 2, z.offset[0] = 3208, z.offset[1] = 3600, z.at[1] = 4, z.chars = "LMT\0CET", z.nchars = 8;
    return z;
}

static inline itsm_zone *make_zone(const struct tzif *z)
{
    itsm_zone *zone = NULL;
    cr_assert(decode_tzif(&zone, NULL, z) == ITSM_OK, "%s", z->footer);
    return zone;
}

static inline itsm_zone *rule_zone(const char *footer)
{
    struct tzif z = only_rule(footer);
    return make_zone(&z);
}

static inline void assert_local(const itsm_zone *zone, const char *t, const char *wanted)
{
    itsm_buf buf = ITSM_BUF_INIT;
    itsm_local local;
    char text[ITSM_TIME_MAX + 32];
    cr_assert(itsm_zone_local(&local, zone, instant(t)) == ITSM_OK);
    cr_assert(itsm_time_encode(&buf, instant(t), zone, 0) == ITSM_OK);
    snprintf(text, sizeof text, "%.*s %.*s%s", ITSM_ARG(itsm_buf_str(&buf)), ITSM_ARG(local.abbreviation),
             local.dst ? " dst" : "");
    cr_assert_str_eq(text, wanted);
    itsm_buf_clear(&buf);
}

static inline void assert_resolved(const itsm_zone *zone, const char *local, int32_t kind, const char *first,
                            const char *second)
{
    itsm_resolved got;
    cr_assert(itsm_zone_instant(&got, zone, wall(local)) == ITSM_OK);
    cr_assert_eq(got.kind, kind, "%s", local);
    assert_instant(got.first, first), assert_instant(got.second, second);
    cr_assert_eq(got.first + ITSM_SECONDS(got.offset), wall(local));
}

#endif
