/* SPDX-License-Identifier: MIT */
/*
 * A zone: the changes of its clock, laid out so that one lookup touches two cache lines.
 *
 * Freezing a draft makes an array of segments, each beginning at a change of the clock (the first at the beginning of
 * time), and continues it by the zone's rule until 2113.  The years 1827 to 2112 are cut into 1024 buckets of 2^43
 * microseconds (about 102 days); an index says which segment holds at the beginning of each.  A lookup takes the bucket
 * by a shift and goes forward over the one change that may lie in it.  The same is done for wall clocks: there a change
 * is a stretch, [from, from + width), in which the wall clock was skipped or repeated; outside such stretches one
 * offset decides.
 *
 *   offset, local      shift, index, compare: 5 to 10 ns.  Outside the buckets: binary search, or the rule's year.
 *   instant            the same on the wall's array.  If changes lie so close that their stretches overlap (no zone
 *                      in use; a file may), or outside the buckets: walk all segments within a day around.
 *   next transition    the following segment, or the rule's next change.
 *
 * A zone is one allocation, never written after it is made.  Nothing here may be called after the last free.
 */
#include "time/zone.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "time/civil.h"
#include "time/iso8601.h"

enum { BUCKETS = 1024, BUCKET_SHIFT = 43, RULE_CHANGES_MAX = 600, NAME_MAX_BYTES = 255, VERSION_MAX_BYTES = 31 };

#define WINDOW (INT64_C(1) << 52)                         /* the buckets reach from -WINDOW to WINDOW */
#define HORIZON (WINDOW / 1000000 + 400 * INT64_C(86400)) /* seconds: the rule is laid out until there */
#define ERA (ITSM__ERA_DAYS * ITSM__DAY)                  /* 400 years: the calendar repeats */
#define SECOND_LOW (INT64_MIN / 1000000)
#define SECOND_HIGH (INT64_MAX / 1000000)

typedef struct segment {
    int64_t from; /* instant */
    int32_t offset;
    uint32_t type;
} segment;

typedef struct wall_segment {
    int64_t from;  /* wall clock: where it is first touched by the change */
    int32_t width; /* seconds that are skipped or repeated */
    int32_t offset;
} wall_segment;

typedef struct frozen_type {
    int32_t offset, dst;
    uint32_t text, length; /* of the abbreviation, in the zone's text */
} frozen_type;

struct itsm_zone {
    itsm__refcount shares;
    itsm__memory memory;
    size_t bytes;              /* of the one allocation */
    const segment *segments;   /* n, and one at the end of time */
    const wall_segment *walls; /* likewise */
    const frozen_type *types;
    const char *text;
    uint32_t n;
    int32_t ordered; /* no two stretches of `walls` overlap */
    int32_t ruled;   /* the rule holds from the last segment on, and from early_from until early_until */
    uint32_t rule_type[2];
    int64_t early_from, early_until;
    itsm__rule rule;
    itsm_str name, version;
    uint16_t index[BUCKETS], wall_index[BUCKETS];
};

_Static_assert(sizeof(segment) == 16 && sizeof(wall_segment) == 16, "two of them share a cache line");
_Static_assert(sizeof(itsm_resolved) == 24 && sizeof(itsm_civil) == 28, "frozen layouts");
_Static_assert((int)ITSM__ZONE_CHANGES_MAX + (int)RULE_CHANGES_MAX < UINT16_MAX, "the index is 16 bits wide");

static uint64_t bucket_of(int64_t t)
{
    return ((uint64_t)t + (uint64_t)WINDOW) >> BUCKET_SHIFT;
}

/* Freezing -------------------------------------------------------------------------------------------------------- */

/* The segments while they are collected. */
typedef struct steps {
    segment *item;
    uint32_t n;
    int64_t early_from, early_until;
    int32_t ruled;
} steps;

static void add_step(steps *s, const itsm__zone_draft *draft, int64_t from, uint32_t type, int keep_equal)
{
    if (s->n && s->item[s->n - 1].type == type && !keep_equal) return;
    segment *item = &s->item[s->n++];
    item->from = from, item->offset = draft->type[type].offset, item->type = type;
}

/* The lowest type that looks the same. */
static uint32_t same_type(const itsm__zone_draft *draft, uint32_t type)
{
    const itsm__zone_type *wanted = &draft->type[type];
    for (uint32_t i = 0; i < type; i++) {
        const itsm__zone_type *t = &draft->type[i];
        if (t->offset == wanted->offset && t->dst == wanted->dst && itsm_str_eq(t->abbreviation, wanted->abbreviation))
            return i;
    }
    return type;
}

/* Lay out the rule from second `from` on, which lies in the buckets. */
static void add_rule(steps *s, const itsm__zone_draft *draft, int64_t from)
{
    itsm__rule_stretch stretch;
    itsm__rule_at(&stretch, &draft->rule, from);
    while (stretch.until < HORIZON) {
        from = stretch.until;
        itsm__rule_at(&stretch, &draft->rule, from);
        add_step(s, draft, from * ITSM__SECOND, draft->rule_type[stretch.dst], 0);
    }
}

static void add_rule_steps(steps *s, const itsm__zone_draft *draft, int64_t last)
{
    if (!draft->rule.has_dst) {
        if (!draft->changes) s->n = 0, add_step(s, draft, INT64_MIN, draft->rule_type[0], 0);
        return;
    }
    s->ruled = 1;
    if (last >= -WINDOW / 1000000) {
        if (last < HORIZON) add_rule(s, draft, last);
        return;
    }
    /* The rule began before the buckets: they hold what it says within them, and before that the rule is asked. */
    int64_t first = -WINDOW / 1000000;
    itsm__rule_stretch stretch;
    itsm__rule_at(&stretch, &draft->rule, first);
    if (last > SECOND_LOW) add_step(s, draft, last * ITSM__SECOND, draft->rule_type[stretch.dst], 1);
    segment *head = &s->item[s->n - 1];
    head->type = draft->rule_type[stretch.dst], head->offset = draft->type[head->type].offset;
    uint32_t before = s->n;
    add_rule(s, draft, first);
    s->early_from = head->from, s->early_until = s->n > before ? head[1].from : -WINDOW;
}

static void collect(steps *s, const itsm__zone_draft *draft)
{
    int64_t last = SECOND_LOW;
    add_step(s, draft, INT64_MIN, 0, 0);
    for (size_t i = 0; i < draft->changes; i++) {
        itsm__zone_change change = itsm__draft_change(draft, i);
        uint32_t type = same_type(draft, change.type);
        if (change.second > SECOND_HIGH) return; /* it never comes, nor does what is after it */
        if (change.second <= SECOND_LOW) s->n = 0, add_step(s, draft, INT64_MIN, type, 0);
        else add_step(s, draft, change.second * ITSM__SECOND, type, 0), last = change.second;
    }
    if (draft->has_rule) add_rule_steps(s, draft, last);
}

static void fill_index(uint16_t *index, const itsm_zone *zone, int walls)
{
    uint32_t i = 0;
    for (int64_t b = 0; b < BUCKETS; b++) {
        int64_t start = -WINDOW + b * (INT64_C(1) << BUCKET_SHIFT);
        while (i + 1 < zone->n && (walls ? zone->walls[i + 1].from : zone->segments[i + 1].from) <= start) i++;
        index[b] = (uint16_t)i;
    }
}

static int64_t saturated(int64_t t, int32_t seconds)
{
    int64_t sum;
    return itsm__add(&sum, t, seconds * ITSM__SECOND) ? sum : seconds < 0 ? INT64_MIN : INT64_MAX;
}

/* Returns whether the stretches are in order. */
static int fill_walls(wall_segment *walls, const segment *s, uint32_t n)
{
    int ordered = 1;
    walls[0].from = INT64_MIN, walls[0].width = 0, walls[0].offset = s[0].offset;
    for (uint32_t i = 1; i < n; i++) {
        int32_t before = s[i - 1].offset, after = s[i].offset;
        walls[i].from = saturated(s[i].from, before < after ? before : after);
        walls[i].width = before < after ? after - before : before - after, walls[i].offset = after;
        if (saturated(walls[i - 1].from, walls[i - 1].width) > walls[i].from) ordered = 0;
    }
    walls[n].from = INT64_MAX, walls[n].width = 0, walls[n].offset = 0;
    return ordered;
}

/* Copies texts behind the arrays; NUL after each. */
static char *put_text(char *to, itsm_str text)
{
    if (text.n) memcpy(to, text.p, text.n);
    to[text.n] = 0;
    return to + text.n + 1;
}

static itsm_status lay_out(itsm_zone **out, const itsm__memory *memory, const itsm__zone_draft *draft, const steps *s)
{
    size_t text = draft->name.n + 1 + draft->version.n + 1;
    for (uint32_t i = 0; i < draft->ntypes; i++) text += draft->type[i].abbreviation.n + 1;
    size_t lines = (size_t)s->n + 1, arrays = lines * (sizeof(segment) + sizeof(wall_segment));
    size_t bytes = sizeof(itsm_zone) + arrays + draft->ntypes * sizeof(frozen_type) + text;
    itsm_zone *zone = (itsm_zone *)itsm__alloc_zero(memory, bytes);
    if (!zone) return ITSM_E_NOMEM;

    segment *segments = (segment *)(void *)(zone + 1);
    wall_segment *walls = (wall_segment *)(void *)(segments + lines);
    frozen_type *types = (frozen_type *)(void *)(walls + lines);
    char *start = (char *)(types + draft->ntypes), *end = start;
    itsm__refcount_init(&zone->shares);
    zone->memory = *memory, zone->bytes = bytes, zone->n = s->n;
    zone->segments = segments, zone->walls = walls, zone->types = types, zone->text = start;
    memcpy(segments, s->item, s->n * sizeof *segments);
    segments[s->n].from = INT64_MAX;
    for (uint32_t i = 0; i < draft->ntypes; i++) {
        const itsm__zone_type *type = &draft->type[i];
        types[i].offset = type->offset, types[i].dst = type->dst;
        types[i].text = (uint32_t)(end - start), types[i].length = (uint32_t)type->abbreviation.n;
        end = put_text(end, type->abbreviation);
    }
    zone->name = itsm_str_n(end, draft->name.n);
    end = put_text(end, draft->name);
    zone->version = itsm_str_n(end, draft->version.n);
    (void)put_text(end, draft->version);
    zone->ruled = s->ruled, zone->early_from = s->early_from, zone->early_until = s->early_until;
    zone->rule = draft->rule, zone->rule_type[0] = draft->rule_type[0], zone->rule_type[1] = draft->rule_type[1];
    memset(zone->rule.name, 0, sizeof zone->rule.name); /* they were borrowed */
    zone->ordered = fill_walls(walls, segments, s->n);
    fill_index(zone->index, zone, 0), fill_index(zone->wall_index, zone, 1);
    *out = zone;
    return ITSM_OK;
}

static itsm_status freeze(itsm_zone **out, itsm_ctx *ctx, const itsm__zone_draft *draft)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    size_t size = (draft->changes + RULE_CHANGES_MAX) * sizeof(segment);
    steps s = {(segment *)itsm__alloc(memory, size), 0, 0, 0, 0};
    itsm_status status = ITSM_E_NOMEM;
    if (s.item) {
        collect(&s, draft);
        status = lay_out(out, memory, draft, &s);
        itsm__free(memory, s.item, size);
    }
    if (status) return itsm__issue(ctx, status, draft->name, ITSM_STR(""), ITSM_STR(""), "no memory for a zone");
    return ITSM_OK;
}

/* Making ---------------------------------------------------------------------------------------------------------- */

static itsm_status decode(itsm_zone **out, itsm_ctx *ctx, itsm_bytes tzif, itsm_str name, itsm_str version)
{
    itsm__zone_draft draft;
    if (name.n > NAME_MAX_BYTES)
        return itsm__issue(ctx, ITSM_E_LIMIT, itsm_str_n(name.p, NAME_MAX_BYTES), ITSM_STR(""), ITSM_STR(""),
                           "The name of a zone has at most %d bytes", NAME_MAX_BYTES);
    itsm_status status = itsm__tzif_decode(&draft, ctx, tzif, name);
    draft.version = version;
    return status ? status : freeze(out, ctx, &draft);
}

itsm_status itsm_zone_decode(itsm_zone **out, itsm_ctx *ctx, itsm_bytes tzif, itsm_str name)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    itsm__issues_clear(ctx);
    return decode(out, ctx, tzif, name, itsm__no_text());
}

static itsm_status make_fixed(itsm_zone **out, itsm_ctx *ctx, int32_t offset, itsm_str name, itsm_str abbreviation)
{
    itsm__zone_draft draft;
    memset(&draft, 0, sizeof draft);
    draft.name = name;
    (void)itsm__draft_type(&draft, offset, 0, abbreviation);
    return freeze(out, ctx, &draft);
}

itsm_status itsm_zone_fixed(itsm_zone **out, itsm_ctx *ctx, int32_t offset)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    itsm__issues_clear(ctx);
    if (offset <= -ITSM__DAY_SECONDS || offset >= ITSM__DAY_SECONDS)
        return itsm__issue(ctx, ITSM_E_RANGE, ITSM_STR(""), ITSM_STR(""), ITSM_STR(""),
                           "An offset of %d seconds is a day or more", (int)offset);
    if (offset == 0) return make_fixed(out, ctx, 0, ITSM_STR("UTC"), ITSM_STR("UTC"));
    char text[ITSM__OFFSET_MAX];
    itsm_str name = itsm_str_n(text, (size_t)(itsm__put_offset(text, offset) - text));
    return make_fixed(out, ctx, offset, name, name);
}

static int is_name_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '+' ||
           c == '-' || c == '/';
}

/* No dots, so no way up; no empty part, so not an absolute path. */
static int is_name(itsm_str name)
{
    if (name.n == 0 || name.n > NAME_MAX_BYTES || name.p[name.n - 1] == '/') return 0;
    for (size_t i = 0; i < name.n; i++)
        if (!is_name_byte(name.p[i]) || (name.p[i] == '/' && (i == 0 || name.p[i - 1] == '/'))) return 0;
    return 1;
}

static int is_version(itsm_str text)
{
    if (text.n > VERSION_MAX_BYTES) return 0;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '/' || (!is_name_byte(text.p[i]) && text.p[i] != '.')) return 0;
    return 1;
}

/* Not to know it is no failure; to lack the memory for it is. */
static itsm_status ask_version(itsm_buf *version, itsm_ctx *ctx, itsm_str name)
{
    itsm_status status = ctx->zones.version ? ctx->zones.version(ctx->zones.self, version, name) : ITSM_NOTHING;
    if (status == ITSM_E_NOMEM) return status;
    if (status || !is_version(itsm_buf_str(version))) itsm_buf_clear(version);
    return ITSM_OK;
}

static itsm_status load_from_source(itsm_zone **out, itsm_ctx *ctx, itsm_str name)
{
    itsm_buf tzif, version;
    itsm_buf_init(&tzif, ctx), itsm_buf_init(&version, ctx);
    itsm_status status = ctx->zones.load(ctx->zones.self, &tzif, name);
    if (status == ITSM_OK) status = ask_version(&version, ctx, name);
    if (status == ITSM_OK) {
        itsm_bytes bytes = {tzif.p, tzif.n};
        status = decode(out, ctx, bytes, name, itsm_buf_str(&version));
    } else if (status > 0 || status == ITSM_E_NOT_FOUND) {
        status = itsm__issue(ctx, ITSM_E_NOT_FOUND, name, ITSM_STR(""), ITSM_STR(""), "There is no zone %S", name);
    } else {
        status = itsm__issue(ctx, status, name, ITSM_STR(""), ITSM_STR(""), "Zone %S cannot be loaded: %s", name,
                             itsm_status_text(status));
    }
    itsm_buf_clear(&tzif), itsm_buf_clear(&version);
    return status;
}

itsm_status itsm_zone_load(itsm_zone **out, itsm_ctx *ctx, itsm_str name)
{
    if (out) *out = NULL;
    if (!out || !ctx) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    if (!is_name(name))
        return itsm__issue(ctx, ITSM_E_INVALID, ITSM_STR(""), ITSM_STR(""), ITSM_STR(""),
                           "A zone has a name of letters, digits, _ + - and / such as Europe/Berlin");
    if (itsm_str_is(name, "UTC") || itsm_str_is(name, "Etc/UTC")) return make_fixed(out, ctx, 0, name, ITSM_STR("UTC"));
    if (itsm_str_is(name, "Z")) return make_fixed(out, ctx, 0, ITSM_STR("UTC"), ITSM_STR("UTC"));
    if (!ctx->zones.load)
        return itsm__issue(ctx, ITSM_E_NOT_FOUND, name, ITSM_STR(""), ITSM_STR(""),
                           "There is no zone %S: the context has no zone source", name);
    return load_from_source(out, ctx, name);
}

itsm_zone *itsm_zone_ref(const itsm_zone *zone)
{
    itsm_zone *shared = (itsm_zone *)(uintptr_t)zone; /* only the count is ever written */
    if (shared) itsm__refcount_take(&shared->shares);
    return shared;
}

void itsm_zone_free(itsm_zone *zone)
{
    if (!zone || !itsm__refcount_drop(&zone->shares)) return;
    itsm__memory memory = zone->memory;
    itsm__free(&memory, zone, zone->bytes);
}

itsm_str itsm_zone_name(const itsm_zone *zone)
{
    return zone ? zone->name : itsm_str_n(NULL, 0);
}

itsm_str itsm_zone_version(const itsm_zone *zone)
{
    return zone ? zone->version : itsm__no_text();
}

/* Lookup ---------------------------------------------------------------------------------------------------------- */

/* The segment of an instant within the buckets. */
static const segment *segment_in_bucket(const itsm_zone *zone, uint64_t bucket, itsm_time t)
{
    const segment *s = zone->segments + zone->index[bucket];
    s += s[1].from <= t; /* most buckets have at most one change: no jump to guess */
    while (s[1].from <= t) s++;
    return s;
}

/* A stretch of one type, as the slower ways see it. */
typedef struct span {
    int64_t from, until; /* instants; INT64_MIN and INT64_MAX: for ever */
    uint32_t type;
    uint32_t segment; /* its number; the count of segments if the rule was asked */
} span;

static void span_by_rule(span *out, const itsm_zone *zone, itsm_time t, int64_t low, int64_t high)
{
    itsm__rule_stretch stretch;
    itsm__rule_at(&stretch, &zone->rule, itsm__floor_div(t, ITSM__SECOND));
    out->from = stretch.from <= SECOND_LOW ? INT64_MIN : stretch.from * ITSM__SECOND;
    out->until = stretch.until > SECOND_HIGH ? INT64_MAX : stretch.until * ITSM__SECOND;
    if (out->from < low) out->from = low;
    if (out->until > high) out->until = high;
    out->type = zone->rule_type[stretch.dst], out->segment = zone->n;
}

static void span_of_segment(span *out, const itsm_zone *zone, uint32_t i)
{
    const segment *s = &zone->segments[i];
    out->from = s[0].from, out->until = s[1].from, out->type = s->type, out->segment = i;
}

static void span_at(span *out, const itsm_zone *zone, itsm_time t)
{
    uint64_t bucket = bucket_of(t);
    if (zone->ruled) {
        int64_t last = zone->segments[zone->n - 1].from;
        if (t >= last) {
            span_by_rule(out, zone, t, last, INT64_MAX);
            return;
        }
        if (t >= zone->early_from && t < zone->early_until) {
            span_by_rule(out, zone, t, zone->early_from, zone->early_until);
            return;
        }
    }
    if (bucket < BUCKETS) {
        span_of_segment(out, zone, (uint32_t)(segment_in_bucket(zone, bucket, t) - zone->segments));
        return;
    }
    uint32_t low = 0, high = zone->n; /* segment `low` begins at or before t, `high` after it */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->segments[middle].from <= t) low = middle;
        else high = middle;
    }
    span_of_segment(out, zone, low);
}

static void span_after(span *out, const itsm_zone *zone, const span *before)
{
    int64_t from = before->until;
    uint32_t next = before->segment + 1;
    if (next < zone->n && (!zone->ruled || (next + 1 < zone->n && from >= zone->early_until)))
        span_of_segment(out, zone, next);
    else span_at(out, zone, from);
}

static uint32_t type_at(const itsm_zone *zone, itsm_time t)
{
    uint64_t bucket = bucket_of(t);
    if (bucket < BUCKETS) return segment_in_bucket(zone, bucket, t)->type;
    span s;
    span_at(&s, zone, t);
    return s.type;
}

itsm_status itsm_zone_offset(int32_t *out, const itsm_zone *zone, itsm_time t)
{
    if (!out || !zone) return ITSM_E_MISUSE;
    uint64_t bucket = bucket_of(t);
    if (bucket < BUCKETS) {
        *out = segment_in_bucket(zone, bucket, t)->offset;
        return ITSM_OK;
    }
    if (t == ITSM_TIME_NONE) return ITSM_E_RANGE;
    *out = zone->types[type_at(zone, t)].offset;
    return ITSM_OK;
}

itsm_status itsm_zone_local(itsm_local *out, const itsm_zone *zone, itsm_time t)
{
    if (!out || !zone) return ITSM_E_MISUSE;
    if (t == ITSM_TIME_NONE) return ITSM_E_RANGE;
    const frozen_type *type = &zone->types[type_at(zone, t)];
    int64_t wall;
    if (!itsm__add(&wall, t, type->offset * ITSM__SECOND) || wall == ITSM_TIME_NONE) return ITSM_E_RANGE;
    out->wall = wall, out->offset = type->offset, out->dst = type->dst;
    out->abbreviation = itsm_str_n(zone->text + type->text, type->length);
    return ITSM_OK;
}

/*
 * Walk every span that may show the wall clock.  Offsets are less than 26 hours either way, so two days suffice.  The
 * first span that begins after the wall clock, with none before that shows it, is what skipped it.
 */
static itsm_status instant_by_walk(itsm_resolved *out, const itsm_zone *zone, int64_t wall)
{
    if (wall < INT64_MIN + 2 * ITSM__DAY || wall > INT64_MAX - 2 * ITSM__DAY) return ITSM_E_RANGE;
    itsm_resolved found = {0, 0, 0, 0}, gap = {0, 0, ITSM_LOCAL_SKIPPED, 0};
    int shown = 0, skipped = 0;
    span s;
    span_at(&s, zone, wall - ITSM_HOURS(26));
    int32_t before = zone->types[s.type].offset;
    for (;;) {
        int32_t offset = zone->types[s.type].offset;
        int64_t t = wall - offset * ITSM__SECOND;
        if (t >= s.from && t < s.until) {
            if (!shown++) found.first = t, found.offset = offset;
            found.second = t;
        } else if (!shown && !skipped && t < s.from) {
            gap.first = wall - before * ITSM__SECOND, gap.second = t, gap.offset = before, skipped = 1;
        }
        if (s.until > wall + ITSM_HOURS(26)) break;
        before = offset;
        span next;
        span_after(&next, zone, &s);
        s = next;
    }
    found.kind = shown > 1 ? ITSM_LOCAL_REPEATED : ITSM_LOCAL_UNIQUE;
    *out = shown ? found : gap;
    return ITSM_OK;
}

itsm_status itsm_zone_instant(itsm_resolved *out, const itsm_zone *zone, int64_t wall)
{
    if (!out || !zone) return ITSM_E_MISUSE;
    uint64_t bucket = bucket_of(wall);
    if (bucket >= BUCKETS || !zone->ordered) return instant_by_walk(out, zone, wall);
    const wall_segment *w = zone->walls + zone->wall_index[bucket];
    w += w[1].from <= wall;
    while (w[1].from <= wall) w++;
    int64_t t = wall - w->offset * ITSM__SECOND;
    out->second = t;
    if ((uint64_t)wall - (uint64_t)w->from >= (uint64_t)w->width * 1000000) {
        out->first = t, out->kind = ITSM_LOCAL_UNIQUE, out->offset = w->offset;
        return ITSM_OK;
    }
    out->first = wall - w[-1].offset * ITSM__SECOND, out->offset = w[-1].offset;
    out->kind = w[-1].offset < w->offset ? ITSM_LOCAL_SKIPPED : ITSM_LOCAL_REPEATED;
    return ITSM_OK;
}

itsm_status itsm_zone_next_transition(itsm_time *out, const itsm_zone *zone, itsm_time after)
{
    if (!out || !zone) return ITSM_E_MISUSE;
    if (after == ITSM_TIME_NONE)
        after =
            zone->ruled && zone->early_from == INT64_MIN && zone->early_until > INT64_MIN ? -WINDOW - 1 : INT64_MIN + 1;
    span s, next;
    span_at(&s, zone, after);
    /* A rule may have spans but no changes (daylight saving time all year); it repeats after 400 years. */
    int64_t end = s.until < INT64_MAX - 2 * ERA ? s.until + 2 * ERA : INT64_MAX;
    for (; s.until < end; s = next) {
        span_after(&next, zone, &s);
        if (next.type != s.type) {
            *out = s.until;
            return ITSM_OK;
        }
    }
    return ITSM_DONE;
}
