/* SPDX-License-Identifier: MIT */
/*
 * Writing HTML and SVG that is well-formed XML whatever the texts in it hold.
 *
 * The writer keeps the first failure and does nothing after it, so that a drawing is written straight on and asked once
 * at the end.  Coordinates are tenths of a pixel in int64_t: no floating point, the same bytes on every machine.
 */
#ifndef ITSM_SRC_RENDER_MARKUP_H
#define ITSM_SRC_RENDER_MARKUP_H

#include <itsm/time.h>

typedef struct itsm__markup {
    itsm_buf *out;
    const itsm_zone *zone; /* of %T */
    itsm_status status;    /* the first failure */
    int ids;               /* how many were handed out */
} itsm__markup;

/*
 * Write by format.  The arguments' types must be exactly these:
 *
 *   %s  const char *   as it stands: markup of our own
 *   %e  itsm_str       escaped, cut at 400 bytes, bytes that are no UTF-8 replaced
 *   %d  int            decimal
 *   %i  int64_t        decimal, in groups of three
 *   %n  uint64_t       the same
 *   %t  int64_t        tenths of a pixel
 *   %p  uint64_t part, uint64_t whole   percent with one digit, or a dash if the whole is 0
 *   %D  itsm_span      elapsed time, as people say it
 *   %W  itsm_span      working time, in hours and minutes: a day of work is no 24 hours
 *   %H  itsm_span      exact, as h:mm or h:mm:ss, for columns that are summed
 *   %T  itsm_time      local date and time, to the minute
 *   %Y  int64_t        date of a day counted from 1970-01-01
 *   %%                 %
 */
void itsm__put(itsm__markup *m, const char *format, ...);

/* Scale v from [from, from + length] to [0, extent], clamped; length > 0, extent below 2^20. */
int64_t itsm__scale(int64_t v, int64_t from, int64_t length, int64_t extent);

/* The least of 1, 2, 5, 10, ... that divides [0, max] into at most `steps` parts. */
uint64_t itsm__nice_step(uint64_t max, uint64_t steps);

/* Names of months (1 to 12) and weekdays (0 is Monday), three letters. */
const char *itsm__month_name(int month);
const char *itsm__weekday_name(int weekday);

#endif
