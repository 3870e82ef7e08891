/* SPDX-License-Identifier: MIT */
/*
 * The system's clocks, its environment and its terminals: one system call each.
 */
#ifndef _TIME_BITS
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64 /* on 32-bit machines: seconds after 2038; needs the line above */
#endif
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <itsm/os.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t clock, int64_t otherwise)
{
    struct timespec now;
    if (clock_gettime(clock, &now)) return otherwise;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

itsm_time itsm_os_now(void)
{
    return read_clock(CLOCK_REALTIME, ITSM_TIME_NONE);
}

itsm_span itsm_os_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC, 0);
}

itsm_span itsm_os_cpu_time(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID, 0);
}

int itsm_os_is_terminal(int fd)
{
    return fd >= 0 && fd <= 2 && isatty(fd) == 1;
}

itsm_str itsm_os_env(const char *name)
{
    return itsm_str_c(name ? getenv(name) : NULL);
}
