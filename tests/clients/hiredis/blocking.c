// hiredis with its blocking calls: one request at a time, pipelines, transactions, scripts.
#include <hiredis/hiredis.h>
#include <string.h>

#include "tests.h"

static redisContext* Connect(int port) {
  struct timeval patience = {DEADLINE_S, 0};
  redisContext* context = redisConnectWithTimeout("127.0.0.1", port, patience);
  EXPECT(context != NULL && context->err == 0);
  EXPECT(redisSetTimeout(context, patience) == REDIS_OK);
  return context;
}

static void ExpectInteger(redisReply* reply, long long value) {
  EXPECT(reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == value);
  freeReplyObject(reply);
}

static void ExpectText(redisReply* reply, int type, const char* text) {
  EXPECT(reply != NULL && reply->type == type && strcmp(reply->str, text) == 0);
  freeReplyObject(reply);
}

static void BinaryValuesOfAllSizes(int port) {
  redisContext* context = Connect(port);
  const size_t sizes[] = {0, 1, 16383, 16384, 16385, 1 << 20, 32 << 20};
  for (size_t each = 0; each < sizeof sizes / sizeof *sizes; each++) {
    char* value = malloc(sizes[each] + 1);
    for (size_t at = 0; at < sizes[each]; at++) value[at] = (char)(at * 31 % 251);
    ExpectText(redisCommand(context, "SET %b %b", "k\0y", (size_t)3, value, sizes[each]),
               REDIS_REPLY_STATUS, "OK");
    redisReply* reply = redisCommand(context, "GET %b", "k\0y", (size_t)3);
    EXPECT(reply->type == REDIS_REPLY_STRING && reply->len == sizes[each]);
    EXPECT(memcmp(reply->str, value, sizes[each]) == 0);
    freeReplyObject(reply);
    free(value);
  }
  redisFree(context);
}

static void APipelineKeepsItsOrder(int port) {
  redisContext* context = Connect(port);
  for (int number = 0; number < 10000; number++) {
    EXPECT(redisAppendCommand(context, "SET key:%d %d", number, number) == REDIS_OK);
    EXPECT(redisAppendCommand(context, "GET key:%d", number) == REDIS_OK);
  }
  for (int number = 0; number < 10000; number++) {
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    redisReply* reply = NULL;
    EXPECT(redisGetReply(context, (void**)&reply) == REDIS_OK);
    ExpectText(reply, REDIS_REPLY_STATUS, "OK");
    EXPECT(redisGetReply(context, (void**)&reply) == REDIS_OK);
    ExpectText(reply, REDIS_REPLY_STRING, text);
  }
  redisFree(context);
}

static void AnErrorLeavesTheConnectionAsItWas(int port) {
  redisContext* context = Connect(port);
  ExpectInteger(redisCommand(context, "LPUSH list a"), 1);
  ExpectText(redisCommand(context, "INCR list"), REDIS_REPLY_ERROR,
             "WRONGTYPE Operation against a key holding the wrong kind of value");
  ExpectText(redisCommand(context, "nosuch a"), REDIS_REPLY_ERROR,
             "ERR unknown command 'nosuch', with args beginning with: 'a' ");
  EXPECT(context->err == 0);
  redisReply* missing = redisCommand(context, "GET missing");
  EXPECT(missing->type == REDIS_REPLY_NIL);
  freeReplyObject(missing);
  redisFree(context);
}

static void ATransactionIsNullWhenAWatchedKeyChanged(int port) {
  redisContext *context = Connect(port), *other = Connect(port);
  for (int changed = 1; changed >= 0; changed--) {
    ExpectText(redisCommand(context, "WATCH total"), REDIS_REPLY_STATUS, "OK");
    if (changed) ExpectInteger(redisCommand(other, "INCR total"), 1);
    ExpectText(redisCommand(context, "MULTI"), REDIS_REPLY_STATUS, "OK");
    ExpectText(redisCommand(context, "INCRBY total 10"), REDIS_REPLY_STATUS, "QUEUED");
    ExpectText(redisCommand(context, "HGETALL missing"), REDIS_REPLY_STATUS, "QUEUED");
    redisReply* reply = redisCommand(context, "EXEC");
    EXPECT(reply->type == (changed ? REDIS_REPLY_NIL : REDIS_REPLY_ARRAY));
    if (!changed) {
      EXPECT(reply->elements == 2 && reply->element[0]->integer == 11);
      EXPECT(reply->element[1]->type == REDIS_REPLY_ARRAY && reply->element[1]->elements == 0);
    }
    freeReplyObject(reply);
  }
  redisFree(context);
  redisFree(other);
}

static void AScriptReleasesALockForItsOwnerAlone(int port) {
  redisContext* context = Connect(port);
  redisReply* sha = redisCommand(
      context, "SCRIPT LOAD %s",
      "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end "
      "return 0");
  EXPECT(sha->type == REDIS_REPLY_STRING && sha->len == 40);
  ExpectText(redisCommand(context, "SET lock owner NX PX 600000"), REDIS_REPLY_STATUS, "OK");
  ExpectInteger(redisCommand(context, "EVALSHA %s 1 lock other", sha->str), 0);
  ExpectInteger(redisCommand(context, "EVALSHA %s 1 lock owner", sha->str), 1);
  freeReplyObject(sha);
  ExpectText(redisCommand(context, "EVALSHA %s 0", "0000000000000000000000000000000000000000"),
             REDIS_REPLY_ERROR, "NOSCRIPT No matching script. Please use EVAL.");
  redisFree(context);
}

static void AScanFindsEveryMember(int port) {
  redisContext* context = Connect(port);
  for (int number = 0; number < 5000; number++) {
    redisAppendCommand(context, "SADD set m%d", number);
  }
  for (int number = 0; number < 5000; number++) {
    redisReply* reply = NULL;
    EXPECT(redisGetReply(context, (void**)&reply) == REDIS_OK);
    ExpectInteger(reply, 1);
  }
  char seen[5000] = {0};
  char cursor[32] = "0";
  do {
    redisReply* reply = redisCommand(context, "SSCAN set %s COUNT 100", cursor);
    EXPECT(reply->elements == 2 && reply->element[0]->type == REDIS_REPLY_STRING);
    snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
    for (size_t at = 0; at < reply->element[1]->elements; at++) {
      seen[atoi(reply->element[1]->element[at]->str + 1)] = 1;
    }
    freeReplyObject(reply);
  } while (strcmp(cursor, "0") != 0);
  EXPECT(memchr(seen, 0, sizeof seen) == NULL);
  redisFree(context);
}

static void NestedRepliesOfAStream(int port) {
  redisContext* context = Connect(port);
  ExpectText(redisCommand(context, "XADD orders 1-1 item tea"), REDIS_REPLY_STRING, "1-1");
  redisReply* reply = redisCommand(context, "XREAD COUNT 10 STREAMS orders 0");
  EXPECT(reply->elements == 1 && strcmp(reply->element[0]->element[0]->str, "orders") == 0);
  redisReply* entry = reply->element[0]->element[1]->element[0];
  EXPECT(strcmp(entry->element[0]->str, "1-1") == 0);
  EXPECT(strcmp(entry->element[1]->element[1]->str, "tea") == 0);
  freeReplyObject(reply);
  redisFree(context);
}

const struct Test kBlockingTests[] = {
    {"binary_values_of_all_sizes", BinaryValuesOfAllSizes},
    {"a_pipeline_keeps_its_order", APipelineKeepsItsOrder},
    {"an_error_leaves_the_connection_as_it_was", AnErrorLeavesTheConnectionAsItWas},
    {"a_transaction_is_null_when_a_watched_key_changed", ATransactionIsNullWhenAWatchedKeyChanged},
    {"a_script_releases_a_lock_for_its_owner_alone", AScriptReleasesALockForItsOwnerAlone},
    {"a_scan_finds_every_member", AScanFindsEveryMember},
    {"nested_replies_of_a_stream", NestedRepliesOfAStream},
    {NULL, NULL},
};
