/* SPDX-License-Identifier: MIT */
/*
 * Content lines and values of iCalendar.
 *
 * The reader goes over the input once.  A line that is not folded is a slice of the input; a folded one is put together
 * in a buffer that is used again, so that every byte is copied at most once, whatever the folding.  Lines end with CRLF
 * or LF, since feeds come with both.  Every line must have the form of one; what a value means is asked only of the
 * properties that are used.  Nothing may be called after itsm__ical_reader_clear() or, on a reader, after a failure.
 */
#include "calendar/icalendar_text.h"

#include "base/text.h"
#include "text/utf8.h"
#include "time/civil.h"

enum { SHOWN_MAX = 60 };

void itsm__ical_reader_init(itsm__ical_reader *reader, itsm_ctx *ctx, itsm_str input)
{
    memset(reader, 0, sizeof *reader);
    reader->ctx = ctx, reader->input = input, reader->next_line = 1;
    reader->at.line = reader->at.column = 1;
    itsm_buf_init(&reader->unfolded, ctx);
    if (input.n >= 3 && memcmp(input.p, "\xef\xbb\xbf", 3) == 0) reader->next = 3; /* a byte order mark */
}

void itsm__ical_reader_clear(itsm__ical_reader *reader)
{
    itsm_buf_clear(&reader->unfolded);
}

itsm_str itsm__ical_shown(itsm_str text)
{
    size_t n = text.n;
    if (n > SHOWN_MAX)
        for (n = SHOWN_MAX; n > SHOWN_MAX - 4 && ((unsigned char)text.p[n] & 0xc0) == 0x80;) n--;
    return itsm_str_n(text.p, itsm__utf8_valid(itsm_str_n(text.p, n)));
}

itsm_status itsm__ical_issue(const itsm__ical_reader *reader, itsm_status code, const char *format, ...)
{
    itsm_buf message;
    va_list args;
    itsm_buf_init(&message, reader->ctx);
    va_start(args, format);
    const itsm_status rc = itsm__vformat(&message, format, args);
    va_end(args);
    itsm__issue_at(reader->ctx, code, reader->at, reader->name, itsm__ical_shown(reader->value), "%S",
                   rc ? ITSM_STR("") : itsm_buf_str(&message));
    itsm_buf_clear(&message);
    return code;
}

/* Lines ----------------------------------------------------------------------------------------------------------- */

/* The next line of the input, without its end; reader->next goes behind that. */
static itsm_str physical_line(itsm__ical_reader *reader)
{
    const char *start = reader->input.p + reader->next;
    const size_t left = reader->input.n - reader->next;
    const char *feed = memchr(start, '\n', left);
    size_t n = feed ? (size_t)(feed - start) : left;
    reader->next += n + (feed != NULL), reader->next_line++;
    if (n && start[n - 1] == '\r') n--;
    return itsm_str_n(start, n);
}

static int is_folded(const itsm__ical_reader *reader)
{
    return reader->next < reader->input.n &&
           (reader->input.p[reader->next] == ' ' || reader->input.p[reader->next] == '\t');
}

static itsm_status too_long(const itsm__ical_reader *reader)
{
    return itsm__ical_issue(reader, ITSM_E_LIMIT, "a line of more than %d bytes", (int)ITSM__ICAL_LINE_MAX);
}

/* Join a line with those that begin with a space or tab. */
static itsm_status unfold(itsm_str *line, itsm__ical_reader *reader)
{
    reader->unfolded.n = 0;
    itsm_status rc = itsm__buf_str(&reader->unfolded, *line);
    while (!rc && is_folded(reader)) {
        const itsm_str more = physical_line(reader);
        if (reader->unfolded.n + more.n > ITSM__ICAL_LINE_MAX) return too_long(reader);
        rc = itsm_buf_add(&reader->unfolded, more.p + 1, more.n - 1);
    }
    *line = itsm_buf_str(&reader->unfolded);
    return rc;
}

static int is_name_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static size_t name_length(itsm_str text, size_t from)
{
    size_t i = from;
    while (i < text.n && is_name_byte(text.p[i])) i++;
    return i - from;
}

/* Behind the value of a parameter that starts at i; 0: it is not well formed. */
static size_t skip_parameter_value(itsm_str line, size_t i)
{
    if (i < line.n && line.p[i] == '"') {
        const char *quote = memchr(line.p + i + 1, '"', line.n - i - 1);
        return quote ? (size_t)(quote - line.p) + 1 : 0;
    }
    while (i < line.n && !strchr(",;:\"", line.p[i])) i++;
    return i;
}

/* Behind the parameters that start at i; 0: they are not well formed. */
static size_t skip_parameters(itsm_str line, size_t i)
{
    while (i < line.n && line.p[i] == ';') {
        const size_t n = name_length(line, i + 1);
        i += 1 + n;
        if (!n || i == line.n || line.p[i] != '=') return 0;
        do {
            if (!(i = skip_parameter_value(line, i + 1))) return 0;
        } while (i < line.n && line.p[i] == ',');
    }
    return i;
}

static itsm_status split(itsm__ical_reader *reader, itsm_str line)
{
    const size_t n = name_length(line, 0), end = n ? skip_parameters(line, n) : 0;
    reader->name = itsm_str_n(line.p, n), reader->value = line;
    if (!n)
        return itsm__ical_issue(reader, ITSM_E_SYNTAX,
                                "a line begins with the name of a property, or with a space if it "
                                "goes on with the line before");
    if (!end || end == line.n || line.p[end] != ':')
        return itsm__ical_issue(reader, ITSM_E_SYNTAX, "not of the form NAME;PARAMETER=VALUE:VALUE");
    reader->parameters = itsm_str_n(line.p + n, end - n);
    reader->value = itsm_str_n(line.p + end + 1, line.n - end - 1);
    return ITSM_OK;
}

itsm_status itsm__ical_next(itsm__ical_reader *reader)
{
    itsm_str line = {NULL, 0};
    reader->name = reader->parameters = reader->value = itsm__no_text();
    do {
        if (reader->next >= reader->input.n) return ITSM_DONE;
        reader->at.byte = reader->next, reader->at.line = reader->next_line, reader->at.column = 1;
        line = physical_line(reader);
    } while (!line.n && !is_folded(reader));
    if (line.n > ITSM__ICAL_LINE_MAX) return too_long(reader);
    const itsm_status rc = is_folded(reader) ? unfold(&line, reader) : ITSM_OK;
    return rc ? rc : split(reader, line);
}

/* Parts of a line ------------------------------------------------------------------------------------------------- */

static char upper_of(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

int itsm__ical_is(itsm_str text, const char *upper)
{
    for (size_t i = 0; i < text.n; i++)
        if (!upper[i] || upper_of(text.p[i]) != upper[i]) return 0;
    return !upper[text.n];
}

int itsm__ical_same(itsm_str a, itsm_str b)
{
    size_t i = 0;
    while (i < a.n && i < b.n && upper_of(a.p[i]) == upper_of(b.p[i])) i++;
    return i == a.n && i == b.n;
}

int itsm__ical_parameter(itsm_str *out, const itsm__ical_reader *reader, const char *upper)
{
    const itsm_str all = reader->parameters;
    for (size_t i = 0; i < all.n;) {
        const itsm_str name = itsm_str_n(all.p + i + 1, name_length(all, i + 1));
        const size_t start = i + 1 + name.n + 1, end = skip_parameter_value(all, start);
        if (itsm__ical_is(name, upper)) {
            const size_t quote = start < all.n && all.p[start] == '"';
            *out = itsm_str_n(all.p + start + quote, end - start - 2 * quote);
            return 1;
        }
        for (i = end; i < all.n && all.p[i] == ',';) i = skip_parameter_value(all, i + 1);
    }
    return 0;
}

int itsm__ical_item(itsm_str *item, itsm_str *rest)
{
    if (!rest->p) return 0;
    const char *comma = rest->n ? memchr(rest->p, ',', rest->n) : NULL;
    *item = itsm_str_n(rest->p, comma ? (size_t)(comma - rest->p) : rest->n);
    *rest = comma ? itsm_str_n(comma + 1, rest->n - item->n - 1) : itsm__no_text();
    return 1;
}

itsm_status itsm__ical_unescape(itsm_str *out, itsm__arena *arena, itsm_str text)
{
    if (itsm__utf8_valid(text) < text.n) return ITSM_E_SYNTAX;
    char *start = itsm__arena_alloc(arena, text.n ? text.n : 1), *p = start;
    if (!start) return ITSM_E_NOMEM;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (((unsigned char)c < 0x20 && c != '\t') || c == 0x7f) return ITSM_E_SYNTAX;
        if (c == '\\' && i + 1 < text.n && text.p[i + 1] && strchr("\\;,nN", text.p[i + 1])) {
            c = text.p[++i];
            if (c == 'n' || c == 'N') c = '\n';
        }
        *p++ = c;
    }
    *out = itsm_str_n(start, (size_t)(p - start));
    return ITSM_OK;
}

/* Values ---------------------------------------------------------------------------------------------------------- */

int64_t itsm__ical_number(itsm_str text)
{
    int64_t value = 0;
    if (!text.n || text.n > 18) return -1;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return -1;
        value = value * 10 + (text.p[i] - '0');
    }
    return value;
}

/* Digits from..from + n of a text that is long enough. */
static int digits(itsm_str text, size_t from, size_t n)
{
    return (int)itsm__ical_number(itsm_str_n(text.p + from, n));
}

itsm_status itsm__ical_time_decode(itsm__ical_time *out, itsm_str text)
{
    int time[3] = {0, 0, 0};
    if (text.n != 8 && text.n != 15 && text.n != 16) return ITSM_E_SYNTAX;
    const int year = digits(text, 0, 4), month = digits(text, 4, 2), day = digits(text, 6, 2);
    if (year < 0 || month < 0 || day < 0) return ITSM_E_SYNTAX;
    if (text.n > 8) {
        if (text.p[8] != 'T' || (text.n == 16 && text.p[15] != 'Z')) return ITSM_E_SYNTAX;
        for (size_t i = 0; i < 3; i++)
            if ((time[i] = digits(text, 9 + 2 * i, 2)) < 0) return ITSM_E_SYNTAX;
    }
    if (time[2] == 60) time[2] = 59; /* 3.3.12, where leap seconds are not counted */
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > itsm__month_days(year, month) || time[0] > 23 ||
        time[1] > 59 || time[2] > 59)
        return ITSM_E_RANGE;
    out->wall = itsm__days(year, month, day) * ITSM__DAY_SECONDS + (time[0] * 60 + time[1]) * 60 + time[2];
    out->kind = text.n == 8 ? ITSM__ICAL_DATE : text.n == 15 ? ITSM__ICAL_FLOATING : ITSM__ICAL_UTC;
    return ITSM_OK;
}

itsm_status itsm__ical_duration_decode(itsm__ical_duration *out, itsm_str text)
{
    static const char units[] = "WDHMS"; /* in this order; the last three behind the T */
    static const int64_t size[] = {7, 1, 3600, 60, 1};
    itsm__ical_duration d = {0, 0};
    const int negative = text.n && text.p[0] == '-';
    size_t i = text.n && (text.p[0] == '-' || text.p[0] == '+'), least = 0, in_time = 0;
    if (i == text.n || text.p[i++] != 'P' || i == text.n) return ITSM_E_SYNTAX;
    while (i < text.n) {
        if (text.p[i] == 'T' && !in_time) in_time = 1, least = 2, i++;
        size_t n = 0;
        while (i + n < text.n && text.p[i + n] >= '0' && text.p[i + n] <= '9') n++;
        const char *unit = i + n < text.n ? strchr(units, text.p[i + n]) : NULL;
        if (!n || !unit || !*unit) return ITSM_E_SYNTAX;
        const size_t u = (size_t)(unit - units);
        if (u < least || (u >= 2) != in_time) return ITSM_E_SYNTAX;
        if (n > 9) return ITSM_E_RANGE;
        const int64_t amount = itsm__ical_number(itsm_str_n(text.p + i, n)) * size[u];
        if (u < 2) d.days += amount;
        else d.seconds += amount;
        least = u + 1, i += n + 1;
    }
    if (negative) d.days = -d.days, d.seconds = -d.seconds;
    *out = d;
    return ITSM_OK;
}
