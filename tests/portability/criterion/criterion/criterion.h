/* SPDX-License-Identifier: MIT */
/*
 * What the tests use of Criterion, in one header, for machines that have no Criterion: the compilers and emulators of
 * check.sh.  Same names, same meaning: each test runs in a process of its own between the `init` and `fini` of its suite;
 * `cr_assert...` ends the test, `cr_expect...` goes on.  There is no timeout of a single test; ctest has one for the
 * program.  A program without tests fails.
 */
#ifndef ITSM_TESTS_PORTABILITY_CRITERION_H
#define ITSM_TESTS_PORTABILITY_CRITERION_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>

/* Declared here: a test in strict C11 does not get them from <unistd.h> when that was included before. */
extern pid_t fork(void);
extern void _exit(int) __attribute__((noreturn));

enum { CR_PASS_ = 0, CR_FAIL_ = 1, CR_SKIP_ = 77 };

struct cr_options_ {
    void (*init)(void);
    void (*fini)(void);
    double timeout;
    int signal;
    int exit_code;
    int disabled;
    const char *description;
    int none;
};

/* A test, or a suite when `run` is NULL. */
struct cr_entry_ {
    const char *suite, *name;
    void (*run)(void);
    struct cr_options_ options;
    struct cr_entry_ *next;
};

static struct cr_entry_ *cr_first_, *cr_last_;
static int cr_failures_;

static inline void cr_register_(struct cr_entry_ *entry)
{
    if (cr_last_) cr_last_->next = entry;
    else cr_first_ = entry;
    cr_last_ = entry;
}

static inline _Noreturn void cr_leave_(int code)
{
    fflush(NULL);
    _exit(code);
}

static inline void cr_message_(const char *kind, const char *file, int line, const char *what, va_list args)
{
    const char *format = va_arg(args, const char *);
    fprintf(stderr, "%s:%d: %s%s%s", file, line, kind, what, format ? ": " : "");
    if (format) vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

static inline void cr_check_(int fatal, const char *file, int line, const char *what, int holds, ...)
{
    va_list args;
    if (holds) return;
    va_start(args, holds);
    cr_message_("does not hold: ", file, line, what, args);
    va_end(args);
    cr_failures_++;
    if (fatal) cr_leave_(CR_FAIL_);
}

static inline _Noreturn void cr_fail_(const char *file, int line, ...)
{
    va_list args;
    va_start(args, line);
    cr_message_("reached", file, line, "", args);
    va_end(args);
    cr_leave_(CR_FAIL_);
}

static inline _Noreturn void cr_skip_(const char *file, int line, ...)
{
    va_list args;
    va_start(args, line);
    cr_message_("skipped", file, line, "", args);
    va_end(args);
    cr_leave_(cr_failures_ ? CR_FAIL_ : CR_SKIP_);
}

#define CR_FIRST_(...) CR_FIRST_OF_(__VA_ARGS__, 0)
#define CR_FIRST_OF_(first, ...) first
#define CR_REST_(...) CR_REST_OF_(__VA_ARGS__, (const char *)0)
#define CR_REST_OF_(first, ...) __VA_ARGS__

#define CR_CHECK_(fatal, what, holds, ...) cr_check_(fatal, __FILE__, __LINE__, what, !!(holds), CR_REST_(__VA_ARGS__))
#define CR_ORDER_(fatal, a, order, ...)                                                                                \
    CR_CHECK_(fatal, "the two values, " #order, (a)order(CR_FIRST_(__VA_ARGS__)), __VA_ARGS__)
#define CR_TEXTS_(fatal, a, order, ...)                                                                                \
    CR_CHECK_(fatal, "the two texts, " #order, strcmp((a), CR_FIRST_(__VA_ARGS__)) order 0, __VA_ARGS__)
#define CR_BYTES_(fatal, a, b, ...) CR_CHECK_(fatal, #a " == " #b, !memcmp((a), (b), CR_FIRST_(__VA_ARGS__)), __VA_ARGS__)

#define cr_assert(...) CR_CHECK_(1, "the condition", CR_FIRST_(__VA_ARGS__), __VA_ARGS__)
#define cr_assert_not(...) CR_CHECK_(1, "not the condition", !(CR_FIRST_(__VA_ARGS__)), __VA_ARGS__)
#define cr_assert_null(...) CR_CHECK_(1, "NULL", (CR_FIRST_(__VA_ARGS__)) == NULL, __VA_ARGS__)
#define cr_assert_not_null(...) CR_CHECK_(1, "not NULL", (CR_FIRST_(__VA_ARGS__)) != NULL, __VA_ARGS__)
#define cr_assert_eq(a, ...) CR_ORDER_(1, a, ==, __VA_ARGS__)
#define cr_assert_neq(a, ...) CR_ORDER_(1, a, !=, __VA_ARGS__)
#define cr_assert_lt(a, ...) CR_ORDER_(1, a, <, __VA_ARGS__)
#define cr_assert_leq(a, ...) CR_ORDER_(1, a, <=, __VA_ARGS__)
#define cr_assert_gt(a, ...) CR_ORDER_(1, a, >, __VA_ARGS__)
#define cr_assert_geq(a, ...) CR_ORDER_(1, a, >=, __VA_ARGS__)
#define cr_assert_str_eq(a, ...) CR_TEXTS_(1, a, ==, __VA_ARGS__)
#define cr_assert_str_neq(a, ...) CR_TEXTS_(1, a, !=, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, ...) CR_BYTES_(1, a, b, __VA_ARGS__)
#define cr_assert_fail(...) cr_fail_(__FILE__, __LINE__, __VA_ARGS__, (const char *)0)

#define cr_expect(...) CR_CHECK_(0, "the condition", CR_FIRST_(__VA_ARGS__), __VA_ARGS__)
#define cr_expect_not(...) CR_CHECK_(0, "not the condition", !(CR_FIRST_(__VA_ARGS__)), __VA_ARGS__)
#define cr_expect_null(...) CR_CHECK_(0, "NULL", (CR_FIRST_(__VA_ARGS__)) == NULL, __VA_ARGS__)
#define cr_expect_not_null(...) CR_CHECK_(0, "not NULL", (CR_FIRST_(__VA_ARGS__)) != NULL, __VA_ARGS__)
#define cr_expect_eq(a, ...) CR_ORDER_(0, a, ==, __VA_ARGS__)
#define cr_expect_neq(a, ...) CR_ORDER_(0, a, !=, __VA_ARGS__)
#define cr_expect_lt(a, ...) CR_ORDER_(0, a, <, __VA_ARGS__)
#define cr_expect_leq(a, ...) CR_ORDER_(0, a, <=, __VA_ARGS__)
#define cr_expect_gt(a, ...) CR_ORDER_(0, a, >, __VA_ARGS__)
#define cr_expect_geq(a, ...) CR_ORDER_(0, a, >=, __VA_ARGS__)
#define cr_expect_str_eq(a, ...) CR_TEXTS_(0, a, ==, __VA_ARGS__)
#define cr_expect_str_neq(a, ...) CR_TEXTS_(0, a, !=, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, ...) CR_BYTES_(0, a, b, __VA_ARGS__)

#define cr_skip_test(...) cr_skip_(__FILE__, __LINE__, __VA_ARGS__, (const char *)0)

#define Test(...) CR_TEST_(__VA_ARGS__, .none = 0)
#define CR_TEST_(suite, test, ...)                                                                                     \
    static void suite##_##test(void);                                                                                  \
    static struct cr_entry_ suite##_##test##_entry_ = {#suite, #test, suite##_##test, {__VA_ARGS__}, NULL};            \
    __attribute__((constructor)) static void suite##_##test##_register_(void)                                          \
    {                                                                                                                  \
        cr_register_(&suite##_##test##_entry_);                                                                        \
    }                                                                                                                  \
    static void suite##_##test(void)

#define TestSuite(...) CR_SUITE_(__VA_ARGS__, .none = 0)
#define CR_SUITE_(suite, ...)                                                                                          \
    static struct cr_entry_ suite##_suite_entry_ = {#suite, "", NULL, {__VA_ARGS__}, NULL};                            \
    __attribute__((constructor)) static void suite##_suite_register_(void)                                             \
    {                                                                                                                  \
        cr_register_(&suite##_suite_entry_);                                                                           \
    }                                                                                                                  \
    extern int cr_no_such_thing_

static inline void cr_run_(const struct cr_entry_ *test)
{
    const struct cr_entry_ *suite = cr_first_;
    while (suite && (suite->run || strcmp(suite->suite, test->suite))) suite = suite->next;
    if (suite && suite->options.init) suite->options.init();
    if (test->options.init) test->options.init();
    test->run();
    if (test->options.fini) test->options.fini();
    if (suite && suite->options.fini) suite->options.fini();
    cr_leave_(cr_failures_ ? CR_FAIL_ : CR_PASS_);
}

/* CR_PASS_, CR_FAIL_ or CR_SKIP_. */
static inline int cr_outcome_(const struct cr_entry_ *test)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) cr_run_(test);
    if (child < 0 || waitpid(child, &status, 0) < 0) return fprintf(stderr, "no process\n"), CR_FAIL_;
    if (WIFSIGNALED(status)) {
        if (test->options.signal && WTERMSIG(status) == test->options.signal) return CR_PASS_;
        fprintf(stderr, "%s::%s: signal %d\n", test->suite, test->name, WTERMSIG(status));
        return CR_FAIL_;
    }
    if (test->options.signal) return fprintf(stderr, "%s::%s: no signal\n", test->suite, test->name), CR_FAIL_;
    if (WEXITSTATUS(status) == CR_PASS_ || WEXITSTATUS(status) == CR_SKIP_) return WEXITSTATUS(status);
    fprintf(stderr, "%s::%s: failed\n", test->suite, test->name);
    return CR_FAIL_;
}

int main(void)
{
    unsigned passed = 0, failed = 0, skipped = 0;
    for (const struct cr_entry_ *test = cr_first_; test; test = test->next) {
        if (!test->run) continue;
        int outcome = test->options.disabled ? CR_SKIP_ : cr_outcome_(test);
        passed += outcome == CR_PASS_, skipped += outcome == CR_SKIP_, failed += outcome == CR_FAIL_;
    }
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed || !(passed + skipped) ? 1 : 0;
}

#endif
