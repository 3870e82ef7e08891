/* SPDX-License-Identifier: MIT */
/*
 * Approvals: whether they suffice for a guard, whether one may be asked for, and what voids them.
 *
 * An approval is a record like any other, linked to its subject by a field.  Judging reads those of the subject, one
 * read each, and makes each a check of the batch; the subject itself is an anchor, so one that joins meanwhile is a
 * conflict.  A host's write that changes what was filled in voids, in the same operation and before anything is judged,
 * what the moves from the present states ask for.
 *
 * A model without the type `approval`, or with one that lacks its fields, answers undecided: never passed.
 */
#include "sms/internal.h"

#include "base/hash.h"
#include "base/text.h"
#include "record/codec.h"
#include "record/internal.h"

enum { COMMON_APPROVAL = 0 }; /* the first relation of every type is `approval` */

void itsm__approvals_new(itsm_sms *sms)
{
    static const char *const names[ITSM__APPROVAL_FIELDS] = {
        "subject", "body",         "approver",        "policy",        "quorum",     "due",
        "comment", "requested_at", "subject_version", "evidence_hash", "void_reason"};
    const itsm_type_def *type = itsm_model_type(sms->model, ITSM_STR("approval"));
    for (size_t i = 0; type && i < ITSM__APPROVAL_FIELDS; i++)
        if (!(sms->approval_field[i] = itsm_type_field(type, itsm_str_c(names[i])))) type = NULL;
    sms->approval = type;
}

static const itsm_value *value_of(const itsm_work *work, const itsm_record *approval, int field)
{
    return itsm__record_at(approval, work->sms->approval_field[field]->number);
}

static itsm_str text_of(const itsm_work *work, const itsm_record *approval, int field)
{
    const itsm_value *value = value_of(work, approval, field);
    return value ? value->u.s : itsm__no_text();
}

static int is_in_state(const itsm_record *approval, const char *name)
{
    const itsm_state_def *state = itsm__primary_state(approval);
    return state && itsm_str_is(state->name, name);
}

/* Judging ----------------------------------------------------------------------------------------------------------- */

typedef struct ballot {
    itsm_work *work;
    const itsm_record *subject;
    const itsm_guard_def *guard;
    int64_t granted, refused, requested, expired;
    int all, hopeless;       /* some approval states: all; a number it does not give */
    int64_t quorum, percent; /* the most that any states */
} ballot;

/* Is the approver one of the parties a guard leaves out? */
static int is_left_out(const ballot *b, itsm_str approver)
{
    const itsm_type_def *type = itsm_record_type(b->subject);
    for (uint16_t i = 0; i < b->guard->npaths; i++) {
        const itsm_path *path = &b->guard->paths[i];
        const itsm_value *value =
            path->kind == ITSM_PATH_FIELD ? itsm__record_at(b->subject, type->fields[path->at].number) : NULL;
        const itsm_value *items = value && value->kind == ITSM_LIST ? value->u.list.item : value;
        const size_t n = !value ? 0 : value->kind == ITSM_LIST ? value->u.list.n : 1;
        for (size_t k = 0; k < n; k++)
            if (itsm_str_eq(items[k].u.s, approver)) return 1;
    }
    return 0;
}

/* What a counted approval asks of all that are counted. */
static void count_policy(ballot *b, const itsm_record *approval)
{
    const itsm_str policy = text_of(b->work, approval, ITSM__APPROVAL_POLICY);
    const itsm_value *quorum = value_of(b->work, approval, ITSM__APPROVAL_QUORUM);
    const int by_quorum = itsm_str_is(policy, "quorum"), by_percent = itsm_str_is(policy, "percent");
    b->all |= itsm_str_is(policy, "all");
    if (!by_quorum && !by_percent) return;
    if (!quorum) b->hopeless = 1;
    else if (by_quorum && quorum->u.i > b->quorum) b->quorum = quorum->u.i;
    else if (by_percent && quorum->u.i > b->percent) b->percent = quorum->u.i;
}

static itsm_status count_approval(void *user, itsm_ref ref)
{
    ballot *b = user;
    itsm__draft *draft;
    itsm_status rc = itsm__work_find(&draft, b->work, ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    if ((rc = itsm__work_check(b->work, draft))) return rc;
    const itsm_record *approval = draft->record;
    if (!itsm_str_eq(text_of(b->work, approval, ITSM__APPROVAL_BODY), b->guard->name) ||
        is_left_out(b, text_of(b->work, approval, ITSM__APPROVAL_APPROVER)))
        return ITSM_OK;
    const int granted = is_in_state(approval, "granted"), refused = is_in_state(approval, "refused"),
              requested = is_in_state(approval, "requested"), expired = is_in_state(approval, "expired");
    b->granted += granted, b->refused += refused, b->requested += requested, b->expired += expired;
    if (granted || refused || requested || expired) count_policy(b, approval);
    return ITSM_OK;
}

static int suffices(const ballot *b)
{
    const int64_t open = b->refused + b->requested + b->expired;
    if (b->granted < 1) return 0;
    if (itsm_str_is(b->guard->policy, "any")) return 1;
    if (itsm_str_is(b->guard->policy, "all")) return open == 0;
    if (b->hopeless || (b->all && open) || b->granted < b->quorum) return 0;
    return b->percent <= 100 && 100 * b->granted >= b->percent * (b->granted + open);
}

itsm_status itsm__approved(uint32_t *out, itsm_work *work, itsm__draft *subject, const itsm_guard_def *guard)
{
    ballot b;
    memset(&b, 0, sizeof b);
    b.work = work, b.subject = subject->record, b.guard = guard;
    const itsm_type_def *type = itsm_record_type(subject->record);
    if (!work->sms->approval || !type->nlinks) return ITSM_E_UNDECIDED;
    itsm_status rc = itsm__links_each(work, subject, &type->links[COMMON_APPROVAL], count_approval, &b);
    if (!rc) *out = (uint32_t)suffices(&b);
    return rc;
}

/* Does a move from the present states of any facet ask for approvals of a body? */
static int is_asked_for(const itsm_record *subject, itsm_str body)
{
    const itsm_type_def *type = itsm_record_type(subject);
    for (size_t f = 0; f < type->nmachines; f++) {
        const itsm_machine *machine = &type->machines[f];
        const itsm_state_def *state = itsm__record_state(subject, machine);
        for (size_t i = 0; state && i < machine->nmoves; i++) {
            if (!(machine->moves[i].from >> state->index & 1)) continue;
            for (const itsm_guard_def *g = machine->moves[i].guards; g->kind; g++)
                if (g->kind == ITSM_GUARD_APPROVED && itsm_str_eq(g->name, body)) return 1;
        }
    }
    return 0;
}

/* Asking ------------------------------------------------------------------------------------------------------------ */

/* What a record says, without what every write to it changes: SHA-256 over its fields, in hexadecimal. */
static itsm_status hash_subject(itsm_record *approval, itsm_work *work, const itsm_record *subject, int field)
{
    itsm_buf bytes = ITSM_BUF_INIT, text = ITSM_BUF_INIT;
    unsigned char digest[32];
    itsm_buf_init(&bytes, work->ctx), itsm_buf_init(&text, work->ctx);
    const itsm_row_field *fields = itsm_record_fields(subject);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_record_count(subject) && !rc; i++)
        if (fields[i].no != ITSM_FIELD_UPDATED_AT && fields[i].no != ITSM_FIELD_UPDATED_BY)
            rc = itsm__fields_encode(&bytes, &fields[i], 1);
    itsm__sha256_of(digest, bytes.p, bytes.n);
    if (!rc) rc = itsm__buf_hex(&text, digest, sizeof digest);
    itsm_value value = itsm_value_text(itsm_buf_str(&text));
    if (!rc) rc = itsm_record_set(approval, work->sms->approval_field[field], &value);
    itsm_buf_clear(&bytes), itsm_buf_clear(&text);
    return rc;
}

/* The draft of an approval's subject, or ITSM_NOTHING. */
static itsm_status find_subject(itsm__draft **out, itsm_work *work, const itsm_record *approval)
{
    const itsm_value *value = value_of(work, approval, ITSM__APPROVAL_SUBJECT);
    return value && value->kind == ITSM_REF ? itsm__work_find(out, work, value->u.ref) : ITSM_NOTHING;
}

itsm_status itsm__approval_ask(itsm_work *work, itsm__draft *approval)
{
    itsm__draft *subject;
    if (!work->sms->approval || itsm_record_type(approval->record) != work->sms->approval) return ITSM_OK;
    itsm_status rc = find_subject(&subject, work, approval->record);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc; /* it is mandatory: that is said elsewhere */
    const itsm_str body = text_of(work, approval->record, ITSM__APPROVAL_BODY);
    if (body.n && !is_asked_for(subject->record, body))
        return itsm__refuse(work, ITSM_STR("body"), "body", itsm__no_text(), itsm__clause_of(work->sms->approval),
                            "no move from the present state asks for this %S");
    itsm_value at = itsm_value_number(ITSM_TIME, itsm__work_effective(work));
    rc = itsm_record_set(approval->record, work->sms->approval_field[ITSM__APPROVAL_REQUESTED_AT], &at);
    return rc ? rc : hash_subject(approval->record, work, subject->record, ITSM__APPROVAL_SUBJECT_VERSION);
}

itsm_status itsm__approval_decide(itsm_work *work, itsm__draft *approval, const itsm_state_def *from)
{
    itsm__draft *subject;
    if (!work->sms->approval || itsm_record_type(approval->record) != work->sms->approval ||
        from->category != ITSM_INITIAL || itsm__primary_state(approval->record)->category != ITSM_CLOSED)
        return ITSM_OK;
    itsm_status rc = find_subject(&subject, work, approval->record);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    return hash_subject(approval->record, work, subject->record, ITSM__APPROVAL_EVIDENCE_HASH);
}

/* Voiding ----------------------------------------------------------------------------------------------------------- */

/* Approvals that an edit voids; collected first, since voiding one changes what is linked. */
typedef struct voiding {
    itsm_work *work;
    const itsm_record *subject;
    itsm__draft **items;
    size_t n, capacity;
} voiding;

static itsm_status collect_voided(void *user, itsm_ref ref)
{
    voiding *v = user;
    itsm__draft *draft;
    itsm_status rc = itsm__work_find(&draft, v->work, ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    if ((rc = itsm__work_check(v->work, draft))) return rc;
    if ((!is_in_state(draft->record, "requested") && !is_in_state(draft->record, "granted")) ||
        !is_asked_for(v->subject, text_of(v->work, draft->record, ITSM__APPROVAL_BODY)))
        return ITSM_OK;
    rc = itsm__grow(&v->work->memory, &v->items, &v->capacity, v->n + 1, sizeof(itsm__draft *));
    if (!rc) v->items[v->n++] = draft;
    return rc;
}

static itsm_status void_one(itsm_work *work, itsm__draft *approval, itsm_str field)
{
    itsm_buf why = ITSM_BUF_INIT;
    itsm_buf_init(&why, work->ctx);
    itsm_status rc = itsm__move_as_system(work, approval, ITSM_STR("void"));
    if (!rc) rc = itsm__format(&why, "%S was changed", field);
    itsm_value value = itsm_value_text(itsm_buf_str(&why));
    if (!rc) rc = itsm_record_set(approval->record, work->sms->approval_field[ITSM__APPROVAL_VOID_REASON], &value);
    itsm_buf_clear(&why);
    return rc;
}

itsm_status itsm__approvals_void(itsm_work *work, itsm__draft *subject, itsm_str field)
{
    voiding v = {work, subject->record, NULL, 0, 0};
    const itsm_type_def *type = itsm_record_type(subject->record);
    if (!work->sms->approval || !type->nlinks) return ITSM_OK;
    itsm_status rc = itsm__links_each(work, subject, &type->links[COMMON_APPROVAL], collect_voided, &v);
    for (size_t i = 0; i < v.n && !rc; i++) rc = void_one(work, v.items[i], field);
    itsm__free(&work->memory, v.items, v.capacity * sizeof(itsm__draft *));
    return rc;
}

itsm_status itsm__approvals_void_edited(itsm_work *work, itsm__draft *subject, const itsm_record *before,
                                        const itsm_named *set, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const itsm_field_def *field = itsm_type_field(itsm_record_type(before), set[i].name);
        const itsm_value *old = field ? itsm__record_at(before, field->number) : NULL;
        const itsm_value *held = old ? itsm__record_at(subject->record, field->number) : NULL;
        if (old && !(held && itsm_value_eq(old, held))) return itsm__approvals_void(work, subject, set[i].name);
    }
    return ITSM_OK;
}

/* Asking and deciding in one call ------------------------------------------------------------------------------------ */

static void add_value(itsm_named *set, size_t *n, const char *name, itsm_value value, int given)
{
    if (given) set[*n].name = itsm_str_c(name), set[(*n)++].value = value;
}

static itsm_status ask(itsm_ref *out, itsm_work *work, itsm_ref subject, const itsm_approval *a)
{
    itsm_named set[8];
    size_t n = 0;
    itsm_value party = itsm_value_text(a->approver), delegator = itsm_value_text(a->delegated_from);
    party.kind = delegator.kind = ITSM_PARTY;
    add_value(set, &n, "subject", itsm_value_ref(subject), 1);
    add_value(set, &n, "body", itsm_value_text(a->body), a->body.n > 0);
    add_value(set, &n, "approver", party, a->approver.n > 0);
    add_value(set, &n, "policy", itsm_value_text(a->policy.n ? a->policy : ITSM_STR("any")), 1);
    add_value(set, &n, "quorum", itsm_value_number(ITSM_INT, a->quorum), a->quorum != 0);
    add_value(set, &n, "due", itsm_value_number(ITSM_TIME, a->due), a->due != ITSM_TIME_NONE);
    add_value(set, &n, "delegated_from", delegator, a->delegated_from.n > 0);
    return itsm_work_create(out, work, ITSM_STR("approval"), set, n);
}

static itsm_status ask_and_decide(itsm_ref *out, itsm_work *work, itsm_ref subject, const itsm_approval *a,
                                  const itsm_act *act)
{
    itsm_act deciding = *act;
    itsm_named comment[1];
    size_t n = 0;
    itsm_status rc = itsm_work_act(work, act);
    if (!rc) rc = ask(out, work, subject, a);
    if (rc || !a->decision.n) return rc;
    deciding.who = a->approver, deciding.roles = NULL, deciding.nroles = 0;
    add_value(comment, &n, "comment", itsm_value_text(a->comment), a->comment.n > 0);
    rc = itsm_work_act(work, &deciding);
    return rc ? rc : itsm_work_move(work, *out, ITSM_REV_ANY, a->decision, comment, n);
}

itsm_status itsm_sms_approve(itsm_outcome *out, itsm_ref *refs, itsm_sms *sms, itsm_ref subject,
                             const itsm_approval *approvals, size_t n, const itsm_act *act)
{
    itsm_work *work;
    itsm_ref ref;
    if (!sms || !act || !n || !approvals || approvals->size < sizeof *approvals) return ITSM_E_MISUSE;
    itsm_status rc = itsm_work_new(&work, sms, act);
    if (rc) return rc;
    const char *at = (const char *)approvals;
    for (size_t i = 0; i < n && !rc; i++, at += approvals->size)
        rc = ask_and_decide(refs ? &refs[i] : &ref, work, subject, (const itsm_approval *)(const void *)at, act);
    if (!rc) rc = itsm_work_commit(out, work);
    itsm_work_free(work);
    return rc;
}
