/* SPDX-License-Identifier: MIT */
/*
 * The service report as text: the figures one looks at first.  The HTML report has the rest.
 */
#include "cli/summary.h"

#define LINES 5 /* of each list */

/* 12,345,678 */
static const char *grouped(char out[32], uint64_t n)
{
    char digits[32];
    size_t count = 0, at = 0;
    do digits[count++] = (char)('0' + n % 10);
    while (n /= 10);
    while (count) {
        out[at++] = digits[--count];
        if (count && count % 3 == 0) out[at++] = ',';
    }
    out[at] = 0;
    return out;
}

static itsm_status put_share(itsm_buf *out, const char *label, const itsm_report_share *share)
{
    uint64_t permille = share->total ? (share->met * 10000 / share->total + 5) / 10 : 0;
    if (!share->total) return print(out, "  %-14s       -\n", label);
    return print(out, "  %-14s  %3llu.%llu %%  %llu of %llu\n", label, (unsigned long long)(permille / 10),
                 (unsigned long long)(permille % 10), (unsigned long long)share->met, (unsigned long long)share->total);
}

static itsm_status put_attainment(itsm_buf *out, const itsm_report_figures *f)
{
    itsm_status rc = print(out, "\nresolved within target (%.*s)\n", ITSM_ARG(f->calendar));
    for (int i = 1; i < ITSM_REPORT_PRIORITIES && !rc; i++) {
        char label[32];
        itsm_buf name = ITSM_BUF_INIT;
        if (!f->cases_by_priority[i]) continue;
        rc = print(&name, "priority %d", i);
        if (!rc && name.n < sizeof label)
            memcpy(label, name.p, name.n), label[name.n] = 0, rc = put_share(out, label, &f->attainment_by_priority[i]);
        itsm_buf_clear(&name);
    }
    return rc ? rc : put_share(out, "all", &f->attainment);
}

/* Days, hours and minutes; the largest two of them. */
static itsm_status put_span(itsm_buf *out, itsm_span span)
{
    long long minutes = (long long)(span / ITSM_MINUTES(1)), days = minutes / 1440, hours = minutes / 60 % 24;
    if (days) return print(out, "%lld d %lld h", days, hours);
    return hours ? print(out, "%lld h %lld min", hours, minutes % 60) : print(out, "%lld min", minutes);
}

static itsm_status put_times(itsm_buf *out, const itsm_report_figures *f)
{
    itsm_status rc = print(out, "\ntime to resolve: median ");
    if (!rc) rc = put_span(out, f->elapsed.all.p50);
    if (!rc) rc = print(out, ", 9 in 10 within ");
    if (!rc) rc = put_span(out, f->elapsed.all.p90);
    return rc ? rc : print(out, "; %llu open\n", (unsigned long long)f->open);
}

static itsm_status put_deviations(itsm_buf *out, const itsm_report_figures *f)
{
    char n[32];
    itsm_status rc = print(out, "\ndeviations from the lifecycle: %s\n", grouped(n, f->deviation_count));
    for (size_t i = 0; i < f->ndeviations && i < LINES && !rc; i++) {
        const itsm_report_deviation_count *d = &f->deviations[i];
        rc = print(out, "  %8llu  %.*s%s%.*s (%.*s)\n", (unsigned long long)d->count, ITSM_ARG(d->move),
                   d->move.n ? ": " : "", ITSM_ARG(d->rule), ITSM_ARG(d->clause));
    }
    if (!rc && f->undecided_count)
        rc = print(out, "  %8s  cannot be judged from this log\n", grouped(n, f->undecided_count));
    return rc;
}

static itsm_status put_worst(itsm_buf *out, const itsm_report_figures *f)
{
    itsm_status rc = f->nworst ? print(out, "\nworst breaches (working time over the goal)\n") : ITSM_OK;
    for (size_t i = 0; i < f->nworst && i < LINES && !rc; i++) {
        rc = print(out, "  %.*s  priority %d  ", ITSM_ARG(f->worst[i].number), (int)f->worst[i].priority);
        if (!rc) rc = put_span(out, f->worst[i].over);
        if (!rc) rc = print(out, "\n");
    }
    return rc;
}

itsm_status print_summary(itsm_buf *out, const itsm_report_figures *f, const itsm_replay_counts *counts,
                          itsm_span spent)
{
    char cases[32], events[32], recorded[32];
    itsm_status rc = print(out, "%s incidents, %s events (%s new) in %lld.%02lld s\n", grouped(cases, counts->cases),
                           grouped(events, counts->events), grouped(recorded, counts->recorded),
                           (long long)(spent / ITSM_SECONDS(1)), (long long)(spent / 10000 % 100));
    if (!rc) rc = put_attainment(out, f);
    if (!rc) rc = put_times(out, f);
    if (!rc) rc = put_deviations(out, f);
    if (!rc) rc = put_worst(out, f);
    if (!rc) rc = print(out, "\naudit trail: %s entries, root ", grouped(events, counts->audit_size));
    for (size_t i = 0; i < 32 && !rc; i++) rc = print(out, "%02x", counts->audit_root[i]);
    return rc ? rc : print(out, "\n");
}
