/* SPDX-License-Identifier: MIT */
/*
 * One pass over the rows of type ITSM_THIS: the rows that the includer has defined a meaning for expand to it, all
 * others to nothing.  Forgets all meanings afterwards.  Included many times on purpose.
 */
#ifndef ITSM_TYPE
#define ITSM_TYPE(...)
#endif
#ifndef ITSM_CLAUSES
#define ITSM_CLAUSES(...)
#endif
#ifndef ITSM_KPIS
#define ITSM_KPIS(...)
#endif
#ifndef ITSM_HEADER
#define ITSM_HEADER(...)
#endif
#ifndef ITSM_FIELD
#define ITSM_FIELD(...)
#endif
#ifndef ITSM_LINK
#define ITSM_LINK(...)
#endif
#ifndef ITSM_FIELD_LINK
#define ITSM_FIELD_LINK(...)
#endif
#ifndef ITSM_SUBJECT_LINK
#define ITSM_SUBJECT_LINK(...)
#endif
#ifndef ITSM_INDEX
#define ITSM_INDEX(...)
#endif
#ifndef ITSM_FACET
#define ITSM_FACET(...)
#endif
#ifndef ITSM_STATE
#define ITSM_STATE(...)
#endif
#ifndef ITSM_MOVE
#define ITSM_MOVE(...)
#endif
#ifndef ITSM_GUARD
#define ITSM_GUARD(...)
#endif
#ifndef ITSM_EFFECT
#define ITSM_EFFECT(...)
#endif
#ifndef ITSM_CLOCK
#define ITSM_CLOCK(...)
#endif

#define ROWS_FILE_(type) ROWS_FILE_TEXT_(model/types/type.def)
#define ROWS_FILE_TEXT_(path) #path
#include ROWS_FILE_(ITSM_THIS)

#undef ROWS_FILE_
#undef ROWS_FILE_TEXT_
#undef ITSM_TYPE
#undef ITSM_CLAUSES
#undef ITSM_KPIS
#undef ITSM_HEADER
#undef ITSM_FIELD
#undef ITSM_LINK
#undef ITSM_FIELD_LINK
#undef ITSM_SUBJECT_LINK
#undef ITSM_INDEX
#undef ITSM_FACET
#undef ITSM_STATE
#undef ITSM_MOVE
#undef ITSM_GUARD
#undef ITSM_EFFECT
#undef ITSM_CLOCK
