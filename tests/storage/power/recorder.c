/* Records every write, truncation and fsync that a process makes on the files of one database, in order and with its
 * bytes: preloaded, it stands between SQLite and the C library. Each record is a header of 24 bytes and its data:
 * kind ('w', 't', 's': written, truncated, on disk; 'a': a line that the workload says is acknowledged), file ('d' the
 * database, 'w' its log), padding, offset, length. Built and read by tests/storage/test_power_cut.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int tape = -1;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_pwrite64)(int, const void *, size_t, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_ftruncate64)(int, off64_t);

__attribute__((constructor)) static void begin(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite");
  real_pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
  real_ftruncate64 = dlsym(RTLD_NEXT, "ftruncate64");
  const char *path = getenv("TAPE");
  if (path) tape = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

static char which(int fd) {
  char link[64], path[4096];
  if (tape < 0 || fd == tape) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  const char *end = strrchr(path, '/');
  if (!end) return 0;
  if (!strcmp(end, "/shop.sqlite3")) return 'd';
  if (!strcmp(end, "/shop.sqlite3-wal")) return 'w';
  if (!strcmp(end, "/acks")) return 'a';
  return 0;
}

static void put(char kind, char file, int64_t offset, const void *data, int64_t length, int64_t bytes) {
  char head[24] = {kind, file};
  memcpy(head + 8, &offset, 8);
  memcpy(head + 16, &length, 8);
  real_write(tape, head, sizeof head);
  if (bytes) real_write(tape, data, (size_t)bytes);
}

#define RECORD(call, kind, offset, data, length, bytes)                                                                \
  char file = which(fd);                                                                                               \
  if (!file) return call;                                                                                              \
  pthread_mutex_lock(&door);                                                                                           \
  __typeof__(call) got = call;                                                                                         \
  if (got >= 0) put(file == 'a' ? 'a' : kind, file, offset, data, length, bytes);                                      \
  pthread_mutex_unlock(&door);                                                                                         \
  return got

ssize_t write(int fd, const void *data, size_t size) {
  off_t here = lseek(fd, 0, SEEK_CUR);
  RECORD(real_write(fd, data, size), 'w', here, data, got, got);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  RECORD(real_pwrite(fd, data, size, at), 'w', at, data, got, got);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  RECORD(real_pwrite64(fd, data, size, at), 'w', at, data, got, got);
}
int fsync(int fd) { RECORD(real_fsync(fd), 's', 0, NULL, 0, 0); }
int fdatasync(int fd) { RECORD(real_fdatasync(fd), 's', 0, NULL, 0, 0); }
int ftruncate(int fd, off_t size) { RECORD(real_ftruncate(fd, size), 't', size, NULL, 0, 0); }
int ftruncate64(int fd, off64_t size) { RECORD(real_ftruncate64(fd, size), 't', size, NULL, 0, 0); }
