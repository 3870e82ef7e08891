/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/base.h
 * What every other header builds on: status codes, texts, values, the context and the buffer.
 *
 * Four rules hold everywhere in libitsm.  A call that fails leaves its objects as they were.  What is returned is
 * borrowed from the object asked, unless it came through `**out`, which is yours and has a `_free`.  Nothing is
 * global: memory, random numbers and mutexes come from the context.  No call asks what time it is: `now` is always
 * a parameter.
 */
#ifndef ITSM_BASE_H
#define ITSM_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
#define ITSM_BEGIN_C extern "C" {
#define ITSM_END_C }
#else
#define ITSM_BEGIN_C
#define ITSM_END_C
#endif

#if defined(ITSM_STATIC)
#define ITSM_API
#elif defined(_WIN32)
#if defined(ITSM_BUILDING)
#define ITSM_API __declspec(dllexport)
#else
#define ITSM_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define ITSM_API __attribute__((visibility("default")))
#else
#define ITSM_API
#endif

#if defined(__GNUC__)
#define ITSM_MUST_USE __attribute__((warn_unused_result))
#else
#define ITSM_MUST_USE
#endif

ITSM_BEGIN_C

/* Status ---------------------------------------------------------------------------------------------------------- */

/**
 * What a call answers: 0 is success, a negative number a failure, a positive one news.
 *
 * An int, not an enum, so that a host's own codes pass through callbacks unchanged, in C++ too.
 */
typedef int itsm_status;

/** The status codes of the library.  Numbers are never reused. */
enum {
    ITSM_OK = 0,      /**< Done. */
    ITSM_DONE = 1,    /**< News: no more of them. */
    ITSM_NOTHING = 2, /**< News: there is none, or nothing was to be done. */

    ITSM_E_NOMEM = -1,        /**< The allocator gave no memory. */
    ITSM_E_MISUSE = -2,       /**< The call itself is wrong: a NULL, a bad size, a call out of order. */
    ITSM_E_UNSUPPORTED = -3,  /**< Not offered by this object, this store or this build. */
    ITSM_E_RANGE = -4,        /**< A number or an instant lies outside what can be represented. */
    ITSM_E_SYNTAX = -5,       /**< Text or bytes are not well formed; the issue has the position. */
    ITSM_E_INVALID = -6,      /**< Well formed, but against a rule; the issues say which. */
    ITSM_E_LIMIT = -7,        /**< Too long, too deep or too many for the stated limits. */
    ITSM_E_NOT_FOUND = -8,    /**< A name or a file that must exist does not. */
    ITSM_E_ORDER = -9,        /**< Earlier than what was already applied. */
    ITSM_E_NO_OPEN_TIME = -10,/**< The calendar has no open time there, and none to come. */
    ITSM_E_REFUSED = -11,     /**< A lifecycle refuses the act; every unmet rule is an issue. */
    ITSM_E_UNDECIDED = -12,   /**< The subject cannot answer what a guard asks. */
    ITSM_E_NO_RANDOM = -13,   /**< The context has no random source and the call needs one. */

    ITSM_E_CONFLICT = -20, /**< An expected revision does not hold: read again, decide again. */
    ITSM_E_UNIQUE = -21,   /**< A unique index key is taken. */
    ITSM_E_RETRY = -22,    /**< The same batch may be sent again. */
    ITSM_E_BUSY = -23,     /**< The timeout passed while waiting, or another process holds the lock. */
    ITSM_E_UNKNOWN = -24,  /**< The answer to a commit was lost: send the same batch again. */
    ITSM_E_IO = -25,       /**< Input or output failed; a store refuses writes until it is opened again. */
    ITSM_E_FULL = -26,     /**< No space left: writes stop, reads go on. */
    ITSM_E_CORRUPT = -27,  /**< Stored bytes are damaged. */
    ITSM_E_READONLY = -28, /**< Writing is not possible here. */
    ITSM_E_VERSION = -29,  /**< A newer format or contract than this code knows. */

    ITSM_E_HOST_FIRST = -2000, /**< Codes from here ... */
    ITSM_E_HOST_LAST = -1000   /**< ... to here belong to hosts: the library returns them unchanged. */
};

/**
 * Say a status code in words.
 *
 * @param status Any code.
 * @return English text without a full stop; static, never NULL.
 * @since 0.1
 */
ITSM_API const char *itsm_status_text(itsm_status status);

/* Values ---------------------------------------------------------------------------------------------------------- */

/** An instant: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
typedef int64_t itsm_time;

/** A length of time in microseconds. */
typedef int64_t itsm_span;

#define ITSM_TIME_NONE INT64_MIN                                 /**< No instant (the NaT of numpy). */
#define ITSM_SPAN_NONE INT64_MIN                                 /**< No length of time. */
#define ITSM_SECONDS(n) ((itsm_span)(n)*INT64_C(1000000))        /**< A span of @p n seconds. */
#define ITSM_MINUTES(n) ((itsm_span)(n)*INT64_C(60000000))       /**< A span of @p n minutes. */
#define ITSM_HOURS(n) ((itsm_span)(n)*INT64_C(3600000000))       /**< A span of @p n hours. */
#define ITSM_DAYS(n) ((itsm_span)(n)*INT64_C(86400000000))       /**< A span of @p n days of 24 hours. */

/** Text: UTF-8, a length, no terminating NUL.  Borrowed unless said otherwise. */
typedef struct itsm_str {
    const char *p; /**< First byte; may be NULL when @c n is 0. */
    size_t n;      /**< Bytes. */
} itsm_str;

/** Bytes with a length.  Borrowed unless said otherwise. */
typedef struct itsm_bytes {
    const void *p; /**< First byte; may be NULL when @c n is 0. */
    size_t n;      /**< Bytes. */
} itsm_bytes;

/** The 128-bit identity of a row within its type: a bigint (@c hi = 0) or a UUID. */
typedef struct itsm_id {
    uint64_t hi; /**< Upper half. */
    uint64_t lo; /**< Lower half. */
} itsm_id;

/** A row: its type number and its identity. */
typedef struct itsm_ref {
    uint32_t type; /**< Number of the type in the model. */
    itsm_id id;    /**< Identity within the type. */
} itsm_ref;

/** What an @ref itsm_value holds.  The numbers are stored in data. */
enum {
    ITSM_NONE = 0,    /**< Absent. */
    ITSM_TEXT = 1,    /**< u.s: text, UTF-8. */
    ITSM_ENUM = 2,    /**< u.s: one of the names the field allows. */
    ITSM_INT = 3,     /**< u.i */
    ITSM_DECIMAL = 4, /**< u.i scaled by 10 to the power of minus @c scale: exact. */
    ITSM_BOOL = 5,    /**< u.i: 0 or 1. */
    ITSM_TIME = 6,    /**< u.i: an itsm_time. */
    ITSM_DATE = 7,    /**< u.i: days since 1970-01-01. */
    ITSM_SPAN = 8,    /**< u.i: an itsm_span. */
    ITSM_PARTY = 9,   /**< u.s: the host's name of a person, team or organisation. */
    ITSM_REF = 10,    /**< u.ref: another row. */
    ITSM_LIST = 11,   /**< u.list: values of one kind. */
    ITSM_MAP = 12,    /**< u.s: a JSON text the library does not look into. */
    ITSM_BLOB = 13,   /**< u.s: hash and size of content the host keeps. */
    ITSM_BYTES = 14   /**< u.b: bytes of the library's own rows. */
};

/** A value of a field.  Plain, copied; texts, bytes and lists in it are borrowed. */
typedef struct itsm_value {
    uint16_t kind;  /**< ITSM_NONE, ITSM_TEXT, ... */
    uint16_t scale; /**< Digits behind the point of a decimal, else 0. */
    union {
        int64_t i;    /**< Numbers, times, booleans. */
        itsm_str s;   /**< Texts. */
        itsm_bytes b; /**< Bytes. */
        itsm_ref ref; /**< A reference. */
        struct {
            const struct itsm_value *item; /**< The values. */
            size_t n;                      /**< How many. */
        } list;                            /**< A list. */
    } u;                                   /**< Which member, says @c kind. */
} itsm_value;

/** The text of a string literal. */
#define ITSM_STR(literal) (itsm_str_n("" literal, sizeof(literal) - 1))

/** Two arguments for "%.*s". */
#define ITSM_ARG(str) (int)(str).n, (str).p

/**
 * Make a text of a pointer and a length.
 *
 * @param p Borrowed.
 * @param n Bytes.
 * @return The text.
 * @since 0.1
 */
static inline itsm_str itsm_str_n(const char *p, size_t n)
{
    itsm_str s;
    s.p = p, s.n = n;
    return s;
}

/**
 * Make a text of a C string.
 *
 * @param c Borrowed, NUL-terminated; NULL gives the empty text.
 * @return The text, without the NUL.
 * @since 0.1
 */
static inline itsm_str itsm_str_c(const char *c)
{
    return itsm_str_n(c, c ? strlen(c) : 0);
}

/**
 * Tell whether a text equals a C string.
 *
 * @param s Text.
 * @param c NUL-terminated.
 * @return 1 if equal, byte for byte, else 0.
 * @since 0.1
 */
static inline int itsm_str_is(itsm_str s, const char *c)
{
    return strlen(c) == s.n && (s.n == 0 || memcmp(s.p, c, s.n) == 0);
}

/**
 * Tell whether two texts are equal.
 *
 * @param a,b Texts.
 * @return 1 if equal, byte for byte, else 0.
 * @since 0.1
 */
static inline int itsm_str_eq(itsm_str a, itsm_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/**
 * Make a value of kind ITSM_TEXT.
 *
 * @param s Borrowed for as long as the value is used.
 * @return The value.
 * @since 0.1
 */
static inline itsm_value itsm_value_text(itsm_str s)
{
    itsm_value v;
    memset(&v, 0, sizeof v);
    v.kind = ITSM_TEXT, v.u.s = s;
    return v;
}

/**
 * Make a value that holds a number.
 *
 * @param kind ITSM_INT, ITSM_BOOL, ITSM_TIME, ITSM_DATE or ITSM_SPAN.
 * @param i    The number.
 * @return The value.
 * @since 0.1
 */
static inline itsm_value itsm_value_number(uint16_t kind, int64_t i)
{
    itsm_value v;
    memset(&v, 0, sizeof v);
    v.kind = kind, v.u.i = i;
    return v;
}

/**
 * Make a value of kind ITSM_REF.
 *
 * @param ref The row referred to.
 * @return The value.
 * @since 0.1
 */
static inline itsm_value itsm_value_ref(itsm_ref ref)
{
    itsm_value v;
    memset(&v, 0, sizeof v);
    v.kind = ITSM_REF, v.u.ref = ref;
    return v;
}

/**
 * Tell whether two values are the same: kind, scale and content.  O(size); lists are flat.
 *
 * @param a,b Values.
 * @return 1 or 0.
 * @since 0.1
 */
ITSM_API int itsm_value_eq(const itsm_value *a, const itsm_value *b);

/* Issues ---------------------------------------------------------------------------------------------------------- */

/** One thing that is wrong or worth saying: an unmet guard, a bad field, a finding of the checker, a syntax error. */
typedef struct itsm_issue {
    size_t size;       /**< sizeof(itsm_issue) of the library. */
    itsm_status code;  /**< The status it stands for. */
    itsm_str where;    /**< Field, relation, state or path; may be empty. */
    itsm_str rule;     /**< The guard or rule, as written in the model; may be empty. */
    itsm_str clause;   /**< What it protects, e.g. "8.6.1"; may be empty. */
    itsm_str message;  /**< A sentence without a full stop, for a person. */
    uint64_t position; /**< Byte in the input, counted from 0; 0 where there is no input. */
    uint64_t line;     /**< Line in the input, counted from 1; 0 where there is no input. */
    uint64_t column;   /**< Byte in the line, counted from 1; 0 where there is no input. */
} itsm_issue;

/* Context --------------------------------------------------------------------------------------------------------- */

/** Holds what a host gives the library: memory, random numbers, mutexes, zones; and the issues of the last failure. */
typedef struct itsm_ctx itsm_ctx;

struct itsm_buf;

/**
 * Give, resize or take back memory.
 *
 * @p ptr NULL: give @p new_size bytes.  @p new_size 0: take @p ptr back and return NULL.  Otherwise resize, keeping
 * the content.  NULL for a non-zero @p new_size means: no memory, and @p ptr is as it was.  Called from every thread
 * that uses what was made with the context.
 *
 * @param user     The host's pointer.
 * @param ptr      What an earlier call returned, or NULL.
 * @param old_size The size it was given with.
 * @param new_size The size wanted.
 * @return Memory aligned for any type, or NULL.
 * @since 0.1
 */
typedef void *(*itsm_alloc_fn)(void *user, void *ptr, size_t old_size, size_t new_size);

/** A source of random bytes: for identities and salts. */
typedef struct itsm_random {
    size_t size;                                              /**< sizeof(itsm_random). */
    itsm_status (*fill)(void *self, void *out, size_t n);     /**< Fill @p out with @p n unpredictable bytes. */
    void *self;                                               /**< Passed to @c fill. */
} itsm_random;

/** Mutual exclusion, for a store shared by threads.  Waiting is for one leader that syncs for all. */
typedef struct itsm_mutexes {
    size_t size;                                        /**< sizeof(itsm_mutexes). */
    itsm_status (*create)(void *self, void **mutex);    /**< Make a mutex with one condition. */
    void (*destroy)(void *self, void *mutex);           /**< Destroy it; nobody holds it or waits. */
    void (*lock)(void *self, void *mutex);              /**< Take it. */
    void (*unlock)(void *self, void *mutex);            /**< Give it back. */
    void (*wait)(void *self, void *mutex);              /**< Give it back, sleep until woken, take it again. */
    void (*wake_all)(void *self, void *mutex);          /**< Wake all who wait. */
    void *self;                                         /**< Passed to all of them. */
} itsm_mutexes;

/** Finds the TZif bytes of a zone.  See RFC 9636. */
typedef struct itsm_zone_source {
    size_t size; /**< sizeof(itsm_zone_source). */
    /** Append the bytes of zone @p name to @p out.  ITSM_E_NOT_FOUND if there is no such zone. */
    itsm_status (*load)(void *self, struct itsm_buf *out, itsm_str name);
    void *self; /**< Passed to @c load and @c version. */
    /**
     * Append the release of the tz database that zone @p name is of, such as "2026f".  NULL, any code but ITSM_OK and
     * ITSM_E_NOMEM, or a text that is not 1 to 31 letters, digits and "+-._": it is not known.
     */
    itsm_status (*version)(void *self, struct itsm_buf *out, itsm_str name);
} itsm_zone_source;

/** What a context is made of.  All members may be zero. */
typedef struct itsm_ctx_options {
    size_t size;                    /**< sizeof(itsm_ctx_options). */
    itsm_alloc_fn alloc;            /**< NULL: the C library's. */
    void *alloc_user;               /**< Passed to @c alloc. */
    const itsm_random *random;      /**< NULL: calls that need one answer ITSM_E_NO_RANDOM.  Copied. */
    const itsm_mutexes *mutexes;    /**< NULL: stores are for one thread.  Copied. */
    const itsm_zone_source *zones;  /**< NULL: only UTC is known by name.  Copied. */
} itsm_ctx_options;

/** Start value of @ref itsm_ctx_options. */
#define ITSM_CTX_OPTIONS_INIT { sizeof(itsm_ctx_options), NULL, NULL, NULL, NULL, NULL }

/**
 * Make a context.
 *
 * @param out     Yours; freed by itsm_ctx_free().
 * @param options NULL for none of them.
 * @retval ITSM_OK       @p out is a context.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE @p out is NULL, or the `size` of the options or of a table in them is 0.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_ctx_new(itsm_ctx **out, const itsm_ctx_options *options);

/**
 * Tell what a context was made of: for backends, which outlive it and copy what they need of it.
 *
 * @param out Set `size` before; filled up to it.  The tables are borrowed from the context; NULL for one it has not.
 *            `alloc` is never NULL, the C library's included.
 * @param ctx A context.
 * @since 0.1
 */
ITSM_API void itsm_ctx_options_get(itsm_ctx_options *out, const itsm_ctx *ctx);

/**
 * Free a context.  Frozen objects and stores made with it live on; builders, systems and reports must be gone.
 *
 * @param ctx NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_ctx_free(itsm_ctx *ctx);

/**
 * Count the issues of the last call on this context that failed.
 *
 * @param ctx A context.
 * @return How many; 0 if it left none.
 * @since 0.1
 */
ITSM_API size_t itsm_ctx_issue_count(const itsm_ctx *ctx);

/**
 * Look at one issue of the last call that failed.
 *
 * @param ctx A context.
 * @param i   From 0 to the count.
 * @return Borrowed until the next call on the context; NULL if there is no such issue.
 * @since 0.1
 */
ITSM_API const itsm_issue *itsm_ctx_issue(const itsm_ctx *ctx, size_t i);

/* Buffer ---------------------------------------------------------------------------------------------------------- */

/**
 * Bytes that grow; owned by the caller.  Text results of the library are appended to one.
 *
 * Start with ITSM_BUF_INIT (memory of the C library) or itsm_buf_init(), end with itsm_buf_clear().
 */
typedef struct itsm_buf {
    char *p;             /**< Content; NULL while nothing was appended. */
    size_t n;            /**< Bytes of content. */
    size_t capacity;     /**< Bytes reserved. */
    itsm_alloc_fn alloc; /**< NULL: the C library's. */
    void *alloc_user;    /**< Passed to @c alloc. */
} itsm_buf;

/** An empty buffer. */
#define ITSM_BUF_INIT { NULL, 0, 0, NULL, NULL }

/**
 * Make an empty buffer that takes its memory from a context.
 *
 * @param buf The caller's.
 * @param ctx Its allocator is copied; NULL for the C library's.
 * @since 0.1
 */
ITSM_API void itsm_buf_init(itsm_buf *buf, const itsm_ctx *ctx);

/**
 * Append bytes.  Amortised O(n).
 *
 * @param buf Grown as needed.
 * @param p   Bytes; may not lie in the buffer itself.
 * @param n   How many.
 * @retval ITSM_OK      Appended.
 * @retval ITSM_E_NOMEM No memory; the buffer is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_buf_add(itsm_buf *buf, const void *p, size_t n);

/**
 * See the content as text.
 *
 * @param buf A buffer.
 * @return Borrowed until the buffer changes.
 * @since 0.1
 */
static inline itsm_str itsm_buf_str(const itsm_buf *buf)
{
    return itsm_str_n(buf->p, buf->n);
}

/**
 * Give the memory back; the buffer is empty and usable again.
 *
 * @param buf A buffer.
 * @since 0.1
 */
ITSM_API void itsm_buf_clear(itsm_buf *buf);

ITSM_END_C

#endif
