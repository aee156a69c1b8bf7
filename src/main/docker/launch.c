/*
 * Starts the gateway's JVM, as the process that it is itself, with options for the memory and the CPUs that the
 * container has. It is what the image has instead of a shell script.
 *
 * JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS and _JAVA_OPTIONS go to the JVM as arguments, in this order and after the image's
 * own, so that each wins over what is before it. If the JVM read them itself, it would print a line for each, which no
 * reader of a JSON log understands; and the image's options would win over the first two.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024ULL * 1024ULL)
#define MAX_ARGUMENTS 1000

static const char *const VARIABLES[] = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"};

static char *arguments[MAX_ARGUMENTS + 1];
static int count;

static void add(char *argument) {
  if (count == MAX_ARGUMENTS) {
    fprintf(stderr, "More than %d options for the JVM\n", MAX_ARGUMENTS);
    exit(1);
  }
  arguments[count++] = argument;
}

static void *checked(void *allocated) {
  if (allocated == NULL) {
    perror("launch");
    exit(1);
  }
  return allocated;
}

/* Splits at white space. Quotes of either kind keep it, and are taken away: as the JVM does. */
static void add_all(const char *text) {
  char *out = checked(strdup(text));
  for (const char *in = text; *in != '\0';) {
    in += strspn(in, " \t\r\n");
    if (*in == '\0') {
      break;
    }
    char *begin = out;
    char quote = '\0';
    for (; *in != '\0' && (quote != '\0' || strchr(" \t\r\n", *in) == NULL); in++) {
      if (quote == '\0' && (*in == '"' || *in == '\'')) {
        quote = *in;
      } else if (quote == *in) {
        quote = '\0';
      } else {
        *out++ = *in;
      }
    }
    if (*in != '\0') {
      in++;
    }
    *out++ = '\0';
    add(begin);
  }
}

static bool has(const char *begin, const char *end) {
  for (int i = 0; i < count; i++) {
    size_t length = strlen(arguments[i]);
    if (strncmp(arguments[i], begin, strlen(begin)) == 0
        && length >= strlen(end) && strcmp(arguments[i] + length - strlen(end), end) == 0) {
      return true;
    }
  }
  return false;
}

/* The first line of a file, or an empty text. */
static const char *line_of(const char *path) {
  static char line[256];
  line[0] = '\0';
  FILE *file = fopen(path, "r");
  if (file != NULL) {
    if (fgets(line, sizeof line, file) == NULL) {
      line[0] = '\0';
    }
    fclose(file);
  }
  return line;
}

/* A file of the process's control group, version 2. Seen from within, the group is the root; else its path leads there. */
static const char *group_line_of(const char *name) {
  char path[256];
  char group[128];
  snprintf(path, sizeof path, "/sys/fs/cgroup/%s", name);
  if (*line_of(path) == '\0' && sscanf(line_of("/proc/self/cgroup"), "0::%127s", group) == 1) {
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", group, name);
  }
  return line_of(path);
}

/* Of the control group, version 2 or 1; 0 where there is none. */
static unsigned long long memory_limit(void) {
  unsigned long long limit = strtoull(group_line_of("memory.max"), NULL, 10);
  if (limit == 0) {
    limit = strtoull(line_of("/sys/fs/cgroup/memory/memory.limit_in_bytes"), NULL, 10);
  }
  unsigned long long machine = (unsigned long long) sysconf(_SC_PHYS_PAGES) * (unsigned long long) sysconf(_SC_PAGESIZE);
  return limit < machine ? limit : 0;
}

/* Those that the process may use, in whole or in part. */
static double cpus(void) {
  cpu_set_t set;
  double most = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (double) sysconf(_SC_NPROCESSORS_ONLN);
  double quota = 0;
  double period = 0;
  if (sscanf(group_line_of("cpu.max"), "%lf %lf", &quota, &period) != 2) {
    quota = strtod(line_of("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), NULL);
    period = strtod(line_of("/sys/fs/cgroup/cpu/cpu.cfs_period_us"), NULL);
  }
  return quota > 0 && period > 0 && quota / period < most ? quota / period : most;
}

/* A line of the log, in the format that the gateway logs in. */
static void say(const char *message) {
  const char *format = getenv("LOGGING_STRUCTURED_FORMAT_CONSOLE");
  struct timespec now;
  struct tm utc;
  char time[32];
  clock_gettime(CLOCK_REALTIME, &now);
  strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
  if (format != NULL && strcmp(format, "ecs") == 0) {
    printf("{\"@timestamp\":\"%s.%03ldZ\",\"log\":{\"level\":\"INFO\",\"logger\":\"launch\"},"
           "\"service\":{\"name\":\"cancel-gateway\"},\"message\":\"%s\",\"ecs\":{\"version\":\"8.11\"}}\n",
           time, now.tv_nsec / 1000000, message);
  } else {
    printf("%s.%03ldZ  INFO launch : %s\n", time, now.tv_nsec / 1000000, message);
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  unsigned long long limit = memory_limit();
  double available = cpus();
  bool large = (limit == 0 || limit >= 1024 * MIB) && available >= 2;
  char memory[32] = "no limit";
  char message[256];

  /* what comes from outside is read first: the image leaves out what it would contradict */
  for (size_t i = 0; i < sizeof VARIABLES / sizeof *VARIABLES; i++) {
    const char *options = getenv(VARIABLES[i]);
    if (options != NULL) {
      add_all(options);
      unsetenv(VARIABLES[i]);
    }
  }
  char *given[MAX_ARGUMENTS];
  int given_count = count;
  memcpy(given, arguments, sizeof(char *) * (size_t) count);
  bool agent = has("-javaagent:", "") || has("-agentpath:", "") || has("-agentlib:", "");
  bool collector = has("-XX:+Use", "GC");

  count = 0;
  add("java");
  add("@/app/java.options");
  if (!large) {
    add("-XX:TieredStopAtLevel=1"); /* the second compiler needs some 50 MiB */
    add("-XX:ReservedCodeCacheSize=64m");
  }
  if (!collector && (limit == 0 || limit < 1792 * MIB || !large)) {
    add("-XX:+UseSerialGC"); /* beyond that the JVM takes G1 by itself */
  }
  if (limit == 0) {
    add("-Xmx512m"); /* a share of the node would be far too much */
  } else {
    add(large ? "-XX:MaxRAMPercentage=50" : "-XX:MaxRAMPercentage=33");
    add(large ? "-XX:MinRAMPercentage=50" : "-XX:MinRAMPercentage=33"); /* counts where memory is small */
    snprintf(memory, sizeof memory, "%llu MiB", limit / MIB);
  }
  if (agent) {
    add("-Xshare:off"); /* the JVM would refuse the cache anyhow, and say so in lines that are not JSON */
  } else {
    add("-XX:AOTCache=/app/cancel-gateway.aot");
  }
  for (int i = 0; i < given_count; i++) {
    add(given[i]);
  }
  add("-jar");
  add("/app/cancel-gateway.jar");
  for (int i = 1; i < argc; i++) {
    add(argv[i]);
  }

  snprintf(message, sizeof message, "Memory: %s; CPUs: %.1f; compilers: %s; heap: %s", memory, available,
           large ? "C1 and C2" : "C1", limit == 0 ? "512 MiB" : large ? "a half" : "a third");
  say(message);
  if (agent) {
    say("An agent is loaded. The JVM does not use its AOT cache then: the start takes longer, and more memory.");
  }
  execvp("java", arguments);
  fprintf(stderr, "java cannot be started: %s\n", strerror(errno));
  return 127;
}
