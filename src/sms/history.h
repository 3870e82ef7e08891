/* SPDX-License-Identifier: MIT */
/*
 * History rows: what one operation changed on one record.  Content is canonical bytes; the row's body is a salt
 * followed by the content, and SHA-256 over both is the commitment the audit entry carries.  Personal values stand
 * behind the content, each with a salt and a commitment of its own, so that one can be shown, or be gone, without the
 * rest.  The salt of the row also hides the rows that the entry commits to.  Purging deletes the row and leaves the
 * entry verifiable.
 *
 *   body    = salt (16 bytes) , content , { personal }
 *   content = version (1; 2: personal values follow) , action , revision before , type , id.hi , id.lo , txid.hi , txid.lo , effective , recorded ,
 *             who , event , count , { field number , value before } , count , { undecided , move , rule , clause }
 *   personal = field number , salt (16 bytes) , value before                    ascending numbers
 *
 * Numbers are varints, times zigzag varints, texts have their length before them, values are as in a record's body.
 */
#ifndef ITSM_SRC_SMS_HISTORY_H
#define ITSM_SRC_SMS_HISTORY_H

#include <itsm/sms.h>

#include "base/memory.h"

#define ITSM__SALT_SIZE 16

/* A personal value before. */
typedef struct itsm__personal {
    uint16_t number;
    unsigned char salt[ITSM__SALT_SIZE];
    itsm_value value;
    uint8_t commitment[32]; /* to the value as bytes: given by encoding */
    itsm_bytes bytes;       /* given by decoding */
} itsm__personal;

typedef struct itsm__history_content {
    itsm_history entry; /* decoded, its values before are all of them; to be encoded, those that are not personal */
    itsm_ref ref;
    itsm_id txid;
    itsm__personal *personal;
    size_t npersonal;
    size_t committed; /* bytes of the content: given by encoding and by decoding */
} itsm__history_content;

/* Append the content and the personal values. */
itsm_status itsm__history_encode(itsm_buf *out, itsm__history_content *content);

/* Read a body.  Texts are borrowed from it, arrays come from the arena. */
itsm_status itsm__history_decode(itsm__history_content *out, itsm__arena *arena, itsm_bytes body);

/*
 * Identity of the history row of a record at the revision before: 96 bits of a digest of the record's identity, and the
 * revision.  So the rows of one record stand side by side, oldest first, and need no index of their own.
 */
itsm_id itsm__history_id(itsm_ref ref, uint64_t revision);
#define ITSM__HISTORY_REVISIONS UINT64_C(0xFFFFFFFF) /* the highest revision with a history */

/* The range of a record's history rows; it borrows from the ends. */
typedef struct itsm__history_ends {
    itsm_value from, to;
    unsigned char bytes[32];
} itsm__history_ends;
void itsm__history_range(itsm_range *range, itsm__history_ends *ends, itsm_ref ref);

/* The same 16 bytes for the same parts: identities of rows that are named by what they are about. */
itsm_id itsm__derived_id(const char *purpose, itsm_bytes content);

#endif
