/* SPDX-License-Identifier: MIT */
/*
 * Feeds files to a fuzz target without a fuzzer: each argument is a file or a folder whose files are fed one by one.
 * Fails when there was nothing to feed, so that a lost corpus is noticed.
 */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* without it, a 32-bit program cannot list every folder */
#endif
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t fed;

static void feed(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) fprintf(stderr, "cannot open %s\n", path), exit(1);
    size_t n = 0, capacity = 4096;
    uint8_t *data = malloc(capacity);
    while (data) {
        size_t got = fread(data + n, 1, capacity - n, file);
        if (!got) break;
        n += got;
        if (n == capacity) data = realloc(data, capacity *= 2);
    }
    if (!data || ferror(file)) fprintf(stderr, "cannot read %s\n", path), exit(1);
    fclose(file);
    uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees the first byte read beyond */
    if (!exact) fprintf(stderr, "no memory for %s\n", path), exit(1);
    memcpy(exact, data, n);
    free(data);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    fed++;
}

static void feed_folder(const char *path, DIR *folder)
{
    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[4096];
        if (entry->d_name[0] == '.') continue;
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < (int)sizeof name) feed(name);
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder) feed_folder(argv[i], folder);
        else feed(argv[i]);
    }
    printf("%zu inputs\n", fed);
    return fed ? 0 : 1;
}
