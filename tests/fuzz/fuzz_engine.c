/* SPDX-License-Identifier: MIT */
/*
 * Any sequence of operations on a few records of any types: nothing crashes, whatever is refused says why, and in the end
 * the trail verifies and fits the history.  The input is a program: the first byte chooses the types, then each operation
 * is four bytes.  Values are of the right kind and the wrong one, of fields of this type and of others.
 */
#include <itsm/sms.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPERATIONS = 256, RECORDS = 32, SETS = 40 };

#define MONDAY (INT64_C(1772442000) * INT64_C(1000000))

static const char *const parties[] = {"ann", "bob", "", "system", "timer", "host"};

struct engine {
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_sms *sms;
    itsm_work *work; /* operations go into it while it is open */
    itsm_act act;
    itsm_str role;
    itsm_ref records[RECORDS];
    size_t n;
    itsm_named set[SETS];
    itsm_value items[SETS];
    size_t nset;
};

static const itsm_type_def *type_of(itsm_ref ref)
{
    return itsm_model_type_number(itsm_model_builtin(), ref.type);
}

static itsm_value value_for(const struct engine *e, const itsm_field_def *field, uint8_t choice)
{
    static const int64_t numbers[] = {1, 2, 3, 5, 0, -1, INT64_MAX, INT64_MIN};
    itsm_value value;
    memset(&value, 0, sizeof value);
    value.kind = choice % 32 == 31 ? ITSM_TEXT : field->kind; /* now and then of the wrong kind */
    if (choice % 16 == 15) return memset(&value, 0, sizeof value), value;
    switch (value.kind) {
    case ITSM_INT:
    case ITSM_DECIMAL:
    case ITSM_SPAN: value.u.i = numbers[choice & (choice & 128 ? 7 : 3)]; break;
    case ITSM_BOOL: value.u.i = choice & 1; break;
    case ITSM_TIME:
        value.u.i = choice & 128 ? numbers[choice & 7] : MONDAY + ITSM_HOURS(choice) - ITSM_HOURS(60);
        break;
    case ITSM_DATE: value.u.i = choice & 128 ? numbers[choice & 7] : MONDAY / ITSM_DAYS(1) + choice % 60 - 30; break;
    case ITSM_REF:
        if (e->n) value.u.ref = e->records[choice % e->n];
        break;
    case ITSM_ENUM:
        if (field->values.n) value.u.s = field->values.item[choice % field->values.n];
        break;
    case ITSM_PARTY:
    case ITSM_TEXT: value.u.s = itsm_str_c(parties[choice % 2]); break;
    default: value.u.s = ITSM_STR("{\"k\":\"v\"}"); break;
    }
    return value;
}

static void add_field(struct engine *e, const itsm_field_def *field, uint8_t choice)
{
    if (e->nset == SETS) return;
    itsm_named *named = &e->set[e->nset];
    named->name = field->name, named->value = value_for(e, field, choice);
    if (field->list && named->value.kind) {
        itsm_value *item = &e->items[e->nset];
        *item = named->value;
        memset(&named->value, 0, sizeof named->value);
        named->value.kind = ITSM_LIST, named->value.u.list.item = item, named->value.u.list.n = 1;
    }
    e->nset++;
}

/* What must not be: an answer that is no answer, a refusal without a reason. */
static void check(struct engine *e, itsm_status rc)
{
    switch (rc) {
    case ITSM_E_REFUSED:
        if (!itsm_ctx_issue_count(e->ctx)) abort();
        for (size_t i = 0; i < itsm_ctx_issue_count(e->ctx); i++)
            if (!itsm_ctx_issue(e->ctx, i)->rule.n) abort();
        return;
    case ITSM_E_NOMEM:
    case ITSM_E_CORRUPT:
    case ITSM_E_IO:
    case ITSM_E_CONFLICT: abort();
    default: return;
    }
}

static void keep(struct engine *e, itsm_status rc, itsm_ref ref)
{
    check(e, rc);
    if (!rc && e->n < RECORDS) e->records[e->n++] = ref;
}

static void create(struct engine *e, const uint8_t *p)
{
    const itsm_model *model = itsm_model_builtin();
    const itsm_type_def *type = itsm_model_type_at(model, p[1] % itsm_model_type_count(model));
    itsm_outcome out = ITSM_OUTCOME_INIT;
    e->nset = 0;
    for (size_t i = 0; i < type->nfields; i++)
        if (type->fields[i].at_creation) add_field(e, &type->fields[i], (uint8_t)(p[2] & 127 & ~8));
    if (p[3] & 1) add_field(e, &type->fields[p[3] % type->nfields], p[2]);
    if (e->work) {
        itsm_ref ref;
        const itsm_status rc = itsm_work_create(&ref, e->work, type->name, e->set, e->nset);
        check(e, rc); /* not known to anybody until it is committed */
        return;
    }
    const itsm_status rc = itsm_sms_create(&out, e->sms, type->name, e->set, e->nset, &e->act);
    keep(e, rc, out.ref);
}

static void change(struct engine *e, itsm_ref ref, const uint8_t *p)
{
    const itsm_type_def *type = type_of(ref);
    e->nset = 0;
    add_field(e, &type->fields[p[2] % type->nfields], p[3]);
    check(e, e->work ? itsm_work_change(e->work, ref, ITSM_REV_ANY, e->set, e->nset)
                     : itsm_sms_change(NULL, e->sms, ref, ITSM_REV_ANY, e->set, e->nset, &e->act));
}

static void move(struct engine *e, itsm_ref ref, const uint8_t *p)
{
    const itsm_type_def *type = type_of(ref);
    const itsm_machine *machine = &type->machines[p[2] % type->nmachines];
    const itsm_move_def *wanted = &machine->moves[(p[2] >> 1) % machine->nmoves];
    e->nset = 0;
    if (p[3] & 64) { /* somebody who may, with what is needed */
        for (const itsm_guard_def *g = wanted->guards; g->kind; g++)
            for (size_t i = 0; i < g->npaths; i++)
                if (g->paths[i].kind == ITSM_PATH_FIELD && !type->fields[g->paths[i].at].by)
                    add_field(e, &type->fields[g->paths[i].at], p[3] & 63);
        e->role = wanted->actors[0].name;
    }
    check(e, e->work ? itsm_work_move(e->work, ref, ITSM_REV_ANY, wanted->name, e->set, e->nset)
                     : itsm_sms_move(NULL, e->sms, ref, ITSM_REV_ANY, wanted->name, e->set, e->nset, &e->act));
}

static void link(struct engine *e, itsm_ref ref, const uint8_t *p)
{
    const itsm_type_def *type = type_of(ref);
    const itsm_str relation = type->links[p[2] % type->nlinks].name;
    const itsm_ref to = e->records[(p[3] & 127) % e->n];
    if (e->work)
        check(e,
              p[3] & 128 ? itsm_work_unlink(e->work, ref, relation, to) : itsm_work_link(e->work, ref, relation, to));
    else
        check(e, p[3] & 128 ? itsm_sms_unlink(e->sms, ref, relation, to, &e->act)
                            : itsm_sms_link(e->sms, ref, relation, to, &e->act));
}

static void approve(struct engine *e, itsm_ref ref, const uint8_t *p)
{
    static const char *const policies[] = {"any", "all", "quorum", "percent", "none"}, *const decisions[] = {
                                                                                           "grant", "refuse", "abstain",
                                                                                           "", "fly"};
    const itsm_field_def *body =
        itsm_type_field(itsm_model_type(itsm_model_builtin(), ITSM_STR("approval")), ITSM_STR("body"));
    itsm_approval list[2] = {ITSM_APPROVAL_INIT, ITSM_APPROVAL_INIT};
    itsm_ref refs[2];
    if (e->work) return;
    for (size_t i = 0; i < 2; i++) {
        list[i].body = body->values.item[p[2] % body->values.n], list[i].approver = itsm_str_c(parties[(p[3] + i) % 3]);
        list[i].policy = itsm_str_c(policies[p[3] % 5]), list[i].decision = itsm_str_c(decisions[p[3] / 5 % 5]);
        list[i].quorum = p[2] & 3, list[i].comment = itsm_str_c(parties[p[3] % 2]);
    }
    const itsm_status rc = itsm_sms_approve(NULL, refs, e->sms, ref, list, 1 + (p[2] >> 7), &e->act);
    keep(e, rc, refs[0]);
}

static itsm_status ignore_possible(void *user, const itsm_possible *possible)
{
    (void)user;
    if (!possible->allowed && !possible->nmissing) abort();
    return ITSM_OK;
}

static void others(struct engine *e, itsm_ref ref, const uint8_t *p)
{
    itsm_blackout blackout = ITSM_BLACKOUT_INIT;
    if (e->work) return;
    switch (p[2] & 7) {
    case 0: check(e, itsm_sms_tick(NULL, e->sms, e->act.now, NULL, NULL)); break;
    case 1: check(e, itsm_sms_possible(e->sms, ref, &e->act, ignore_possible, NULL)); break;
    case 2: check(e, itsm_sms_purge(e->sms, ref, ITSM_REV_ANY, &e->act)); break;
    default:
        blackout.from = MONDAY + ITSM_HOURS(p[2]), blackout.to = MONDAY + ITSM_HOURS(p[3]);
        check(e, p[3] & 1 ? itsm_sms_blackout_add(e->sms, &blackout) : itsm_sms_blackout_remove(e->sms, &blackout));
        break;
    }
}

/* A work is opened, cleared, or committed. */
static void unit_of_work(struct engine *e, const uint8_t *p)
{
    if (!e->work) {
        if (itsm_work_new(&e->work, e->sms, &e->act)) abort();
        return;
    }
    if (p[2] & 1) itsm_work_clear(e->work);
    check(e, itsm_work_commit(NULL, e->work));
    itsm_work_free(e->work), e->work = NULL;
}

static void operate(struct engine *e, const uint8_t *p)
{
    e->act.who = itsm_str_c(parties[p[0] >> 4 & 1]), e->act.roles = &e->role, e->act.nroles = p[0] >> 5 & 1;
    e->act.now += ITSM_HOURS(p[0] >> 6) * (p[0] & 64 ? 24 : 1);
    if (e->work && itsm_work_act(e->work, &e->act)) abort();
    const itsm_ref ref = e->records[e->n ? p[1] % e->n : 0];
    switch (p[0] & 15) {
    case 0:
    case 1: create(e, p); break;
    case 2: unit_of_work(e, p); break;
    default:
        if (!e->n) break;
        if ((p[0] & 15) < 5) change(e, ref, p);
        else if ((p[0] & 15) < 7) link(e, ref, p);
        else if ((p[0] & 15) < 9) approve(e, ref, p);
        else if ((p[0] & 15) < 10) others(e, ref, p);
        else move(e, ref, p);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const itsm_retention at_once = {{"", 0}, 0};
    static const itsm_act blank = ITSM_ACT_INIT;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    struct engine e;
    memset(&e, 0, sizeof e);
    options.key.p = "fuzz", options.key.n = 4, options.retentions = &at_once, options.nretentions = 1;
    e.act = blank, e.act.now = MONDAY;
    if (itsm_ctx_new(&e.ctx, NULL) || itsm_store_memory(&e.store, e.ctx) ||
        itsm_sms_new(&e.sms, e.ctx, itsm_model_builtin(), e.store, &options))
        abort();
    for (size_t at = 0, n = 0; at + 4 <= size && n < OPERATIONS; at += 4, n++) operate(&e, data + at);
    itsm_work_free(e.work);
    if (itsm_sms_audit_verify(&result, e.sms, NULL) || result.checked + result.gone != result.count) abort();
    itsm_sms_free(e.sms);
    itsm_store_free(e.store);
    itsm_ctx_free(e.ctx);
    return 0;
}
