/* SPDX-License-Identifier: MIT */
/*
 * The zones built into the library: the form of the table that embed_zones.cmake writes.
 */
#ifndef ITSM_SRC_TIME_EMBEDDED_H
#define ITSM_SRC_TIME_EMBEDDED_H

#include <itsm/base.h>

/* A name and where its bytes are; zones that are the same have the same bytes. */
typedef struct itsm__embedded_zone {
    uint32_t name; /* in the names, NUL-terminated */
    uint32_t at;   /* in the bytes */
    uint32_t n;    /* how many */
} itsm__embedded_zone;

/* All of them, in byte order of their names. */
typedef struct itsm__embedded_table {
    const itsm__embedded_zone *zones;
    uint32_t count;
    const char *names;
    const unsigned char *bytes;
    const char *version; /* of the tz database; "" if it is not known */
} itsm__embedded_table;

extern const itsm__embedded_table itsm__embedded;

#endif
