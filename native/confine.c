/* Starts a program that can touch only the files and ports named on the command line.
 *
 *   confine [--rw DIR] [--ro PATH] [--exec FILE] [--bind PORT] [--uid N --gid N] [--nofile N]
 *           [--core N] [--parent PID] -- PROGRAM ARGS...
 *
 * Everything is applied to this single-threaded process before exec, so that no thread of the
 * program ever ran without it. What the kernel offers is used and what it lacks is reported: the
 * program finds WIRESTITCH_CONFINED in its environment, "landlock=ABI seccomp=0|1 uid=N"
 * (landlock=0: no file confinement).
 *
 * Landlock: files and directories below --rw (all rights but device nodes and execution), --ro
 * (read), --exec (read and execute); TCP connect refused, TCP bind only to --bind ports; no signals
 * and abstract sockets outside. Seccomp: connect(), UDP and raw IP sockets, io_uring, ptrace.
 * Layouts: linux/landlock.h, linux/seccomp.h, as of Linux 6.12; own definitions below because
 * installed headers are often older than the running kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_CREATE_RULESET 444
#define NR_ADD_RULE 445
#define NR_RESTRICT_SELF 446

enum {
  FS_EXECUTE = 1 << 0,
  FS_WRITE_FILE = 1 << 1,
  FS_READ_FILE = 1 << 2,
  FS_READ_DIR = 1 << 3,
  FS_REMOVE_DIR = 1 << 4,
  FS_REMOVE_FILE = 1 << 5,
  FS_MAKE_CHAR = 1 << 6,
  FS_MAKE_DIR = 1 << 7,
  FS_MAKE_REG = 1 << 8,
  FS_MAKE_SOCK = 1 << 9,
  FS_MAKE_FIFO = 1 << 10,
  FS_MAKE_BLOCK = 1 << 11,
  FS_MAKE_SYM = 1 << 12,
  FS_REFER = 1 << 13,
  FS_TRUNCATE = 1 << 14,
  FS_IOCTL_DEV = 1 << 15,
};
enum { NET_BIND_TCP = 1 << 0, NET_CONNECT_TCP = 1 << 1 };
enum { SCOPE_ABSTRACT_UNIX = 1 << 0, SCOPE_SIGNAL = 1 << 1 };
enum { RULE_PATH = 1, RULE_PORT = 2 };

struct ruleset {
  uint64_t fs, net, scoped;
};
struct path_rule {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));
struct port_rule {
  uint64_t allowed, port;
};

enum { RO = FS_READ_FILE | FS_READ_DIR, EXEC = RO | FS_EXECUTE };
enum {
  RW = RO | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |
       FS_MAKE_SOCK | FS_MAKE_FIFO | FS_MAKE_SYM | FS_REFER | FS_TRUNCATE
};
enum { FILE_RIGHTS = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV };

static void fail(const char *what, const char *subject) {
  fprintf(stderr, "confine: cannot %s %s: %s\n", what, subject, strerror(errno));
  exit(126);
}

static long number(const char *text) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (*text == 0 || *end != 0 || errno != 0 || value < 0) {
    fprintf(stderr, "confine: cannot read \"%s\" as a number\n", text);
    exit(125);
  }
  return value;
}

static void allow_path(int ruleset, const char *path, uint64_t rights, uint64_t handled) {
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return;
    fail("open", path);
  }
  struct stat st;
  if (fstat(fd, &st) != 0) fail("stat", path);
  if (!S_ISDIR(st.st_mode)) rights &= FILE_RIGHTS;
  struct path_rule rule = {rights & handled, fd};
  if (syscall(NR_ADD_RULE, ruleset, RULE_PATH, &rule, 0) != 0) fail("allow", path);
  close(fd);
}

/* Returns the kernel's Landlock ABI; 0: none, and nothing was restricted. */
static int landlock(int argc, char **argv) {
  int abi = (int)syscall(NR_CREATE_RULESET, NULL, 0, 1);
  if (abi < 1) return 0;
  struct ruleset attr = {(FS_MAKE_SYM << 1) - 1, 0, 0};
  if (abi >= 2) attr.fs |= FS_REFER;
  if (abi >= 3) attr.fs |= FS_TRUNCATE;
  if (abi >= 4) attr.net = NET_BIND_TCP | NET_CONNECT_TCP;
  if (abi >= 5) attr.fs |= FS_IOCTL_DEV;
  if (abi >= 6) attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
  size_t size = abi >= 6 ? sizeof attr : abi >= 4 ? 16 : 8;
  int ruleset = (int)syscall(NR_CREATE_RULESET, &attr, size, 0);
  if (ruleset < 0) fail("create", "a Landlock ruleset");
  for (int i = 0; i + 1 < argc; i += 2) {
    const char *key = argv[i], *value = argv[i + 1];
    if (strcmp(key, "--rw") == 0) allow_path(ruleset, value, RW, attr.fs);
    if (strcmp(key, "--ro") == 0) allow_path(ruleset, value, RO, attr.fs);
    if (strcmp(key, "--exec") == 0) allow_path(ruleset, value, EXEC, attr.fs);
    if (strcmp(key, "--bind") == 0 && attr.net != 0) {
      struct port_rule rule = {NET_BIND_TCP, (uint64_t)number(value)};
      if (syscall(NR_ADD_RULE, ruleset, RULE_PORT, &rule, 0) != 0) fail("allow port", value);
    }
  }
  allow_path(ruleset, "/dev/null", RW, attr.fs);
  if (syscall(NR_RESTRICT_SELF, ruleset, 0) != 0) fail("apply", "the Landlock ruleset");
  close(ruleset);
  return abi;
}

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define ARG(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE_IF(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), REFUSE

static int seccomp(void) {
#if defined(__x86_64__)
  const uint32_t arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  const uint32_t arch = AUDIT_ARCH_AARCH64;
#else
  return 0;
#endif
  struct sock_filter code[] = {
      LOAD(offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0),
      REFUSE,
      LOAD(offsetof(struct seccomp_data, nr)),
      /* the x32 calls of x86-64 have numbers of their own */
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
      REFUSE,
      REFUSE_IF(SYS_connect),
      REFUSE_IF(SYS_ptrace),
      REFUSE_IF(SYS_process_vm_readv),
      REFUSE_IF(SYS_process_vm_writev),
      REFUSE_IF(425 /* io_uring_setup */),
      /* socket(): only stream sockets of the internet families */
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
      ALLOW,
      LOAD(ARG(0)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
      REFUSE,
      ALLOW,
      LOAD(ARG(1)),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0),
      REFUSE,
      ALLOW,
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], code};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void limit(int resource, const char *name, rlim_t value) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) fail("read limit", name);
  if (value > now.rlim_max) value = now.rlim_max;
  struct rlimit wanted = {value, value};
  if (setrlimit(resource, &wanted) != 0) fail("set limit", name);
}

static void drop_user(long uid, long gid) {
  if (setgroups(0, NULL) != 0) fail("drop", "supplementary groups");
  if (setresgid((gid_t)gid, (gid_t)gid, (gid_t)gid) != 0) fail("set", "the group id");
  if (setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) != 0) fail("set", "the user id");
  if (setuid(0) == 0) {
    fprintf(stderr, "BUG: confine: the user id can be taken back\n");
    exit(126);
  }
}

static const char *const keys[] = {"--rw",  "--ro",     "--exec", "--bind",   "--uid",
                                   "--gid", "--nofile", "--core", "--parent", NULL};

/* Returns the index of "--". */
static int check_arguments(int argc, char **argv) {
  int i = 1;
  for (; i < argc && strcmp(argv[i], "--") != 0; i += 2) {
    int known = 0;
    for (int k = 0; keys[k] != NULL; k++) known |= strcmp(argv[i], keys[k]) == 0;
    if (!known || i + 1 >= argc) {
      fprintf(stderr, "confine: cannot use argument \"%s\"\n", argv[i]);
      exit(125);
    }
  }
  if (i + 1 >= argc) {
    fprintf(stderr, "usage: confine [options] -- PROGRAM ARGS...\n");
    exit(125);
  }
  return i;
}

int main(int argc, char **argv) {
  int split = check_arguments(argc, argv);
  long uid = -1, gid = -1, parent = -1;
  for (int i = 1; i < split; i += 2) {
    if (strcmp(argv[i], "--uid") == 0) uid = number(argv[i + 1]);
    if (strcmp(argv[i], "--gid") == 0) gid = number(argv[i + 1]);
    if (strcmp(argv[i], "--parent") == 0) parent = number(argv[i + 1]);
    if (strcmp(argv[i], "--nofile") == 0) limit(RLIMIT_NOFILE, "nofile", number(argv[i + 1]));
    if (strcmp(argv[i], "--core") == 0) limit(RLIMIT_CORE, "core", number(argv[i + 1]));
  }
  if (uid > 0 && gid > 0) drop_user(uid, gid);
  /* after the user id: a change of it clears the parent-death signal */
  if (parent >= 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) return 124;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("set", "no_new_privs");
  int abi = landlock(split - 1, argv + 1);
  int filtered = seccomp();
  char state[96];
  snprintf(state, sizeof state, "landlock=%d seccomp=%d uid=%ld", abi, filtered, (long)getuid());
  setenv("WIRESTITCH_CONFINED", state, 1);
  execv(argv[split + 1], argv + split + 1);
  fail("start", argv[split + 1]);
}
