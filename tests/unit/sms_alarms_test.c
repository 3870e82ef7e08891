/* SPDX-License-Identifier: MIT */
/* What clocks tell when a host ticks: each threshold and each breach once, with its own instant. */
#include "sms_fixture.h"

#include <criterion/criterion.h>

#include "sms/internal.h"

static struct counting counting;
static struct desk desk;
static itsm_ref workplace;

/* Goals of four hours (priority 3), twenty (4) and two (5), every hour counted. */
static const char goals[] = "{'resolution': {'3': 240, '4': 1200, '5': 120},"
                            " 'thresholds': [50, 75, {'working': -30}, {'wall': 60}]}";

static void with_targets(const char *json)
{
    itsm_sla *sla, *old = desk.sla;
    char text[1024];
    size_t n = 0;
    for (; *json; json++) text[n++] = (char)(*json == '\'' ? '"' : *json);
    cr_assert_eq(itsm_sla_load(&sla, desk.ctx, itsm_str_n(text, n), NULL), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(desk.ctx)));
    desk_with_sla(&desk, sla);
    itsm_sla_free(old);
}

static void open_desk(void)
{
    static const struct counting none = COUNTING_INIT;
    itsm_outcome out = ITSM_OUTCOME_INIT;
    counting = none;
    desk_open(&desk, &counting, NULL);
    cr_assert_eq(new_service(&out, &desk), ITSM_OK);
    workplace = out.ref;
    with_targets(goals);
}

static void close_desk(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(sms_alarms, .init = open_desk, .fini = close_desk, .timeout = 120);

static itsm_ref started(void)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_started(&out, &desk, workplace), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    return out.ref;
}

/* Minutes after Monday, 09:00. */
static itsm_time minute(int64_t m)
{
    return MONDAY + ITSM_MINUTES(m);
}

static void moved(itsm_ref ref, int64_t at, const char *move, const itsm_named *set, size_t n)
{
    desk_actor(&desk, "jdoe", NULL);
    desk.act.now = minute(at);
    const itsm_status rc = itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, itsm_str_c(move), set, n, &desk.act);
    cr_assert_eq(rc, ITSM_OK, "%s: %d %.*s", move, rc, ITSM_ARG(first_message(desk.ctx)));
}

static void hold(itsm_ref ref, int64_t at)
{
    const itsm_named set[] = {TEXT("pending_reason", "awaiting_user")};
    moved(ref, at, "hold", set, 1);
}

static void resolve(itsm_ref ref, int64_t at)
{
    const itsm_named set[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "New lamp")};
    moved(ref, at, "resolve", set, 2);
}

static void retarget(itsm_ref ref, int64_t at, int64_t impact)
{
    const itsm_named set[] = {INT("impact", impact), INT("urgency", impact)};
    desk_actor(&desk, "jdoe", NULL);
    desk.act.now = minute(at);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, set, 2, &desk.act), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(desk.ctx)));
}

/* Telling ------------------------------------------------------------------------------------------------------------- */

struct told {
    char text[2048];
    size_t n;
};

static itsm_status note(void *user, const itsm_notice *notice)
{
    struct told *told = user;
    const size_t n = strlen(told->text);
    const int64_t at = notice->at - MONDAY;
    char what[40] = "breach";
    if (!notice->metric) return ITSM_OK;
    cr_assert(!notice->to.n && notice->metric == ITSM_RESOLUTION && !notice->reserved);
    if (itsm_str_is(notice->event, "threshold")) {
        static const char *const basis[] = {"%", "w", "e"};
        const int64_t value = notice->threshold.value;
        snprintf(what, sizeof what, "%lld%s", (long long)(notice->threshold.basis ? value / ITSM_MINUTES(1) : value),
                 basis[notice->threshold.basis]);
    } else cr_assert(itsm_str_is(notice->event, "breach") && at % ITSM_MINUTES(1) == 1 && !notice->threshold.value);
    snprintf(told->text + n, sizeof told->text - n, "%s@%lld/%lld ", what, (long long)(at / ITSM_MINUTES(1)),
             (long long)(notice->left / ITSM_MINUTES(1)));
    told->n++;
    return itsm_sms_notice_take(desk.sms, notice->id);
}

/* Tick at a minute; what was told, as threshold@minute/minutes left.  Taken, so it is not said again. */
static const char *tick(int64_t at)
{
    static struct told told;
    uint64_t made = 0;
    cr_assert_eq(itsm_sms_tick(&made, desk.sms, minute(at), NULL, NULL), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(desk.ctx)));
    memset(&told, 0, sizeof told);
    cr_assert_eq(itsm_sms_notices(desk.sms, note, &told), ITSM_OK);
    cr_assert_eq(made, told.n, "%s", told.text);
    return told.text;
}

/* Minutes until a tick has something to do, or -1. */
static int64_t next(int64_t now)
{
    itsm_time at = 0;
    const itsm_status rc = itsm_sms_tick_next(&at, desk.sms, minute(now));
    cr_assert(rc == ITSM_OK || (rc == ITSM_NOTHING && at == 0), "%d", rc);
    return rc ? -1 : (at - MONDAY) / ITSM_MINUTES(1);
}

Test(sms_alarms, each_threshold_is_told_once_when_it_is_reached)
{
    cr_assert_eq(next(0), -1);
    (void)started();
    cr_assert_eq(next(0), 120);
    cr_assert_str_eq(tick(119), "");
    cr_assert_str_eq(tick(120), "50%@120/120 ");
    cr_assert_eq(next(120), 180);
    cr_assert_str_eq(tick(120), "");
    cr_assert_str_eq(tick(200), "75%@180/60 ");
    cr_assert_str_eq(tick(240), "-30w@210/30 ");
    cr_assert_eq(next(240), 240);
    cr_assert_str_eq(tick(241), "breach@240/0 ");
    cr_assert_str_eq(tick(299), "");
    cr_assert_str_eq(tick(300), "60e@300/-60 ");
    cr_assert_eq(next(300), -1);
    cr_assert_str_eq(tick(100000), "");
}

Test(sms_alarms, what_was_reached_while_nobody_ticked_is_told_in_order_with_its_own_instant)
{
    const itsm_ref ref = started();
    resolve(ref, 400); /* the end of it comes before the first tick */
    cr_assert_eq(next(400), 120);
    cr_assert_str_eq(tick(400), "50%@120/120 75%@180/60 -30w@210/30 breach@240/0 60e@300/-60 ");
    cr_assert_str_eq(tick(500), "");
}

Test(sms_alarms, several_records_are_told_of_in_the_order_of_instants)
{
    const itsm_ref first = started();
    struct told told;
    desk.act.now = minute(40);
    const itsm_ref second = started();
    cr_assert_str_eq(tick(240), "50%@120/120 50%@160/120 75%@180/60 -30w@210/30 75%@220/60 ");
    memset(&told, 0, sizeof told);
    cr_assert_eq(itsm_sms_tick(NULL, desk.sms, minute(281), NULL, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_notices(desk.sms, note, &told), ITSM_OK);
    cr_assert_str_eq(told.text, "breach@240/0 -30w@250/30 breach@280/0 ");
    (void)first, (void)second;
}

Test(sms_alarms, a_paused_clock_is_not_due_and_goes_on_when_it_is_resumed)
{
    const itsm_ref ref = started();
    hold(ref, 60);
    cr_assert_eq(next(60), -1);
    cr_assert_str_eq(tick(1000), "");
    moved(ref, 1060, "resume", NULL, 0);
    cr_assert_eq(next(1060), 1120);
    cr_assert_str_eq(tick(1180), "50%@1120/120 75%@1180/60 ");
    hold(ref, 1190);
    moved(ref, 1200, "resume", NULL, 0);
    cr_assert_str_eq(tick(1260), "-30w@1220/30 breach@1250/0 ");
    hold(ref, 1270);
    cr_assert_eq(next(1270), 1310, "after a breach a wall-clock threshold comes also while it is paused");
    cr_assert_str_eq(tick(1310), "60e@1310/-20 ");
}

Test(sms_alarms, what_is_reached_at_the_instant_of_an_event_is_told)
{
    const itsm_ref ref = started();
    hold(ref, 120);
    cr_assert_str_eq(tick(120), "50%@120/120 ");
    moved(ref, 130, "resume", NULL, 0);
    cr_assert_str_eq(tick(190), "75%@190/60 ");
}

Test(sms_alarms, after_a_new_target_those_that_lie_ahead_are_told_again_and_those_behind_never)
{
    const itsm_ref ref = started();
    cr_assert_str_eq(tick(130), "50%@120/120 ");
    retarget(ref, 150, 4); /* twenty hours */
    cr_assert_eq(next(150), 600);
    cr_assert_str_eq(tick(600), "50%@600/600 ");
    retarget(ref, 610, 5); /* two hours: exceeded at once */
    cr_assert_eq(next(610), 670, "an hour of elapsed time after the change; the breach itself comes with the change");
    retarget(ref, 620, 4);
    cr_assert_str_eq(tick(1201), "75%@900/300 -30w@1170/30 breach@1200/0 ");
}

Test(sms_alarms, a_reopened_clock_tells_what_is_ahead_of_it)
{
    const itsm_named set[] = {TEXT("reopen_reason", "Still dark"), TEXT("assignee", "jdoe")};
    const itsm_ref ref = started();
    cr_assert_str_eq(tick(150), "50%@120/120 ");
    resolve(ref, 150);
    cr_assert_eq(next(150), 150 + 5 * 24 * 60, "the timer that closes it");
    desk_actor(&desk, "rita", "reporter");
    desk.act.now = minute(1000);
    cr_assert_eq(itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, ITSM_STR("reopen"), set, 2, &desk.act), ITSM_OK,
                 "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_assert_eq(next(1000), 1030);
    cr_assert_str_eq(tick(1030), "75%@1030/60 ");
}

Test(sms_alarms, a_late_event_moves_what_is_to_come_and_has_nothing_told_twice)
{
    const itsm_named set[] = {TEXT("pending_reason", "awaiting_user")};
    const itsm_ref ref = started();
    cr_assert_str_eq(tick(185), "50%@120/120 75%@180/60 ");
    desk_actor(&desk, "jdoe", NULL);
    desk.act.now = minute(190), desk.act.effective = minute(100); /* it was on hold long ago */
    cr_assert_eq(itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, ITSM_STR("hold"), set, 1, &desk.act), ITSM_OK);
    desk.act.effective = minute(170);
    cr_assert_eq(itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, ITSM_STR("resume"), NULL, 0, &desk.act), ITSM_OK);
    desk.act.effective = 0;
    cr_assert_eq(next(190), 280);
    cr_assert_str_eq(tick(311), "-30w@280/30 breach@310/0 ");
}

Test(sms_alarms, without_targets_nothing_is_told)
{
    itsm_sms *plain;
    itsm_time at;
    uint64_t made = 9;
    (void)started();
    cr_assert_eq(itsm_sms_new(&plain, desk.ctx, itsm_model_builtin(), desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_tick(&made, plain, minute(1000), NULL, NULL), ITSM_OK);
    cr_assert_eq(made, 0u);
    cr_assert_eq(itsm_sms_tick_next(&at, plain, minute(0)), ITSM_NOTHING);
    cr_assert_eq(itsm_sms_tick_next(NULL, plain, minute(0)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_sms_tick_next(&at, NULL, minute(0)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_sms_tick_next(&at, plain, ITSM_TIME_NONE), ITSM_E_MISUSE);
    itsm_sms_free(plain);
}

Test(sms_alarms, of_two_hosts_one_tells)
{
    itsm_sms *other;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    uint64_t a, b;
    for (int i = 0; i < 7; i++) (void)started();
    options.sla = desk.sla, options.key.p = "another", options.key.n = 7;
    cr_assert_eq(itsm_sms_new(&other, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
    for (int64_t at = 0; at <= 310; at += 10) {
        cr_assert_eq(itsm_sms_tick(&a, at % 20 ? desk.sms : other, minute(at), NULL, NULL), ITSM_OK);
        cr_assert_eq(itsm_sms_tick(&b, at % 20 ? other : desk.sms, minute(at), NULL, NULL), ITSM_OK);
        cr_assert_eq(b, 0u, "minute %lld", (long long)at);
    }
    struct told told = {"", 0};
    cr_assert_eq(itsm_sms_notices(desk.sms, note, &told), ITSM_OK);
    cr_assert_eq(told.n, 7u * 5u, "%s", told.text);
    itsm_sms_free(other);
}

/* Rows of older versions ------------------------------------------------------------------------------------------------ */

/* A clock of priority 3 that started on Monday, as version 1 wrote it. */
#define OF_MONDAY 0x80, 0x90, 0xDC, 0xFC, 0xD9, 0x81, 0xA6, 0x06
#define OF_NEVER 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01
static const unsigned char old_row[] = {1, 2, 0, OF_NEVER, 1, 6, 1, 1, 0, OF_MONDAY, OF_MONDAY, 0, 0};

/* Put bytes in the place of the row of a clock, with the key that they had. */
static void put_clock_row(itsm_ref ref, const void *body, size_t n, uint32_t index)
{
    static const unsigned char early[] = {2, 0, 0, 0, 0, 0, 0, 0, 1};
    itsm_view view = ITSM_VIEW_INIT;
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_index_key key;
    itsm_row row;
    itsm_op op;
    memset(&op, 0, sizeof op), memset(&key, 0, sizeof key);
    op.kind = ITSM_PUT, op.row.ref.type = ITSM_ROW_CLOCK, op.row.ref.id = itsm__clock_id(ref, ITSM_RESOLUTION);
    cr_assert_eq(itsm_store_view_open(&view, desk.ctx, desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&row, desk.ctx, &view, op.row.ref), ITSM_OK);
    op.expect = row.rev, op.row.rev = row.rev + 1;
    itsm_store_view_close(&view);
    op.row.body.p = body, op.row.body.n = n;
    key.index = index, key.key.p = early, key.key.n = sizeof early;
    op.keys = &key, op.nkeys = 1, batch.ops = &op, batch.nops = 1;
    cr_assert_eq(itsm_store_apply(NULL, desk.ctx, desk.store, &batch, NULL), ITSM_OK);
}

/* The row of a clock, decoded; its version. */
static int version_of(itsm_ref ref, itsm__clock_draft *clock)
{
    itsm_view view = ITSM_VIEW_INIT;
    const itsm_ref at = {ITSM_ROW_CLOCK, itsm__clock_id(ref, ITSM_RESOLUTION)};
    itsm_row row;
    cr_assert_eq(itsm_store_view_open(&view, desk.ctx, desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&row, desk.ctx, &view, at), ITSM_OK);
    const int version = *(const unsigned char *)row.body.p;
    cr_assert_eq(itsm__clock_decode(clock, &desk.sms->memory, row.body), ITSM_OK);
    itsm_store_view_close(&view);
    return version;
}

Test(sms_alarms, a_row_of_an_older_version_is_read_and_tells_once_it_was_written_anew)
{
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    itsm__clock_draft clock;
    const itsm_ref ref = started();
    memset(&clock, 0, sizeof clock);
    put_clock_row(ref, old_row, sizeof old_row, 1);
    cr_assert_eq(version_of(ref, &clock), 1);
    cr_assert(!clock.about.type && clock.alarms.next == ITSM_TIME_NONE && clock.alarms.from == MONDAY);
    cr_assert_eq(itsm_sms_clock(&row, desk.sms, ref, ITSM_RESOLUTION), ITSM_OK);
    cr_assert(row.nevents == 1 && row.events[0].at == MONDAY && row.npriorities == 1 && row.priorities[0] == 3);
    cr_assert_eq(next(0), -1);
    cr_assert_str_eq(tick(130), "", "the row does not say whose clock it is");
    hold(ref, 150);
    cr_assert_eq(version_of(ref, &clock), 3);
    cr_assert(clock.about.type == ref.type && clock.about.id.lo == ref.id.lo && clock.n == 2);
    moved(ref, 160, "resume", NULL, 0);
    cr_assert_str_eq(tick(190), "75%@190/60 ");
    itsm__clock_clear(&desk.sms->memory, &clock);
}

Test(sms_alarms, a_row_of_the_second_version_keeps_its_facts)
{
    const size_t tail = 1 + 16 + 1 + 8; /* what the third has behind: type, identity, which alarms, the next */
    itsm__clock_draft clock, back;
    itsm_buf out = ITSM_BUF_INIT;
    memset(&clock, 0, sizeof clock), memset(&back, 0, sizeof back);
    with_targets("{'rules':[{'kind':'resolution','when':{'category':'hardware'},'goal':240}]}");
    cr_assert_eq(version_of(started(), &clock), 3);
    cr_assert(clock.nfacts && clock.alarms.next == minute(240) + 1 && clock.alarms.from == ITSM_TIME_NONE);
    itsm_buf_init(&out, desk.ctx);
    cr_assert_eq(itsm__clock_encode(&out, &clock), ITSM_OK);
    out.p[0] = 2;
    const itsm_bytes old = {out.p, out.n - tail}, more = {out.p, out.n - tail + 1};
    cr_assert_eq(itsm__clock_decode(&back, &desk.sms->memory, more), ITSM_E_CORRUPT);
    cr_assert_eq(itsm__clock_decode(&back, &desk.sms->memory, old), ITSM_OK);
    cr_assert(!back.about.type && back.alarms.next == ITSM_TIME_NONE && back.alarms.from == MONDAY);
    cr_assert(back.n == clock.n && back.nfacts == clock.nfacts && !memcmp(back.facts, clock.facts, back.nfacts));
    itsm_buf_clear(&out);
    itsm__clock_clear(&desk.sms->memory, &clock), itsm__clock_clear(&desk.sms->memory, &back);
}

Test(sms_alarms, rows_that_are_damaged_or_of_a_newer_version_keep_no_other_waiting)
{
    unsigned char newer[sizeof old_row];
    itsm_time at;
    uint64_t made;
    const itsm_ref damaged = started(), future = started();
    (void)started();
    memcpy(newer, old_row, sizeof newer);
    newer[0] = 4;
    put_clock_row(damaged, old_row, sizeof old_row - 1, ITSM__INDEX_ALARM);
    cr_assert_eq(itsm_sms_tick(&made, desk.sms, minute(120), NULL, NULL), ITSM_E_CORRUPT);
    cr_assert_eq(made, 2u);
    cr_assert_eq(itsm_sms_tick_next(&at, desk.sms, minute(120)), ITSM_E_CORRUPT);
    put_clock_row(damaged, newer, sizeof newer, ITSM__INDEX_ALARM);
    cr_assert_eq(itsm_sms_tick(&made, desk.sms, minute(180), NULL, NULL), ITSM_E_VERSION);
    cr_assert_eq(made, 2u);
    put_clock_row(damaged, old_row, sizeof old_row, ITSM__INDEX_ALARM);
    cr_assert_eq(itsm_sms_tick(&made, desk.sms, minute(180), NULL, NULL), ITSM_E_CORRUPT, "it names no record");
    (void)future;
}

Test(sms_alarms, what_was_told_survives_encoding)
{
    itsm__clock_draft clock, back;
    itsm_buf out = ITSM_BUF_INIT;
    const itsm_ref ref = started();
    memset(&clock, 0, sizeof clock), memset(&back, 0, sizeof back);
    cr_assert_str_eq(tick(185), "50%@120/120 75%@180/60 ");
    cr_assert_eq(version_of(ref, &clock), 3);
    cr_assert(clock.alarms.cycle == 1 && clock.alarms.version == 1 && clock.alarms.thresholds == 3);
    cr_assert(!clock.alarms.breach && clock.alarms.next == minute(210));
    itsm_buf_init(&out, desk.ctx);
    clock.alarms.breach = 1, clock.alarms.from = -5, clock.alarms.thresholds = UINT64_MAX;
    cr_assert_eq(itsm__clock_encode(&out, &clock), ITSM_OK);
    for (size_t n = 0; n <= out.n; n++) {
        const itsm_bytes cut = {out.p, n};
        const itsm_status rc = itsm__clock_decode(&back, &desk.sms->memory, cut);
        cr_assert_eq(rc, n < out.n ? ITSM_E_CORRUPT : ITSM_OK, "%zu of %zu bytes: %d", n, out.n, rc);
    }
    cr_assert(back.alarms.breach == 1 && back.alarms.from == -5 && back.alarms.thresholds == UINT64_MAX);
    cr_assert(back.alarms.next == minute(210) && back.about.id.hi == ref.id.hi);
    itsm_buf_clear(&out);
    itsm__clock_clear(&desk.sms->memory, &clock), itsm__clock_clear(&desk.sms->memory, &back);
}

/* Many ------------------------------------------------------------------------------------------------------------------ */

static itsm_status count_notice(void *user, const itsm_notice *notice)
{
    *(uint64_t *)user += notice->metric != 0;
    return ITSM_OK;
}

Test(sms_alarms, a_hundred_thousand_clocks_due_at_once_take_several_ticks_and_little_memory)
{
    const int64_t clocks = getenv("ITSM_FULL") || !getenv("ITSM_CASES") ? 100000 : 10000;
    const itsm_named set[] = {TEXT("title", "Dark"),      TEXT("description", "No light"),
                              TEXT("reporter", "rita"),   TEXT("channel", "phone"),
                              INT("impact", 3),           INT("urgency", 3),
                              TIME("detected_at", MONDAY)};
    itsm_work *work;
    itsm_ref ref;
    uint64_t made = 1, all = 0, waiting = 0;
    int64_t ticks = 0;
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    for (int64_t i = 0; i < clocks; i++) {
        cr_assert_eq(itsm_work_create(&ref, work, ITSM_STR("incident"), set, COUNT(set)), ITSM_OK);
        if (i % 1000 == 999) cr_assert_eq(itsm_work_commit(NULL, work), ITSM_OK);
    }
    itsm_work_free(work);
    for (; made; ticks++, all += made) {
        cr_assert_eq(itsm_sms_tick(&made, desk.sms, minute(120), NULL, NULL), ITSM_OK);
        cr_assert_leq(made, 4096u);
        if (made) cr_assert_eq(next(120), (int64_t)all + (int64_t)made < clocks ? 120 : 180);
    }
    cr_assert_eq(all, (uint64_t)clocks);
    cr_assert_eq(ticks, (clocks + 4095) / 4096 + 1);
    cr_assert_eq(itsm_sms_notices(desk.sms, count_notice, &waiting), ITSM_OK);
    cr_assert_eq(waiting, all);
}
