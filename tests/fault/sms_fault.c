/* SPDX-License-Identifier: MIT */
/*
 * The engine when memory or the store fails it: every allocation once and for good, every call of the store with every
 * answer it may give.  What was refused left nothing behind, what was said to be done was done once, and trying again
 * works.
 */
#include "../unit/sms_fixture.h"

#include <itsm/check.h>

#include <criterion/criterion.h>

/* What is tried ----------------------------------------------------------------------------------------------------- */

/* The records a story is about. */
struct cast {
    itsm_ref service, parent, child, ci;
    itsm_ref resolved, closed; /* the timer would close the one; the other may be purged */
    itsm_ref asked, granted;   /* emergency changes: one waits for its approvals, one has them */
    itsm_work *work;           /* held open by the stories that do so */
};

typedef itsm_status (*story_fn)(struct desk *desk, struct cast *cast);

/* A system with targets and periods of retention. */
static void with_retention(struct desk *desk)
{
    static const itsm_retention kept = {{"", 0}, 0};
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    options.sla = desk->sla, options.key.p = "a key", options.key.n = 5;
    options.retentions = &kept, options.nretentions = 1;
    itsm_sms_free(desk->sms);
    cr_assert_eq(itsm_sms_new(&desk->sms, desk->ctx, itsm_model_builtin(), desk->store, &options), ITSM_OK);
}

static void moved(struct desk *desk, itsm_ref ref, const char *who, const char *role, const char *move,
                  const itsm_named *set, size_t n)
{
    desk_actor(desk, who, role);
    const itsm_status rc = itsm_sms_move(NULL, desk->sms, ref, ITSM_REV_ANY, itsm_str_c(move), set, n, &desk->act);
    cr_assert_eq(rc, ITSM_OK, "%s: %d %.*s", move, rc, ITSM_ARG(first_message(desk->ctx)));
}

static itsm_ref new_resolved(struct desk *desk, itsm_ref service)
{
    const itsm_named set[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "Replaced")};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_started(&out, desk, service), ITSM_OK);
    const itsm_ref ref = out.ref;
    moved(desk, ref, "jdoe", NULL, "resolve", set, COUNT(set));
    return ref;
}

/* An emergency change of the item that waits to be authorised, for the hours from..to after Monday. */
static itsm_ref new_emergency(struct desk *desk, struct cast *cast, int64_t from, int64_t to)
{
    const itsm_value ci = itsm_value_ref(cast->ci);
    itsm_named set[] = {TEXT("title", "Swap"),
                        TEXT("description", "d"),
                        TEXT("change_type", "emergency"),
                        TEXT("requester", "rita"),
                        TEXT("reason", "r"),
                        REF("service", cast->service),
                        INT("priority", 1),
                        TEXT("emergency_justification", "it burns"),
                        TEXT("risk_level", "low"),
                        TEXT("backout_plan", "put it back"),
                        TEXT("implementer", "jdoe"),
                        TEXT("change_manager", "mia"),
                        TIME("planned_start", MONDAY + ITSM_HOURS(from)),
                        TIME("planned_end", MONDAY + ITSM_HOURS(to)),
                        TIME("communicated_at", MONDAY),
                        EMPTY("ci")};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    set[COUNT(set) - 1].value.kind = ITSM_LIST;
    set[COUNT(set) - 1].value.u.list.item = &ci, set[COUNT(set) - 1].value.u.list.n = 1;
    cr_assert_eq(itsm_sms_create(&out, desk->sms, ITSM_STR("change"), set, COUNT(set), &desk->act), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(desk->ctx)));
    const itsm_ref ref = out.ref;
    cr_assert_eq(itsm_sms_link(desk->sms, ref, ITSM_STR("incident"), cast->parent, &desk->act), ITSM_OK);
    moved(desk, ref, "mia", NULL, "submit_emergency", NULL, 0);
    return ref;
}

static itsm_approval ecab(const char *who, const char *decision)
{
    itsm_approval a = ITSM_APPROVAL_INIT;
    a.body = ITSM_STR("ecab"), a.policy = ITSM_STR("any"), a.approver = itsm_str_c(who);
    a.decision = itsm_str_c(decision), a.comment = ITSM_STR("so it is");
    return a;
}

static itsm_status authorize(itsm_sms *sms, itsm_ref change, itsm_act act)
{
    static const itsm_str role = {"change_authority", 16};
    act.who = ITSM_STR("cora"), act.roles = &role, act.nroles = 1;
    return itsm_sms_move(NULL, sms, change, ITSM_REV_ANY, ITSM_STR("authorize"), NULL, 0, &act);
}

static void setup_changes(struct desk *desk, struct cast *cast)
{
    const itsm_named confirmed[] = {TEXT("closure_confirmed_by", "rita")};
    const itsm_approval bob = ecab("bob", "grant");
    itsm_blackout freeze = ITSM_BLACKOUT_INIT;
    with_retention(desk);
    cast->resolved = new_resolved(desk, cast->service);
    cast->closed = new_resolved(desk, cast->service);
    moved(desk, cast->closed, "rita", "reporter", "close", confirmed, 1);
    cast->asked = new_emergency(desk, cast, 10, 12);
    cast->granted = new_emergency(desk, cast, 20, 22);
    cr_assert_eq(itsm_sms_approve(NULL, NULL, desk->sms, cast->granted, &bob, 1, &desk->act), ITSM_OK);
    freeze.from = MONDAY + ITSM_DAYS(9), freeze.to = MONDAY + ITSM_DAYS(10), freeze.name = ITSM_STR("Freeze");
    cr_assert_eq(itsm_sms_blackout_add(desk->sms, &freeze), ITSM_OK);
}

static void setup(struct desk *desk, struct cast *cast)
{
    const itsm_named box[] = {TEXT("name", "box"),      TEXT("ci_type", "server"), TEXT("unique_id", "u"),
                              TEXT("description", "d"), TEXT("owner", "olga"),     INT("criticality", 3)};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_sla *sla = NULL;
    cr_assert_eq(itsm_sla_load(&sla, desk->ctx,
                               ITSM_STR("{\"response\": {\"3\": 60}, \"resolution\": {\"3\": 480, \"5\": 240}}"), NULL),
                 ITSM_OK);
    desk_with_sla(desk, sla);
    memset(cast, 0, sizeof *cast);
    cr_assert_eq(new_service(&out, desk), ITSM_OK);
    cast->service = out.ref;
    cr_assert_eq(new_started(&out, desk, cast->service), ITSM_OK);
    cast->parent = out.ref;
    cr_assert_eq(new_started(&out, desk, cast->service), ITSM_OK);
    cast->child = out.ref;
    cr_assert_eq(itsm_sms_create(&out, desk->sms, ITSM_STR("configuration_item"), box, COUNT(box), &desk->act),
                 ITSM_OK);
    cast->ci = out.ref;
    cr_assert_eq(itsm_sms_link(desk->sms, cast->parent, ITSM_STR("children"), cast->child, &desk->act), ITSM_OK);
    setup_changes(desk, cast);
    desk_actor(desk, "jdoe", NULL);
    desk->act.now += ITSM_HOURS(1);
}

static itsm_status do_create(struct desk *desk, struct cast *cast)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    (void)cast;
    return new_incident(&out, desk);
}

static itsm_status do_change(struct desk *desk, struct cast *cast)
{
    const itsm_named set[] = {INT("impact", 5), INT("urgency", 5), TEXT("description", "Smoke"),
                              REF("service", cast->service)};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    return itsm_sms_change(&out, desk->sms, cast->parent, ITSM_REV_ANY, set, COUNT(set), &desk->act);
}

static itsm_status do_hold(struct desk *desk, struct cast *cast)
{
    const itsm_named set[] = {TEXT("pending_reason", "awaiting_user")};
    return itsm_sms_move(NULL, desk->sms, cast->parent, ITSM_REV_ANY, ITSM_STR("hold"), set, 1, &desk->act);
}

static itsm_status do_reassign(struct desk *desk, struct cast *cast) /* with a notice */
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    return itsm_sms_move(&out, desk->sms, cast->parent, ITSM_REV_ANY, ITSM_STR("reassign"), NULL, 0, &desk->act);
}

static itsm_status do_resolve(struct desk *desk, struct cast *cast) /* fires on the child, which copies */
{
    const itsm_named set[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "Replaced")};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    return itsm_sms_move(&out, desk->sms, cast->parent, ITSM_REV_ANY, ITSM_STR("resolve"), set, 2, &desk->act);
}

static itsm_status do_link(struct desk *desk, struct cast *cast)
{
    return itsm_sms_link(desk->sms, cast->parent, ITSM_STR("duplicates"), cast->child, &desk->act);
}

static itsm_status do_link_field(struct desk *desk, struct cast *cast) /* writes to both ends */
{
    return itsm_sms_link(desk->sms, cast->parent, ITSM_STR("ci"), cast->ci, &desk->act);
}

static itsm_status do_unlink(struct desk *desk, struct cast *cast)
{
    return itsm_sms_unlink(desk->sms, cast->child, ITSM_STR("parent_incident"), cast->parent, &desk->act);
}

static itsm_status do_refused(struct desk *desk, struct cast *cast)
{
    const itsm_named set[] = {INT("priority", 1), TEXT("description", "new")};
    return itsm_sms_move(NULL, desk->sms, cast->parent, ITSM_REV_ANY, ITSM_STR("cancel"), set, 2, &desk->act);
}

static itsm_status seen(void *user, const itsm_possible *possible)
{
    *(size_t *)user += possible->allowed;
    return ITSM_OK;
}

static itsm_status do_possible(struct desk *desk, struct cast *cast)
{
    size_t n = 0;
    return itsm_sms_possible(desk->sms, cast->parent, &desk->act, seen, &n);
}

/* One operation after the other in one work; each may be tried again where it failed. */
static itsm_status do_work(struct desk *desk, struct cast *cast)
{
    const itsm_named set[] = {INT("impact", 5), REF("service", cast->service)},
                     why[] = {TEXT("pending_reason", "awaiting_user")};
    itsm_status rc = cast->work ? ITSM_OK : itsm_work_new(&cast->work, desk->sms, &desk->act);
    itsm_work *work = cast->work;
    const itsm_record *record;
    itsm_value value;
    if (rc || (rc = itsm_work_get(&record, work, cast->child))) return rc;
    if (itsm_record_find(&value, record, ITSM_STR("impact"))) return ITSM_E_CORRUPT;
    if (value.u.i == 3 && (rc = itsm_work_change(work, cast->child, ITSM_REV_ANY, set, 2))) return rc;
    if ((rc = itsm_work_link(work, cast->parent, ITSM_STR("duplicates"), cast->child)) < 0) return rc;
    if ((rc = itsm_work_unlink(work, cast->parent, ITSM_STR("children"), cast->child)) < 0) return rc;
    if ((rc = itsm_work_get(&record, work, cast->child))) return rc;
    if (itsm_record_find(&value, record, ITSM_STR("status"))) return ITSM_E_CORRUPT;
    if (!itsm_str_is(value.u.s, "pending") &&
        (rc = itsm_work_move(work, cast->child, ITSM_REV_ANY, ITSM_STR("hold"), why, 1)))
        return rc;
    if ((rc = itsm_work_move(work, cast->child, ITSM_REV_ANY, ITSM_STR("declare_major"), NULL, 0)) != ITSM_E_REFUSED)
        return rc;
    if ((rc = itsm_work_commit(NULL, work))) return rc;
    itsm_work_free(work), cast->work = NULL;
    return ITSM_OK;
}

static itsm_status do_find(struct desk *desk, struct cast *cast)
{
    itsm_ref ref;
    (void)cast;
    return itsm_sms_find(&ref, desk->sms, ITSM_STR("INC0000002"));
}

static itsm_status ignore_history(void *user, const itsm_history *entry)
{
    *(uint64_t *)user = entry->revision;
    return ITSM_OK;
}

static itsm_status ignore_record(void *user, const itsm_record *record)
{
    *(uint64_t *)user = itsm_record_revision(record);
    return ITSM_OK;
}

static itsm_status ignore_notice(void *user, const itsm_notice *notice)
{
    *(uint64_t *)user = notice->id.lo;
    return ITSM_OK;
}

static itsm_status do_look_back(struct desk *desk, struct cast *cast)
{
    uint64_t seen_last;
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_status rc = itsm_sms_history(desk->sms, cast->parent, ignore_history, &seen_last);
    if (!rc) rc = itsm_sms_each(desk->sms, ITSM_STR("incident"), ignore_record, &seen_last);
    if (!rc) rc = itsm_sms_notices(desk->sms, ignore_notice, &seen_last);
    if (!rc) rc = itsm_sms_clock(&row, desk->sms, cast->parent, ITSM_RESOLUTION);
    return rc ? rc : itsm_sms_audit_verify(&result, desk->sms, NULL);
}

static itsm_status do_observe(struct desk *desk, struct cast *cast)
{
    static const itsm_str fields[] = {{"impact", 6}};
    static const char *const states[] = {"new", "in_progress", "pending", "resolved"};
    itsm_observer *observer = NULL;
    itsm_value value = itsm_value_number(ITSM_INT, 3);
    itsm_status rc = itsm_observer_new(&observer, desk->sms, ITSM_STR("incident"), fields, 1);
    if (!rc && !cast->work) rc = itsm_work_new(&cast->work, desk->sms, &desk->act);
    for (uint64_t i = 0; i < 4 && rc >= 0; i++) {
        itsm_observation o;
        itsm_observed out = ITSM_OBSERVED_INIT;
        memset(&o, 0, sizeof o);
        o.size = sizeof o, o.number = ITSM_STR("X1"), o.ordinal = i, o.check = (uint32_t)i;
        o.at = MONDAY + ITSM_HOURS((int64_t)i), o.opened = MONDAY, o.stopped = ITSM_TIME_NONE;
        o.who = ITSM_STR("src"), o.state = itsm_str_c(states[i]), o.values = &value;
        rc = itsm_work_observe(&out, cast->work, observer, &o);
    }
    if (rc >= 0) rc = itsm_work_commit(NULL, cast->work);
    itsm_observer_free(observer);
    if (rc) return rc;
    itsm_work_free(cast->work), cast->work = NULL;
    return ITSM_OK;
}

static itsm_status do_approve(struct desk *desk, struct cast *cast) /* asked and decided, by several parties */
{
    const itsm_approval list[] = {ecab("bob", "grant"), ecab("cid", "refuse"), ecab("dot", "")};
    itsm_ref refs[COUNT(list)];
    return itsm_sms_approve(NULL, refs, desk->sms, cast->asked, list, COUNT(list), &desk->act);
}

static itsm_status do_authorize(struct desk *desk, struct cast *cast) /* judges approvals and collisions */
{
    return authorize(desk->sms, cast->granted, desk->act);
}

static itsm_status do_void(struct desk *desk, struct cast *cast) /* an edit that voids what was granted */
{
    const itsm_named set[] = {TEXT("backout_plan", "another")};
    return itsm_sms_change(NULL, desk->sms, cast->granted, ITSM_REV_ANY, set, 1, &desk->act);
}

static itsm_status count_move(void *user, const itsm_move_def *move, const itsm_outcome *done)
{
    (void)move, (void)done;
    ++*(uint64_t *)user;
    return ITSM_OK;
}

/* The one move that is due is made, or it is left to another host. */
static itsm_status do_tick(struct desk *desk, struct cast *cast)
{
    uint64_t made = 0;
    (void)cast;
    const itsm_status rc = itsm_sms_tick(NULL, desk->sms, MONDAY + ITSM_DAYS(5), count_move, &made);
    return made ? ITSM_OK : rc ? rc : ITSM_E_CONFLICT;
}

static itsm_status do_purge(struct desk *desk, struct cast *cast)
{
    return itsm_sms_purge(desk->sms, cast->closed, ITSM_REV_ANY, &desk->act);
}

static itsm_status count_blackout(void *user, const itsm_blackout *blackout)
{
    size_t *n = user;
    if (itsm_str_is(blackout->name, "Freeze")) n[0]++;
    if (itsm_str_is(blackout->name, "Fair")) n[1]++;
    return ITSM_OK;
}

/* One is added, one taken away; what was done before is not done again. */
static itsm_status do_blackouts(struct desk *desk, struct cast *cast)
{
    itsm_blackout fair = ITSM_BLACKOUT_INIT, freeze = ITSM_BLACKOUT_INIT;
    size_t there[2] = {0, 0}, after[2] = {0, 0};
    (void)cast;
    fair.from = MONDAY + ITSM_DAYS(2), fair.to = MONDAY + ITSM_DAYS(3), fair.name = ITSM_STR("Fair");
    freeze.from = MONDAY + ITSM_DAYS(9), freeze.to = MONDAY + ITSM_DAYS(10);
    itsm_status rc = itsm_sms_blackouts(desk->sms, count_blackout, there);
    if (!rc && !there[1]) rc = itsm_sms_blackout_add(desk->sms, &fair);
    if (!rc && there[0]) rc = itsm_sms_blackout_remove(desk->sms, &freeze);
    if (!rc) rc = itsm_sms_blackouts(desk->sms, count_blackout, after);
    return rc || (!after[0] && after[1] == 1) ? rc : ITSM_E_CORRUPT;
}

static const struct story {
    const char *name;
    story_fn run;
    itsm_status wanted;
    int writes; /* 1: the trail grows; 2: and is the same whatever was tried before */
} stories[] = {{"create", do_create, ITSM_OK, 1},
               {"change", do_change, ITSM_OK, 2},
               {"hold", do_hold, ITSM_OK, 2},
               {"reassign", do_reassign, ITSM_OK, 2},
               {"resolve", do_resolve, ITSM_OK, 2},
               {"link", do_link, ITSM_OK, 2},
               {"link in a field", do_link_field, ITSM_OK, 2},
               {"unlink", do_unlink, ITSM_OK, 2},
               {"refused", do_refused, ITSM_E_REFUSED, 0},
               {"possible", do_possible, ITSM_OK, 0},
               {"work", do_work, ITSM_OK, 2},
               {"find", do_find, ITSM_OK, 0},
               {"look back", do_look_back, ITSM_OK, 0},
               {"observe", do_observe, ITSM_OK, 2},
               {"approve", do_approve, ITSM_OK, 1},
               {"authorize", do_authorize, ITSM_OK, 2},
               {"void", do_void, ITSM_OK, 2},
               {"tick", do_tick, ITSM_OK, 2},
               {"purge", do_purge, ITSM_OK, 2},
               {"blackouts", do_blackouts, ITSM_OK, 2}};

/* The trail of a store, read by somebody whom nothing fails. */
static void trail_of(itsm_audit_checkpoint *out, itsm_store *store)
{
    itsm_ctx *ctx = NULL;
    itsm_audit_checkpoint empty = ITSM_AUDIT_CHECKPOINT_INIT;
    *out = empty;
    cr_assert_eq(itsm_ctx_new(&ctx, NULL), ITSM_OK);
    cr_assert_eq(itsm_audit_root(out, ctx, store), ITSM_OK);
    itsm_ctx_free(ctx);
}

static void verify_store(itsm_store *store, const char *what)
{
    itsm_ctx *ctx = NULL;
    itsm_sms *sms = NULL;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    cr_assert_eq(itsm_ctx_new(&ctx, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_new(&sms, ctx, itsm_model_builtin(), store, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_audit_verify(&result, sms, NULL), ITSM_OK, "%s", what);
    cr_assert_eq(result.checked + result.gone, result.count, "%s", what);
    itsm_sms_free(sms);
    itsm_ctx_free(ctx);
}

static int same_trail(const itsm_audit_checkpoint *a, const itsm_audit_checkpoint *b)
{
    return a->count == b->count && !memcmp(a->root, b->root, sizeof a->root);
}

/* The trail after a story that nothing disturbed. */
static void reference_of(itsm_audit_checkpoint *out, const struct story *story)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    struct cast cast;
    desk_open(&desk, &counting, NULL);
    setup(&desk, &cast);
    cr_assert_eq(story->run(&desk, &cast), story->wanted, "%s: %.*s", story->name, ITSM_ARG(first_message(desk.ctx)));
    trail_of(out, desk.store);
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

/* Memory ------------------------------------------------------------------------------------------------------------ */

/* Fail the n-th allocation of a story; 0: it makes fewer. */
static int fail_one(const struct story *story, const itsm_audit_checkpoint *reference, size_t n, int persistent)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    struct cast cast;
    itsm_audit_checkpoint before, after;
    desk_open(&desk, &counting, NULL);
    setup(&desk, &cast);
    trail_of(&before, desk.store);
    if (persistent) counting_fail_from(&counting, n);
    else counting_fail(&counting, n);
    itsm_status rc = story->run(&desk, &cast);
    int failed = counting_stop(&counting);
    trail_of(&after, desk.store);
    if (failed)
        cr_assert(rc == ITSM_E_NOMEM || rc == story->wanted, "%s, allocation %zu: status %d", story->name, n, rc);
    else cr_assert_eq(rc, story->wanted, "%s", story->name);
    if (rc == ITSM_E_NOMEM) {
        cr_assert(same_trail(&before, &after), "%s, allocation %zu: the store has changed", story->name, n);
        rc = story->run(&desk, &cast);
        cr_assert_eq(rc, story->wanted, "%s, allocation %zu: trying again gives %d, %.*s", story->name, n, rc,
                     ITSM_ARG(first_message(desk.ctx)));
        trail_of(&after, desk.store);
    }
    cr_assert_eq(after.count, reference->count, "%s, allocation %zu: %llu entries", story->name, n,
                 (unsigned long long)after.count);
    if (story->writes != 1)
        cr_assert(same_trail(&after, reference), "%s, allocation %zu: another trail", story->name, n);
    verify_store(desk.store, story->name);
    itsm_work_free(cast.work);
    desk_close(&desk);
    assert_nothing_outstanding(counting);
    return failed;
}

static void fail_memory(int persistent)
{
    for (size_t s = 0; s < COUNT(stories); s++) {
        itsm_audit_checkpoint reference;
        size_t n = 1;
        reference_of(&reference, &stories[s]);
        while (fail_one(&stories[s], &reference, n, persistent)) n++;
        printf("%s: %zu allocations failed%s\n", stories[s].name, n - 1, persistent ? " for good" : "");
        cr_assert_gt(n, (size_t)2, "%s", stories[s].name);
    }
}

Test(sms_fault, every_allocation_may_fail_once, .timeout = 300)
{
    fail_memory(0);
}

Test(sms_fault, every_allocation_may_fail_for_good, .timeout = 300)
{
    fail_memory(1);
}

/* The store --------------------------------------------------------------------------------------------------------- */

struct failing_desk {
    struct counting counting;
    struct desk desk;
    struct cast cast;
    itsm_check_plan plan;
    itsm_store *inner;
    itsm_ctx *ctx; /* of the inner store */
};

static void failing_open(struct failing_desk *d)
{
    const struct counting none = COUNTING_INIT;
    itsm_store *store = NULL;
    memset(d, 0, sizeof *d);
    d->counting = none;
    d->ctx = counting_ctx(&d->counting);
    const itsm_check_plan nothing = ITSM_CHECK_PLAN_INIT;
    d->plan = nothing;
    cr_assert_eq(itsm_store_memory(&d->inner, d->ctx), ITSM_OK);
    cr_assert_eq(itsm_check_fault(&store, d->ctx, d->inner, &d->plan), ITSM_OK);
    desk_open(&d->desk, &d->counting, store);
    setup(&d->desk, &d->cast);
}

static void failing_close(struct failing_desk *d)
{
    itsm_work_free(d->cast.work);
    desk_close(&d->desk);
    itsm_store_free(d->inner);
    itsm_ctx_free(d->ctx);
    assert_nothing_outstanding(d->counting);
}

struct failure {
    const char *name;
    uint32_t calls, how;
    uint64_t times;
    itsm_status status, wanted; /* wanted 0: the story's own answer */
};

static void plan_for(itsm_check_plan *plan, const struct failure *failure, size_t n)
{
    plan->calls = failure->calls, plan->how = failure->how, plan->status = failure->status;
    plan->at = n, plan->times = failure->times, plan->failed = 0;
}

/* The n-th call fails; 0: there are fewer. */
static int fail_store(const struct story *story, const itsm_audit_checkpoint *reference, const struct failure *failure,
                      size_t n)
{
    static struct failing_desk d;
    itsm_audit_checkpoint before, after;
    failing_open(&d);
    trail_of(&before, d.inner);
    plan_for(&d.plan, failure, n);
    itsm_status rc = story->run(&d.desk, &d.cast);
    int failed = d.plan.failed > 0;
    d.plan.at = 0;
    trail_of(&after, d.inner);
    itsm_status wanted = failed && failure->wanted ? failure->wanted : story->wanted;
    if (rc == story->wanted && !story->writes && failure->calls & ITSM_CALL_READ && (rc || story->run == do_possible))
        wanted = rc;                                               /* only words of a refusal were lost */
    if (rc == story->wanted && story->run == do_tick) wanted = rc; /* made before the store failed */
    cr_assert_eq(rc, wanted, "%s, %s at call %zu: status %d, %.*s", story->name, failure->name, n, rc,
                 ITSM_ARG(first_message(d.desk.ctx)));
    if (rc < 0 && rc != ITSM_E_UNKNOWN)
        cr_assert(same_trail(&before, &after), "%s, %s at call %zu: half done", story->name, failure->name, n);
    if (rc != story->wanted) { /* the store is well again */
        rc = story->run(&d.desk, &d.cast);
        if (d.cast.work && rc == ITSM_E_UNKNOWN) { /* the work waits to know */
            rc = itsm_work_commit(NULL, d.cast.work);
            itsm_work_free(d.cast.work), d.cast.work = NULL;
        }
        if (failure->status != ITSM_E_UNKNOWN)
            cr_assert_eq(rc, story->wanted, "%s, %s at call %zu: trying again gives %d", story->name, failure->name, n,
                         rc);
        trail_of(&after, d.inner);
    }
    if (failure->status != ITSM_E_UNKNOWN || !failure->wanted || story->run == do_work || story->run == do_observe)
        cr_assert_eq(after.count, reference->count, "%s, %s at call %zu: %llu entries, not %llu", story->name,
                     failure->name, n, (unsigned long long)after.count, (unsigned long long)reference->count);
    verify_store(d.inner, story->name);
    failing_close(&d);
    return failed;
}

static void fail_everywhere(const struct failure *failure)
{
    size_t failed = 0;
    for (size_t s = 0; s < COUNT(stories); s++) {
        itsm_audit_checkpoint reference;
        size_t n = 1;
        if (failure->calls == ITSM_CALL_APPLY && !stories[s].writes) continue;
        reference_of(&reference, &stories[s]);
        while (fail_store(&stories[s], &reference, failure, n)) n++;
        failed += n - 1;
    }
    printf("%s: failed %zu times\n", failure->name, failed);
    cr_assert_gt(failed, (size_t)8);
}

#define EVER UINT64_MAX

Test(sms_fault, a_store_that_cannot_read_is_reported_and_nothing_is_half_done, .timeout = 300)
{
    const struct failure io = {"reading gives IO", ITSM_CALL_READ | ITSM_CALL_RESERVE, ITSM_FAULT_BEFORE, 1, ITSM_E_IO, ITSM_E_IO};
    const struct failure busy = {"reading gives BUSY", ITSM_CALL_READ | ITSM_CALL_RESERVE, ITSM_FAULT_BEFORE, 1, ITSM_E_BUSY, ITSM_E_BUSY};
    const struct failure nomem = {"reading gives NOMEM", ITSM_CALL_READ | ITSM_CALL_RESERVE, ITSM_FAULT_BEFORE, 1,
                                  ITSM_E_NOMEM, ITSM_E_NOMEM};
    const struct failure lost = {"an answer is lost", ITSM_CALL_READ | ITSM_CALL_RESERVE, ITSM_FAULT_AFTER, 1, ITSM_E_IO,
                                 ITSM_E_IO};
    const struct failure corrupt = {"reading gives CORRUPT", ITSM_CALL_READ, ITSM_FAULT_BEFORE, 1, ITSM_E_CORRUPT, ITSM_E_CORRUPT};
    fail_everywhere(&io);
    fail_everywhere(&busy);
    fail_everywhere(&nomem);
    fail_everywhere(&lost);
    fail_everywhere(&corrupt);
}

Test(sms_fault, a_batch_that_is_not_taken_leaves_nothing_behind, .timeout = 300)
{
    const struct failure failures[] = {{"CONFLICT", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_CONFLICT, ITSM_E_CONFLICT},
                                       {"BUSY", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_BUSY, ITSM_E_BUSY},
                                       {"NOMEM", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_NOMEM, ITSM_E_NOMEM},
                                       {"FULL", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_FULL, ITSM_E_FULL},
                                       {"IO", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_IO, ITSM_E_IO},
                                       {"READONLY", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_READONLY, ITSM_E_READONLY},
                                       {"RETRY for ever", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, EVER, ITSM_E_RETRY, ITSM_E_RETRY}};
    for (size_t i = 0; i < COUNT(failures); i++) fail_everywhere(&failures[i]);
}

Test(sms_fault, a_batch_is_sent_again_and_applied_once, .timeout = 300)
{
    const struct failure failures[] = {{"RETRY", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_RETRY, 0},
                                       {"RETRY three times", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 3, ITSM_E_RETRY, 0},
                                       {"UNKNOWN before", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_UNKNOWN, 0},
                                       {"UNKNOWN after", ITSM_CALL_APPLY, ITSM_FAULT_AFTER, 1, ITSM_E_UNKNOWN, 0},
                                       {"UNKNOWN after, three times", ITSM_CALL_APPLY, ITSM_FAULT_AFTER, 3, ITSM_E_UNKNOWN, 0}};
    for (size_t i = 0; i < COUNT(failures); i++) fail_everywhere(&failures[i]);
}

Test(sms_fault, while_the_answer_stays_unknown_the_work_keeps_the_batch_and_applies_it_once, .timeout = 300)
{
    const struct failure before = {"UNKNOWN before, for ever", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, EVER, ITSM_E_UNKNOWN, ITSM_E_UNKNOWN};
    const struct failure after = {"UNKNOWN after, for ever", ITSM_CALL_APPLY, ITSM_FAULT_AFTER, EVER, ITSM_E_UNKNOWN, ITSM_E_UNKNOWN};
    fail_everywhere(&before);
    fail_everywhere(&after);
}

Test(sms_fault, a_conflict_after_a_lost_answer_is_ours_only_if_the_history_says_so)
{
    static struct failing_desk d;
    itsm_sms *other;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    const itsm_named mine[] = {INT("impact", 4)}, theirs[] = {INT("impact", 2)};
    failing_open(&d);
    options.key.p = "a key", options.key.n = 5; /* the same key: the same transaction numbers */
    cr_assert_eq(itsm_sms_new(&other, d.ctx, itsm_model_builtin(), d.inner, &options), ITSM_OK);
    cr_assert_eq(itsm_work_new(&d.cast.work, d.desk.sms, &d.desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_change(d.cast.work, d.cast.child, ITSM_REV_ANY, mine, 1), ITSM_OK);
    d.plan.calls = ITSM_CALL_APPLY, d.plan.status = ITSM_E_UNKNOWN, d.plan.at = 1, d.plan.times = EVER;
    cr_assert_eq(itsm_work_commit(NULL, d.cast.work), ITSM_E_UNKNOWN);
    d.plan.at = 0;
    cr_assert_eq(itsm_work_change(d.cast.work, d.cast.child, ITSM_REV_ANY, mine, 1), ITSM_E_UNKNOWN,
                 "nothing is added to it");
    cr_assert_eq(itsm_sms_change(NULL, other, d.cast.child, ITSM_REV_ANY, theirs, 1, &d.desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, d.cast.work), ITSM_E_CONFLICT, "the others' change is not taken for ours");
    itsm_work_clear(d.cast.work);
    cr_assert_eq(itsm_work_change(d.cast.work, d.cast.child, ITSM_REV_ANY, mine, 1), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, d.cast.work), ITSM_OK);
    itsm_sms_free(other);
    failing_close(&d);
}

/* Alarms ------------------------------------------------------------------------------------------------------------- */

struct told {
    size_t n;
    itsm_notice list[64];
};

static itsm_status keep_notice(void *user, const itsm_notice *notice)
{
    struct told *told = user;
    cr_assert_lt(told->n, COUNT(told->list));
    if (notice->metric) told->list[told->n++] = *notice;
    return ITSM_OK;
}

/* The notices of clocks in a store, read by somebody whom nothing fails. */
static void told_of(struct told *told, itsm_store *store)
{
    itsm_ctx *ctx = NULL;
    itsm_sms *sms = NULL;
    told->n = 0;
    cr_assert_eq(itsm_ctx_new(&ctx, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_new(&sms, ctx, itsm_model_builtin(), store, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_notices(sms, keep_notice, told), ITSM_OK);
    itsm_sms_free(sms);
    itsm_ctx_free(ctx);
}

/* As many, about the same clocks at the same instants: nothing is lost, nothing is told twice. */
static void same_told(const struct told *a, const struct told *b, const char *what, size_t n)
{
    cr_assert_eq(a->n, b->n, "%s at call %zu: %zu notices, not %zu", what, n, a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const itsm_notice *x = &a->list[i], *y = &b->list[i];
        cr_assert(x->at == y->at && x->metric == y->metric && x->about.id.lo == y->about.id.lo && x->left == y->left &&
                      x->threshold.value == y->threshold.value,
                  "%s at call %zu: notice %zu", what, n, i);
    }
}

static void with_thresholds(struct desk *desk)
{
    itsm_sla *sla;
    cr_assert_eq(itsm_sla_load(&sla, desk->ctx,
                               ITSM_STR("{\"response\": {\"3\": 60}, \"resolution\": {\"3\": 480, \"5\": 240},"
                                        " \"thresholds\": [50, 75, {\"wall\": 60}]}"),
                               NULL),
                 ITSM_OK);
    itsm_sla_free(desk->sla);
    desk_with_sla(desk, sla);
    desk->act.now = MONDAY;
    for (size_t i = 0; i < 5; i++) {
        itsm_outcome out = ITSM_OUTCOME_INIT;
        cr_assert_eq(new_incident(&out, desk), ITSM_OK);
    }
}

static void tick_all(struct desk *desk)
{
    uint64_t made = 1;
    for (size_t i = 0; i < 8 && made; i++)
        cr_assert_eq(itsm_sms_tick(&made, desk->sms, MONDAY + ITSM_HOURS(7), NULL, NULL), ITSM_OK);
    cr_assert_eq(made, (uint64_t)0);
}

/* The n-th call of a tick fails; then it ticks again.  0: it makes fewer calls. */
static int fail_alarms(struct told *wanted, const struct failure *failure, size_t n)
{
    static struct failing_desk d;
    struct told told;
    failing_open(&d);
    with_thresholds(&d.desk);
    plan_for(&d.plan, failure, n);
    const itsm_status rc = itsm_sms_tick(NULL, d.desk.sms, MONDAY + ITSM_HOURS(7), NULL, NULL);
    const int failed = d.plan.failed > 0;
    if (failed) cr_assert(rc == ITSM_OK || rc == failure->status, "%s at call %zu: %d", failure->name, n, rc);
    else cr_assert_eq(rc, ITSM_OK);
    d.plan.at = 0;
    tick_all(&d.desk);
    told_of(&told, d.inner);
    if (n) same_told(&told, wanted, failure->name, n);
    else *wanted = told;
    verify_store(d.inner, failure->name);
    failing_close(&d);
    return failed;
}

Test(sms_fault, whatever_a_store_answers_each_threshold_is_told_once, .timeout = 300)
{
    const struct failure failures[] = {
        {"reading gives IO", ITSM_CALL_READ, ITSM_FAULT_BEFORE, 1, ITSM_E_IO, 0},
        {"CONFLICT", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_CONFLICT, 0},
        {"FULL", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_FULL, 0},
        {"RETRY for ever", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, EVER, ITSM_E_RETRY, 0},
        {"UNKNOWN before", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_UNKNOWN, 0},
        {"UNKNOWN after", ITSM_CALL_APPLY, ITSM_FAULT_AFTER, 1, ITSM_E_UNKNOWN, 0},
        {"stopped before", ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, EVER, ITSM_E_UNKNOWN, 0},
        {"stopped after", ITSM_CALL_APPLY, ITSM_FAULT_AFTER, EVER, ITSM_E_UNKNOWN, 0},
    };
    struct told wanted = {0};
    cr_assert_eq(fail_alarms(&wanted, &failures[0], 0), 0);
    cr_assert_gt(wanted.n, (size_t)15);
    for (size_t i = 0; i < COUNT(failures); i++) {
        size_t n = 1;
        while (fail_alarms(&wanted, &failures[i], n)) n++;
        printf("%s: %zu calls failed\n", failures[i].name, n - 1);
        cr_assert_gt(n, (size_t)5);
    }
}

Test(sms_fault, every_allocation_of_telling_may_fail, .timeout = 300)
{
    struct told wanted = {0};
    for (size_t n = 0, failed = 1; failed; n++) {
        struct counting counting = COUNTING_INIT;
        struct desk desk;
        struct cast cast;
        struct told told;
        desk_open(&desk, &counting, NULL);
        setup(&desk, &cast);
        with_thresholds(&desk);
        if (n) counting_fail(&counting, n);
        const itsm_status rc = itsm_sms_tick(NULL, desk.sms, MONDAY + ITSM_HOURS(7), NULL, NULL);
        failed = n ? (size_t)counting_stop(&counting) : 1;
        cr_assert(rc == ITSM_OK || (failed && rc == ITSM_E_NOMEM), "allocation %zu: %d", n, rc);
        tick_all(&desk);
        told_of(&told, desk.store);
        if (n) same_told(&told, &wanted, "allocation", n);
        else wanted = told;
        desk_close(&desk);
        assert_nothing_outstanding(counting);
    }
}

/* Another host on the same store, which ticks whenever the first is about to write. */
struct rival {
    itsm_sms *sms;
    uint64_t told;
    size_t every, calls;
};

static void tick_first(void *user, uint32_t call)
{
    (void)call;
    struct rival *rival = user;
    uint64_t made = 0;
    if (rival->calls++ % rival->every) return;
    cr_assert_eq(itsm_sms_tick(&made, rival->sms, MONDAY + ITSM_HOURS(7), NULL, NULL), ITSM_OK);
    rival->told += made;
}

Test(sms_fault, a_host_that_is_overtaken_while_it_tells_tells_nothing_twice)
{
    const struct failure waits = {"waits", ITSM_CALL_APPLY, ITSM_FAULT_WAIT, EVER, ITSM_OK, 0};
    struct told wanted = {0}, told;
    cr_assert_eq(fail_alarms(&wanted, &(const struct failure){"none", 0, 0, 1, ITSM_E_IO, 0}, 0), 0);
    for (size_t every = 1; every < 6; every++) {
        static struct failing_desk d;
        struct rival rival = {NULL, 0, every, 1};
        itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
        uint64_t mine = 0;
        failing_open(&d);
        with_thresholds(&d.desk);
        itsm_ctx *ctx = counting_ctx(&d.counting);
        options.sla = d.desk.sla, options.key.p = "a key", options.key.n = 5;
        cr_assert_eq(itsm_sms_new(&rival.sms, ctx, itsm_model_builtin(), d.inner, &options), ITSM_OK);
        plan_for(&d.plan, &waits, 1);
        d.plan.wait = tick_first, d.plan.user = &rival;
        cr_assert_eq(itsm_sms_tick(&mine, d.desk.sms, MONDAY + ITSM_HOURS(7), NULL, NULL), ITSM_OK);
        d.plan.at = 0;
        told_of(&told, d.inner);
        same_told(&told, &wanted, "overtaken", every);
        cr_assert_eq(mine + rival.told, (uint64_t)wanted.n, "%llu and %llu", (unsigned long long)mine,
                     (unsigned long long)rival.told);
        if (every > 1) cr_assert(mine && rival.told, "%zu", every);
        itsm_sms_free(rival.sms);
        itsm_ctx_free(ctx);
        failing_close(&d);
    }
}

/* Rows that are not what was put ------------------------------------------------------------------------------------ */

static const itsm_status documented[] = {
    ITSM_OK,            ITSM_DONE,       ITSM_NOTHING,        ITSM_E_INVALID,   ITSM_E_NOT_FOUND, ITSM_E_REFUSED,
    ITSM_E_UNSUPPORTED, ITSM_E_ORDER,    ITSM_E_LIMIT,        ITSM_E_CONFLICT,  ITSM_E_UNIQUE,    ITSM_E_CORRUPT,
    ITSM_E_VERSION,     ITSM_E_RANGE,    ITSM_E_NO_OPEN_TIME, ITSM_E_UNDECIDED, ITSM_E_SYNTAX};

static int is_documented(itsm_status rc)
{
    for (size_t i = 0; i < COUNT(documented); i++)
        if (documented[i] == rc) return 1;
    return 0;
}

/* A backend that lies can make the engine write what is wrong, but not crash it, and not leave half of it. */
static int lie(const struct story *story, const struct failure *failure, size_t n, uint32_t bit)
{
    static struct failing_desk d;
    itsm_audit_checkpoint before, after;
    failing_open(&d);
    trail_of(&before, d.inner);
    plan_for(&d.plan, failure, n);
    d.plan.bit = bit;
    itsm_status rc = story->run(&d.desk, &d.cast);
    int failed = d.plan.failed > 0;
    d.plan.at = 0;
    trail_of(&after, d.inner);
    cr_assert(is_documented(rc), "%s, %s at call %zu: status %d", story->name, failure->name, n, rc);
    if (rc < 0 && story->writes)
        cr_assert(same_trail(&before, &after), "%s, %s at call %zu: half done", story->name, failure->name, n);
    cr_assert_eq(itsm_store_maintain(d.ctx, d.inner, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    failing_close(&d);
    return failed;
}

static void lie_everywhere(const struct failure *failure, uint32_t bits)
{
    size_t lies = 0;
    for (size_t s = 0; s < COUNT(stories); s++)
        for (uint32_t k = 0; k < bits; k++)
            for (size_t n = 1; lie(&stories[s], failure, n, (uint32_t)(n * 37 + k * 101)); n++) lies++;
    printf("%s: %zu times\n", failure->name, lies);
    cr_assert_gt(lies, (size_t)8);
}

Test(sms_fault, rows_that_are_not_what_was_put_leave_nothing_half_done, .timeout = 300)
{
    const struct failure failures[] = {
        {"a row is not found, a scan ends early", ITSM_CALL_GET | ITSM_CALL_NEXT, ITSM_FAULT_SHORT, 1, 0, 0},
        {"a row comes twice", ITSM_CALL_NEXT, ITSM_FAULT_TWICE, 1, 0, 0},
        {"a bit of a row is another", ITSM_CALL_GET | ITSM_CALL_NEXT, ITSM_FAULT_FLIP, 1, 0, 0}};
    for (size_t i = 0; i < COUNT(failures); i++) lie_everywhere(&failures[i], failures[i].how == ITSM_FAULT_FLIP ? 4 : 1);
}

/* Two hosts ----------------------------------------------------------------------------------------------------------- */

struct hosts {
    struct counting counting;
    struct desk desk;
    struct cast cast;
    itsm_ctx *ctx;
    itsm_sms *other;
    uint64_t moves; /* made by the first */
};

static void hosts_open(struct hosts *h)
{
    const struct counting none = COUNTING_INIT;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    memset(h, 0, sizeof *h);
    h->counting = none;
    desk_open(&h->desk, &h->counting, NULL);
    setup(&h->desk, &h->cast);
    h->ctx = counting_ctx(&h->counting);
    options.key.p = "another key", options.key.n = 11;
    cr_assert_eq(itsm_sms_new(&h->other, h->ctx, itsm_model_builtin(), h->desk.store, &options), ITSM_OK);
}

static void hosts_close(struct hosts *h)
{
    verify_store(h->desk.store, "two hosts");
    itsm_sms_free(h->other);
    itsm_work_free(h->cast.work);
    desk_close(&h->desk);
    itsm_ctx_free(h->ctx);
    assert_nothing_outstanding(h->counting);
}

/* In the desk's own work, not committed yet. */
static void begin_authorize(struct hosts *h, itsm_ref change)
{
    desk_actor(&h->desk, "cora", "change_authority");
    cr_assert_eq(itsm_work_new(&h->cast.work, h->desk.sms, &h->desk.act), ITSM_OK);
    const itsm_status rc = itsm_work_move(h->cast.work, change, ITSM_REV_ANY, ITSM_STR("authorize"), NULL, 0);
    cr_assert_eq(rc, ITSM_OK, "%d %.*s", rc, ITSM_ARG(first_message(h->desk.ctx)));
}

/* What was begun lost; begun again it is refused for `rule`. */
static void loses(struct hosts *h, itsm_ref change, const char *rule)
{
    cr_assert_eq(itsm_work_commit(NULL, h->cast.work), ITSM_E_CONFLICT);
    itsm_work_clear(h->cast.work);
    const itsm_status rc = itsm_work_move(h->cast.work, change, ITSM_REV_ANY, ITSM_STR("authorize"), NULL, 0);
    cr_assert_eq(rc, rule ? ITSM_E_REFUSED : ITSM_OK);
    if (rule) cr_assert(itsm_str_is(itsm_ctx_issue(h->desk.ctx, 0)->rule, rule));
    else cr_assert_eq(itsm_work_commit(NULL, h->cast.work), ITSM_OK);
}

static const char collides[] = "any(set(conflict_override),no_conflict(planned_start,planned_end,ci))";

Test(sms_fault, of_two_changes_that_collide_only_one_host_gets_its_own)
{
    struct hosts h;
    hosts_open(&h);
    const itsm_approval bob = ecab("bob", "grant");
    const itsm_ref second = new_emergency(&h.desk, &h.cast, 21, 23);
    cr_assert_eq(itsm_sms_approve(NULL, NULL, h.desk.sms, second, &bob, 1, &h.desk.act), ITSM_OK);
    begin_authorize(&h, h.cast.granted);
    cr_assert_eq(authorize(h.other, second, h.desk.act), ITSM_OK);
    loses(&h, h.cast.granted, collides);
    hosts_close(&h);
}

Test(sms_fault, a_blackout_that_comes_while_a_change_is_judged_is_seen)
{
    struct hosts h;
    itsm_blackout freeze = ITSM_BLACKOUT_INIT;
    hosts_open(&h);
    freeze.from = MONDAY + ITSM_HOURS(21), freeze.to = freeze.from + 1;
    begin_authorize(&h, h.cast.granted);
    cr_assert_eq(itsm_sms_blackout_add(h.other, &freeze), ITSM_OK);
    loses(&h, h.cast.granted, collides);
    cr_assert_eq(itsm_sms_blackout_remove(h.other, &freeze), ITSM_OK);
    itsm_work_clear(h.cast.work);
    cr_assert_eq(itsm_work_move(h.cast.work, h.cast.granted, ITSM_REV_ANY, ITSM_STR("authorize"), NULL, 0), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, h.cast.work), ITSM_OK);
    hosts_close(&h);
}

Test(sms_fault, items_that_come_to_depend_on_each_other_while_a_change_is_judged_are_seen)
{
    struct hosts h;
    const itsm_named box[] = {TEXT("name", "rack"),     TEXT("ci_type", "rack"), TEXT("unique_id", "r"),
                              TEXT("description", "d"), TEXT("owner", "olga"),   INT("criticality", 3)};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    hosts_open(&h);
    const itsm_approval bob = ecab("bob", "grant");
    const itsm_ref first = h.cast.ci;
    cr_assert_eq(itsm_sms_create(&out, h.desk.sms, ITSM_STR("configuration_item"), box, COUNT(box), &h.desk.act),
                 ITSM_OK);
    h.cast.ci = out.ref;
    const itsm_ref second = new_emergency(&h.desk, &h.cast, 21, 23);
    cr_assert_eq(itsm_sms_approve(NULL, NULL, h.desk.sms, second, &bob, 1, &h.desk.act), ITSM_OK);
    cr_assert_eq(authorize(h.desk.sms, second, h.desk.act), ITSM_OK);
    begin_authorize(&h, h.cast.granted);
    cr_assert_eq(itsm_sms_link(h.other, first, ITSM_STR("depends_on"), h.cast.ci, &h.desk.act), ITSM_OK);
    loses(&h, h.cast.granted, collides);
    hosts_close(&h);
}

Test(sms_fault, an_approval_that_joins_while_a_change_is_judged_is_seen)
{
    struct hosts h;
    hosts_open(&h);
    itsm_approval cid = ecab("cid", "refuse");
    cid.policy = ITSM_STR("all");
    begin_authorize(&h, h.cast.granted);
    cr_assert_eq(itsm_sms_approve(NULL, NULL, h.other, h.cast.granted, &cid, 1, &h.desk.act), ITSM_OK);
    loses(&h, h.cast.granted, "when(eq(change_type,emergency),approved(ecab,stated,implementer))");
    hosts_close(&h);
}

Test(sms_fault, an_edit_that_voids_while_a_change_is_judged_is_seen)
{
    struct hosts h;
    const itsm_named set[] = {TEXT("backout_plan", "another")};
    hosts_open(&h);
    begin_authorize(&h, h.cast.granted);
    cr_assert_eq(itsm_sms_change(NULL, h.other, h.cast.granted, ITSM_REV_ANY, set, 1, &h.desk.act), ITSM_OK);
    loses(&h, h.cast.granted, "when(eq(change_type,emergency),approved(ecab,stated,implementer))");
    hosts_close(&h);
}

static itsm_status tick_as_well(void *user, const itsm_move_def *move, const itsm_outcome *done)
{
    struct hosts *h = user;
    uint64_t made = 0;
    (void)move, (void)done;
    h->moves++;
    cr_assert_eq(itsm_sms_tick(&made, h->other, MONDAY + ITSM_DAYS(6), NULL, NULL), ITSM_OK);
    cr_assert_eq(made, (uint64_t)1, "what the first has not made yet");
    return ITSM_OK;
}

Test(sms_fault, two_hosts_that_tick_make_every_move_once)
{
    struct hosts h;
    uint64_t made = 0;
    hosts_open(&h);
    (void)new_resolved(&h.desk, h.cast.service);
    cr_assert_eq(itsm_sms_tick(&made, h.desk.sms, MONDAY + ITSM_DAYS(6), tick_as_well, &h), ITSM_OK);
    cr_assert_eq(h.moves, (uint64_t)1);
    cr_assert_eq(itsm_sms_tick(&made, h.desk.sms, MONDAY + ITSM_DAYS(6), NULL, NULL), ITSM_OK);
    cr_assert_eq(made, (uint64_t)0);
    hosts_close(&h);
}
