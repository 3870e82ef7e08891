/* SPDX-License-Identifier: MIT */
/*
 * The zones built into the library: all are there without a file being opened, and they are the system's.
 *
 * The program may open no file while it loads them: its limit of open files is 0.
 */
#include <itsm/time.h>

#include "../../src/time/embedded.h"
#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>
#include <sys/resource.h>

enum { NAMES_MIN = 400, BYTES_MAX = 400000 };

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;

static void begin(void)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    options.alloc = counting_alloc, options.alloc_user = &counting, options.zones = itsm_zones_embedded();
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_OK);
}

static void end(void)
{
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(embedded_zones, .init = begin, .fini = end, .timeout = 120);

static const char *name_of(uint32_t i)
{
    return itsm__embedded.names + itsm__embedded.zones[i].name;
}

static itsm_zone *load(const char *name)
{
    itsm_zone *zone;
    cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_c(name)), ITSM_OK, "%s", name);
    return zone;
}

Test(embedded_zones, every_zone_loads_without_a_file_being_opened)
{
    struct rlimit usual, none;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = usual, none.rlim_cur = 0;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    cr_assert_null(fopen("/dev/null", "rb"), "files can be opened: this would prove nothing");
    for (uint32_t i = 0; i < itsm__embedded.count; i++) {
        itsm_zone *zone = load(name_of(i));
        assert_text(itsm_zone_name(zone), name_of(i));
        int made = strcmp(name_of(i), "UTC") == 0 || strcmp(name_of(i), "Etc/UTC") == 0; /* without the source */
        assert_text(itsm_zone_version(zone), made ? "" : itsm__embedded.version);
        itsm_zone_free(zone);
    }
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    size_t bytes = 0;
    for (uint32_t i = 0; i < itsm__embedded.count; i++) {
        const itsm__embedded_zone *zone = &itsm__embedded.zones[i];
        if (zone->at + zone->n > bytes) bytes = zone->at + zone->n;
    }
    const itsm__embedded_zone *last = &itsm__embedded.zones[itsm__embedded.count - 1];
    bytes += last->name + strlen(name_of(itsm__embedded.count - 1)) + 1 + itsm__embedded.count * sizeof *last;
    printf("embedded: %u names of release %s in %zu bytes\n", itsm__embedded.count, itsm__embedded.version, bytes);
    cr_assert(itsm__embedded.count >= NAMES_MIN && bytes <= BYTES_MAX);
}

Test(embedded_zones, they_say_what_the_files_of_the_system_say)
{
    itsm_ctx *system = zones_ctx(counting_alloc, &counting);
    long changes = 0;
    for (uint32_t i = 0; i < itsm__embedded.count; i++) {
        itsm_zone *zone = load(name_of(i)), *file;
        cr_assert_eq(itsm_zone_load(&file, system, itsm_str_c(name_of(i))), ITSM_OK, "%s", name_of(i));
        itsm_time t = ITSM_TIME_NONE, other = ITSM_TIME_NONE;
        itsm_status more = itsm_zone_next_transition(&t, zone, t);
        cr_assert_eq(itsm_zone_next_transition(&other, file, other), more);
        for (; more == ITSM_OK && t < ITSM_DAYS(60000); changes++) {
            itsm_local a, b;
            cr_assert_eq(t, other, "%s", name_of(i));
            cr_assert(itsm_zone_local(&a, zone, t) == ITSM_OK && itsm_zone_local(&b, file, t) == ITSM_OK);
            cr_assert(a.offset == b.offset && a.dst == b.dst && itsm_str_eq(a.abbreviation, b.abbreviation));
            more = itsm_zone_next_transition(&t, zone, t);
            cr_assert_eq(itsm_zone_next_transition(&other, file, other), more);
        }
        itsm_zone_free(zone), itsm_zone_free(file);
    }
    printf("embedded: %ld changes until 2134, the same as in the files\n", changes);
    cr_assert(changes > 50000);
    itsm_ctx_free(system);
}

Test(embedded_zones, names_are_sorted_and_others_are_not_found)
{
    static const char *const others[] = {"Mars/Olympus", "Europe", "Europe/Berlin2", "Europe/Berli", "A", "zzz"};
    const itsm_zone_source *source = itsm_zones_embedded();
    itsm_buf buf = counting_buf(&counting);
    for (uint32_t i = 1; i < itsm__embedded.count; i++) cr_assert(strcmp(name_of(i - 1), name_of(i)) < 0);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cr_assert_eq(source->load(source->self, &buf, itsm_str_c(others[i])), ITSM_E_NOT_FOUND);
        cr_assert_eq(source->version(source->self, &buf, itsm_str_c(others[i])), ITSM_E_NOT_FOUND);
    }
    cr_assert_eq(source->load(source->self, &buf, itsm_str_n(NULL, 0)), ITSM_E_NOT_FOUND);
    cr_assert_eq(buf.n, 0);
    itsm_buf_clear(&buf);
}

Test(embedded_zones, without_memory_the_buffer_stays_as_it_was)
{
    const itsm_zone_source *source = itsm_zones_embedded();
    for (size_t n = 1;; n++) {
        itsm_buf buf = counting_buf(&counting);
        counting_fail(&counting, n);
        itsm_status status = source->load(source->self, &buf, ITSM_STR("Europe/Berlin"));
        int failed = counting_stop(&counting);
        cr_assert(failed ? status == ITSM_E_NOMEM && buf.n == 0 : status == ITSM_OK);
        itsm_buf_clear(&buf);
        if (!failed) break;
        cr_assert(n < 10);
    }
}
