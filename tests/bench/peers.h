/* SPDX-License-Identifier: MIT */
/*
 * Running peers, programs in other languages, on the cases of a benchmark: peers/peer.sh says what is written to them
 * and what they answer.  Their answers are compared with ours; where the field knows two readings of a question, those
 * that equal the other reading are counted apart.
 */
#ifndef ITSM_TESTS_BENCH_PEERS_H
#define ITSM_TESTS_BENCH_PEERS_H

#include "bench.h"

#include <inttypes.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PEER_TIMES = 16, PEER_WORD = 16 };

struct peer_case {
    const char *group, *operation;
    int64_t a, b;
    int64_t ours;  /* what we answer */
    int64_t other; /* by the other reading; the same where there is none */
};

/* A file of cases: open until peer_cases_close(). */
struct peer_cases {
    char path[256];
    FILE *file;
    struct peer_case *all;
    size_t n, room;
};

/* What one peer did in one operation of one group. */
struct peer_time {
    char group[PEER_WORD], operation[PEER_WORD];
    double ns;
    size_t cases, other, none, differ; /* compared; equal to the other reading; without an answer; none of these */
};

struct peer {
    char name[64];
    int installed;
    struct peer_time times[PEER_TIMES];
    size_t n;
};

static inline void peer_cases_open(struct peer_cases *cases)
{
    const char *folder = getenv("TMPDIR");
    memset(cases, 0, sizeof *cases);
    snprintf(cases->path, sizeof cases->path, "%s/bench.XXXXXX", folder ? folder : "/tmp");
    const int fd = mkstemp(cases->path);
    cases->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!cases->file) fprintf(stderr, "%s cannot be written\n", cases->path), exit(1);
}

static inline void peer_cases_add(struct peer_cases *cases, struct peer_case one)
{
    if (cases->n == cases->room) {
        cases->room = cases->room ? cases->room * 2 : 1024;
        cases->all = (struct peer_case *)realloc(cases->all, cases->room * sizeof one);
        if (!cases->all) exit(1);
    }
    if (!cases->n || strcmp(cases->all[cases->n - 1].group, one.group)) fprintf(cases->file, "group %s\n", one.group);
    fprintf(cases->file, "%s %" PRId64 " %" PRId64 "\n", one.operation, one.a, one.b);
    cases->all[cases->n++] = one;
}

/* Ready to be read by peers. */
static inline void peer_cases_end(struct peer_cases *cases)
{
    if (fflush(cases->file)) fprintf(stderr, "%s cannot be written\n", cases->path), exit(1);
}

static inline void peer_cases_close(struct peer_cases *cases)
{
    fclose(cases->file);
    unlink(cases->path);
    free(cases->all);
}

static inline void peer_compare(struct peer_time *time, const struct peer_case *one, const char *line, const char *name)
{
    const int64_t theirs = strtoll(line, NULL, 10);
    time->cases++;
    if (line[0] == '-' && line[1] == '\n')
        time->none++;
    else if (theirs == one->ours)
        return;
    else if (theirs == one->other)
        time->other++;
    else
        time->differ++;
    if (getenv("BENCH_SHOW") && time->none + time->differ <= 3 && theirs != one->other)
        fprintf(stderr, "%s: %s %s %" PRId64 " %" PRId64 " is %" PRId64 ", not %.*s\n", name, one->group,
                one->operation, one->a, one->b, one->ours, (int)strcspn(line, "\n"), line);
}

/* The next case of an operation of a group at or behind `i`. */
static inline size_t peer_next(const struct peer_cases *cases, const struct peer_time *time, size_t i)
{
    while (i < cases->n &&
           (strcmp(cases->all[i].group, time->group) || strcmp(cases->all[i].operation, time->operation)))
        i++;
    return i;
}

static inline void peer_read(struct peer *peer, FILE *answers, const struct peer_cases *cases)
{
    char line[256];
    while (fgets(line, sizeof line, answers)) {
        struct peer_time *time = &peer->times[peer->n];
        size_t count = 0, i = 0;
        if (sscanf(line, "peer %63[^\n]", peer->name) == 1) continue;
        if (peer->n == PEER_TIMES) break;
        if (sscanf(line, "time %15s %15s %lf %zu", time->group, time->operation, &time->ns, &count) != 4) continue;
        peer->n++;
        for (; count && fgets(line, sizeof line, answers); count--) {
            i = peer_next(cases, time, i);
            if (i == cases->n) break;
            peer_compare(time, &cases->all[i++], line, peer->name);
        }
        if (count) fprintf(stderr, "%s: %zu answers to %s are missing\n", peer->name, count, time->operation);
    }
}

/* Run the peer that peer.sh knows by `word`; `name` stands in the table while it is not installed. */
static inline void peer_run(struct peer *peer, const char *word, const char *name, const struct peer_cases *cases)
{
    char command[1024];
    memset(peer, 0, sizeof *peer);
    snprintf(peer->name, sizeof peer->name, "%s", name);
    snprintf(command, sizeof command, "sh '%s/peer.sh' %s '%s'", BENCH_PEERS, word, cases->path);
    fflush(stdout);
    FILE *answers = popen(command, "r");
    if (!answers) return;
    peer_read(peer, answers, cases);
    const int status = pclose(answers);
    peer->installed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!peer->installed && !(WIFEXITED(status) && WEXITSTATUS(status) == 77))
        fprintf(stderr, "%s failed\n", peer->name);
}

/* NULL if the peer has none. */
static inline const struct peer_time *peer_find(const struct peer *peer, const char *group, const char *operation)
{
    for (size_t i = 0; i < peer->n; i++)
        if (!strcmp(peer->times[i].group, group) && !strcmp(peer->times[i].operation, operation))
            return &peer->times[i];
    return NULL;
}

/* What peer_count() counts. */
enum { PEER_DIFFER, PEER_OTHER, PEER_MISSING };

/* "3/2000" of the answers over all groups of an operation; NULL: of all operations. */
static inline void peer_count(const struct peer *peer, const char *operation, int what)
{
    size_t cases = 0, found = 0;
    char text[32];
    for (size_t i = 0; i < peer->n; i++) {
        const struct peer_time *time = &peer->times[i];
        if (operation && strcmp(time->operation, operation)) continue;
        cases += time->cases;
        found += what == PEER_DIFFER ? time->differ : what == PEER_OTHER ? time->other : time->none;
    }
    snprintf(text, sizeof text, "%zu/%zu", found, cases);
    bench_text(text);
}

#endif
