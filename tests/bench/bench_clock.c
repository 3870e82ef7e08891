/* SPDX-License-Identifier: MIT */
/*
 * Clocks and what stands on them: folding an event, reading, the next alarm, replaying; the agenda with a million
 * identities armed; the check of a chain and the attribution of a clock.
 *
 * Beside them one add of the calendar, which a reading should not exceed; for the agenda a plain binary heap, which can
 * neither move nor find what is in it, and SQLite's in-memory database with an index by instant where it was found at
 * build time.  The calendar is Europe/Brussels, Monday to Friday, 8:00 to 12:00 and 13:00 to 18:00.
 */
#include <itsm/sla.h>

#include "../unit/support.h"
#include "../unit/zones.h"
#include "bench.h"

#ifdef BENCH_SQLITE
#include <sqlite3.h>
#endif

enum {
    CLOCKS = 1024,
    POINTS = 1 << 16,
    EVENTS = 100,
    ARMED = 1000000,
    FEW = 20000,   /* for SQLite */
    FIRST = 20454, /* 2026-01-01 */
    NAME = 52
};

static volatile int64_t sink;

/* Clocks ---------------------------------------------------------------------------------------------------------- */

static itsm_calendar *office(itsm_ctx *ctx)
{
    static const char day[] = "[[\"08:00\",\"12:00\"],[\"13:00\",\"18:00\"]]";
    char json[512];
    itsm_calendar *calendar;
    snprintf(json, sizeof json,
             "{\"tz\":\"Europe/Brussels\",\"weekly\":{\"mon\":%s,\"tue\":%s,\"wed\":%s,\"thu\":%s,\"fri\":%s},"
             "\"recurring_holidays\":[\"12-25\",\"01-01\",\"05-01\"]}",
             day, day, day, day, day);
    bench_check(itsm_calendar_load(&calendar, ctx, itsm_str_c(json)));
    return calendar;
}

static const itsm_threshold thresholds[] = {
    {ITSM_THRESHOLD_PERCENT, 0, 75}, {ITSM_THRESHOLD_PERCENT, 0, 90}, {ITSM_THRESHOLD_WALL, 0, ITSM_HOURS(-2)}};

static itsm_target target_of(const itsm_calendar *calendar, int with_thresholds)
{
    itsm_target target = ITSM_TARGET_INIT;
    target.calendar = calendar, target.goal = ITSM_HOURS(400);
    if (with_thresholds) target.thresholds = thresholds, target.threshold_count = 3;
    return target;
}

static itsm_time some_time(void)
{
    return ITSM_DAYS(FIRST) + (itsm_time)(bench_random() % (uint64_t)ITSM_DAYS(365));
}

static void row(const char *name, double without, double with)
{
    bench_row(name, NAME), bench_time(without), bench_time(with), bench_end();
}

static double fold(const itsm_target *target)
{
    static itsm_clock clocks[CLOCKS];
    double ns;
    itsm_time at = ITSM_DAYS(FIRST);
    for (size_t i = 0; i < CLOCKS; i++) {
        bench_check(itsm_clock_init(&clocks[i], target));
        bench_check(itsm_clock_apply(&clocks[i], ITSM_CLOCK_START, at, 0));
    }
    BENCH(ns, POINTS, {
        at += ITSM_MINUTES(1); /* each clock hears of something every 17 hours */
        const int32_t kind = i / CLOCKS % 2 ? ITSM_CLOCK_RESUME : ITSM_CLOCK_PAUSE;
        bench_check(itsm_clock_apply(&clocks[i % CLOCKS], kind, at, 1));
    });
    return ns;
}

static double read_clock(const itsm_target *target)
{
    static itsm_clock clocks[CLOCKS];
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    double ns;
    for (size_t i = 0; i < CLOCKS; i++) {
        bench_check(itsm_clock_init(&clocks[i], target));
        bench_check(itsm_clock_apply(&clocks[i], ITSM_CLOCK_START, some_time(), 0));
    }
    BENCH(ns, POINTS, {
        bench_check(itsm_clock_read(&r, &clocks[i % CLOCKS], ITSM_DAYS(FIRST + 365) + ITSM_MINUTES(i)));
        sink += r.due;
    });
    return ns;
}

static double next_alarm(const itsm_target *target)
{
    static itsm_clock clocks[CLOCKS];
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    double ns;
    for (size_t i = 0; i < CLOCKS; i++) {
        bench_check(itsm_clock_init(&clocks[i], target));
        bench_check(itsm_clock_apply(&clocks[i], ITSM_CLOCK_START, some_time(), 0));
    }
    BENCH(ns, POINTS, {
        bench_check(itsm_clock_next(&alarm, &clocks[i % CLOCKS], ITSM_DAYS(FIRST)));
        sink += alarm.at;
    });
    return ns;
}

/* A start, and pauses and resumes after it, about a day apart. */
static void make_events(itsm_clock_event *events)
{
    itsm_time at = some_time();
    for (size_t i = 0; i < EVENTS; i++) {
        const itsm_clock_event event = {at, at, !i ? ITSM_CLOCK_START : i % 2 ? ITSM_CLOCK_PAUSE : ITSM_CLOCK_RESUME,
                                        1,  0,  0};
        events[i] = event;
        at += (itsm_time)(bench_random() % (uint64_t)ITSM_DAYS(2));
    }
}

static double replay(const itsm_target *target)
{
    itsm_clock_event events[EVENTS];
    itsm_clock clock;
    double ns;
    make_events(events);
    BENCH(ns, POINTS / EVENTS, {
        bench_check(itsm_clock_replay(&clock, target, 1, events, EVENTS));
        sink += (int64_t)clock.opaque[0];
    });
    return ns;
}

static void clocks(const itsm_calendar *calendar)
{
    const itsm_target plain = target_of(calendar, 0), with = target_of(calendar, 1);
    double ns;
    itsm_time t = 0;
    bench_table("Clocks", NAME, "plain", "3 thresholds", NULL);
    row("apply: one event folded", fold(&plain), fold(&with));
    row("read", read_clock(&plain), read_clock(&with));
    row("next alarm", next_alarm(&plain), next_alarm(&with));
    row("replay of 100 events", replay(&plain), replay(&with));
    bench_table("Beside them", NAME, "ns/op", NULL);
    BENCH(ns, POINTS, {
        bench_check(itsm_calendar_add(&t, calendar, ITSM_DAYS(FIRST) + ITSM_MINUTES(i * 8), ITSM_HOURS(400), 0));
        sink += t;
    });
    bench_row("one add of that goal", NAME), bench_time(ns), bench_end();
    BENCH(ns, POINTS, {
        bench_check(
            itsm_calendar_between(&t, calendar, ITSM_DAYS(FIRST) + ITSM_MINUTES(i * 8), ITSM_DAYS(FIRST + 365)));
        sink += t;
    });
    bench_row("one between", NAME), bench_time(ns), bench_end();
}

/* Chains and attribution ------------------------------------------------------------------------------------------ */

static void chains(const itsm_calendar *calendar)
{
    itsm_chain_link links[3] = {ITSM_CHAIN_LINK_INIT, ITSM_CHAIN_LINK_INIT, ITSM_CHAIN_LINK_INIT};
    itsm_chain chain = ITSM_CHAIN_INIT;
    itsm_chain_reading r = ITSM_CHAIN_READING_INIT;
    itsm_clock_event events[EVENTS];
    itsm_handover handovers[EVENTS];
    itsm_share shares[4];
    itsm_parties parties = ITSM_PARTIES_INIT;
    itsm_attribution sum = ITSM_ATTRIBUTION_INIT;
    const itsm_target target = target_of(calendar, 0);
    const itsm_time from = ITSM_DAYS(FIRST);
    itsm_span goal = 0;
    double ns;
    chain.calendar = calendar, chain.goal = ITSM_HOURS(16), chain.links = links, chain.link_count = 3;
    links[0].calendar = links[2].calendar = calendar;
    links[0].goal = ITSM_HOURS(2), links[1].goal = ITSM_HOURS(8), links[2].goal = ITSM_HOURS(4);
    bench_table("Chains and attribution", NAME, "time", NULL);
    BENCH(ns, 5, bench_check(itsm_chain_check(&r, NULL, &chain, from, from + ITSM_DAYS(365))));
    bench_row("check of three links, every start of a year", NAME), bench_time(ns), bench_end();
    BENCH(ns, 1, bench_check(itsm_chain_longest(&goal, &chain, 1, ITSM_MINUTES(1), from, from + ITSM_DAYS(365))));
    bench_row("longest goal of one, in minutes", NAME), bench_time(ns), bench_end();
    make_events(events);
    for (size_t i = 0; i < EVENTS; i++)
        handovers[i].at = events[i].at + ITSM_HOURS(1), handovers[i].party = i % 4, handovers[i].reserved = 0;
    for (size_t i = 1; i < EVENTS; i++)
        if (handovers[i].at < handovers[i - 1].at) handovers[i].at = handovers[i - 1].at;
    parties.count = 4, parties.handovers = handovers, parties.handover_count = EVENTS;
    BENCH(ns, POINTS / EVENTS, {
        bench_check(itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, EVENTS, events[EVENTS - 1].at));
        sink += sum.used;
    });
    bench_row("attribution of 100 events, 100 handovers", NAME), bench_time(ns), bench_end();
}

/* Agenda ---------------------------------------------------------------------------------------------------------- */

static itsm_agenda_entry entries[ARMED]; /* each identity once, in random order */
static uint32_t order[ARMED];
static itsm_time others[ARMED];

/* Instants anywhere in a year, or only at so many of them. */
static void random_entries(uint64_t instants)
{
    for (size_t i = 0; i < ARMED; i++) entries[i].id.hi = 0, entries[i].id.lo = 1000 + i, order[i] = (uint32_t)i;
    for (size_t i = ARMED - 1; i > 0; i--) {
        const size_t k = (size_t)(bench_random() % (i + 1));
        const itsm_agenda_entry entry = entries[i];
        const uint32_t number = order[i];
        entries[i] = entries[k], entries[k] = entry, order[i] = order[k], order[k] = number;
    }
    for (size_t i = 0; i < ARMED; i++) {
        entries[i].at = some_time(), others[i] = some_time();
        if (!instants) continue;
        entries[i].at -= entries[i].at % (ITSM_DAYS(365) / (itsm_time)instants);
        others[i] -= others[i] % (ITSM_DAYS(365) / (itsm_time)instants);
    }
}

struct figures {
    double arm, move, again, disarm, take;
    size_t bytes;
};

static struct figures agenda_figures(void)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *counted = counting_ctx(&counting), *plain = zones_ctx(NULL, NULL);
    struct figures f;
    double arm[BENCH_RUNS], move[BENCH_RUNS], again[BENCH_RUNS], disarm[BENCH_RUNS], take[BENCH_RUNS];
    itsm_agenda_entry due;
    itsm_agenda *agenda;
    for (int run = 0; run < BENCH_RUNS; run++) {
        bench_check(itsm_agenda_new(&agenda, plain));
        double begin = bench_now();
        for (size_t i = 0; i < ARMED; i++) bench_check(itsm_agenda_set(agenda, entries[i].id, entries[i].at));
        arm[run] = (bench_now() - begin) / ARMED, begin = bench_now();
        for (size_t i = 0; i < ARMED; i++) bench_check(itsm_agenda_set(agenda, entries[order[i]].id, others[i]));
        move[run] = (bench_now() - begin) / ARMED, begin = bench_now();
        for (size_t i = 0; i < ARMED; i++) { /* what fell due is armed again, anywhere in the year after */
            bench_check(itsm_agenda_take(&due, agenda, INT64_MAX));
            bench_check(itsm_agenda_set(agenda, due.id, due.at + others[i] - ITSM_DAYS(FIRST)));
        }
        again[run] = (bench_now() - begin) / ARMED, begin = bench_now();
        for (size_t i = 0; i < ARMED / 10; i++) bench_check(itsm_agenda_remove(agenda, entries[order[i]].id));
        disarm[run] = (bench_now() - begin) / (ARMED / 10);
        for (size_t i = 0; i < ARMED / 10; i++) bench_check(itsm_agenda_set(agenda, entries[order[i]].id, others[i]));
        begin = bench_now();
        for (size_t i = 0; i < ARMED; i++) bench_check(itsm_agenda_take(&due, agenda, INT64_MAX));
        take[run] = (bench_now() - begin) / ARMED;
        itsm_agenda_free(agenda);
    }
    bench_check(itsm_agenda_new(&agenda, counted));
    for (size_t i = 0; i < ARMED; i++) bench_check(itsm_agenda_set(agenda, entries[i].id, entries[i].at));
    f.bytes = counting.outstanding;
    itsm_agenda_free(agenda);
    itsm_ctx_free(counted);
    itsm_ctx_free(plain);
    f.arm = bench_median(arm, BENCH_RUNS), f.move = bench_median(move, BENCH_RUNS);
    f.again = bench_median(again, BENCH_RUNS), f.disarm = bench_median(disarm, BENCH_RUNS);
    f.take = bench_median(take, BENCH_RUNS);
    return f;
}

/* A heap with two children and nothing else. */
static itsm_agenda_entry heap[ARMED];
static size_t heap_count;

static void heap_push(itsm_agenda_entry entry)
{
    size_t i = heap_count++;
    for (; i && entry.at < heap[(i - 1) / 2].at; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = entry;
}

static itsm_agenda_entry heap_pop(void)
{
    const itsm_agenda_entry first = heap[0], last = heap[--heap_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < heap_count; i = child) {
        if (child + 1 < heap_count && heap[child + 1].at < heap[child].at) child++;
        if (heap[child].at >= last.at) break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return first;
}

static struct figures heap_figures(void)
{
    struct figures f = {0, 0, 0, 0, 0, sizeof heap};
    double arm[BENCH_RUNS], again[BENCH_RUNS], take[BENCH_RUNS];
    for (int run = 0; run < BENCH_RUNS; run++) {
        double begin = bench_now();
        for (size_t i = 0; i < ARMED; i++) heap_push(entries[i]);
        arm[run] = (bench_now() - begin) / ARMED, begin = bench_now();
        for (size_t i = 0; i < ARMED; i++) {
            itsm_agenda_entry due = heap_pop();
            due.at += others[i] - ITSM_DAYS(FIRST);
            heap_push(due);
        }
        again[run] = (bench_now() - begin) / ARMED, begin = bench_now();
        for (size_t i = 0; i < ARMED; i++) sink += heap_pop().at;
        take[run] = (bench_now() - begin) / ARMED;
    }
    f.arm = bench_median(arm, BENCH_RUNS), f.again = bench_median(again, BENCH_RUNS);
    f.take = bench_median(take, BENCH_RUNS);
    return f;
}

#ifdef BENCH_SQLITE
static sqlite3 *db;

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL)) fprintf(stderr, "%s\n", sqlite3_errmsg(db)), exit(1);
    return statement;
}

static void execute(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL)) fprintf(stderr, "%s\n", sqlite3_errmsg(db)), exit(1);
}

static void sql_set(sqlite3_stmt *set, uint64_t id, itsm_time at)
{
    sqlite3_bind_int64(set, 1, (int64_t)id), sqlite3_bind_int64(set, 2, at);
    if (sqlite3_step(set) != SQLITE_DONE) fprintf(stderr, "%s\n", sqlite3_errmsg(db)), exit(1);
    sqlite3_reset(set);
}

static int64_t sql_take(sqlite3_stmt *first, sqlite3_stmt *remove)
{
    if (sqlite3_step(first) != SQLITE_ROW) fprintf(stderr, "%s\n", sqlite3_errmsg(db)), exit(1);
    const int64_t id = sqlite3_column_int64(first, 0);
    sqlite3_reset(first);
    sqlite3_bind_int64(remove, 1, id);
    if (sqlite3_step(remove) != SQLITE_DONE) fprintf(stderr, "%s\n", sqlite3_errmsg(db)), exit(1);
    sqlite3_reset(remove);
    return id;
}

/* One transaction for all. */
static struct figures sql_figures(void)
{
    struct figures f = {0, 0, 0, 0, 0, 0};
    sqlite3_open(":memory:", &db);
    execute("create table agenda(id integer primary key, at integer not null); create index due on agenda(at, id)");
    sqlite3_stmt *set = prepare("insert into agenda values(?1, ?2) on conflict(id) do update set at = ?2");
    sqlite3_stmt *first = prepare("select id from agenda order by at, id limit 1");
    sqlite3_stmt *remove = prepare("delete from agenda where id = ?1");
    execute("begin");
    const double begin = bench_now();
    for (size_t i = 0; i < ARMED; i++) sql_set(set, entries[i].id.lo, entries[i].at);
    f.arm = (bench_now() - begin) / ARMED; /* a single run */
    f.bytes = (size_t)sqlite3_memory_used();
    BENCH(f.move, FEW, sql_set(set, entries[order[i]].id.lo, others[i]));
    BENCH(f.again, FEW, sql_set(set, (uint64_t)sql_take(first, remove), others[i] + ITSM_DAYS(365)));
    BENCH(f.take, FEW, sink += sql_take(first, remove));
    execute("commit");
    sqlite3_finalize(set), sqlite3_finalize(first), sqlite3_finalize(remove);
    sqlite3_close(db);
    return f;
}
#endif

static void figure(double ns)
{
    if (ns > 0) bench_time(ns);
    else bench_text("-");
}

static void agenda_row(const char *name, const struct figures *f)
{
    bench_row(name, NAME), figure(f->arm), figure(f->move), figure(f->disarm), figure(f->again), figure(f->take);
    bench_bytes(f->bytes), bench_end();
}

static void agendas(void)
{
    struct figures f;
    random_entries(0);
    bench_table("Agenda, a million armed at random", NAME, "arm", "re-arm", "disarm", "take + arm", "take all",
                "memory", NULL);
    f = agenda_figures(), agenda_row("agenda", &f);
    f = heap_figures(), agenda_row("plain binary heap, without an index", &f);
#ifdef BENCH_SQLITE
    f = sql_figures(), agenda_row("SQLite " SQLITE_VERSION ", in memory, one transaction", &f);
#endif
    random_entries(730); /* closing times */
    f = agenda_figures(), agenda_row("agenda, all due at one of 730 instants", &f);
}

/* Without an argument all of it; else `clocks` or `agenda`. */
int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    itsm_ctx *ctx = zones_ctx(NULL, NULL);
    itsm_calendar *calendar = office(ctx);
    if (!only || !strcmp(only, "clocks")) clocks(calendar), chains(calendar);
    if (!only || !strcmp(only, "agenda")) agendas();
    itsm_calendar_free(calendar);
    itsm_ctx_free(ctx);
    return 0;
}
