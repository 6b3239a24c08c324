// hiredis with callbacks, driven by poll(2): what nginx modules and gateways in C do.
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <string.h>

#include "tests.h"

// What the library wants to be told about a connection's socket.
struct Wish {
  int read;
  int write;
};

static void WantRead(void* wish) { ((struct Wish*)wish)->read = 1; }
static void WantNoRead(void* wish) { ((struct Wish*)wish)->read = 0; }
static void WantWrite(void* wish) { ((struct Wish*)wish)->write = 1; }
static void WantNoWrite(void* wish) { ((struct Wish*)wish)->write = 0; }

static redisAsyncContext* Connect(int port, struct Wish* wish) {
  redisAsyncContext* context = redisAsyncConnect("127.0.0.1", port);
  EXPECT(context != NULL && context->err == 0);
  context->ev.data = wish;
  context->ev.addRead = WantRead;
  context->ev.delRead = WantNoRead;
  context->ev.addWrite = WantWrite;
  context->ev.delWrite = WantNoWrite;
  wish->write = 1;
  return context;
}

// Serves two connections until the count reaches the target.
static void RunUntil(redisAsyncContext* contexts[2], struct Wish wishes[2], const int* count,
                     int target) {
  while (*count < target) {
    struct pollfd sockets[2];
    for (int each = 0; each < 2; each++) {
      sockets[each].fd = contexts[each]->c.fd;
      sockets[each].events =
          (short)((wishes[each].read ? POLLIN : 0) | (wishes[each].write ? POLLOUT : 0));
    }
    EXPECT(poll(sockets, 2, DEADLINE_S * 1000) > 0);
    for (int each = 0; each < 2; each++) {
      if (sockets[each].revents & POLLOUT) redisAsyncHandleWrite(contexts[each]);
      if (sockets[each].revents & (POLLIN | POLLHUP)) redisAsyncHandleRead(contexts[each]);
    }
  }
}

static void CountInOrder(redisAsyncContext* context, void* reply, void* count) {
  (void)context;
  int* seen = count;
  EXPECT(reply != NULL && ((redisReply*)reply)->integer == ++*seen);
}

static void ThousandsOfCommandsAreInFlight(int port) {
  struct Wish wishes[2] = {{0, 0}, {0, 0}};
  redisAsyncContext* contexts[2] = {Connect(port, &wishes[0]), Connect(port, &wishes[1])};
  int first = 0, second = 0;
  for (int number = 0; number < 10000; number++) {
    redisAsyncCommand(contexts[0], CountInOrder, &first, "INCR first");
    redisAsyncCommand(contexts[1], CountInOrder, &second, "INCR second");
  }
  RunUntil(contexts, wishes, &first, 10000);
  RunUntil(contexts, wishes, &second, 10000);
  redisAsyncFree(contexts[0]);
  redisAsyncFree(contexts[1]);
}

struct Heard {
  int subscriptions;
  int messages;
};

static void Hear(redisAsyncContext* context, void* reply, void* data) {
  (void)context;
  if (reply == NULL) return;  // The connection is being freed.
  struct Heard* heard = data;
  redisReply* message = reply;
  const char* kind = message->element[0]->str;
  if (strcmp(kind, "subscribe") == 0 || strcmp(kind, "psubscribe") == 0) {
    heard->subscriptions++;
  } else if (strcmp(kind, "message") == 0 || strcmp(kind, "pmessage") == 0) {
    char expected[16];
    snprintf(expected, sizeof expected, "m%d", heard->messages / 2);
    EXPECT(strcmp(message->element[message->elements - 1]->str, expected) == 0);
    heard->messages++;
  }
}

static void ExpectTwoReceivers(redisAsyncContext* context, void* reply, void* data) {
  (void)context;
  (void)data;
  EXPECT(reply != NULL && ((redisReply*)reply)->integer == 2);
}

static void SubscribersHearMessagesInOrder(int port) {
  struct Wish wishes[2] = {{0, 0}, {0, 0}};
  redisAsyncContext* contexts[2] = {Connect(port, &wishes[0]), Connect(port, &wishes[1])};
  struct Heard heard = {0, 0};
  redisAsyncCommand(contexts[0], Hear, &heard, "SUBSCRIBE news");
  redisAsyncCommand(contexts[0], Hear, &heard, "PSUBSCRIBE n*");
  RunUntil(contexts, wishes, &heard.subscriptions, 2);
  for (int number = 0; number < 100; number++) {
    redisAsyncCommand(contexts[1], ExpectTwoReceivers, NULL, "PUBLISH news m%d", number);
  }
  RunUntil(contexts, wishes, &heard.messages, 200);
  redisAsyncFree(contexts[0]);
  redisAsyncFree(contexts[1]);
}

static void TakeJob(redisAsyncContext* context, void* reply, void* count) {
  (void)context;
  redisReply* popped = reply;
  EXPECT(popped != NULL && popped->elements == 2);
  EXPECT(strcmp(popped->element[0]->str, "jobs") == 0);
  EXPECT(strcmp(popped->element[1]->str, "job") == 0);
  ++*(int*)count;
}

static void PushOnceSomebodyWaits(redisAsyncContext* context, void* reply, void* data) {
  const char* info = ((redisReply*)reply)->str;
  if (strstr(info, "blocked_clients:1\r\n") != NULL) {
    redisAsyncCommand(context, NULL, NULL, "RPUSH jobs job");
  } else {
    redisAsyncCommand(context, PushOnceSomebodyWaits, data, "INFO clients");
  }
}

static void ABlockedPopIsWokenByAPush(int port) {
  struct Wish wishes[2] = {{0, 0}, {0, 0}};
  redisAsyncContext* contexts[2] = {Connect(port, &wishes[0]), Connect(port, &wishes[1])};
  int taken = 0;
  redisAsyncCommand(contexts[0], TakeJob, &taken, "BLPOP none jobs 600");
  redisAsyncCommand(contexts[1], PushOnceSomebodyWaits, NULL, "INFO clients");
  RunUntil(contexts, wishes, &taken, 1);
  redisAsyncFree(contexts[0]);
  redisAsyncFree(contexts[1]);
}

const struct Test kEventDrivenTests[] = {
    {"thousands_of_commands_are_in_flight", ThousandsOfCommandsAreInFlight},
    {"subscribers_hear_messages_in_order", SubscribersHearMessagesInOrder},
    {"a_blocked_pop_is_woken_by_a_push", ABlockedPopIsWokenByAPush},
    {NULL, NULL},
};
