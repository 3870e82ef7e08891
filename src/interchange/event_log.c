/* SPDX-License-Identifier: MIT */
/*
 * Reading an event log: rows of a CSV, turned by a mapping into events.  A log repeats itself: most columns of a row
 * say what they said in the row before.  So the texts of the row before are kept, and a text is converted only where
 * it differs.  Reading costs one comparison per mapped column and a conversion per change; memory is one row.
 *
 * After a failure nothing more is read: every later call says the same.
 */
#include "interchange/event_log.h"

#include "base/hash.h"
#include "base/text.h"

/* Stamps of an event, by the columns they stand in. */
static const struct {
    int column;
    size_t offset;
} stamps[] = {{ITSM__COLUMN_AT, offsetof(itsm_log_event, at)},
              {ITSM__COLUMN_OPENED, offsetof(itsm_log_event, opened)},
              {ITSM__COLUMN_RESOLVED, offsetof(itsm_log_event, resolved)},
              {ITSM__COLUMN_CLOSED, offsetof(itsm_log_event, closed)},
              {ITSM__COLUMN_CREATED, offsetof(itsm_log_event, created)}};

#define STAMPS (sizeof stamps / sizeof *stamps)

/* A text as it stood in the row before. */
typedef struct kept {
    itsm_buf text;
    int valid;
} kept;

struct itsm_event_log {
    itsm_ctx *ctx;
    itsm__memory memory;
    const itsm_mapping *mapping;
    itsm_zone *zone;
    itsm_read_fn read;
    void *self;
    itsm__sha256 digest; /* of what was read */
    itsm__csv csv;
    uint32_t places[ITSM__COLUMN_COUNT]; /* UINT32_MAX: not in the log */
    size_t *field_places;                /* SIZE_MAX: no column */
    itsm_value *row_values;              /* from the columns */
    itsm_value *values;                  /* with what the state sets */
    kept *field_texts;
    kept stamp_texts[STAMPS];
    kept state_text;
    const itsm__state_map *state;
    int changed; /* a field or the state differs from the row before */
    itsm_log_event event;
    itsm_status failed;
};

const uint32_t *itsm__event_log_places(const itsm_event_log *log)
{
    return log->places;
}

size_t itsm__event_log_header(const itsm_str **out, const itsm_event_log *log)
{
    *out = log->csv.header;
    return log->csv.nheader;
}

size_t itsm__event_log_state(const itsm_event_log *log)
{
    return (size_t)(log->state - log->mapping->states);
}

void itsm__event_log_digest(unsigned char digest[32], const itsm_event_log *log)
{
    itsm__sha256 hasher = log->digest;
    itsm__sha256_end(&hasher, digest);
}

/* The source's bytes, digested on the way. */
static itsm_status read_source(void *self, void *out, size_t capacity, size_t *n)
{
    itsm_event_log *log = self;
    itsm_status rc = log->read(log->self, out, capacity, n);
    if (!rc) itsm__sha256_add(&log->digest, out, *n);
    return rc;
}

/* 1: the text is what it was in the row before. */
static int is_kept(const kept *k, itsm_str text)
{
    return k->valid && itsm_str_eq(itsm_buf_str(&k->text), text);
}

static itsm_status keep(kept *k, itsm_str text)
{
    k->text.n = 0, k->valid = 0;
    itsm_status rc = itsm_buf_add(&k->text, text.p, text.n);
    k->valid = rc == ITSM_OK;
    return rc;
}

/* Opening ----------------------------------------------------------------------------------------------------------- */

/* A column by name; the member is where the mapping names it. */
static itsm_status find_column(size_t *out, const itsm_event_log *log, itsm_str name, itsm_str member)
{
    static const itsm__position header = {0, 1, 1};
    for (size_t i = 0; i < log->csv.nheader; i++)
        if (itsm_str_eq(log->csv.header[i], name)) return *out = i, ITSM_OK;
    itsm_str near = itsm__nearest(name, log->csv.header, log->csv.nheader);
    return itsm__issue_at(log->ctx, ITSM_E_INVALID, header, name, member,
                          near.n ? "there is no column \"%S\"; did you mean \"%S\"?" : "there is no column \"%S\"",
                          name, near);
}

static itsm_status find_places(itsm_event_log *log)
{
    const itsm_mapping *m = log->mapping;
    itsm_status rc = ITSM_OK, worst = ITSM_OK;
    size_t place = 0;
    for (size_t i = 0; i < ITSM__COLUMN_COUNT; i++) {
        log->places[i] = UINT32_MAX;
        if (!m->columns[i].n) continue;
        if ((rc = find_column(&place, log, m->columns[i], itsm_str_c(itsm__column_name(i))))) worst = rc;
        else log->places[i] = (uint32_t)place;
    }
    for (size_t i = 0; i < m->nfields; i++) {
        log->field_places[i] = SIZE_MAX;
        if (!m->fields[i].column.n) continue;
        if ((rc = find_column(&log->field_places[i], log, m->fields[i].column, m->field_names[i]))) worst = rc;
    }
    return worst;
}

itsm_status itsm_event_log_open(itsm_event_log **out, itsm_ctx *ctx, const itsm_mapping *mapping, const itsm_zone *zone,
                                itsm_read_fn read, void *self)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!ctx || !mapping || !zone || !read) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    itsm_event_log *log = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *log);
    if (!log) return ITSM_E_NOMEM;
    log->ctx = ctx, log->memory = *itsm__ctx_memory(ctx), log->mapping = mapping, log->zone = itsm_zone_ref(zone);
    itsm_buf_init(&log->state_text.text, ctx);
    for (size_t i = 0; i < STAMPS; i++) itsm_buf_init(&log->stamp_texts[i].text, ctx);
    log->read = read, log->self = self;
    itsm__sha256_init(&log->digest);
    itsm__csv_init(&log->csv, ctx, read_source, log);
    log->csv.delimiter = mapping->delimiter;
    log->field_places = itsm__alloc_zero(&log->memory, mapping->nfields * sizeof *log->field_places);
    log->row_values = itsm__alloc_zero(&log->memory, mapping->nfields * sizeof *log->row_values);
    log->values = itsm__alloc_zero(&log->memory, mapping->nfields * sizeof *log->values);
    log->field_texts = itsm__alloc_zero(&log->memory, mapping->nfields * sizeof *log->field_texts);
    itsm_status rc = log->field_places && log->row_values && log->values && log->field_texts ? ITSM_OK : ITSM_E_NOMEM;
    for (size_t i = 0; i < mapping->nfields && !rc; i++) itsm_buf_init(&log->field_texts[i].text, ctx);
    if (!rc) rc = itsm__csv_read_header(&log->csv);
    if (!rc) rc = find_places(log);
    log->event.size = sizeof log->event;
    if (rc) itsm_event_log_free(log), log = NULL;
    *out = log;
    return rc;
}

void itsm_event_log_free(itsm_event_log *log)
{
    if (!log) return;
    size_t n = log->mapping->nfields;
    for (size_t i = 0; i < n && log->field_texts; i++) itsm_buf_clear(&log->field_texts[i].text);
    for (size_t i = 0; i < STAMPS; i++) itsm_buf_clear(&log->stamp_texts[i].text);
    itsm_buf_clear(&log->state_text.text);
    itsm__free(&log->memory, log->field_places, n * sizeof *log->field_places);
    itsm__free(&log->memory, log->row_values, n * sizeof *log->row_values);
    itsm__free(&log->memory, log->values, n * sizeof *log->values);
    itsm__free(&log->memory, log->field_texts, n * sizeof *log->field_texts);
    itsm__csv_clear(&log->csv);
    itsm_zone_free(log->zone);
    itsm__memory memory = log->memory;
    itsm__free(&memory, log, sizeof *log);
}

/* Converting -------------------------------------------------------------------------------------------------------- */

/* A stamp without an offset is read in the log's zone: by the offset before a gap, as the first of two in an overlap. */
static itsm_status read_stamp(itsm_event_log *log, itsm_log_stamp *out, uint32_t *kind, size_t column, itsm_str text)
{
    int64_t wall;
    int32_t offset;
    itsm_resolved resolved;
    itsm_status rc = itsm_time_pattern_read(&wall, &offset, &log->mapping->pattern, text);
    if (rc == ITSM_E_RANGE)
        return itsm__csv_issue(&log->csv, column, ITSM_E_INVALID, ITSM_STR("time_format"),
                               "\"%S\" is no date or time that exists", text);
    if (rc)
        return itsm__csv_issue(&log->csv, column, ITSM_E_INVALID, ITSM_STR("time_format"),
                               "\"%S\" is not written in the log's time format", text);
    *kind = ITSM_LOCAL_UNIQUE;
    out->local = wall;
    if (offset != ITSM_OFFSET_NONE) return out->at = wall - ITSM_SECONDS(offset), ITSM_OK;
    rc = itsm_zone_instant(&resolved, log->zone, wall);
    if (rc) return itsm__csv_issue(&log->csv, column, rc, ITSM_STR("zone"), "\"%S\" is out of range", text);
    out->at = resolved.first, *kind = (uint32_t)resolved.kind;
    return ITSM_OK;
}

static itsm_status read_stamps(itsm_event_log *log)
{
    for (size_t i = 0; i < STAMPS; i++) {
        itsm_log_stamp *out = (itsm_log_stamp *)(void *)((char *)&log->event + stamps[i].offset);
        uint32_t place = log->places[stamps[i].column], kind = ITSM_LOCAL_UNIQUE;
        itsm_str text = place == UINT32_MAX ? itsm_str_c(NULL) : log->csv.fields[place];
        if (is_kept(&log->stamp_texts[i], text)) continue;
        log->stamp_texts[i].valid = 0;
        out->local = out->at = ITSM_TIME_NONE;
        if (text.n && !itsm__mapping_is_missing(log->mapping, text)) {
            itsm_status rc = read_stamp(log, out, &kind, place, text);
            if (rc) return rc;
        } else if (stamps[i].column == ITSM__COLUMN_AT) {
            return itsm__csv_issue(&log->csv, place, ITSM_E_INVALID, ITSM_STR("at"), "an event needs a time");
        }
        if (stamps[i].column == ITSM__COLUMN_OPENED) log->event.opened_kind = kind;
        if (keep(&log->stamp_texts[i], text)) return ITSM_E_NOMEM;
    }
    return ITSM_OK;
}

static int is_named(const itsm_field_def *field, itsm_str text)
{
    for (size_t i = 0; i < field->values.n; i++)
        if (itsm_str_eq(field->values.item[i], text)) return 1;
    return 0;
}

/* The text itself as a value of the field. */
static itsm_status plain_value(itsm_value *out, itsm_event_log *log, size_t column, const itsm_field_def *field,
                               itsm_str text)
{
    int64_t number;
    uint32_t kind;
    itsm_log_stamp stamp;
    itsm_status rc;
    switch (field->kind) {
    case ITSM_INT:
        if (itsm__parse_int(&number, text))
            return itsm__csv_issue(&log->csv, column, ITSM_E_INVALID, field->name, "\"%S\" is no whole number", text);
        if (field->ranged && (number < field->lo || number > field->hi))
            return itsm__csv_issue(&log->csv, column, ITSM_E_INVALID, field->name, "%S is from %i to %i, not %i",
                                   field->name, field->lo, field->hi, number);
        *out = itsm_value_number(ITSM_INT, number);
        return ITSM_OK;
    case ITSM_BOOL:
        if (!itsm_str_is(text, "true") && !itsm_str_is(text, "false"))
            return itsm__csv_issue(&log->csv, column, ITSM_E_INVALID, field->name, "\"%S\" is neither true nor false",
                                   text);
        *out = itsm_value_number(ITSM_BOOL, itsm_str_is(text, "true"));
        return ITSM_OK;
    case ITSM_TIME:
        if ((rc = read_stamp(log, &stamp, &kind, column, text))) return rc;
        *out = itsm_value_number(ITSM_TIME, stamp.at);
        return ITSM_OK;
    case ITSM_ENUM:
        if (!is_named(field, text))
            return itsm__csv_issue(&log->csv, column, ITSM_E_INVALID, field->name, "%S has no value \"%S\"",
                                   field->name, text);
        break;
    default: break; /* a text or a party: the mapping allows no other kinds */
    }
    *out = itsm_value_text(text), out->kind = field->kind;
    return ITSM_OK;
}

static itsm_status convert(itsm_value *out, itsm_event_log *log, size_t column, const itsm__field_map *f, itsm_str text)
{
    memset(out, 0, sizeof *out);
    if (!text.n || itsm__mapping_is_missing(log->mapping, text)) return ITSM_OK;
    if (!f->translated) return plain_value(out, log, column, f->field, text);
    const uint64_t *place = itsm__map_find(&f->values, text.p, text.n);
    if (place) return *out = f->targets[*place], ITSM_OK;
    if (f->tolerant) return *out = f->otherwise, ITSM_OK;
    return itsm__csv_issue(&log->csv, column, ITSM_E_INVALID, f->field->name, "the mapping has no value for \"%S\"",
                           text);
}

static itsm_status read_fields(itsm_event_log *log)
{
    for (size_t i = 0; i < log->mapping->nfields; i++) {
        size_t place = log->field_places[i];
        if (place == SIZE_MAX) continue;
        kept *k = &log->field_texts[i];
        if (is_kept(k, log->csv.fields[place])) continue;
        if (keep(k, log->csv.fields[place])) return ITSM_E_NOMEM;
        k->valid = 0;
        itsm_status rc = convert(&log->row_values[i], log, place, &log->mapping->fields[i], itsm_buf_str(&k->text));
        if (rc) return rc;
        k->valid = 1, log->changed = 1;
    }
    return ITSM_OK;
}

static itsm_status read_state(itsm_event_log *log)
{
    size_t place = log->places[ITSM__COLUMN_STATE];
    itsm_str text = log->csv.fields[place];
    if (!is_kept(&log->state_text, text)) {
        const uint64_t *found = itsm__map_find(&log->mapping->states_by_name, text.p, text.n);
        if (!found)
            return itsm__csv_issue(&log->csv, place, ITSM_E_INVALID, ITSM_STR("states"),
                                   "the mapping has no state for \"%S\"", text);
        log->state = &log->mapping->states[*found];
        if (keep(&log->state_text, text)) return ITSM_E_NOMEM;
        log->changed = 1;
    }
    return ITSM_OK;
}

/* What the columns say, what the state says, and what is not known before the work is done. */
static void combine(itsm_event_log *log)
{
    uint32_t category = log->state->state->category;
    int done = category == ITSM_RESOLVED || category == ITSM_CLOSED;
    for (size_t i = 0; i < log->mapping->nfields; i++) {
        int known = done || !log->mapping->fields[i].when_done;
        int from_state = log->state->set && log->state->set[i].kind;
        log->values[i] = from_state ? log->state->set[i] : log->row_values[i];
        if (!known) memset(&log->values[i], 0, sizeof log->values[i]);
    }
    log->changed = 0;
}

/*
 * A log without a line end at its end may be whole, or cut off.  Where its last field is empty, or ends in a number of
 * one digit after a separator, as times do not, it is taken as cut off; a cut within a free text cannot be seen.
 */
static itsm_status check_end(const itsm_event_log *log)
{
    const itsm__csv *csv = &log->csv;
    if (!csv->ended || csv->next != csv->end || csv->data[csv->end - 1] == '\n') return ITSM_OK;
    size_t last = csv->nfields - 1;
    itsm_str text = csv->fields[last];
    int is_stamp = 0, is_digit = text.n && text.p[text.n - 1] >= '0' && text.p[text.n - 1] <= '9';
    for (size_t i = 0; i < STAMPS; i++) is_stamp |= log->places[stamps[i].column] == last;
    int is_short = is_digit && (text.n < 2 || text.p[text.n - 2] < '0' || text.p[text.n - 2] > '9');
    if (text.n && !(is_stamp && is_short)) return ITSM_OK;
    return itsm__csv_issue(csv, last, ITSM_E_SYNTAX, ITSM_STR("line end"), "the log is cut off within its last field");
}

static itsm_status next_event(itsm_event_log *log)
{
    itsm_log_event *e = &log->event;
    itsm_status rc = itsm__csv_next(&log->csv);
    if (rc) return rc;
    if ((rc = check_end(log)) || (rc = read_stamps(log)) || (rc = read_fields(log)) || (rc = read_state(log)))
        return rc;
    size_t number = log->places[ITSM__COLUMN_CASE], who = log->places[ITSM__COLUMN_WHO];
    e->number = log->csv.fields[number];
    if (!e->number.n || itsm__mapping_is_missing(log->mapping, e->number))
        return itsm__csv_issue(&log->csv, number, ITSM_E_INVALID, ITSM_STR("case"), "an event needs a case");
    if (log->changed) combine(log);
    e->who = who < log->csv.nfields ? log->csv.fields[who] : itsm_str_c(NULL);
    if (itsm__mapping_is_missing(log->mapping, e->who)) e->who = itsm_str_c(NULL);
    e->line = log->csv.line, e->source_state = log->state->source, e->state = log->state->state->name;
    e->category = log->state->state->category;
    e->values = log->values, e->nvalues = log->mapping->nfields;
    e->columns = log->csv.fields, e->ncolumns = log->csv.nfields;
    return ITSM_OK;
}

itsm_status itsm_event_log_next(const itsm_log_event **out, itsm_event_log *log)
{
    if (!out || !log) return ITSM_E_MISUSE;
    *out = NULL;
    if (log->failed) return log->failed;
    itsm__issues_clear(log->ctx);
    log->failed = next_event(log);
    if (!log->failed) *out = &log->event;
    return log->failed;
}
