/* SPDX-License-Identifier: MIT */
/*
 * Arguments that are values: instants, spans, dates, zones, and the files that say what they mean.
 *
 * A time without an offset is not guessed at: it needs a zone by name, and one that the clocks of that zone skip or
 * show twice is an error that names the instants it may have meant.
 */
#include "cli/cli.h"

/* Instants ---------------------------------------------------------------------------------------------------------- */

/* The two instants somebody may have meant, as the zone writes them. */
typedef struct pair {
    itsm_buf a, b;
} pair;

static itsm_status write_pair(pair *out, itsm_time a, itsm_time b, const itsm_zone *zone)
{
    itsm_status rc = itsm_time_encode(&out->a, a, zone, 0);
    if (!rc) rc = itsm_time_encode(&out->b, b, zone, 0);
    return rc;
}

static int not_unique(const command *self, const char *name, const char *text, const itsm_zone *zone,
                      const itsm_resolved *found)
{
    pair p = {ITSM_BUF_INIT, ITSM_BUF_INIT};
    itsm_str zone_name = itsm_zone_name(zone);
    if (write_pair(&p, found->first, found->second, zone)) usage_error(self, "%s: %s: out of range", name, text);
    else if (found->kind == ITSM_LOCAL_SKIPPED)
        usage_error(self, "%s: there is no %s in %.*s, the clocks go forward over it: write %.*s or %.*s", name, text,
                    ITSM_ARG(zone_name), ITSM_ARG(itsm_buf_str(&p.b)), ITSM_ARG(itsm_buf_str(&p.a)));
    else
        usage_error(self, "%s: %s comes twice in %.*s, the clocks go back over it: write %.*s or %.*s", name, text,
                    ITSM_ARG(zone_name), ITSM_ARG(itsm_buf_str(&p.a)), ITSM_ARG(itsm_buf_str(&p.b)));
    itsm_buf_clear(&p.a);
    itsm_buf_clear(&p.b);
    return EXIT_USAGE;
}

/* Propose the text as it would be with the offset of a zone. */
static int no_offset(const command *self, const char *name, const char *text, int64_t wall, const itsm_zone *home)
{
    itsm_resolved found;
    itsm_buf proposed = ITSM_BUF_INIT;
    itsm_str zone = home ? itsm_zone_name(home) : ITSM_STR("ZONE");
    if (home && !itsm_zone_instant(&found, home, wall) && found.kind == ITSM_LOCAL_UNIQUE &&
        !itsm_time_encode(&proposed, found.first, home, 0))
        usage_error(self, "%s: %s names no offset: write %.*s, or add --zone %.*s", name, text,
                    ITSM_ARG(itsm_buf_str(&proposed)), ITSM_ARG(zone));
    else
        usage_error(self, "%s: %s names no offset: write one behind it, or add --zone %.*s", name, text,
                    ITSM_ARG(zone));
    itsm_buf_clear(&proposed);
    return EXIT_USAGE;
}

static int no_instant(const command *self, const char *name, const char *text, itsm_status rc)
{
    int64_t date;
    const char *why = rc == ITSM_E_RANGE         ? "there is no such date or time"
                      : rc == ITSM_E_UNSUPPORTED ? "leap seconds are not counted"
                                                 : "an instant is written 2026-03-27T14:00+01:00";
    if (!itsm_date_decode(&date, itsm_str_c(text))) why = "a date has no time of day: write 2026-03-27T14:00+01:00";
    return usage_error(self, "%s: %s: %s", name, text, why);
}

int read_instant(itsm_time *out, const command *self, const char *name, const char *text, const itsm_zone *zone,
                 const itsm_zone *home)
{
    int64_t wall;
    itsm_resolved found;
    if (!strcmp(text, "now")) return *out = itsm_os_now(), EXIT_FINE;
    itsm_status rc = itsm_time_decode(out, itsm_str_c(text));
    if (!rc) return EXIT_FINE;
    if (itsm_local_decode(&wall, itsm_str_c(text))) return no_instant(self, name, text, rc);
    if (!zone) return no_offset(self, name, text, wall, home);
    if ((rc = itsm_zone_instant(&found, zone, wall))) return no_instant(self, name, text, rc);
    if (found.kind != ITSM_LOCAL_UNIQUE) return not_unique(self, name, text, zone, &found);
    return *out = found.first, EXIT_FINE;
}

/* Spans and dates --------------------------------------------------------------------------------------------------- */

/* 4h, 90m, 1h30m, 45s: what ISO 8601 writes PT4H, PT90M, PT1H30M, PT45S. */
static itsm_status decode_span(itsm_span *out, const char *text)
{
    char iso[64] = "";
    size_t n = 0, minus = *text == '-';
    if (text[minus] < '0' || text[minus] > '9') return itsm_span_decode(out, itsm_str_c(text));
    if (strlen(text) > sizeof iso - 4) return ITSM_E_SYNTAX;
    if (minus) iso[n++] = '-';
    iso[n++] = 'P', iso[n++] = 'T';
    for (const char *p = text + minus; *p; p++) iso[n++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    return itsm_span_decode(out, itsm_str_n(iso, n));
}

int read_span(itsm_span *out, const command *self, const char *name, const char *text)
{
    itsm_status rc = decode_span(out, text);
    if (!rc) return EXIT_FINE;
    const char *why = "a length of time is written 4h, 90m, 1h30m or PT4H";
    size_t digits = strspn(text, "-0123456789");
    if (digits && text[digits - 1] != '-' && !text[digits]) why = "a length of time has a unit: 4h or 90m";
    else if (digits && text[digits] == 'd') why = "a day of work has no fixed length: say it in hours";
    else if (rc == ITSM_E_INVALID) why = "years and months have no fixed length: say it in hours";
    else if (rc == ITSM_E_RANGE) why = "too long, or finer than a microsecond";
    return usage_error(self, "%s: %s: %s", name, text, why);
}

int read_date(int64_t *out, const command *self, const char *name, const char *text)
{
    itsm_status rc = itsm_date_decode(out, itsm_str_c(text));
    if (!rc) return EXIT_FINE;
    return usage_error(self, "%s: %s: %s", name, text,
                       rc == ITSM_E_RANGE ? "there is no such date" : "a date is written 2026-03-27");
}

/* Hours, minutes, seconds and microseconds of a span without its sign. */
typedef struct parts {
    unsigned long long hours;
    unsigned minutes, seconds, fraction;
    const char *sign;
} parts;

static parts split(itsm_span span)
{
    uint64_t size = span < 0 ? UINT64_C(0) - (uint64_t)span : (uint64_t)span;
    parts p = {size / UINT64_C(3600000000), (unsigned)(size / 60000000 % 60), (unsigned)(size / 1000000 % 60),
               (unsigned)(size % 1000000), span < 0 ? "-" : ""};
    return p;
}

static const char *take_text(char out[SPAN_TEXT_MAX], itsm_buf *text, itsm_status rc)
{
    size_t n = rc || text->n >= SPAN_TEXT_MAX ? 0 : text->n;
    if (n) memcpy(out, text->p, n);
    out[n] = 0;
    itsm_buf_clear(text);
    return out;
}

static itsm_status print_fraction(itsm_buf *text, unsigned fraction)
{
    itsm_status rc = fraction ? print(text, ".%06u", fraction) : ITSM_OK;
    while (fraction && text->n && text->p[text->n - 1] == '0') text->n--;
    return rc;
}

const char *span_text(char out[SPAN_TEXT_MAX], itsm_span span)
{
    itsm_buf text = ITSM_BUF_INIT;
    parts p = split(span);
    itsm_status rc = print(&text, "%s", p.sign);
    if (!rc && (p.hours || !span)) rc = print(&text, "%lluh", p.hours);
    if (!rc && p.minutes) rc = print(&text, "%um", p.minutes);
    if (!rc && (p.seconds || p.fraction)) rc = print(&text, "%u", p.seconds);
    if (!rc) rc = print_fraction(&text, p.fraction);
    if (!rc && (p.seconds || p.fraction)) rc = print(&text, "s");
    return take_text(out, &text, rc);
}

const char *clock_text(char out[SPAN_TEXT_MAX], itsm_span span)
{
    itsm_buf text = ITSM_BUF_INIT;
    parts p = split(span);
    itsm_status rc = print(&text, "%s%llu:%02u", p.sign, p.hours, p.minutes);
    if (!rc && (p.seconds || p.fraction)) rc = print(&text, ":%02u", p.seconds);
    if (!rc) rc = print_fraction(&text, p.fraction);
    return take_text(out, &text, rc);
}

/* Zones and files --------------------------------------------------------------------------------------------------- */

/* Say which of the system's zones has nearly that name: those of tzdata.zi, as zones or as links. */
static int no_zone(itsm_ctx *ctx, const char *name)
{
    static const char list[] = "/usr/share/zoneinfo/tzdata.zi";
    char best[64] = "";
    itsm_buf text = ITSM_BUF_INIT;
    size_t least = SIZE_MAX;
    if (itsm_os_file_read(&text, ctx, itsm_str_c(list), 0)) text.n = 0;
    for (size_t at = 0, next; at < text.n; at = next) {
        const char *line = text.p + at, *end = memchr(line, '\n', text.n - at);
        size_t n = end ? (size_t)(end - line) : text.n - at, words = 0;
        char word[64], *to = word;
        next = at + n + 1;
        if (n < 3 || (*line != 'Z' && *line != 'L')) continue;
        for (size_t i = 0, wanted = *line == 'Z' ? 1 : 2; i < n && words <= wanted && to < word + sizeof word - 1; i++)
            if (line[i] == ' ') words++;
            else if (words == wanted) *to++ = line[i];
        *to = 0;
        const char *one = word;
        size_t d = distance(name, one);
        if (d < least && nearest(name, &one, 1)) least = d, memcpy(best, word, sizeof best);
    }
    itsm_buf_clear(&text);
    if (*best) note("itsm: --zone: there is no zone %s; did you mean %s?", name, best);
    else note("itsm: --zone: there is no zone %s", name);
    return EXIT_INPUT;
}

int load_zone(itsm_zone **out, itsm_ctx *ctx, const char *name)
{
    itsm_status rc = itsm_zone_load(out, ctx, itsm_str_c(name));
    if (rc == ITSM_E_NOT_FOUND) return no_zone(ctx, name);
    return rc ? input_error(ctx, rc, "--zone") : EXIT_FINE;
}

int load_calendar(itsm_calendar **out, itsm_ctx *ctx, const char *path)
{
    itsm_buf text = ITSM_BUF_INIT;
    int code = read_file(&text, ctx, path);
    itsm_status rc = code ? ITSM_OK : itsm_calendar_load(out, ctx, itsm_buf_str(&text));
    if (rc) code = input_error(ctx, rc, path);
    itsm_buf_clear(&text);
    return code;
}

int load_mapping(itsm_mapping **out, itsm_ctx *ctx, const char *path)
{
    itsm_buf text = ITSM_BUF_INIT;
    int code = read_file(&text, ctx, path);
    itsm_status rc = code ? ITSM_OK : itsm_mapping_load(out, ctx, itsm_model_builtin(), itsm_buf_str(&text));
    if (rc) code = input_error(ctx, rc, path);
    itsm_buf_clear(&text);
    return code;
}
