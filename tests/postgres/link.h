/* SPDX-License-Identifier: MIT */
/*
 * A link between the store and its server that a test can make slow, or cut after a number of bytes.  It listens on
 * loopback and carries every connection to the server of PGHOST and PGPORT, a Unix socket, with one thread for each
 * direction.
 */
#ifndef ITSM_TESTS_POSTGRES_LINK_H
#define ITSM_TESTS_POSTGRES_LINK_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { UP = 0, DOWN = 1 }; /* to the server, from it */

static struct {
    pthread_mutex_t lock;
    int listener, port;
    long delay_ms;  /* of every answer */
    int64_t cut[2]; /* bytes that still pass in a direction before the link is cut; -1: all */
    uint64_t passed[2];
    unsigned cuts;
} path = {PTHREAD_MUTEX_INITIALIZER, -1, 0, 0, {-1, -1}, {0, 0}, 0};

struct pump {
    int from, to, direction;
};

static void path_fail(const char *what)
{
    perror(what);
    exit(1);
}

/* How many of n bytes pass; `*cut`: nothing does after them. */
static size_t path_pass(int direction, size_t n, int *cut)
{
    pthread_mutex_lock(&path.lock);
    *cut = path.cut[direction] >= 0 && (uint64_t)path.cut[direction] < n;
    if (*cut) n = (size_t)path.cut[direction], path.cut[0] = path.cut[1] = -1, path.cuts++;
    else if (path.cut[direction] >= 0) path.cut[direction] -= (int64_t)n;
    path.passed[direction] += n;
    pthread_mutex_unlock(&path.lock);
    return n;
}

static void *path_pump(void *user)
{
    struct pump pump = *(struct pump *)user;
    static const size_t room = 65536;
    char *bytes = malloc(room);
    int cut = 0;
    free(user);
    while (bytes && !cut) {
        ssize_t n = recv(pump.from, bytes, room, 0);
        if (n <= 0) break;
        if (pump.direction == DOWN && path.delay_ms) usleep((useconds_t)path.delay_ms * 1000);
        size_t left = path_pass(pump.direction, (size_t)n, &cut), at = 0;
        while (at < left) {
            ssize_t sent = send(pump.to, bytes + at, left - at, MSG_NOSIGNAL);
            if (sent <= 0) cut = 1, at = left;
            else at += (size_t)sent;
        }
    }
    free(bytes);
    shutdown(pump.from, SHUT_RDWR), shutdown(pump.to, SHUT_RDWR); /* the other direction ends too */
    close(pump.from), close(pump.to);
    return NULL;
}

static int path_server(void)
{
    struct sockaddr_un name;
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    snprintf(name.sun_path, sizeof name.sun_path, "%.80s/.s.PGSQL.%.8s", getenv("PGHOST"), getenv("PGPORT"));
    if (connect(s, (struct sockaddr *)(void *)&name, sizeof name)) path_fail(name.sun_path);
    return s;
}

static void path_start_pump(int from, int to, int direction)
{
    pthread_t thread;
    struct pump *pump = malloc(sizeof *pump);
    if (!pump) path_fail("malloc");
    pump->from = from, pump->to = to, pump->direction = direction;
    if (pthread_create(&thread, NULL, path_pump, pump)) path_fail("thread");
    pthread_detach(thread);
}

static void *path_accept(void *user)
{
    int one = 1;
    (void)user;
    for (;;) {
        int client = accept(path.listener, NULL, NULL);
        if (client < 0) return NULL;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        int server = path_server();
        /* each pump has descriptors of its own, so that neither closes one that the other still uses */
        path_start_pump(client, dup(server), UP);
        path_start_pump(server, dup(client), DOWN);
    }
}

/* Begin; gives what to connect with. */
static const char *path_open(void)
{
    static char conninfo[128];
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    pthread_t thread;
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET, name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    path.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(path.listener, (struct sockaddr *)(void *)&name, sizeof name) || listen(path.listener, 64) ||
        getsockname(path.listener, (struct sockaddr *)(void *)&name, &size))
        path_fail("listen");
    path.port = ntohs(name.sin_port);
    if (pthread_create(&thread, NULL, path_accept, NULL)) path_fail("thread");
    pthread_detach(thread);
    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d sslmode=disable", path.port);
    return conninfo;
}

/* Cut the link after n more bytes in a direction; -1: do not. */
static void path_cut(int direction, int64_t n)
{
    pthread_mutex_lock(&path.lock);
    path.cut[0] = path.cut[1] = -1, path.cut[direction] = n, path.passed[0] = path.passed[1] = 0;
    pthread_mutex_unlock(&path.lock);
}

static uint64_t path_passed(int direction)
{
    pthread_mutex_lock(&path.lock);
    uint64_t n = path.passed[direction];
    pthread_mutex_unlock(&path.lock);
    return n;
}

#endif
