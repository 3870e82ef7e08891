/* SPDX-License-Identifier: MIT */
/*
 * Keys of indexes: bytes whose memcmp order is the order of the values.  A key is a row of parts, appended one by one;
 * a key that is the beginning of another comes first.  Each part opens with a byte for its class, so that parts cannot
 * be mistaken for each other and an absent value comes before any other:
 *
 *   absent  01
 *   number  02 , 8 bytes big-endian with the sign flipped            int, bool, time, date, span
 *   decimal 03 , whole part as a number's 8 bytes , 8 bytes of the fraction in 10^-18     0.50 and 0.5 are the same key
 *   text    04 , bytes with 00 written as 00 FF , 00 00              text, enum, party, map, blob: compared bytewise
 *   bytes   05 , as text
 *   ref     06 , type (4 bytes) , id (16 bytes), big-endian
 *   list    07 , parts of the items , 00
 *   unsigned 08 , 8 bytes big-endian           revisions, places
 *
 * Since no part begins with 00 or FF, `lo` of a prefix is the prefix itself and `hi` the prefix with FF behind it.
 */
#ifndef ITSM_SRC_RECORD_KEY_H
#define ITSM_SRC_RECORD_KEY_H

#include <itsm/sys/store_backend.h>

/* Append a part.  ITSM_OK, ITSM_E_NOMEM (the key is as it was); a value of no known kind: ITSM_E_UNSUPPORTED. */
itsm_status itsm__key_absent(itsm_buf *key);
itsm_status itsm__key_number(itsm_buf *key, int64_t i);
itsm_status itsm__key_text(itsm_buf *key, itsm_str s);
itsm_status itsm__key_bytes(itsm_buf *key, itsm_bytes b);
itsm_status itsm__key_ref(itsm_buf *key, itsm_ref ref);
itsm_status itsm__key_value(itsm_buf *key, const itsm_value *value);

/* Append a part for a revision or another number up to 2^64 - 1; ordered among themselves. */
itsm_status itsm__key_unsigned(itsm_buf *key, uint64_t u);

/* Append the end of the range of all keys that begin with `prefix`, which is its start. */
itsm_status itsm__key_end(itsm_buf *hi, itsm_bytes prefix);

/*
 * Read parts back, advancing `rest`.  ITSM_E_CORRUPT when the next part is of another class or cut; `rest` then as it
 * was.  ITSM_NOTHING from itsm__key_read_number for an absent one.
 */
itsm_status itsm__key_read_number(int64_t *out, itsm_bytes *rest);
itsm_status itsm__key_read_unsigned(uint64_t *out, itsm_bytes *rest);
itsm_status itsm__key_read_ref(itsm_ref *out, itsm_bytes *rest);
itsm_status itsm__key_read_text(itsm_buf *out, itsm_bytes *rest); /* appended */

#endif
