/* SPDX-License-Identifier: MIT */
/* Directories of stores that tests leave: remove one with everything in it. */
#ifndef ITSM_TESTS_SCRATCH_H
#define ITSM_TESTS_SCRATCH_H

#include <itsm/os.h>

#include <stdio.h>
#include <unistd.h>

enum { SCRATCH_NAMES = 64, SCRATCH_PATH = 512 };

struct scratch_names {
    char name[SCRATCH_NAMES][64];
    size_t n;
};

static inline itsm_status scratch_see(void *user, const char *name)
{
    struct scratch_names *names = (struct scratch_names *)user;
    if (names->n == SCRATCH_NAMES) return ITSM_DONE;
    snprintf(names->name[names->n++], sizeof names->name[0], "%s", name);
    return ITSM_OK;
}

static inline void remove_store(const char *path)
{
    const itsm_io *io = itsm_os_io();
    struct scratch_names names;
    char room[SCRATCH_PATH];
    do {
        names.n = 0;
        (void)!io->list(io->self, path, scratch_see, &names, NULL);
        for (size_t i = 0; i < names.n; i++) {
            snprintf(room, sizeof room, "%s/%s", path, names.name[i]);
            (void)unlink(room);
        }
    } while (names.n == SCRATCH_NAMES);
    (void)rmdir(path);
}

#endif
