// Keys that move to another server: MIGRATE. Who carries them is in server/migrations.h.
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/lookup.h"
#include "server/migrations.h"
#include "storage/dump.h"

namespace larder {
namespace {

// Positions of the arguments.
constexpr size_t kHost = 1, kPort = 2, kKey = 3, kDatabase = 4, kTimeout = 5, kFirstOption = 6;

constexpr int64_t kTimeoutMsDefault = 1000;  // where none above 0 is given
constexpr int kPortMax = 65535;

struct MigrateOptions {
  bool copy = false, replace = false;
  std::string_view user, password;
  bool has_password = false;
  std::optional<size_t> first_key;  // behind KEYS
};

Status ParseOptions(ArgReader args, MigrateOptions* options) {
  const bool has_key = !args.all()[kKey].empty();
  args.Skip(kFirstOption - args.position());
  while (args.HasMore()) {
    if (args.Match("COPY")) {
      options->copy = true;
    } else if (args.Match("REPLACE")) {
      options->replace = true;
    } else if (args.remaining() >= 2 && args.Match("AUTH")) {
      options->user = {};
      options->password = args.Next();
      options->has_password = true;
    } else if (args.remaining() >= 3 && args.Match("AUTH2")) {
      options->user = args.Next();
      options->password = args.Next();
      options->has_password = true;
    } else if (args.Match("KEYS")) {
      if (has_key) return Error(errors::kMigrateKeyAndKeys);
      options->first_key = args.position();
      return Ok();
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Ok();
}

// As MIGRATE itself finds them: one key, or those behind KEYS, which may be another option's value.
void FindKeys(std::span<const std::string_view> args, std::vector<int>* positions) {
  if (args.size() <= kTimeout) return;
  for (size_t i = kFirstOption; args[kKey].empty() && i < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "KEYS")) {
      for (++i; i < args.size(); ++i) positions->push_back(static_cast<int>(i));
      return;
    }
    if (EqualsIgnoreCase(args[i], "AUTH")) i += 1;
    if (EqualsIgnoreCase(args[i], "AUTH2")) i += 2;
  }
  positions->push_back(static_cast<int>(kKey));
}

// As atoi reads it; -1 where there can be no such port.
int PortOf(std::string_view text) {
  int port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port < 0 || port > kPortMax ? -1 : port;
}

void TakeDown(CommandContext& ctx, const storage::Key& key, Migration* migration) {
  const storage::Entry* const entry = FindToRead(ctx, key);
  if (entry == nullptr || entry->type() == storage::Type::kPass) return;
  migration->keys.push_back({.name = std::string(key.bytes),
                             .expire_at_ms = entry->expire_at_ms(),
                             .dump = storage::DumpOf(*entry, {.compress = false})});
}

Status Migrate(CommandContext& ctx) {
  if (ctx.in_exec() || ctx.in_script()) return Error(errors::kMigrateWaits);
  MigrateOptions options;
  if (Status parsed = ParseOptions(ctx.args, &options); !parsed.ok()) return parsed;
  const auto args = ctx.args.all();
  auto migration = std::make_unique<Migration>();
  ArgReader numbers = ctx.args;
  numbers.Skip(kDatabase - numbers.position());
  const int64_t database = numbers.NextInt();
  const int64_t timeout_ms = numbers.NextInt();
  if (numbers.failed()) return numbers.status();
  migration->target_database = database;
  migration->timeout_ms = timeout_ms > 0 ? timeout_ms : kTimeoutMsDefault;
  migration->host = args[kHost];
  migration->port = PortOf(args[kPort]);
  migration->source_database = ctx.db.index();
  migration->copy = options.copy;
  migration->replace = options.replace;
  migration->user = options.user;
  if (options.has_password) migration->password = std::string(options.password);
  migration->taken_at_ms = ctx.db.now_ms();

  const size_t first = options.first_key.value_or(kKey);
  const size_t end = options.first_key ? args.size() : kKey + 1;
  for (size_t i = first; i < end; ++i) TakeDown(ctx, ctx.db.HashedKey(args[i]), migration.get());
  if (migration->keys.empty()) return ctx.reply.Simple("NOKEY"), Ok();

  auto waiter = std::make_shared<Waiter>();
  waiter->can_be_unblocked = false;
  migration->waiter = waiter;
  ctx.Block(std::move(waiter), /*timeout_us=*/0);
  ctx.engine.migrations->Start(std::move(migration));
  return Ok();
}

constexpr int kMovedKey = KeyFlag::kRW | KeyFlag::kAccess | KeyFlag::kDelete;

constexpr CommandSpec kCommands[] = {
    {.name = "migrate",
     .syntax = "host port:int <key:key | \"\"> destination-db:int timeout:int [COPY] [REPLACE] "
               "[authentication: AUTH password | AUTH2 username password] [KEYS key:key ...]",
     .summary = "Atomically transfers a key from one Redis instance to another.",
     .complexity = "This command actually executes a DUMP+DEL in the source instance, and a "
                   "RESTORE in the target instance. See the pages of these commands for time "
                   "complexity. Also an O(N) data transfer between the two instances is performed.",
     .since = "2.6.0",
     .group = Group::kGeneric,
     // It may carry a password: neither MONITOR nor SLOWLOG shows it.
     .flags = Flag::kWrite | Flag::kDangerous,
     .keys = {Key(3, kMovedKey),
              {.kind = KeySpec::Kind::kKeyword,
               .first = -2,
               .last = -1,
               .flags = kMovedKey | KeyFlag::kIncomplete,
               .keyword = "KEYS"}},
     .find_keys = FindKeys,
     .handler = Migrate,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> MigrateCommands() { return kCommands; }

}  // namespace larder
