/* SPDX-License-Identifier: MIT */
/* The help desk that was there before: it knows its table, and nothing of libitsm. */
#ifndef ITSM_EXAMPLES_OLD_APPLICATION_H
#define ITSM_EXAMPLES_OLD_APPLICATION_H

void old_install(const char *database);                /* its table, and three tickets */
void old_do(const char *database, const char *sql);    /* what its screens do */
void old_list(const char *database, const char *when); /* what its screens show */

#endif
