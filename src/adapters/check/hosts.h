/* SPDX-License-Identifier: MIT */
/*
 * The backends the program knows: how a store of each is made at a place, opened again, killed and taken away.
 */
#ifndef ITSM_SRC_ADAPTERS_CHECK_HOSTS_H
#define ITSM_SRC_ADAPTERS_CHECK_HOSTS_H

#include <itsm/check.h>

enum { PLACE_FILES = 24, PLACE_NAME = 1024 };

typedef struct backend backend;

/* A place: its files, by names that are appended to the location, and their content at a kill. */
typedef struct place {
    const backend *backend;
    itsm_ctx *ctx;
    itsm_str location;
    uint64_t made; /* stores so far */
} place;

struct backend {
    const char *name;
    const char *location; /* what its location is, for help; NULL: it has none */
    itsm_status (*open)(place *p, itsm_store **out, itsm_ctx *ctx);
    itsm_status (*clear)(place *p); /* take away what is kept there */
    const char *files[PLACE_FILES]; /* that hold what is kept; a kill puts them back as they were before the close */
};

extern const backend *const itsm__check_backends[];
extern const size_t itsm__check_backend_count;

/* The kit's view of a place. */
void itsm__check_host(itsm_check_host *out, place *p);

#endif
