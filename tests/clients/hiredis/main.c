// tests --list prints the names of all tests; tests NAME PORT runs one.
#include <string.h>

#include "tests.h"

int main(int count, char** arguments) {
  const struct Test* lists[] = {kBlockingTests, kEventDrivenTests};
  for (size_t list = 0; list < sizeof lists / sizeof *lists; list++) {
    for (const struct Test* test = lists[list]; test->name != NULL; test++) {
      if (count == 2) {
        puts(test->name);
      } else if (count == 3 && strcmp(test->name, arguments[1]) == 0) {
        test->run(atoi(arguments[2]));
        return 0;
      }
    }
  }
  return count == 2 ? 0 : 2;
}
