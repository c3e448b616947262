// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors
//
// Children: their environment is made anew; what belongs to this library is put back.
#include "decide.h"

#include <dlfcn.h>
#include <spawn.h>

typedef int (*spawn_t)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                       const posix_spawnattr_t *, char *const[], char *const[]);

extern char fault_preload[], fault_location[];

#define MOST_VARIABLES 512

static char *const *given_on(char *const *environment, char **room) {
  int count = 0;
  if (!fault_state) return environment;
  for (; environment && environment[count] && count < MOST_VARIABLES; count++)
    room[count] = environment[count];
  room[count++] = fault_preload;
  room[count++] = fault_location;
  room[count] = NULL;
  return room;
}

SHOWN int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                      const posix_spawnattr_t *attributes, char *const argv[],
                      char *const envp[]) {
  char *room[MOST_VARIABLES + 3];
  spawn_t real = (spawn_t)dlsym(RTLD_NEXT, "posix_spawn");
  return real(pid, path, actions, attributes, argv, (char **)given_on(envp, room));
}

SHOWN int posix_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const argv[],
                       char *const envp[]) {
  char *room[MOST_VARIABLES + 3];
  spawn_t real = (spawn_t)dlsym(RTLD_NEXT, "posix_spawnp");
  return real(pid, path, actions, attributes, argv, (char **)given_on(envp, room));
}

SHOWN int execve(const char *path, char *const argv[], char *const envp[]) {
  char *room[MOST_VARIABLES + 3];
  return (int)RAW(SYS_execve, path, argv, given_on(envp, room));
}
