/* SPDX-License-Identifier: MIT */
/*
 * The file store when the world below it fails, with checkpoints, compacting and backups in between: every call, with
 * every status, once and for good; short reads and writes; power loss with unsynced writes lost, torn and out of order; a
 * process killed while it writes.  A plain program: prints what was tried, exits 1 at the first commit that is lost, made
 * up or half there.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "scratch.h"
#include "simulated_io.h"
#include "store_script.h"

#include <itsm/os.h>

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t state = 20260101;

static uint32_t random32(void)
{
    unsigned char b[4];
    (void)script_random(&state, b, sizeof b);
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "FAILED: %s: %s\n", what, why);
    exit(1);
}

static void fail_with(const char *what, uint64_t expected, uint64_t got, const char *why)
{
    fprintf(stderr, "FAILED: %s: %u commits expected, %d found: %s\n", what, (unsigned)expected, (int)got, why);
    exit(1);
}

static itsm_ctx *new_ctx(void)
{
    itsm_random random = {sizeof random, script_random, &state};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_ctx *ctx = NULL;
    options.random = &random;
    if (itsm_ctx_new(&ctx, &options)) fail("setup", "no context");
    return ctx;
}

static itsm_status open_sim(itsm_store **store, itsm_ctx *ctx, struct sim *sim, uint32_t durability)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.durability = durability, options.preallocate = 600, options.relaxed_commits = 1000;
    options.checkpoint_bytes = 800;
    return itsm_store_file(store, ctx, &sim->io, ITSM_STR("d"), &options);
}

/* Every call fails ------------------------------------------------------------------------------------------------ */

enum { STORY = 26, COMPACT_AT = 8, BACKUP_AT = 12 };

/* A copy that is said to be there holds what had been committed when it was made. */
static void back_up(itsm_ctx *ctx, itsm_store *store, struct sim *sim, uint64_t commits)
{
    char why[128] = "";
    itsm_store *copy = NULL;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    itsm_status rc = itsm_file_backup(ctx, store, ITSM_STR("copy"));
    struct sim before = *sim;
    if (rc && !sim->failed) fail("backup", "it failed although no call did");
    sim->fail_at = 0, options.flags = ITSM_FILE_READONLY;
    itsm_status opened = itsm_store_file(&copy, ctx, &sim->io, ITSM_STR("copy"), &options);
    if (!rc && opened) fail("backup", "it cannot be opened");
    if (!opened) {
        uint64_t found = script_check(ctx, copy, why);
        if (found != commits) fail_with("backup", commits, found, why);
    }
    itsm_store_free(copy);
    sim->fail_at = before.fail_at;
}

/* Commit up to STORY, sending a batch again after FULL; how many were acknowledged. */
static uint64_t tell_story(itsm_ctx *ctx, itsm_store *store, struct sim *sim, itsm_status *last)
{
    uint64_t done = 0;
    for (uint64_t i = 1; i <= STORY; i++) {
        if (i == BACKUP_AT) back_up(ctx, store, sim, i - 1);
        itsm_status compacted =
            i == COMPACT_AT ? itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL) : ITSM_OK;
        if (compacted > 0) fail("compacting", "it said there was nothing to do");
        *last = script_commit(ctx, store, i);
        if (*last == ITSM_E_FULL || *last == ITSM_E_NOMEM) *last = script_commit(ctx, store, i);
        if (*last) break;
        done = i;
    }
    return done;
}

/* Fail the n-th call; 0: the story made fewer. */
static int fail_call(size_t n, itsm_status with, int persistent, int shorts)
{
    struct sim sim;
    char why[128] = "";
    itsm_ctx *ctx = new_ctx();
    itsm_store *store = NULL;
    itsm_status last = ITSM_OK;
    uint64_t acknowledged = 0, found;
    sim_init(&sim);
    sim.short_reads = sim.short_writes = shorts;
    sim_fail(&sim, n, with, persistent);
    itsm_status rc = open_sim(&store, ctx, &sim, ITSM_FILE_FULL);
    if (!rc) {
        acknowledged = tell_story(ctx, store, &sim, &last);
        int failed_before = sim.failed;
        sim.fail_at = failed_before && persistent ? 0 : sim.fail_at;
        found = script_check(ctx, store, why); /* reads go on, and nothing that failed is seen */
        if (found != acknowledged && !(sim.failed && !failed_before)) fail_with("in memory", acknowledged, found, why);
        if (last == ITSM_OK && acknowledged != STORY) fail("story", "it ended early");
        if (last && !sim.failed) fail("story", "a commit failed although no call did");
        if (last && last != ITSM_E_IO && last != ITSM_E_FULL && last != ITSM_E_NOMEM) fail("story", "wrong status");
        if (last == ITSM_E_IO && script_commit(ctx, store, acknowledged + 1) != ITSM_E_IO)
            fail("story", "a poisoned store took another commit");
        if (failed_before && persistent) sim.fail_at = 1;
    } else if (!sim.failed) {
        fail("open", "it failed although no call did");
    } else if (store) {
        fail("open", "it failed and gave a store");
    }
    itsm_store_free(store);
    int failed = sim.failed;
    sim.fail_at = 0;
    rc = open_sim(&store, ctx, &sim, ITSM_FILE_FULL); /* the process lives on: nothing is lost but what failed */
    if (rc) fail("opening again", itsm_ctx_issue_count(ctx) ? itsm_ctx_issue(ctx, 0)->message.p : "?");
    found = script_check(ctx, store, why);
    if (found < acknowledged || found > acknowledged + (last == ITSM_E_IO)) {
        fprintf(stderr, "call %zu, status %d, persistent %d, short %d\n", n, with, persistent, shorts);
        fail_with("opened again", acknowledged, found, why);
    }
    if (found < STORY && script_commit(ctx, store, found + 1)) fail("opened again", "it does not go on");
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    sim_clear(&sim);
    return failed;
}

static void every_call_fails(void)
{
    static const itsm_status with[] = {ITSM_E_IO, ITSM_E_FULL, ITSM_E_READONLY, ITSM_E_NOMEM};
    size_t cases = 0;
    for (size_t s = 0; s < sizeof with / sizeof with[0]; s++)
        for (int variant = 0; variant < (s < 2 ? 4 : 2); variant++) /* short ones for two of them */
            for (size_t n = 1; fail_call(n, with[s], variant & 1, variant >> 1); n++) cases++;
    fail_call(0, ITSM_OK, 0, 1);
    printf("every call: %zu failures (EIO, ENOSPC, EROFS, ENOMEM; once and for good; with short reads and writes), "
           "0 commits lost\n",
           cases);
}

/* Power loss ------------------------------------------------------------------------------------------------------ */

/* Choices by the digits of a number in base 4, or at random. */
struct chooser {
    uint64_t digits;
    int random;
};

static int choose(void *user, const struct sim_change *change, size_t *part)
{
    struct chooser *chooser = user;
    int choice = chooser->random ? (int)(random32() % 4) : (int)(chooser->digits % 4);
    chooser->digits /= 4;
    *part = change->n ? (chooser->random ? random32() % change->n : change->n / 2) : 0;
    return choice;
}

static size_t pending_changes(const struct sim *sim)
{
    size_t n = 0;
    for (size_t i = 0; i < SIM_FILES; i++) n += sim->nodes[i].npending;
    return n;
}

/* The power fails in `sim` (a copy of it); what is there afterwards is a prefix with at least `acknowledged`. */
static void lose_power(const struct sim *sim, uint64_t acknowledged, uint64_t written, uint64_t names,
                       struct chooser *chooser, int again)
{
    struct sim after;
    char why[128] = "";
    itsm_ctx *ctx = new_ctx();
    itsm_store *store = NULL;
    sim_copy(&after, sim);
    sim_power_loss(&after, names, choose, chooser);
    itsm_status rc = open_sim(&store, ctx, &after, ITSM_FILE_RELAXED);
    if (rc) fail("after power loss", itsm_ctx_issue_count(ctx) ? itsm_ctx_issue(ctx, 0)->message.p : "?");
    uint64_t found = script_check(ctx, store, why);
    if (found < acknowledged || found > written) fail_with("after power loss", acknowledged, found, why);
    if (again) { /* and a second time, on top of what the first left */
        uint64_t to = found + random32() % 4;
        for (uint64_t i = found + 1; i <= to; i++)
            if (script_commit(ctx, store, i)) fail("after power loss", "it does not go on");
        struct chooser next = {0, 1};
        lose_power(&after, found, to, 1, &next, 0);
    }
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    sim_clear(&after);
}

/* All subsets and halves of up to 10 unsynced writes: 4^k for few, and each of lost/kept for the rest. */
static void exhaustive_power_loss(void)
{
    size_t cases = 0, most = 0;
    for (uint64_t synced = 0; synced <= 3; synced++) {
        for (uint64_t more = 0; more <= 9; more++) {
            struct sim sim;
            itsm_ctx *ctx = new_ctx();
            itsm_store *store = NULL;
            sim_init(&sim);
            if (open_sim(&store, ctx, &sim, ITSM_FILE_RELAXED)) fail("power loss", "cannot open");
            for (uint64_t i = 1; i <= synced; i++)
                if (script_commit(ctx, store, i)) fail("power loss", "cannot commit");
            if (itsm_store_flush(ctx, store, NULL)) fail("power loss", "cannot flush");
            for (uint64_t i = synced + 1; i <= synced + more; i++)
                if (script_commit(ctx, store, i)) fail("power loss", "cannot commit");
            size_t pending = pending_changes(&sim);
            if (pending <= 12) {
                if (pending > most) most = pending;
                uint64_t base = pending <= 6 ? 4 : 2, count = 1;
                for (size_t k = 0; k < pending; k++) count *= base;
                for (uint64_t c = 0; c < count; c++, cases++) {
                    struct chooser chooser = {0, 0};
                    uint64_t rest = c;
                    for (size_t k = 0; k < pending; k++, rest /= base) chooser.digits |= (rest % base) << 2 * k;
                    lose_power(&sim, synced, synced + more, 1, &chooser, 0);
                }
            }
            itsm_store_free(store);
            itsm_ctx_free(ctx);
            sim_clear(&sim);
        }
    }
    printf("power loss: %zu cases, every subset of up to %zu unsynced writes, 0 synced commits lost\n", cases, most);
}

/* The power fails at every call of a checkpoint, or of compacting, with every subset of what is not synced then, or with
   every seventh. */
static void power_loss_in_checkpoint(uint32_t what, int few)
{
    enum { NAMES = 2 + 16 }; /* those of then, those of now, mixtures of both */
    size_t cases = 0, calls = 0;
    for (size_t n = 1;; n++) {
        struct sim sim;
        itsm_ctx *ctx = new_ctx();
        itsm_store *store = NULL;
        sim_init(&sim);
        if (open_sim(&store, ctx, &sim, ITSM_FILE_FULL)) fail("power loss", "cannot open");
        for (uint64_t i = 1; i <= 11; i++)
            if (script_commit(ctx, store, i)) fail("power loss", "cannot commit");
        sim_fail(&sim, n, ITSM_E_IO, 1);
        (void)!itsm_store_maintain(ctx, store, what, NULL);
        int failed = sim.failed;
        size_t pending = pending_changes(&sim);
        if (pending > 12) fail("power loss", "more unsynced writes than can be tried");
        for (uint64_t c = 0; failed && c < (uint64_t)NAMES << pending; c += few ? 7 : 1, cases++) {
            struct chooser chooser = {0, 0};
            for (size_t k = 0; k < pending; k++) chooser.digits |= (c / NAMES >> k & 1) << 2 * k;
            lose_power(&sim, 11, 11, c % NAMES, &chooser, 0);
        }
        sim.fail_at = 0;
        itsm_store_free(store);
        itsm_ctx_free(ctx);
        sim_clear(&sim);
        if (!failed) break;
        calls = n;
    }
    printf("power loss: %zu cases at each of the %zu calls of %s, 0 commits lost\n", cases, calls,
           what == ITSM_MAINTAIN_COMPACT ? "compacting" : "a checkpoint");
}

/* The power fails at a random call of a random life: creation, commits in some mode, close, opening again. */
static void random_power_loss(size_t cases)
{
    for (size_t c = 0; c < cases; c++) {
        struct sim sim;
        itsm_ctx *ctx = new_ctx();
        itsm_store *store = NULL;
        uint64_t acknowledged = 0, written = 0;
        uint32_t mode = random32() % 3;
        struct chooser chooser = {0, 1};
        char why[128];
        sim_init(&sim);
        sim.short_writes = random32() % 4 == 0;
        sim_fail(&sim, 1 + random32() % 250, ITSM_E_IO, 1); /* from that call on the machine is off */
        for (int life = 0; life < 4 && !sim.failed; life++) {
            if (open_sim(&store, ctx, &sim, mode)) break;
            if (script_check(ctx, store, why) != written) break;
            for (uint32_t n = random32() % 12; n && !sim.failed; n--) {
                written++;
                if (script_commit(ctx, store, written) == ITSM_OK && mode == ITSM_FILE_FULL) acknowledged = written;
                if (sim.failed) break;
                if (random32() % 8 == 0 && itsm_store_flush(ctx, store, NULL) == ITSM_OK) acknowledged = written;
                if (sim.failed || random32() % 4) continue;
                uint32_t what = random32() % 2 ? ITSM_MAINTAIN_COMPACT : ITSM_MAINTAIN_CHECKPOINT;
                if (itsm_store_maintain(ctx, store, what, NULL) == ITSM_OK) acknowledged = written;
            }
            int before = sim.failed;
            itsm_store_free(store);
            store = NULL;
            if (!before && !sim.failed) acknowledged = written;
        }
        sim.fail_at = 0;
        lose_power(&sim, acknowledged, written, random32() % 3 ? random32() % 2 : 2 + random32(), &chooser, 1);
        itsm_store_free(store);
        itsm_ctx_free(ctx);
        sim_clear(&sim);
    }
    printf("power loss: %zu random lives, each with a second loss on top, 0 acknowledged commits lost\n", cases);
}

/* Kill ------------------------------------------------------------------------------------------------------------ */

static itsm_status open_disk(itsm_store **store, itsm_ctx *ctx, const char *path)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.checkpoint_bytes = 3000;
    return itsm_store_file(store, ctx, itsm_os_io(), itsm_str_c(path), &options);
}

static void child_writes(const char *path, int report)
{
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    char why[128];
    if (itsm_os_ctx_new(&ctx) || open_disk(&store, ctx, path)) _exit(2);
    uint64_t i = script_check(ctx, store, why);
    if (i == UINT64_MAX) _exit(3);
    while (i < 1000000) {
        if (script_commit(ctx, store, ++i)) _exit(4);
        if (write(report, &i, sizeof i) != (ssize_t)sizeof i) _exit(5);
    }
    _exit(0);
}

static uint64_t one_kill(const char *path, uint64_t known)
{
    int ends[2];
    uint64_t i;
    if (pipe(ends)) fail("kill", "no pipe");
    pid_t child = fork();
    if (child < 0) fail("kill", "no child");
    if (child == 0) {
        close(ends[0]);
        child_writes(path, ends[1]);
    }
    close(ends[1]);
    struct timespec pause = {0, (long)(random32() % 15000) * 1000};
    if (random32() % 8 && read(ends[0], &i, sizeof i) == (ssize_t)sizeof i) known = i; /* else: while it opens */
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    while (read(ends[0], &i, sizeof i) == (ssize_t)sizeof i) known = i;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) fail("kill", "the child ended by itself with an error");
    return known;
}

static void kills(size_t count)
{
    char path[64], why[128] = "";
    uint64_t known = 0, unsaid = 0; /* commits that killed children may have made and not reported */
    snprintf(path, sizeof path, "file_store_fault.%ld", (long)getpid());
    for (size_t n = 0; n < count; n++) {
        itsm_ctx *ctx = NULL;
        itsm_store *store = NULL;
        const uint64_t said = one_kill(path, known);
        unsaid = said > known ? 1 : unsaid + 1; /* a child's first report covers what those before it left */
        known = said;
        if (n % 2) continue; /* sometimes the next child is the first to look */
        if (itsm_os_ctx_new(&ctx)) fail("kill", "no context");
        if (open_disk(&store, ctx, path))
            fail("kill", itsm_ctx_issue_count(ctx) ? itsm_ctx_issue(ctx, 0)->message.p : "?");
        uint64_t found = script_check(ctx, store, why);
        if (found == UINT64_MAX || found < known || found > known + unsaid)
            fail_with("after a kill", known, found, why);
        known = found, unsaid = 0;
        itsm_store_free(store);
        itsm_ctx_free(ctx);
    }
    remove_store(path);
    printf("kill -9: %zu kills, %u acknowledged commits, 0 lost\n", count, (unsigned)known);
}

int main(int argc, char **argv)
{
    size_t factor = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : getenv("ITSM_FULL") ? 17 : 1;
    if (!factor) factor = 1;
    every_call_fails();
    exhaustive_power_loss();
    const int few = getenv("ITSM_CASES") && !getenv("ITSM_FULL"); /* asked for where each takes ten times as long */
    power_loss_in_checkpoint(ITSM_MAINTAIN_CHECKPOINT, few);
    power_loss_in_checkpoint(ITSM_MAINTAIN_COMPACT, few);
    random_power_loss(few ? 1000 : 10000 * factor);
    kills(60 * factor);
    return 0;
}
