/* What bpf.node needs when libbpf, libelf and zlib are linked into it: distributions compile these
 * archives for programs, not for shared objects. scripts/prebuild.mjs renames the data of the C
 * library that they use to the copies here, and takes out libelf's error state, whose thread-local
 * storage has the model of programs. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#define LOCAL __attribute__((visibility("hidden")))

LOCAL FILE *linked_stdin, *linked_stdout, *linked_stderr;
LOCAL char **linked_environ;

__attribute__((constructor)) static void copy_library_data(void) {
  linked_stdin = stdin;
  linked_stdout = stdout;
  linked_stderr = stderr;
  linked_environ = environ;
}

static __thread int last_error;
static __thread char error_text[32];

LOCAL void __libelf_seterrno(int value) { last_error = value; }

LOCAL int elf_errno(void) {
  int value = last_error;
  last_error = 0;
  return value;
}

/* 0 asks for the last error, if there is one; -1 for the last one in any case. */
LOCAL const char *elf_errmsg(int error) {
  if (error == 0 && last_error == 0) return NULL;
  snprintf(error_text, sizeof error_text, "libelf error %d", error > 0 ? error : last_error);
  return error_text;
}
