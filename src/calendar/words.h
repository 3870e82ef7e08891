/* SPDX-License-Identifier: MIT */
/*
 * The words of a calendar's JSON that reading and writing share.
 */
#ifndef ITSM_SRC_CALENDAR_WORDS_H
#define ITSM_SRC_CALENDAR_WORDS_H

#include "calendar/calendar.h"

extern const char *const itsm__calendar_weekdays[7]; /* from Monday on */
extern const char *const itsm__calendar_observed[3]; /* from ITSM_OBSERVED_NEAREST on */
extern const char *const itsm__calendar_made[4];     /* ITSM__UNION, ... */

#endif
