/* SPDX-License-Identifier: MIT */
/*
 * What a unit of work does with what went wrong before: values of an older model, a commit that failed, refusals by the
 * thousand.
 */
#include <itsm/sms.h>

#include <criterion/criterion.h>

#include "sms_fixture.h"

static struct counting counting;
static struct desk desk;

static void setup(void)
{
    static const struct counting none = COUNTING_INIT;
    counting = none;
    desk_open(&desk, &counting, NULL);
}

static void teardown(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(work, .init = setup, .fini = teardown);

static itsm_ref incident(void)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    desk_actor(&desk, "ann", "service_desk");
    cr_assert_eq(new_incident(&out, &desk), ITSM_OK);
    return out.ref;
}

static int64_t impact_of(itsm_work *work, itsm_ref ref)
{
    const itsm_record *record;
    itsm_value value;
    cr_assert_eq(itsm_work_get(&record, work, ref), ITSM_OK);
    cr_assert_eq(itsm_record_find(&value, record, ITSM_STR("impact")), ITSM_OK);
    return value.u.i;
}

/* Another system on the same store. */
static itsm_sms *second_system(void)
{
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_sms *second;
    options.key.p = "b", options.key.n = 1;
    cr_assert_eq(itsm_sms_new(&second, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
    return second;
}

/* Values of an older model ------------------------------------------------------------------------------------------ */

static const char stricter[] = "{\"extends\":\"builtin\",\"record_types\":[{\"id\":\"incident\",\"fields\":["
                               "{\"name\":\"impact\",\"type\":\"int(1-2)\"},"
                               "{\"name\":\"channel\",\"type\":\"enum(email|portal)\"}]}]}";

static itsm_status change(itsm_ref ref, const itsm_named *set)
{
    return itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, set, 1, &desk.act);
}

Test(work, a_value_that_a_stricter_model_forbids_stays_until_somebody_writes_it)
{
    const itsm_named title[] = {TEXT("title", "Darker")}, why[] = {TEXT("cancel_reason", "withdrawn")};
    const itsm_named impact[] = {INT("impact", 3)}, fitting[] = {INT("impact", 2)};
    const itsm_named channel[] = {TEXT("channel", "phone")}, portal[] = {TEXT("channel", "portal")};
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_ref ref = incident(), other = incident(); /* by phone, with an impact of 3 */
    itsm_model *model = NULL;
    cr_assert_eq(itsm_model_load(&model, desk.ctx, itsm_str_c(stricter)), ITSM_OK);
    options.key.p = "a key", options.key.n = 5;
    itsm_sms_free(desk.sms);
    cr_assert_eq(itsm_sms_new(&desk.sms, desk.ctx, model, desk.store, &options), ITSM_OK);
    itsm_model_free(model);

    cr_expect_eq(change(ref, title), ITSM_OK, "what is written fits");
    cr_expect_eq(change(ref, impact), ITSM_E_INVALID, "the same number, written anew");
    cr_expect(itsm_str_is(itsm_ctx_issue(desk.ctx, 0)->where, "impact"));
    cr_expect_eq(change(ref, channel), ITSM_E_INVALID, "the same text, written anew");
    cr_expect(itsm_str_is(itsm_ctx_issue(desk.ctx, 0)->where, "channel"));
    cr_expect_eq(change(ref, fitting), ITSM_OK);
    cr_expect_eq(change(ref, portal), ITSM_OK);

    cr_expect_eq(itsm_sms_move(NULL, desk.sms, other, ITSM_REV_ANY, ITSM_STR("cancel"), why, 1, &desk.act), ITSM_OK,
                 "a move judges what it wrote");
}

/* After a commit that failed ---------------------------------------------------------------------------------------- */

Test(work, a_work_that_goes_on_after_a_conflict_reads_what_is_there_now_and_still_expects_what_it_read)
{
    const itsm_named mine[] = {INT("impact", 1)}, theirs[] = {INT("impact", 5)};
    itsm_ref fought = incident(), unread = incident();
    itsm_sms *second = second_system();
    itsm_work *work;
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_change(work, fought, ITSM_REV_ANY, mine, 1), ITSM_OK);
    cr_assert_eq(itsm_sms_change(NULL, second, fought, ITSM_REV_ANY, theirs, 1, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_E_CONFLICT);
    cr_assert_eq(itsm_sms_change(NULL, second, unread, ITSM_REV_ANY, theirs, 1, &desk.act), ITSM_OK);

    cr_expect_eq(impact_of(work, unread), 5, "read now, as it is now");
    cr_expect_eq(impact_of(work, fought), 1, "read before: its own draft");
    cr_assert_eq(itsm_work_change(work, unread, 2, mine, 1), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_E_CONFLICT, "the first change still expects revision 1");

    itsm_work_clear(work);
    cr_expect_eq(impact_of(work, fought), 5);
    cr_expect_eq(impact_of(work, unread), 5, "nothing of the batch was written");
    cr_assert_eq(itsm_work_change(work, fought, 2, mine, 1), ITSM_OK);
    cr_assert_eq(itsm_work_change(work, unread, 2, mine, 1), ITSM_OK);
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(itsm_work_commit(&out, work), ITSM_OK);
    cr_expect_eq(out.revision, 3u);
    cr_expect_eq(impact_of(work, fought), 1);
    itsm_work_free(work);
    itsm_sms_free(second);
}

/* Refusals by the thousand ------------------------------------------------------------------------------------------ */

/* Each brings a long text and fails: a value that does not fit, and a move that lacks something but notifies. */
static void refuse(itsm_work *work, itsm_ref ref, itsm_str text, size_t times)
{
    const itsm_named set[] = {{ITSM_STR("description"), itsm_value_text(text)}, INT("impact", 9)};
    const itsm_named lacking[] = {{ITSM_STR("description"), itsm_value_text(text)}};
    for (size_t i = 0; i < times; i++) {
        cr_assert_eq(itsm_work_change(work, ref, ITSM_REV_ANY, set, 2), ITSM_E_INVALID);
        cr_assert_eq(itsm_work_move(work, ref, ITSM_REV_ANY, ITSM_STR("escalate"), lacking, 1), ITSM_E_REFUSED);
    }
}

Test(work, a_long_work_does_not_grow_by_what_was_refused)
{
    static char text[3000];
    itsm_sla *sla;
    memset(text, 'x', sizeof text);
    cr_assert_eq(itsm_sla_load(&sla, desk.ctx, ITSM_STR("{\"response\": {\"3\": 60}}"), NULL), ITSM_OK);
    desk_with_sla(&desk, sla);
    itsm_ref ref = incident();
    const itsm_named title[] = {TEXT("title", "Darker")};
    itsm_work *work;
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_change(work, ref, ITSM_REV_ANY, title, 1), ITSM_OK);
    refuse(work, ref, itsm_str_n(text, sizeof text), 3);
    size_t before = counting.outstanding;
    refuse(work, ref, itsm_str_n(text, sizeof text), 1000);
    cr_expect_eq(counting.outstanding, before, "%zu bytes more", counting.outstanding - before);
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_OK);
    itsm_work_free(work);
}
