/* SPDX-License-Identifier: MIT */
/*
 * How long a decision takes: through a subject's callbacks, no store.  Beside it, what a hand-written table with one
 * guard takes in the same run.  Medians of seven runs, processor time.
 */
#include <itsm/lifecycle.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 7, DECISIONS = 400000 };

typedef struct row {
    const char *status;
    itsm_value values[64]; /* by index of the field */
} row;

static itsm_status row_state(void *self, itsm_str *out, itsm_str facet)
{
    (void)facet;
    *out = itsm_str_c(((const row *)self)->status);
    return ITSM_OK;
}

static itsm_status row_field(void *self, itsm_value *out, const itsm_field_def *field)
{
    *out = ((const row *)self)->values[field->index];
    return out->kind == ITSM_NONE ? ITSM_NOTHING : ITSM_OK;
}

static itsm_status row_linked(void *self, itsm_link_count *out, const itsm_link_query *query)
{
    (void)self, (void)query;
    out->all = out->within = 1;
    return ITSM_OK;
}

static const itsm_subject_methods methods = {sizeof methods, row_state, row_field, row_linked, NULL, NULL, NULL};

static const itsm_type_def *incident(void)
{
    return itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"));
}

static void set(row *r, const char *name, const char *text)
{
    const itsm_field_def *field = itsm_type_field(incident(), itsm_str_c(name));
    r->values[field->index] = itsm_value_text(itsm_str_c(text));
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Returns the nanoseconds one call takes. */
static double measure(void (*once)(void *), void *user)
{
    double runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        clock_t start = clock();
        for (int k = 0; k < DECISIONS; k++) once(user);
        runs[i] = (double)(clock() - start) / CLOCKS_PER_SEC * 1e9 / DECISIONS;
    }
    qsort(runs, RUNS, sizeof *runs, by_size);
    return runs[RUNS / 2];
}

struct bench {
    itsm_ctx *ctx;
    const itsm_machine *machine;
    itsm_subject subject;
    itsm_str move;
    itsm_act act;
    itsm_status wanted;
    uint64_t done;
};

static void decide(void *user)
{
    struct bench *b = user;
    itsm_plan plan = ITSM_PLAN_INIT;
    if (itsm_machine_check(&plan, b->ctx, b->machine, b->subject, b->move, &b->act) != b->wanted) abort();
    b->done++;
}

/* The least that could be written by hand: a table of moves, and one guard. */
struct hand {
    volatile int state, has_reason, next;
};

static void decide_by_hand(void *user)
{
    static const signed char next[7][4] = {{1, 2, -1, -1}, {-1, 2, 3, 4}, {1, -1, 3, 4}, {1, 2, 3, 4}};
    struct hand *h = user;
    int to = next[h->state][2];
    h->next = to >= 0 && h->has_reason ? to : -1;
}

static void show(const char *what, double ns)
{
    printf("%-58s %8.1f ns %8.2f M/s\n", what, ns, 1e3 / ns);
}

int main(void)
{
    row r;
    memset(&r, 0, sizeof r);
    r.status = "in_progress";
    set(&r, "assignee", "ann"), set(&r, "category", "software"), set(&r, "service", "mail");
    set(&r, "assignment_group", "desk"), set(&r, "pending_reason", "awaiting_change");
    set(&r, "resolution_code", "fixed"), set(&r, "resolution", "Replaced it"), set(&r, "cancel_reason", "withdrawn");

    struct bench b;
    memset(&b, 0, sizeof b);
    itsm_act act = ITSM_ACT_INIT;
    itsm_str desk = ITSM_STR("service_desk");
    b.act = act, b.act.who = ITSM_STR("ann"), b.act.now = ITSM_DAYS(20000), b.act.roles = &desk, b.act.nroles = 1;
    b.machine = itsm_type_machine(incident(), ITSM_STR("status"));
    b.subject.methods = &methods, b.subject.self = &r;
    if (itsm_ctx_new(&b.ctx, NULL)) return 1;

    struct hand hand = {2, 1, 0};
    show("plain table, one guard", measure(decide_by_hand, &hand));
    b.move = ITSM_STR("resolve");
    show("resolve: 1 guard (set of 4)", measure(decide, &b));
    r.status = "assigned", b.move = ITSM_STR("start");
    show("start: 2 guards (set of 4, when)", measure(decide, &b));
    b.move = ITSM_STR("hold");
    show("hold: 4 guards (set, when with linked, 2 x when)", measure(decide, &b));
    r.status = "in_progress", b.move = ITSM_STR("reassign");
    show("reassign: 1 guard (set of 1)", measure(decide, &b));
    b.move = ITSM_STR("resume"), b.wanted = ITSM_E_REFUSED;
    show("resume: refused as state, with its sentence", measure(decide, &b));
    itsm_ctx_free(b.ctx);
    return 0;
}
