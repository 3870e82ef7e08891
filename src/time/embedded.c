/* SPDX-License-Identifier: MIT */
/*
 * The zone source of the zones that are built into the library.
 *
 * The table is written at build time by embed_zones.cmake from the files of the building machine; without the option
 * ITSM_EMBED_ZONES there is none, and no source.  To save space a file of version 2 or later is kept from its second
 * header on: what comes before is a block of 32-bit times that nobody may use, and an empty one is put in its place
 * when the zone is loaded.  Finding a name is a binary search; nothing is opened, and nothing allocated but the
 * caller's buffer.
 */
#include "time/embedded.h"

#include <itsm/time.h>

#ifdef ITSM__EMBED_ZONES

enum { HEADER_SIZE = 44, FIRST_SIZE = HEADER_SIZE + 7, VERSION = 4, TYPES = 36 + 3, CHARS = 40 + 3 };

/* Below, at or above 0 as a comes before, with or after b. */
static int compare(itsm_str a, itsm_str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static const itsm__embedded_zone *find(itsm_str name)
{
    uint32_t low = 0, high = name.n ? itsm__embedded.count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const itsm__embedded_zone *zone = &itsm__embedded.zones[middle];
        int order = compare(itsm_str_c(itsm__embedded.names + zone->name), name);
        if (order == 0) return zone;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

/* The first header and block of a file, with one type and one abbreviation, which is empty: there must be one. */
static itsm_status add_first(itsm_buf *out, unsigned char version)
{
    unsigned char first[FIRST_SIZE] = {'T', 'Z', 'i', 'f'};
    first[VERSION] = version, first[TYPES] = 1, first[CHARS] = 1;
    return itsm_buf_add(out, first, sizeof first);
}

static itsm_status load(void *self, struct itsm_buf *out, itsm_str name)
{
    (void)self;
    const itsm__embedded_zone *zone = find(name);
    if (!zone) return ITSM_E_NOT_FOUND;
    const unsigned char *bytes = itsm__embedded.bytes + zone->at;
    size_t before = out->n;
    itsm_status status = bytes[VERSION] ? add_first(out, bytes[VERSION]) : ITSM_OK;
    if (!status) status = itsm_buf_add(out, bytes, zone->n);
    if (status) out->n = before;
    return status;
}

static itsm_status version(void *self, struct itsm_buf *out, itsm_str name)
{
    (void)self;
    if (!find(name) || !itsm__embedded.version[0]) return ITSM_E_NOT_FOUND;
    return itsm_buf_add(out, itsm__embedded.version, strlen(itsm__embedded.version));
}

const itsm_zone_source *itsm_zones_embedded(void)
{
    static const itsm_zone_source source = {sizeof source, load, NULL, version};
    return &source;
}

#else

const itsm_zone_source *itsm_zones_embedded(void)
{
    return NULL;
}

#endif
