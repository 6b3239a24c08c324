// The tests of both C files: each connects to the server on a port of loopback and ends the process
// with a message at the first thing that is not as it should be.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                     \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

#define DEADLINE_S 60

struct Test {
  const char* name;
  void (*run)(int port);
};

// Each list ends with a test without a name.
extern const struct Test kBlockingTests[];
extern const struct Test kEventDrivenTests[];
