/* SPDX-License-Identifier: MIT */
/*
 * Compiling a calendar: its days (days.c) laid out in the tables of calendar.h.
 *
 * Days are compiled a run at a time and packed into lines.  The horizon is the first run; years outside it are built
 * once for each shape: the key holds all that the days of the year depend on.  At the end everything is copied to where
 * it stays, in the size it needs, patterns and lines each on 64 bytes, and the index that inverts the horizon is added.
 * The patterns, which every question reads, have a block of their own: those of many calendars would else share the few
 * places of a cache that one offset within a page can go to.
 *
 * Cost: 10 ns a plain day, less than a microsecond for one near a clock change or something dated; in memory 4.3
 * bytes for each day of a run and 64 for a pattern.
 *
 * Order: itsm__calendar_compile() is the only entry, once for each calendar, with the definition in place.
 */
#include "calendar/compile.h"

#include "calendar/work.h"

enum { LINE_BYTES = ITSM__LINE_WORDS * 4 };

_Static_assert(sizeof(itsm__pattern) == LINE_BYTES, "a pattern is one line of the cache");
_Static_assert(ITSM__LINE_DAYS *INT64_C(86400) < INT64_C(1) << (32 - ITSM__PATTERN_BITS), "W within a line fits");
_Static_assert(ITSM__HORIZON_DAYS *INT64_C(86400) < UINT32_MAX, "W at a line fits");
_Static_assert((int)ITSM__HORIZON_DAYS < UINT16_MAX, "the index is 16 bits wide");

/* The tables while they grow. */
typedef struct draft {
    itsm__compiler compiler;
    itsm__memory memory;
    itsm_calendar *calendar;
    itsm__day_word *days; /* of the run being compiled */
    uint32_t *words;
    itsm__rare *rare;
    itsm__year *years;
    size_t day_capacity, nwords, word_capacity, nrare, rare_capacity, nyears, year_capacity;
} draft;

static void draft_init(draft *d, itsm_calendar *calendar)
{
    memset(d, 0, sizeof *d);
    d->calendar = calendar, d->memory = calendar->memory;
    itsm__compiler_init(&d->compiler, calendar);
}

static void draft_clear(draft *d)
{
    itsm__free(&d->memory, d->days, d->day_capacity * sizeof *d->days);
    itsm__free(&d->memory, d->words, d->word_capacity * sizeof *d->words);
    itsm__free(&d->memory, d->rare, d->rare_capacity * sizeof *d->rare);
    itsm__free(&d->memory, d->years, d->year_capacity * sizeof *d->years);
    itsm__compiler_clear(&d->compiler);
}

/* Runs ------------------------------------------------------------------------------------------------------------ */

static itsm_status add_rare(draft *d, size_t word, uint32_t pattern)
{
    itsm_status rc = itsm__grow(&d->memory, &d->rare, &d->rare_capacity, d->nrare + 1, sizeof *d->rare);
    if (rc) return rc;
    d->rare[d->nrare].word = (uint32_t)word, d->rare[d->nrare].pattern = pattern;
    d->nrare++;
    return ITSM_OK;
}

/* Compile n days into a run, and one more that ends it; *start is where its words begin. */
static itsm_status add_run(draft *d, uint32_t *start, int64_t first, size_t n)
{
    const size_t lines = n / ITSM__LINE_DAYS + 1, need = d->nwords + lines * ITSM__LINE_WORDS;
    if (need > UINT32_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__grow(&d->memory, &d->days, &d->day_capacity, n + 1, sizeof *d->days);
    if (!rc) rc = itsm__grow(&d->memory, &d->words, &d->word_capacity, need, sizeof *d->words);
    if (!rc) rc = itsm__compile_days(&d->compiler, d->days, first, n);
    if (rc) return rc;
    memset(d->words + d->nwords, 0, lines * LINE_BYTES);
    *start = (uint32_t)d->nwords;
    int64_t before = 0;
    for (size_t i = 0; i <= n; i++) {
        const int64_t seconds = itsm__day_seconds(d->days[i]);
        uint32_t pattern = itsm__day_pattern(d->days[i]);
        if (i % ITSM__LINE_DAYS == 0) before = seconds, d->words[d->nwords++] = (uint32_t)before;
        if (pattern >= ITSM__RARE) {
            if ((rc = add_rare(d, d->nwords, pattern))) return rc;
            pattern = ITSM__RARE;
        }
        d->words[d->nwords++] = (uint32_t)(seconds - before) << ITSM__PATTERN_BITS | pattern;
    }
    d->nwords = need;
    return ITSM_OK;
}

static itsm_status sheet_of(draft *d, uint32_t *out, int64_t year)
{
    int64_t key[ITSM__SHAPE_MAX];
    size_t n = itsm__compile_shape(&d->compiler, key, year);
    if (!n) key[n++] = year;
    int added;
    uint64_t *number = itsm__map_put(&d->compiler.shapes, key, n * sizeof *key, &added);
    if (!number) return ITSM_E_NOMEM;
    if (added) {
        const int64_t first = itsm__year_start(year);
        itsm_status rc = add_run(d, out, first, (size_t)(itsm__year_start(year + 1) - first));
        if (rc) return rc;
        *number = *out;
    }
    *out = (uint32_t)*number;
    return ITSM_OK;
}

/* Open seconds of a year. */
static int64_t year_work(const draft *d, const itsm__year *year, uint32_t days)
{
    const int64_t in_horizon = year->first_day - ITSM__HORIZON_FIRST_DAY;
    if (in_horizon < 0 || in_horizon >= ITSM__HORIZON_DAYS) return itsm__run_seconds(d->words + year->sheet, days);
    return (int64_t)itsm__run_seconds(d->words, (uint32_t)in_horizon + days) -
           (int64_t)itsm__run_seconds(d->words, (uint32_t)in_horizon);
}

static itsm_status add_years(draft *d)
{
    itsm_calendar *calendar = d->calendar;
    int64_t first, last, before = 0;
    itsm__compile_special_years(calendar, &first, &last);
    first -= ITSM__CYCLE_YEARS, last += ITSM__CYCLE_YEARS + 1;
    const size_t n = (size_t)(last - first);
    itsm_status rc = itsm__grow(&d->memory, &d->years, &d->year_capacity, n + 1, sizeof(itsm__year));
    if (rc) return rc;
    memset(d->years, 0, (n + 1) * sizeof(itsm__year));
    for (size_t i = 0; i <= n; i++) {
        const int64_t year = first + (int64_t)i;
        itsm__year *y = &d->years[i];
        y->first_day = itsm__year_start(year), y->before = before;
        if (i == n) break;
        if ((year < ITSM__HORIZON_FIRST_YEAR || year >= ITSM__HORIZON_LAST_YEAR) && (rc = sheet_of(d, &y->sheet, year)))
            return rc;
        before += year_work(d, y, (uint32_t)(itsm__year_start(year + 1) - y->first_day));
    }
    d->nyears = n;
    const int64_t epoch = d->years[1970 - first].before;
    for (size_t i = 0; i <= n; i++) d->years[i].before -= epoch;
    calendar->past_cycle = d->years[ITSM__CYCLE_YEARS].before - d->years[0].before;
    calendar->future_cycle = d->years[n].before - d->years[n - ITSM__CYCLE_YEARS].before;
    const size_t horizon = (size_t)(ITSM__HORIZON_FIRST_YEAR - first);
    calendar->horizon_before = d->years[horizon].before;
    calendar->horizon_work = itsm__run_seconds(d->words, ITSM__HORIZON_DAYS) * ITSM__SECOND;
    return ITSM_OK;
}

/* Layout ---------------------------------------------------------------------------------------------------------- */

/* A step of the index is no longer than the usual open day, so that few steps hold more than one. */
static size_t inverse_steps(draft *d)
{
    const uint32_t total = itsm__run_seconds(d->words, ITSM__HORIZON_DAYS);
    uint32_t open = 0, before = 0;
    for (uint32_t i = 1; i <= ITSM__HORIZON_DAYS; i++) {
        const uint32_t w = itsm__run_seconds(d->words, i);
        open += w != before, before = w;
    }
    while (open && (total / open) >> (d->calendar->shift + 1)) d->calendar->shift++;
    return (size_t)(total >> d->calendar->shift) + 2;
}

static void fill_inverse(uint16_t *inverse, size_t n, const uint32_t *run, uint32_t shift)
{
    size_t k = 0;
    for (uint32_t i = 0; i < ITSM__HORIZON_DAYS; i++) {
        const uint32_t end = itsm__run_seconds(run, i + 1);
        for (; k < n && (uint64_t)k << shift < end; k++) inverse[k] = (uint16_t)i;
    }
    for (; k < n; k++) inverse[k] = (uint16_t)(ITSM__HORIZON_DAYS - 1);
}

/* What a pattern holds itself of its spans. */
static void fill_pattern(itsm__pattern *pattern, const itsm__day_span *spans)
{
    for (uint32_t i = 0; i < ITSM__PATTERN_SPANS; i++) {
        const int there = i < pattern->n;
        pattern->from[i] = there ? spans[pattern->first + i].from : ITSM__DAY;
        pattern->to[i] = there ? spans[pattern->first + i].to : ITSM__DAY;
    }
}

/* n bytes on a multiple of 64; *block, *size: what to free. */
static void *alloc_lines(void **block, size_t *size, const itsm__memory *memory, size_t n)
{
    unsigned char *at = itsm__alloc(memory, n + LINE_BYTES);
    if (!at) return NULL;
    *block = at, *size = n + LINE_BYTES;
    return at + (LINE_BYTES - (uintptr_t)at % LINE_BYTES) % LINE_BYTES;
}

/* The patterns with one that has too many spans in the place of ITSM__RARE, so that a word needs no look of its own. */
static itsm_status lay_out_patterns(draft *d)
{
    itsm_calendar *c = d->calendar;
    const size_t n = c->npatterns, common = n < ITSM__RARE ? n : ITSM__RARE;
    void *block;
    size_t size;
    for (size_t i = 0; i < n; i++) fill_pattern(&c->patterns[i], c->spans);
    itsm__pattern *patterns = alloc_lines(&block, &size, &d->memory, (n + 1) * sizeof *patterns);
    if (!patterns) return ITSM_E_NOMEM;
    memcpy(patterns, c->patterns, common * sizeof *patterns);
    memset(&patterns[common], 0, sizeof *patterns);
    patterns[common].n = UINT32_MAX;
    if (n > common) memcpy(patterns + common + 1, c->patterns + common, (n - common) * sizeof *patterns);
    for (size_t i = 0; i < d->nrare; i++) d->rare[i].pattern++;
    itsm__free(&d->memory, c->patterns, c->pattern_capacity * sizeof *c->patterns);
    c->patterns = patterns, c->pattern_capacity = 0;
    c->pattern_block = block, c->pattern_block_size = size;
    return ITSM_OK;
}

/* Copy n bytes to *at and move it behind them, to the next place for any of the tables. */
static void *put(unsigned char **at, const void *from, size_t n)
{
    unsigned char *to = *at;
    if (n) memcpy(to, from, n);
    *at = to + (n + 7) / 8 * 8;
    return to;
}

static itsm_status lay_out_tables(draft *d)
{
    itsm_calendar *c = d->calendar;
    const size_t words = d->nwords * sizeof *d->words, spans = c->nspans * sizeof *c->spans;
    const size_t years = (d->nyears + 1) * sizeof *d->years, rare = d->nrare * sizeof *d->rare;
    const size_t steps = inverse_steps(d);
    void *block;
    size_t size;
    unsigned char *at =
        alloc_lines(&block, &size, &d->memory, words + spans + years + rare + steps * sizeof *c->inverse + 4 * 8);
    if (!at) return ITSM_E_NOMEM;
    c->words = put(&at, d->words, words);
    c->years = put(&at, d->years, years), c->nyears = d->nyears;
    c->rare = put(&at, d->rare, rare), c->nrare = (uint32_t)d->nrare;
    itsm__day_span *const grown = c->spans;
    c->spans = put(&at, grown, spans);
    itsm__free(&d->memory, grown, c->span_capacity * sizeof *c->spans);
    c->span_capacity = 0;
    c->inverse = (uint16_t *)(void *)at;
    fill_inverse((uint16_t *)(void *)at, steps, c->words, c->shift);
    c->block = block, c->block_size = size;
    return ITSM_OK;
}

void itsm__calendar_release(itsm_calendar *calendar)
{
    const itsm__memory *memory = &calendar->memory;
    if (calendar->pattern_block) itsm__free(memory, calendar->pattern_block, calendar->pattern_block_size);
    else itsm__free(memory, calendar->patterns, calendar->pattern_capacity * sizeof *calendar->patterns);
    if (calendar->block) itsm__free(memory, calendar->block, calendar->block_size);
    else itsm__free(memory, calendar->spans, calendar->span_capacity * sizeof *calendar->spans);
}

itsm_status itsm__calendar_compile(itsm_calendar *calendar)
{
    draft d;
    uint32_t start;
    draft_init(&d, calendar);
    itsm_status rc = add_run(&d, &start, ITSM__HORIZON_FIRST_DAY, ITSM__HORIZON_DAYS);
    if (!rc) rc = add_years(&d);
    if (!rc) rc = lay_out_patterns(&d);
    if (!rc) rc = lay_out_tables(&d);
    draft_clear(&d);
    return rc;
}
