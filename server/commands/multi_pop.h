// Popping from the first of several keys that exists, or waiting until one does: what BLPOP, LMPOP
// and BLMPOP share with BZPOPMIN, ZMPOP and BZMPOP.
//
// A family of such commands is a struct with `End`, the ends of its values; `kType`, their type;
// `ParseEnd(word)`, an optional end; and `PopWithKey(ctx, key, pop)`, which pops from a key that
// holds one and replies with the key's name, and replies nothing where a script will start again.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/commands/lookup.h"
#include "server/commands/type_waiter.h"

namespace larder {

// One element, answered beside its key, or up to `count`, answered as a list of their own.
template <class End>
struct MultiPop {
  End end{};
  std::optional<size_t> count;
};

// Pops from the first key that exists. `*empty` when there is none.
template <class Family>
Status PopFromFirst(CommandContext& ctx, std::span<const std::string_view> keys,
                    const MultiPop<typename Family::End>& pop, bool* empty) {
  for (const std::string_view name : keys) {
    const storage::Key key = ctx.args.HashedKey(name);
    const storage::Entry* entry;
    if (Status found = FindToWrite(ctx, key, Family::kType, &entry); !found.ok()) return found;
    if (entry != nullptr) return Family::PopWithKey(ctx, key, pop);
  }
  *empty = true;
  return Ok();
}

template <class Family>
Status PopOrWait(CommandContext& ctx, std::span<const std::string_view> keys,
                 const MultiPop<typename Family::End>& pop, std::string_view timeout) {
  int64_t timeout_us = 0;
  if (Status parsed = ParseBlockTimeout(timeout, &timeout_us); !parsed.ok()) return parsed;
  bool empty = false;
  Status popped = PopFromFirst<Family>(ctx, keys, pop, &empty);
  if (!empty) return popped;
  if (ctx.in_exec() || ctx.in_script()) return ctx.reply.NullArray(), Ok();
  WaiterPointer waiter = NewTypeWaiter(keys, Family::kType);
  waiter->serve = [pop](CommandContext& then, const storage::Key& key) {
    Status served = Family::PopWithKey(then, key, pop);
    if (!served.ok()) then.reply.Error(served.error());
  };
  ctx.Block(std::move(waiter), timeout_us);
  return Ok();
}

// "key … timeout"
template <class Family>
Status BlockingPop(CommandContext& ctx, typename Family::End end) {
  const auto arguments = ctx.args.all().subspan(1);
  return PopOrWait<Family>(ctx, arguments.first(arguments.size() - 1), {.end = end},
                           arguments.back());
}

// "numkeys key … end [COUNT count]"
template <class Family>
Status ParseMultiPop(ArgReader& args, std::span<const std::string_view>* keys,
                     MultiPop<typename Family::End>* pop) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const int64_t key_count = args.NextIntIn(1, kMost, "ERR numkeys should be greater than 0");
  if (args.failed()) return args.status();
  if (static_cast<uint64_t>(key_count) >= args.remaining()) return Error(errors::kSyntax);
  *keys = args.all().subspan(args.position(), static_cast<size_t>(key_count));
  args.Skip(static_cast<size_t>(key_count));
  const auto end = Family::ParseEnd(args.Next());
  if (!end) return Error(errors::kSyntax);
  pop->end = *end;
  pop->count = 1;
  if (!args.HasMore()) return Ok();
  if (args.remaining() < 2 || !args.Match("COUNT")) return Error(errors::kSyntax);
  const int64_t count = args.NextIntIn(1, kMost, "ERR count should be greater than 0");
  if (args.failed()) return args.status();
  pop->count = static_cast<size_t>(count);
  return args.Finish();
}

// LMPOP, ZMPOP
template <class Family>
Status PopSome(CommandContext& ctx) {
  std::span<const std::string_view> keys;
  MultiPop<typename Family::End> pop;
  if (Status parsed = ParseMultiPop<Family>(ctx.args, &keys, &pop); !parsed.ok()) return parsed;
  bool empty = false;
  Status popped = PopFromFirst<Family>(ctx, keys, pop, &empty);
  if (empty) ctx.reply.NullArray();
  return popped;
}

// The same behind a timeout: BLMPOP, BZMPOP
template <class Family>
Status BlockingPopSome(CommandContext& ctx) {
  const std::string_view timeout = ctx.args.Next();
  std::span<const std::string_view> keys;
  MultiPop<typename Family::End> pop;
  if (Status parsed = ParseMultiPop<Family>(ctx.args, &keys, &pop); !parsed.ok()) return parsed;
  return PopOrWait<Family>(ctx, keys, pop, timeout);
}

}  // namespace larder
