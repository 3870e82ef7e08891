/* SPDX-License-Identifier: MIT */
/* What the backends of this folder may know of a store. */
#ifndef ITSM_SRC_STORE_STORE_H
#define ITSM_SRC_STORE_STORE_H

#include <itsm/store.h>

/* The backend behind a store, if its close method is this one, else NULL. */
void *itsm__store_backend(const itsm_store *store, void (*close)(void *self));

#endif
