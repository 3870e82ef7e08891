/* SPDX-License-Identifier: MIT */
/*
 * The engine with more than anybody has: a move that fires ten thousand times, a subject with ten thousand approvals,
 * items that depend on each other in one long chain.  All or nothing, without recursion, and without time that grows
 * with the square.  ITSM_FULL: up to ten times as many.
 */
#include "sms_fixture.h"

#include <criterion/criterion.h>
#include <time.h>

static struct counting counting;
static struct desk desk;

static void open_desk(void)
{
    static const struct counting none = COUNTING_INIT;
    counting = none;
    desk_open(&desk, &counting, NULL);
}

static void close_desk(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(hostile, .init = open_desk, .fini = close_desk, .timeout = 300);

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static size_t full(size_t n, size_t otherwise)
{
    const char *text = getenv("ITSM_FULL");
    return text && *text ? n : otherwise;
}

static void well(itsm_status rc)
{
    cr_assert_eq(rc, ITSM_OK, "%d %.*s", rc, ITSM_ARG(first_message(desk.ctx)));
}

static int is_in(itsm_ref ref, const char *state)
{
    const itsm_record *record;
    itsm_value value;
    itsm_work *work;
    well(itsm_work_new(&work, desk.sms, &desk.act));
    well(itsm_work_get(&record, work, ref));
    well(itsm_record_get_number(&value, record, itsm_record_type(record)->machines[0].number));
    const int is = itsm_str_is(value.u.s, state);
    itsm_work_free(work);
    return is;
}

static itsm_status move_as(const char *who, const char *role, itsm_ref ref, const char *move, const itsm_named *set,
                           size_t n)
{
    desk_actor(&desk, who, role);
    return itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, itsm_str_c(move), set, n, &desk.act);
}

/* Firing ------------------------------------------------------------------------------------------------------------ */

/* A started incident with n children, made in a few batches. */
static itsm_ref parent_of(itsm_ref *children, size_t n)
{
    const itsm_named set[] = {TEXT("title", "Dark"),      TEXT("description", "No light"),
                              TEXT("reporter", "rita"),   TEXT("channel", "phone"),
                              INT("impact", 3),           INT("urgency", 3),
                              TIME("detected_at", MONDAY)};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_work *work;
    well(new_service(&out, &desk));
    well(new_started(&out, &desk, out.ref));
    const itsm_ref parent = out.ref;
    for (size_t i = 0; i < n;) {
        well(itsm_work_new(&work, desk.sms, &desk.act));
        for (size_t k = 0; k < 1000 && i < n; k++, i++) {
            well(itsm_work_create(&children[i], work, ITSM_STR("incident"), set, COUNT(set)));
            well(itsm_work_link(work, children[i], ITSM_STR("parent_incident"), parent));
        }
        well(itsm_work_commit(NULL, work));
        itsm_work_free(work);
    }
    return parent;
}

static double fire(size_t n)
{
    const itsm_named resolution[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "Replaced")};
    itsm_ref *children = calloc(n, sizeof *children);
    const itsm_ref parent = parent_of(children, n);
    const double begin = seconds();
    well(move_as("jdoe", NULL, parent, "resolve", resolution, COUNT(resolution)));
    const double took = seconds() - begin;
    for (size_t i = 0; i < n; i += 97) cr_assert(is_in(children[i], "resolved"), "child %zu", i);
    cr_assert(is_in(children[n - 1], "resolved"));
    free(children);
    return took;
}

Test(hostile, a_move_fires_on_thousands_of_records_in_one_act)
{
    const size_t n = full(2500, 1000); /* up to what one act may fire */
    const double few = fire(n), many = fire(4 * n);
    printf("fire: %zu records %.3f s, %zu records %.3f s\n", n, few, 4 * n, many);
    cr_assert_lt(many, 12 * few + 0.5, "it grows with the square");
}

Test(hostile, a_move_that_would_fire_too_often_does_nothing_at_all)
{
    enum { MANY = 10001 };
    static itsm_ref children[MANY];
    const itsm_named resolution[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "Replaced")};
    itsm_audit_checkpoint before = ITSM_AUDIT_CHECKPOINT_INIT, after = ITSM_AUDIT_CHECKPOINT_INIT;
    const itsm_ref parent = parent_of(children, MANY);
    well(itsm_audit_root(&before, desk.ctx, desk.store));
    cr_assert_eq(move_as("jdoe", NULL, parent, "resolve", resolution, COUNT(resolution)), ITSM_E_LIMIT);
    well(itsm_audit_root(&after, desk.ctx, desk.store));
    cr_assert(is_in(parent, "in_progress") && is_in(children[0], "new") && before.count == after.count);
    well(itsm_sms_unlink(desk.sms, parent, ITSM_STR("children"), children[7], &desk.act));
    well(move_as("jdoe", NULL, parent, "resolve", resolution, COUNT(resolution)));
    cr_assert(is_in(parent, "resolved") && is_in(children[0], "resolved") && is_in(children[7], "new"));
}

/* Approvals --------------------------------------------------------------------------------------------------------- */

static itsm_ref document(void)
{
    const itsm_named set[] = {TEXT("title", "Policy"), TEXT("author", "ann"), TEXT("owner", "olga"),
                              TEXT("kind", "policy"),  TEXT("version", "1"),  TEXT("classification", "internal")};
    itsm_named sent[] = {TEXT("content_ref", "sha256:00"),
                         {ITSM_STR("review_due"), itsm_value_number(ITSM_DATE, 21000)}};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    sent[0].value.kind = ITSM_BLOB;
    well(itsm_sms_create(&out, desk.sms, ITSM_STR("controlled_document"), set, COUNT(set), &desk.act));
    const itsm_ref ref = out.ref;
    well(move_as("ann", NULL, ref, "submit", sent, COUNT(sent)));
    return ref;
}

/* n parties are asked, all grant. */
static double approve(size_t n)
{
    const itsm_ref ref = document();
    char(*names)[24] = calloc(n, sizeof *names);
    itsm_approval *list = calloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        const itsm_approval blank = ITSM_APPROVAL_INIT;
        snprintf(names[i], sizeof names[i], "p%zu", i);
        list[i] = blank, list[i].body = ITSM_STR("document_approver"), list[i].approver = itsm_str_c(names[i]);
        list[i].policy = ITSM_STR("all"), list[i].decision = ITSM_STR("grant");
    }
    const double begin = seconds();
    for (size_t i = 0; i < n; i += 500)
        well(itsm_sms_approve(NULL, NULL, desk.sms, ref, list + i, n - i < 500 ? n - i : 500, &desk.act));
    const double asked = seconds() - begin;
    well(move_as("olga", NULL, ref, "approve", NULL, 0));
    const double took = seconds() - begin;
    printf("%zu approvals: asked %.3f s, judged %.3f s\n", n, asked, took - asked);
    free(list), free(names);
    return took;
}

Test(hostile, thousands_of_approvals_are_judged)
{
    const size_t n = full(10000, 1000);
    const double few = approve(n), many = approve(4 * n);
    cr_assert_lt(many, 12 * few + 0.5, "it grows with the square");
}

/* Dependencies ------------------------------------------------------------------------------------------------------ */

/* Items that depend on each other in a chain; the first and the last. */
static void chain(itsm_ref ends[2], size_t n)
{
    itsm_ref last = {0, {0, 0}};
    itsm_work *work;
    char id[48];
    for (size_t i = 0; i < n;) {
        well(itsm_work_new(&work, desk.sms, &desk.act));
        for (size_t k = 0; k < 1000 && i < n; k++, i++) {
            itsm_named box[] = {TEXT("name", "box"),      TEXT("ci_type", "server"), TEXT("unique_id", "u"),
                                TEXT("description", "d"), TEXT("owner", "olga"),     INT("criticality", 3)};
            itsm_ref ref;
            snprintf(id, sizeof id, "%zu-%zu", n, i);
            box[2].value.u.s = itsm_str_c(id);
            well(itsm_work_create(&ref, work, ITSM_STR("configuration_item"), box, COUNT(box)));
            if (i) well(itsm_work_link(work, last, ITSM_STR("depends_on"), ref));
            else ends[0] = ref;
            last = ref;
        }
        well(itsm_work_commit(NULL, work));
        itsm_work_free(work);
    }
    ends[1] = last;
}

/* An emergency change of one item, approved. */
static itsm_ref emergency(itsm_ref service, itsm_ref incident, itsm_ref ci, int64_t from)
{
    const itsm_value item = itsm_value_ref(ci);
    itsm_named set[] = {TEXT("title", "Swap"),
                        TEXT("description", "d"),
                        TEXT("change_type", "emergency"),
                        TEXT("requester", "rita"),
                        TEXT("reason", "r"),
                        REF("service", service),
                        INT("priority", 1),
                        TEXT("emergency_justification", "it burns"),
                        TEXT("risk_level", "low"),
                        TEXT("backout_plan", "put it back"),
                        TEXT("implementer", "jdoe"),
                        TEXT("change_manager", "mia"),
                        TIME("planned_start", MONDAY + ITSM_HOURS(from)),
                        TIME("planned_end", MONDAY + ITSM_HOURS(from + 2)),
                        TIME("communicated_at", MONDAY),
                        EMPTY("ci")};
    itsm_approval bob = ITSM_APPROVAL_INIT;
    itsm_outcome out = ITSM_OUTCOME_INIT;
    set[COUNT(set) - 1].value.kind = ITSM_LIST;
    set[COUNT(set) - 1].value.u.list.item = &item, set[COUNT(set) - 1].value.u.list.n = 1;
    well(itsm_sms_create(&out, desk.sms, ITSM_STR("change"), set, COUNT(set), &desk.act));
    const itsm_ref ref = out.ref;
    well(itsm_sms_link(desk.sms, ref, ITSM_STR("incident"), incident, &desk.act));
    well(move_as("mia", NULL, ref, "submit_emergency", NULL, 0));
    bob.body = ITSM_STR("ecab"), bob.policy = ITSM_STR("any"), bob.approver = ITSM_STR("bob");
    bob.decision = ITSM_STR("grant");
    well(itsm_sms_approve(NULL, NULL, desk.sms, ref, &bob, 1, &desk.act));
    return ref;
}

/* The changes of the two ends of a chain collide. */
static double collide(size_t n)
{
    itsm_ref ends[2];
    itsm_outcome out = ITSM_OUTCOME_INIT;
    chain(ends, n);
    well(new_service(&out, &desk));
    const itsm_ref service = out.ref;
    well(new_incident(&out, &desk));
    const itsm_ref one = emergency(service, out.ref, ends[0], 10), other = emergency(service, out.ref, ends[1], 11);
    const double begin = seconds();
    well(move_as("cora", "change_authority", one, "authorize", NULL, 0));
    cr_assert_eq(move_as("cora", "change_authority", other, "authorize", NULL, 0), ITSM_E_REFUSED);
    cr_assert(itsm_str_is(itsm_ctx_issue(desk.ctx, 0)->rule,
                          "any(set(conflict_override),no_conflict(planned_start,planned_end,ci))"));
    return seconds() - begin;
}

Test(hostile, changes_at_the_ends_of_a_long_chain_of_dependencies_collide)
{
    const size_t n = full(25000, 2500);
    const double few = collide(n), many = collide(4 * n);
    printf("collision: %zu items %.3f s, %zu items %.3f s\n", n, few, 4 * n, many);
    cr_assert_lt(many, 12 * few + 0.5, "it grows with the square");
}
