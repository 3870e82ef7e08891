/* SPDX-License-Identifier: MIT */
/*
 * The threads of the conformance kit on the memory store and the file store.  A plain program for
 * ThreadSanitizer.
 */
#include <itsm/check.h>
#include <itsm/os.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 8 };

struct place {
    char path[64];
    int file;
};

static void fail(const char *what, int status)
{
    fprintf(stderr, "FAILED: %s: status %d\n", what, status);
    exit(1);
}

static void remove_store(const char *path)
{
    static const char *const names[] = {"/LOCK", "/log-1", "/log-1.tmp"};
    char name[80];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, names[i]);
        (void)unlink(name);
    }
    (void)rmdir(path);
}

static void unmake(void *self)
{
    struct place *p = self;
    if (p->file) remove_store(p->path);
}

static itsm_status make(void *self, itsm_store **out, itsm_ctx *ctx)
{
    struct place *p = self;
    unmake(p);
    return p->file ? itsm_os_store_open(out, ctx, itsm_str_c(p->path)) : itsm_store_memory(out, ctx);
}

struct thread {
    pthread_t handle;
    void (*body)(void *user, uint32_t i);
    void *user;
    uint32_t i;
};

static void *thread_main(void *self)
{
    struct thread *t = self;
    t->body(t->user, t->i);
    return NULL;
}

static itsm_status parallel(void *self, uint32_t n, void (*body)(void *user, uint32_t i), void *user)
{
    struct thread threads[THREADS];
    (void)self;
    if (n > THREADS) return ITSM_E_LIMIT;
    for (uint32_t i = 0; i < n; i++) {
        threads[i].body = body, threads[i].user = user, threads[i].i = i;
        if (pthread_create(&threads[i].handle, NULL, thread_main, &threads[i])) fail("thread", 0);
    }
    for (uint32_t i = 0; i < n; i++) pthread_join(threads[i].handle, NULL);
    return ITSM_OK;
}

static itsm_status context(void *self, itsm_ctx **out)
{
    (void)self;
    return itsm_os_ctx_new(out);
}

static itsm_status show(void *user, const itsm_check_case *done)
{
    (void)user;
    if (done->outcome != ITSM_CHECK_PASSED)
        fprintf(stderr, "FAILED or skipped: %.*s: %.*s\n", ITSM_ARG(done->name), ITSM_ARG(done->message));
    return ITSM_OK;
}

static void run(struct place *p, const char *what)
{
    itsm_check_host host = ITSM_CHECK_HOST_INIT;
    itsm_check_options options = ITSM_CHECK_OPTIONS_INIT;
    itsm_check_result result = ITSM_CHECK_RESULT_INIT;
    itsm_ctx *ctx = NULL;
    host.make = make, host.destroy = unmake, host.parallel = parallel, host.context = context, host.self = p;
    options.group = ITSM_STR("threads"), options.fn = show;
    if (itsm_os_ctx_new(&ctx)) fail("context", 0);
    itsm_status rc = itsm_check_run(&result, ctx, &host, &options);
    itsm_ctx_free(ctx);
    if (rc || result.failed || result.skipped || result.passed < 10) fail(what, rc);
    printf("%s: %u cases with %d threads\n", what, (unsigned)result.passed, THREADS);
}

int main(void)
{
    struct place p;
    memset(&p, 0, sizeof p);
    snprintf(p.path, sizeof p.path, "store_check_thread.%ld", (long)getpid());
    run(&p, "memory store");
    p.file = 1;
    run(&p, "file store");
    return 0;
}
