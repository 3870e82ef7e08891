/* SPDX-License-Identifier: MIT */
/*
 * TZif (RFC 9636): one pass over the bytes that checks everything and allocates nothing.
 *
 * A file is a header and a block of 32-bit times; from version 2 on there follow a header and a block of 64-bit times,
 * and a footer.  The first block of such a file is only stepped over.  The counts in a header are 32-bit numbers from
 * a stranger: the size of a block is computed in 64 bits and compared with the bytes that are there before anything of
 * it is read.  Every fault is one issue with the byte it was found at.  Cost: O(bytes), once.
 */
#include "time/zone.h"

#include "base/bits.h"

enum {
    HEADER_SIZE = 44,
    OFFSET_LOW = -89999, /* RFC 9636 3.2: more than -25 hours ... */
    OFFSET_HIGH = 93599  /* ... and less than 26 */
};

/* Counts of a header, in the order of the file. */
enum { ISUT, ISSTD, LEAP, TIMES, TYPES, CHARS, COUNTS };

typedef struct reader {
    itsm_ctx *ctx;
    itsm_str name;
    const unsigned char *bytes;
    size_t n, at; /* all; read so far */
    uint32_t count[COUNTS];
    unsigned char version;
} reader;

static itsm_status wrong(const reader *r, itsm_status code, size_t byte, const char *what)
{
    itsm__position position = {byte, 0, 0};
    return itsm__issue_at(r->ctx, code, position, r->name, ITSM_STR("RFC 9636"), "Zone %S: %s", r->name, what);
}

static itsm_status read_header(reader *r)
{
    if (r->n - r->at < HEADER_SIZE) return wrong(r, ITSM_E_SYNTAX, r->n, "the header is cut off");
    const unsigned char *p = r->bytes + r->at;
    if (memcmp(p, "TZif", 4) != 0) return wrong(r, ITSM_E_SYNTAX, r->at, "a header must begin with TZif");
    if (p[4] > '4') return wrong(r, ITSM_E_VERSION, r->at + 4, "a version later than 4");
    if (p[4] != 0 && p[4] < '2') return wrong(r, ITSM_E_SYNTAX, r->at + 4, "there is no such version");
    r->version = p[4];
    for (int i = 0; i < COUNTS; i++) r->count[i] = itsm__be32(p + 20 + 4 * i);
    r->at += HEADER_SIZE;
    return ITSM_OK;
}

static itsm_status check_size(const reader *r, unsigned time_size)
{
    const uint32_t *n = r->count;
    uint64_t size = (uint64_t)n[TIMES] * (time_size + 1) + (uint64_t)n[TYPES] * 6 + n[CHARS] +
                    (uint64_t)n[LEAP] * (time_size + 4) + n[ISSTD] + n[ISUT];
    return size > r->n - r->at ? wrong(r, ITSM_E_SYNTAX, r->n, "fewer bytes than the header promises") : ITSM_OK;
}

static itsm_status step_over(reader *r)
{
    itsm_status status = check_size(r, 4);
    if (status) return status;
    const uint32_t *n = r->count;
    r->at += (size_t)n[TIMES] * 5 + (size_t)n[TYPES] * 6 + n[CHARS] + (size_t)n[LEAP] * 8 + n[ISSTD] + n[ISUT];
    return ITSM_OK;
}

static itsm_status check_counts(const reader *r)
{
    const uint32_t *n = r->count;
    size_t header = r->at - HEADER_SIZE;
    if (n[TYPES] == 0) return wrong(r, ITSM_E_SYNTAX, header + 36, "there must be a local time type");
    if (n[CHARS] == 0) return wrong(r, ITSM_E_SYNTAX, header + 40, "there must be an abbreviation");
    if (n[ISUT] && n[ISUT] != n[TYPES]) return wrong(r, ITSM_E_SYNTAX, header + 20, "isutcnt is neither 0 nor typecnt");
    if (n[ISSTD] && n[ISSTD] != n[TYPES])
        return wrong(r, ITSM_E_SYNTAX, header + 24, "isstdcnt is neither 0 nor typecnt");
    if (n[LEAP]) return wrong(r, ITSM_E_UNSUPPORTED, header + 28, "leap seconds are not counted here");
    if (n[TIMES] > ITSM__ZONE_CHANGES_MAX) return wrong(r, ITSM_E_LIMIT, header + 32, "too many changes of the clock");
    if (n[TYPES] > ITSM__ZONE_TYPES_MAX) return wrong(r, ITSM_E_LIMIT, header + 36, "too many local time types");
    if (n[CHARS] > ITSM__ZONE_TEXT_MAX) return wrong(r, ITSM_E_LIMIT, header + 40, "too many bytes of abbreviations");
    return ITSM_OK;
}

static itsm_status check_changes(const reader *r, const itsm__zone_draft *draft)
{
    for (size_t i = 0; i < draft->changes; i++) {
        itsm__zone_change change = itsm__draft_change(draft, i);
        if (i && change.second <= itsm__draft_change(draft, i - 1).second)
            return wrong(r, ITSM_E_SYNTAX, r->at + i * draft->time_size, "changes of the clock must ascend");
        if (change.type >= r->count[TYPES])
            return wrong(r, ITSM_E_SYNTAX, (size_t)(draft->types - r->bytes) + i, "there is no such local time type");
    }
    return ITSM_OK;
}

/* `at`: where the six bytes of each type are; `text`: where the abbreviations are. */
static itsm_status read_types(const reader *r, itsm__zone_draft *draft, size_t at, size_t text)
{
    const uint32_t *n = r->count;
    for (uint32_t i = 0; i < n[TYPES]; i++, at += 6) {
        const unsigned char *p = r->bytes + at;
        uint32_t raw = itsm__be32(p);
        int64_t offset = raw <= INT32_MAX ? (int64_t)raw : (int64_t)raw - INT64_C(4294967296);
        if (offset < OFFSET_LOW || offset > OFFSET_HIGH)
            return wrong(r, ITSM_E_SYNTAX, at, "an offset must lie between -25 and 26 hours");
        if (p[4] > 1) return wrong(r, ITSM_E_SYNTAX, at + 4, "isdst is neither 0 nor 1");
        if (p[5] >= n[CHARS]) return wrong(r, ITSM_E_SYNTAX, at + 5, "there is no such abbreviation");
        const unsigned char *name = r->bytes + text + p[5];
        const unsigned char *nul = (const unsigned char *)memchr(name, 0, n[CHARS] - p[5]);
        if (!nul) return wrong(r, ITSM_E_SYNTAX, text + n[CHARS] - 1, "an abbreviation must end with NUL");
        draft->type[i].offset = (int32_t)offset, draft->type[i].dst = p[4];
        draft->type[i].abbreviation = itsm_str_n((const char *)name, (size_t)(nul - name));
    }
    draft->ntypes = n[TYPES];
    return ITSM_OK;
}

static itsm_status check_indicators(const reader *r, size_t standard, size_t ut)
{
    const uint32_t *n = r->count;
    for (uint32_t i = 0; i < n[ISSTD]; i++)
        if (r->bytes[standard + i] > 1) return wrong(r, ITSM_E_SYNTAX, standard + i, "an indicator is neither 0 nor 1");
    for (uint32_t i = 0; i < n[ISUT]; i++) {
        if (r->bytes[ut + i] > 1) return wrong(r, ITSM_E_SYNTAX, ut + i, "an indicator is neither 0 nor 1");
        if (r->bytes[ut + i] && !(n[ISSTD] && r->bytes[standard + i]))
            return wrong(r, ITSM_E_SYNTAX, ut + i, "a UT indicator without its standard indicator");
    }
    return ITSM_OK;
}

static itsm_status read_block(reader *r, itsm__zone_draft *draft, unsigned time_size)
{
    itsm_status status = check_size(r, time_size);
    if (status || (status = check_counts(r))) return status;
    const uint32_t *n = r->count;
    size_t types = r->at + (size_t)n[TIMES] * time_size, infos = types + n[TIMES], text = infos + (size_t)n[TYPES] * 6;
    size_t standard = text + n[CHARS], ut = standard + n[ISSTD];
    draft->times = r->bytes + r->at, draft->types = r->bytes + types;
    draft->changes = n[TIMES], draft->time_size = time_size;
    if ((status = check_changes(r, draft)) || (status = read_types(r, draft, infos, text)) ||
        (status = check_indicators(r, standard, ut)))
        return status;
    r->at = ut + n[ISUT];
    return ITSM_OK;
}

/* RFC 9636 3.3: the rule must agree with the type of the last change. */
static itsm_status check_rule(const reader *r, const itsm__zone_draft *draft, size_t byte)
{
    if (!draft->changes) return ITSM_OK;
    itsm__zone_change last = itsm__draft_change(draft, draft->changes - 1);
    int dst = 0;
    if (draft->rule.has_dst && last.second > INT64_MIN / 1000000 && last.second < INT64_MAX / 1000000) {
        itsm__rule_stretch stretch;
        itsm__rule_at(&stretch, &draft->rule, last.second);
        dst = stretch.dst;
    }
    const itsm__zone_type *by_rule = &draft->type[draft->rule_type[dst]], *by_block = &draft->type[last.type];
    if (by_rule->offset != by_block->offset || by_rule->dst != by_block->dst ||
        !itsm_str_eq(by_rule->abbreviation, by_block->abbreviation))
        return wrong(r, ITSM_E_SYNTAX, byte, "the footer contradicts the last change of the clock");
    return ITSM_OK;
}

static itsm_status read_footer(reader *r, itsm__zone_draft *draft)
{
    if (r->at == r->n || r->bytes[r->at] != '\n') return wrong(r, ITSM_E_SYNTAX, r->at, "the footer is missing");
    const unsigned char *text = r->bytes + r->at + 1;
    const unsigned char *end = (const unsigned char *)memchr(text, '\n', r->n - r->at - 1);
    if (!end) return wrong(r, ITSM_E_SYNTAX, r->n, "the footer is cut off");
    size_t start = r->at + 1, fault = 0;
    r->at = (size_t)(end - r->bytes) + 1;
    if (text == end) return ITSM_OK;
    itsm__rule *rule = &draft->rule;
    if (itsm__rule_decode(rule, &fault, itsm_str_n((const char *)text, (size_t)(end - text))))
        return wrong(r, ITSM_E_SYNTAX, start + fault, "the rule in the footer is malformed");
    draft->has_rule = 1;
    for (int dst = 0; dst <= rule->has_dst; dst++)
        draft->rule_type[dst] = itsm__draft_type(draft, rule->offset[dst], dst, rule->name[dst]);
    return check_rule(r, draft, start);
}

itsm_status itsm__tzif_decode(itsm__zone_draft *draft, itsm_ctx *ctx, itsm_bytes tzif, itsm_str name)
{
    memset(draft, 0, sizeof *draft);
    draft->name = name;
    reader r = {ctx, name, (const unsigned char *)tzif.p, tzif.n, 0, {0}, 0};
    itsm_status status = read_header(&r);
    if (status) return status;
    if (r.version == 0) {
        if ((status = read_block(&r, draft, 4))) return status;
    } else {
        unsigned char version = r.version;
        if ((status = step_over(&r)) || (status = read_header(&r))) return status;
        if (r.version != version)
            return wrong(&r, ITSM_E_SYNTAX, r.at - HEADER_SIZE + 4, "the two headers differ in version");
        if ((status = read_block(&r, draft, 8)) || (status = read_footer(&r, draft))) return status;
    }
    return r.at == r.n ? ITSM_OK : wrong(&r, ITSM_E_SYNTAX, r.at, "bytes after the end");
}

itsm__zone_change itsm__draft_change(const itsm__zone_draft *draft, size_t i)
{
    const unsigned char *p = draft->times + i * draft->time_size;
    uint64_t raw = draft->time_size == 8 ? itsm__be64(p) : itsm__be32(p);
    int64_t second;
    if (draft->time_size == 8) memcpy(&second, &raw, sizeof second);
    else second = raw <= INT32_MAX ? (int64_t)raw : (int64_t)raw - INT64_C(4294967296);
    itsm__zone_change change = {second, draft->types[i]};
    return change;
}

uint32_t itsm__draft_type(itsm__zone_draft *draft, int32_t offset, int32_t dst, itsm_str abbreviation)
{
    for (uint32_t i = 0; i < draft->ntypes; i++) {
        const itsm__zone_type *type = &draft->type[i];
        if (type->offset == offset && type->dst == dst && itsm_str_eq(type->abbreviation, abbreviation)) return i;
    }
    itsm__zone_type *type = &draft->type[draft->ntypes];
    type->offset = offset, type->dst = dst, type->abbreviation = abbreviation;
    return draft->ntypes++;
}
