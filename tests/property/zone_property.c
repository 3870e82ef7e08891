/* SPDX-License-Identifier: MIT */
/*
 * Every zone of the system against zdump, and against itself.
 *
 * The names come from tzdata.zi.  Of names whose files are the same byte for byte one is compared and all are counted.
 * For each, what zdump prints for 1900 to 2500 and for 9990 to 9999 must be what the zone says, at the second before
 * each change and at the change; the zone must know exactly those changes; and the way back from every wall clock must
 * agree with a naive search over all offsets in use around it.  The same is done for files as zic writes them in short
 * form, with the rule of the footer in place of all changes that it gives.  Those that count leap seconds are refused.
 *
 * zdump takes its time.  Where ITSM_CASES asks for few cases, one zone in twenty is compared with it.
 */
#include <itsm/time.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER "/usr/share/zoneinfo"
#define SEED UINT64_C(20260327)

enum { NAMES_MAX = 1024, FILE_MAX = 1 << 16, OFFSETS_MAX = 64 };

static uint64_t seed = SEED;

static uint64_t random_number(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717);
}

static int64_t random_between(int64_t low, int64_t high)
{
    return low + (int64_t)(random_number() % (uint64_t)(high - low));
}

/* The system's zones ---------------------------------------------------------------------------------------------- */

struct zone_file {
    char name[64];
    unsigned char *bytes;
    size_t n;
    int twin; /* the same bytes as an earlier one */
};

static struct zone_file files[NAMES_MAX];
static int nfiles;

static void read_zone_file(struct zone_file *file, const char *folder)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    FILE *f = fopen(path, "rb");
    if (!f) return;
    file->bytes = malloc(FILE_MAX);
    file->n = fread(file->bytes, 1, FILE_MAX, f);
    fclose(f);
}

static void list_zones(void)
{
    char line[512];
    FILE *f = fopen(FOLDER "/tzdata.zi", "r");
    cr_assert(f != NULL, FOLDER "/tzdata.zi is not there: install tzdata");
    while (fgets(line, sizeof line, f)) {
        struct zone_file *file = &files[nfiles];
        if (sscanf(line, "Z %63s", file->name) != 1 && sscanf(line, "L %*s %63s", file->name) != 1) continue;
        read_zone_file(file, FOLDER);
        for (int i = 0; i < nfiles && file->bytes && !file->twin; i++)
            file->twin = files[i].n == file->n && memcmp(files[i].bytes, file->bytes, file->n) == 0;
        if (file->bytes) nfiles++;
        cr_assert(nfiles < NAMES_MAX);
    }
    fclose(f);
    cr_assert(nfiles > 300, "only %d zones are there", nfiles);
}

static itsm_zone *decode(const struct zone_file *file)
{
    itsm_zone *zone = NULL;
    itsm_ctx *ctx = NULL;
    itsm_bytes bytes = {file->bytes, file->n};
    cr_assert(itsm_ctx_new(&ctx, NULL) == ITSM_OK);
    itsm_status status = itsm_zone_decode(&zone, ctx, bytes, itsm_str_c(file->name));
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    cr_assert(status == ITSM_OK, "%s: %d %.*s", file->name, status, issue ? (int)issue->message.n : 0,
              issue ? issue->message.p : "");
    itsm_ctx_free(ctx);
    return zone;
}

static void release_zones(void)
{
    for (int i = 0; i < nfiles; i++) free(files[i].bytes);
    nfiles = 0;
}

/* Against zdump --------------------------------------------------------------------------------------------------- */

/* One line of zdump -v. */
struct dumped {
    itsm_time t;
    int64_t wall;
    int dst, offset;
    char abbreviation[32];
};

static int64_t microseconds(const char *month, int day, int hour, int minute, int second, int year)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    itsm_civil civil = {year, (int32_t)((strstr(months, month) - months) / 3 + 1), day, hour, minute, second, 0};
    int64_t wall = 0;
    cr_assert(itsm_local_from_civil(&wall, &civil) == ITSM_OK);
    return wall;
}

static int read_dumped(struct dumped *out, FILE *pipe)
{
    char line[512], m1[8], m2[8];
    int d1, H1, M1, S1, y1, d2, H2, M2, S2, y2;
    while (fgets(line, sizeof line, pipe)) {
        if (strstr(line, "= NULL")) continue;
        int n = sscanf(line, "%*s %*s %3s %d %d:%d:%d %d UT = %*s %3s %d %d:%d:%d %d %31s isdst=%d gmtoff=%d", m1, &d1,
                       &H1, &M1, &S1, &y1, m2, &d2, &H2, &M2, &S2, &y2, out->abbreviation, &out->dst, &out->offset);
        cr_assert(n == 15, "cannot read what zdump says: %s", line);
        out->t = microseconds(m1, d1, H1, M1, S1, y1), out->wall = microseconds(m2, d2, H2, M2, S2, y2);
        return 1;
    }
    return 0;
}

static FILE *start_zdump(const char *name, const char *years)
{
    char command[160];
    snprintf(command, sizeof command, "zdump -v -c %s %s", years, name);
    FILE *pipe = popen(command, "r");
    cr_assert(pipe != NULL);
    return pipe;
}

static void compare_line(const itsm_zone *zone, const char *name, const struct dumped *line)
{
    char text[ITSM_TIME_MAX];
    itsm_local local;
    int32_t offset;
    itsm_resolved back;
    cr_assert(itsm_zone_local(&local, zone, line->t) == ITSM_OK && itsm_zone_offset(&offset, zone, line->t) == ITSM_OK);
    cr_assert(local.wall == line->wall && local.offset == line->offset && local.dst == line->dst &&
                  offset == line->offset && itsm_str_is(local.abbreviation, line->abbreviation),
              "%s at %s: %d %d %.*s, zdump says %d %d %s", name, itsm_time_text(text, line->t), local.offset, local.dst,
              ITSM_ARG(local.abbreviation), line->offset, line->dst, line->abbreviation);
    cr_assert(itsm_zone_instant(&back, zone, line->wall) == ITSM_OK);
    cr_assert(back.kind != ITSM_LOCAL_SKIPPED && (back.first == line->t || back.second == line->t),
              "%s at %s: does not come back", name, itsm_time_text(text, line->t));
}

/* The way back, by trying every offset in use within two days. */
static void compare_with_search(const itsm_zone *zone, const char *name, int64_t wall)
{
    int32_t offset[OFFSETS_MAX], at;
    int n = 0;
    itsm_time t = wall - ITSM_DAYS(2), found[2] = {0, 0}, before = 0, after = 0, change = 0;
    for (itsm_status status = ITSM_OK; status == ITSM_OK && t <= wall + ITSM_DAYS(2) && n < OFFSETS_MAX; n++) {
        cr_assert(itsm_zone_offset(&offset[n], zone, t) == ITSM_OK);
        status = itsm_zone_next_transition(&t, zone, t);
        if (status == ITSM_OK && !change) {
            cr_assert(itsm_zone_offset(&at, zone, t) == ITSM_OK);
            if (t + ITSM_SECONDS(offset[n]) <= wall && wall < t + ITSM_SECONDS(at))
                before = wall - ITSM_SECONDS(offset[n]), after = wall - ITSM_SECONDS(at), change = t;
        }
    }
    cr_assert(n < OFFSETS_MAX);
    int shown = 0;
    for (int i = 0; i < n; i++) {
        itsm_time candidate = wall - ITSM_SECONDS(offset[i]);
        cr_assert(itsm_zone_offset(&at, zone, candidate) == ITSM_OK);
        if (at != offset[i] || (shown && (found[0] == candidate || found[1] == candidate))) continue;
        if (!shown++) found[0] = found[1] = candidate;
        else if (candidate < found[0]) found[0] = candidate;
        else if (candidate > found[1]) found[1] = candidate;
    }
    int32_t kind = shown == 0 ? ITSM_LOCAL_SKIPPED : shown == 1 ? ITSM_LOCAL_UNIQUE : ITSM_LOCAL_REPEATED;
    if (!shown) found[0] = before, found[1] = after;
    itsm_resolved got;
    cr_assert(itsm_zone_instant(&got, zone, wall) == ITSM_OK);
    cr_assert(got.kind == kind && got.first == found[0] && got.second == found[1],
              "%s, wall clock %lld: %d %lld %lld, by search %d %lld %lld", name, (long long)wall, got.kind,
              (long long)got.first, (long long)got.second, kind, (long long)found[0], (long long)found[1]);
}

/* Wall clocks at the edges of a change, and some at random around it. */
static void search_around(const itsm_zone *zone, const char *name, const struct dumped *before,
                          const struct dumped *after)
{
    int64_t edge[2] = {after->t + ITSM_SECONDS(before->offset), after->t + ITSM_SECONDS(after->offset)};
    for (int i = 0; i < 2; i++)
        for (int64_t d = -1; d <= 1; d++)
            compare_with_search(zone, name, edge[i] + d), compare_with_search(zone, name, edge[i] + ITSM_SECONDS(d));
    for (int i = 0; i < 4; i++)
        compare_with_search(zone, name, after->t + random_between(-ITSM_HOURS(30), ITSM_HOURS(30)));
}

static long compare_with_zdump(const itsm_zone *zone, const char *name, FILE *pipe, int32_t first_year,
                               int32_t end_year)
{
    struct dumped before, after;
    long changes = 0, known = 0;
    int64_t first = 0, end = 0;
    itsm_time t;
    while (read_dumped(&before, pipe)) {
        cr_assert(read_dumped(&after, pipe) && after.t == before.t + ITSM_SECONDS(1), "%s: not a pair", name);
        compare_line(zone, name, &before), compare_line(zone, name, &after);
        cr_assert(itsm_zone_next_transition(&t, zone, before.t) == ITSM_OK && t == after.t, "%s: change not known",
                  name);
        search_around(zone, name, &before, &after);
        changes++;
    }
    cr_assert(pclose(pipe) == 0, "zdump failed for %s: it is part of Debian's libc-bin", name);
    cr_assert(itsm_date_from_civil(&first, first_year, 1, 1) == ITSM_OK);
    cr_assert(itsm_date_from_civil(&end, end_year, 1, 1) == ITSM_OK);
    for (t = ITSM_DAYS(first) - 1; itsm_zone_next_transition(&t, zone, t) == ITSM_OK && t < ITSM_DAYS(end);) known++;
    cr_assert(known == changes, "%s: %ld changes, zdump knows %ld", name, known, changes);
    return changes;
}

/* Is this zone among those compared with zdump? */
static int is_chosen(int i)
{
    return i % 20 == 0 || !getenv("ITSM_CASES") || getenv("ITSM_FULL");
}

Test(zone, every_zone_of_the_system_says_what_zdump_says, .timeout = 1800)
{
    cr_assert(system("command -v zdump > /dev/null") == 0, "zdump is not there: it is part of Debian's libc-bin");
    list_zones();
    long changes = 0, far = 0;
    int distinct = 0;
    for (int i = 0; i < nfiles; i++) {
        if (files[i].twin || !is_chosen(i)) continue;
        FILE *near_future = start_zdump(files[i].name, "1900,2500"); /* the two run side by side */
        FILE *far_future = start_zdump(files[i].name, "9990,9999");
        itsm_zone *zone = decode(&files[i]);
        far += compare_with_zdump(zone, files[i].name, far_future, 9990, 9999);
        changes += compare_with_zdump(zone, files[i].name, near_future, 1900, 2500);
        itsm_zone_free(zone);
        distinct++;
    }
    printf("zdump: %d zones of %d, %ld changes from 1900 to 2500 and %ld from 9990 to 9999, no difference\n", distinct,
           nfiles, changes, far);
    release_zones();
    cr_assert(changes > distinct * 200L && far > distinct * 2L);
}

/* Against itself -------------------------------------------------------------------------------------------------- */

Test(zone, the_way_back_is_the_inverse_of_the_way_out, .timeout = 600)
{
    list_zones();
    printf("seed %llu\n", (unsigned long long)seed);
    long instants = 0, repeated = 0;
    for (int i = 0; i < nfiles; i++) {
        if (files[i].twin) continue;
        itsm_zone *zone = decode(&files[i]);
        for (int k = 0; k < 2000; k++) {
            int64_t reach = k % 4 == 0 ? ITSM_DAYS(3000000) : ITSM_DAYS(50000); /* 8,000 or 137 years either way */
            itsm_time t = random_between(-reach, reach);
            itsm_local local;
            itsm_resolved back;
            cr_assert(itsm_zone_local(&local, zone, t) == ITSM_OK);
            cr_assert(itsm_zone_instant(&back, zone, local.wall) == ITSM_OK);
            cr_assert(local.wall == t + ITSM_SECONDS(local.offset));
            cr_assert(back.kind == ITSM_LOCAL_UNIQUE
                          ? back.first == t && back.second == t
                          : back.kind == ITSM_LOCAL_REPEATED && (back.first == t || back.second == t),
                      "%s: %lld does not come back", files[i].name, (long long)t);
            instants++, repeated += back.kind == ITSM_LOCAL_REPEATED;
            if (k % 8 == 0) compare_with_search(zone, files[i].name, local.wall);
        }
        itsm_zone_free(zone);
    }
    printf("inverse: %ld random instants, %ld of them in repeated hours\n", instants, repeated);
    release_zones();
}

/* Dates that a move of the date line skipped or repeated ---------------------------------------------------------- */

static const struct {
    const char *zone, *noon; /* on the wall */
    int32_t kind;
} moved[] = {
    {"Pacific/Apia", "1892-07-04T12:00", ITSM_LOCAL_REPEATED},
    {"Pacific/Apia", "2011-12-29T12:00", ITSM_LOCAL_UNIQUE},
    {"Pacific/Apia", "2011-12-30T12:00", ITSM_LOCAL_SKIPPED},
    {"Pacific/Apia", "2011-12-31T12:00", ITSM_LOCAL_UNIQUE},
    {"Pacific/Fakaofo", "2011-12-30T12:00", ITSM_LOCAL_SKIPPED},
    {"Pacific/Kwajalein", "1969-09-30T12:00", ITSM_LOCAL_REPEATED},
    {"Pacific/Kwajalein", "1993-08-21T12:00", ITSM_LOCAL_SKIPPED},
    {"Pacific/Kwajalein", "1993-08-22T12:00", ITSM_LOCAL_UNIQUE},
    {"Pacific/Kiritimati", "1994-12-31T12:00", ITSM_LOCAL_SKIPPED},
    {"Pacific/Enderbury", "1994-12-31T12:00", ITSM_LOCAL_SKIPPED},
    {"Asia/Manila", "1844-12-31T12:00", ITSM_LOCAL_SKIPPED},
    {"Pacific/Guam", "1844-12-31T12:00", ITSM_LOCAL_SKIPPED},
    {"America/Juneau", "1867-10-18T20:00", ITSM_LOCAL_REPEATED},
    {"America/Sitka", "1867-10-18T20:00", ITSM_LOCAL_REPEATED},
    {"America/Metlakatla", "1867-10-18T20:00", ITSM_LOCAL_REPEATED},
};

Test(zone, a_move_of_the_date_line_skips_or_repeats_a_date)
{
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++) {
        struct zone_file file;
        int64_t wall;
        itsm_resolved r;
        memset(&file, 0, sizeof file);
        snprintf(file.name, sizeof file.name, "%s", moved[i].zone);
        read_zone_file(&file, FOLDER);
        cr_assert(file.bytes, "%s is not there", file.name);
        itsm_zone *zone = decode(&file);
        cr_assert(itsm_local_decode(&wall, itsm_str_c(moved[i].noon)) == ITSM_OK);
        cr_assert(itsm_zone_instant(&r, zone, wall) == ITSM_OK);
        cr_assert(r.kind == moved[i].kind, "%s %s: %d", moved[i].zone, moved[i].noon, r.kind);
        itsm_span apart = r.second > r.first ? r.second - r.first : r.first - r.second;
        cr_assert(apart == (r.kind == ITSM_LOCAL_UNIQUE ? 0 : ITSM_DAYS(1)) || r.kind == ITSM_LOCAL_REPEATED ||
                      itsm_str_is(itsm_str_c(moved[i].noon), "1969-09-30T12:00"),
                  "%s %s", moved[i].zone, moved[i].noon);
        compare_with_search(zone, moved[i].zone, wall);
        itsm_zone_free(zone), free(file.bytes);
    }
}

/* Files in other forms -------------------------------------------------------------------------------------------- */

Test(zone, files_that_count_leap_seconds_are_refused_at_the_count)
{
    int refused = 0;
    list_zones();
    for (int i = 0; i < nfiles; i++) {
        struct zone_file file = files[i];
        itsm_zone *zone = NULL;
        itsm_ctx *ctx = NULL;
        file.bytes = NULL;
        read_zone_file(&file, FOLDER "/right");
        if (!file.bytes) continue;
        itsm_bytes bytes = {file.bytes, file.n};
        cr_assert(itsm_ctx_new(&ctx, NULL) == ITSM_OK);
        cr_assert_eq(itsm_zone_decode(&zone, ctx, bytes, itsm_str_c(file.name)), ITSM_E_UNSUPPORTED, "%s", file.name);
        const uint64_t position = itsm_ctx_issue(ctx, 0)->position;
        cr_assert(position >= 44 + 28 && position + 16 <= file.n && memcmp(file.bytes + position - 28, "TZif", 4) == 0,
                  "%s: byte %llu", file.name, (unsigned long long)position);
        itsm_ctx_free(ctx), free(file.bytes);
        refused++;
    }
    release_zones();
    if (refused) printf("leap seconds: %d zones refused\n", refused);
    else printf("leap seconds: " FOLDER "/right is not there, nothing was compared\n");
}

/*
 * Some versions of zic write America/Ojinaga in short form with a footer that contradicts its last change.
 * RFC 9636 3.3 forbids that, and it is refused here: such a file says two things of the days around the change.
 */
static int contradicts_itself(const struct zone_file *file)
{
    itsm_zone *zone = NULL;
    itsm_ctx *ctx = NULL;
    itsm_bytes bytes = {file->bytes, file->n};
    cr_assert(itsm_ctx_new(&ctx, NULL) == ITSM_OK);
    itsm_status status = itsm_zone_decode(&zone, ctx, bytes, itsm_str_c(file->name));
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    int found = status == ITSM_E_SYNTAX && strcmp(file->name, "America/Ojinaga") == 0 && issue->position < file->n &&
                file->bytes[issue->position - 1] == '\n';
    itsm_zone_free(zone), itsm_ctx_free(ctx);
    return found;
}

Test(zone, files_in_short_form_say_what_zdump_says_of_them, .timeout = 600)
{
    char folder[] = "/tmp/itsm-zones-XXXXXX", command[160], path[128];
    if (system("PATH=$PATH:/usr/sbin command -v zic > /dev/null") != 0) {
        printf("short form: zic is not there, nothing was compared\n");
        return;
    }
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(command, sizeof command, "PATH=$PATH:/usr/sbin zic -b slim -d %s " FOLDER "/tzdata.zi", folder);
    cr_assert(system(command) == 0, "%s", command);
    list_zones();
    long changes = 0, bytes = 0;
    int compared = 0, refused = 0;
    for (int i = 0; i < nfiles; i++) {
        struct zone_file file = files[i];
        if (file.twin || !is_chosen(i)) continue;
        file.bytes = NULL;
        read_zone_file(&file, folder);
        cr_assert(file.bytes, "zic has not written %s", file.name);
        if (contradicts_itself(&file)) {
            refused++;
        } else {
            snprintf(path, sizeof path, "%s/%s", folder, file.name);
            itsm_zone *zone = decode(&file);
            changes += compare_with_zdump(zone, file.name, start_zdump(path, "1990,2130"), 1990, 2130);
            itsm_zone_free(zone), bytes += (long)file.n, compared++;
        }
        free(file.bytes);
    }
    printf("short form: %d zones in %ld bytes, %ld changes from 1990 to 2130, no difference; %d refused\n", compared,
           bytes, changes, refused);
    release_zones();
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert(system(command) == 0 && refused <= 1 && changes > compared * 50L);
}
