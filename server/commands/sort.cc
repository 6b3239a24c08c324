// SORT, SORT_RO: the elements of a list, a set or a sorted set, sorted by themselves or by other
// keys' values, answered or stored as a list.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/acl/acl_check.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/list_access.h"
#include "server/commands/lookup.h"
#include "server/commands/set_access.h"
#include "server/commands/sort_pattern.h"
#include "server/commands/sorted_set_access.h"

namespace larder {
namespace {

using storage::Type;

constexpr std::string_view kStoreWord = "STORE";

struct SortRequest {
  bool descending = false;
  bool alphabetic = false;
  bool sorts = true;  // not where BY names a constant
  int64_t first = 0;
  int64_t count = -1;  // negative: all
  std::optional<SortPattern> by;
  std::vector<SortPattern> gets;
  std::optional<std::string_view> target;  // the last STORE counts
};

struct Element {
  std::string text;
  double score = 0;
  std::optional<std::string_view> by;  // of an alphabetic sort by another value
};

// Whether the user may read the keys that patterns make of the elements.
bool MayReadEveryKey(CommandContext& ctx) {
  if (ctx.session.Unrestricted(ctx.engine.acl.version())) return true;
  const AclUser* user = ctx.session.LatestUser();
  const CommandInfo* container = nullptr;
  const CommandInfo* info = ctx.engine.commands.Find(ctx.args.all(), &container);
  return user != nullptr && larder::MayReadEveryKey(*user, *info, ctx.args.all());
}

Status ParseSort(CommandContext& ctx, bool may_store, SortRequest* request) {
  ArgReader& args = ctx.args;
  const bool reads_every_key = MayReadEveryKey(ctx);
  while (args.HasMore()) {
    if (args.Match("ASC")) {
      request->descending = false;
    } else if (args.Match("DESC")) {
      request->descending = true;
    } else if (args.Match("ALPHA")) {
      request->alphabetic = true;
    } else if (args.remaining() >= 3 && args.Match("LIMIT")) {
      request->first = args.NextInt();
      request->count = args.NextInt();
      if (args.failed()) return args.status();
    } else if (may_store && args.remaining() >= 2 && args.Match(kStoreWord)) {
      request->target = args.Next();
    } else if (args.remaining() >= 2 && args.Match("BY")) {
      request->by.emplace(args.Next());
      if (!request->by->names_keys()) {
        request->sorts = false;
      } else if (!reads_every_key) {
        return Error(errors::kSortByDenied);
      }
    } else if (args.remaining() >= 2 && args.Match("GET")) {
      request->gets.emplace_back(args.Next());
      if (!reads_every_key) return Error(errors::kSortGetDenied);
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Ok();
}

// ---- the elements, in the order that they have

// Which of `size` elements are wanted, in the order of the reply.
struct Slice {
  size_t first = 0;
  size_t count = 0;
};

Slice SliceOf(const SortRequest& request, size_t size) {
  const auto most = static_cast<int64_t>(size);
  const int64_t first = std::clamp<int64_t>(request.first, 0, most);
  const int64_t count = request.count < 0 ? most : std::min(request.count, most);
  return {static_cast<size_t>(first), static_cast<size_t>(std::min(count, most - first))};
}

void LoadList(const storage::List& list, std::vector<Element>* elements) {
  list.ForRange(0, list.size(),
                [&](std::string_view text) { elements->push_back({std::string(text)}); });
}

void LoadSortedSet(const storage::SortedSet& set, bool reverse, std::vector<Element>* elements) {
  set.ForRange({0, set.size()}, reverse, [&](std::string_view member, double) {
    elements->push_back({std::string(member)});
  });
}

void Load(const storage::Entry& entry, const SortRequest& request, std::vector<Element>* elements) {
  const storage::Object& object = *entry.object();
  elements->reserve(object.ElementCount());
  const bool reverse = !request.sorts && request.descending;
  switch (entry.type()) {
    case Type::kList:
      LoadList(static_cast<const storage::List&>(object), elements);
      if (reverse) std::reverse(elements->begin(), elements->end());
      break;
    case Type::kZSet:
      LoadSortedSet(static_cast<const storage::SortedSet&>(object), reverse, elements);
      break;
    default:
      static_cast<const storage::Set&>(object).ForEach(
          [&](std::string_view member) { elements->push_back({std::string(member)}); });
  }
}

// ---- sorting

// As strtod reads it, up to a zero byte: nothing at all is 0.
std::optional<double> ScoreOf(std::string_view text) {
  const std::string terminated(errors::UpToZero(text));
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(terminated.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return std::nullopt;
  return score;
}

Status FindScores(CommandContext& ctx, const SortRequest& request, std::vector<Element>* elements) {
  bool all_numbers = true;
  for (Element& element : *elements) {
    std::optional<double> score;
    if (!request.by) {
      score = ScoreOf(element.text);
    } else {
      const SortPattern::Found found = request.by->Find(ctx, element.text);
      score = found.any() ? ScoreOf(found.view()) : 0;
    }
    all_numbers = all_numbers && score.has_value();
    element.score = score.value_or(0);
  }
  return all_numbers ? Ok() : Error(errors::kNotSortable);
}

// The texts are not copied: there may be one long one for many elements.
void FindTexts(CommandContext& ctx, const SortRequest& request, std::vector<Element>* elements) {
  if (!request.by) return;
  // What has expired goes first, so that nothing is removed while there are views.
  for (const Element& element : *elements) request.by->Expire(ctx, element.text);
  for (Element& element : *elements) {
    const SortPattern::Found found = request.by->Find(ctx, element.text);
    if (found.any()) element.by = found.view();
  }
}

// Redis compares with strcoll where it only answers.
std::string_view Collated(std::string_view text, bool stores) {
  return stores ? text : errors::UpToZero(text);
}

// Negative, 0, positive. A missing value comes before any other.
int Compare(const Element& a, const Element& b, const SortRequest& request) {
  if (!request.alphabetic) {
    if (a.score != b.score) return a.score < b.score ? -1 : 1;
    return a.text.compare(b.text);
  }
  const bool stores = request.target.has_value();
  if (!request.by) return Collated(a.text, stores).compare(Collated(b.text, stores));
  if (!a.by || !b.by)
    return static_cast<int>(a.by.has_value()) - static_cast<int>(b.by.has_value());
  return Collated(*a.by, stores).compare(Collated(*b.by, stores));
}

Status SortElements(CommandContext& ctx, const SortRequest& request,
                    std::vector<Element>* elements) {
  if (request.alphabetic) {
    FindTexts(ctx, request, elements);
  } else if (Status found = FindScores(ctx, request, elements); !found.ok()) {
    return found;
  }
  std::stable_sort(elements->begin(), elements->end(), [&](const Element& a, const Element& b) {
    const int order = Compare(a, b, request);
    return request.descending ? order > 0 : order < 0;
  });
  return Ok();
}

// ---- what comes of it

// Ends early when the reply has outgrown what a client may let wait: the connection is closed then.
void Answer(CommandContext& ctx, const SortRequest& request, std::span<const Element> elements) {
  const int64_t bytes_max = ctx.engine.options.output_limit(OutputClass::kNormal).hard_bytes;
  const size_t per_element = std::max<size_t>(request.gets.size(), 1);
  ctx.reply.Array(static_cast<int64_t>(elements.size() * per_element));
  for (const Element& element : elements) {
    if (request.gets.empty()) ctx.reply.Bulk(element.text);
    for (const SortPattern& get : request.gets) {
      const SortPattern::Found found = get.Find(ctx, element.text);
      if (found.entry != nullptr) {
        ReplyString(ctx, *found.entry);
      } else if (found.text) {
        ctx.reply.Bulk(*found.text);
      } else {
        ctx.reply.Null();
      }
    }
    if (bytes_max > 0 && ctx.reply.out().size() > static_cast<size_t>(bytes_max)) {
      ctx.session.close_after_reply = true;
      return;
    }
  }
}

// What has no value is stored as an empty string.
Status Store(CommandContext& ctx, const SortRequest& request, std::span<const Element> elements) {
  const storage::ListLimits limits = ListLimitsOf(ctx);
  const int64_t memory_max = ctx.engine.options.maxmemory.Get();
  storage::Ref<storage::List> list(new storage::List);
  const auto push = [&](std::string_view text) {
    list->Expect({&text, 1}, limits);
    list->Push(storage::ListEnd::kBack, text, limits);
  };
  for (const Element& element : elements) {
    if (request.gets.empty()) push(element.text);
    for (const SortPattern& get : request.gets) {
      const SortPattern::Found found = get.Find(ctx, element.text);
      push(found.any() ? found.view() : std::string_view());
      // One long value may have been asked for many times.
      if (memory_max > 0 && list->MemoryBytes() > static_cast<size_t>(memory_max)) {
        return Error(errors::kOutOfMemory);
      }
    }
  }
  StoreCollection(ctx, ctx.args.HashedKey(*request.target), std::move(list), NotifyClass::kList,
                  "sortstore");
  return Ok();
}

Status SortKey(CommandContext& ctx, bool may_store) {
  const storage::Key key = ctx.args.NextKey();
  SortRequest request;
  if (Status parsed = ParseSort(ctx, may_store, &request); !parsed.ok()) return parsed;
  const storage::Entry* const entry = FindToRead(ctx, key);
  std::vector<Element> elements;
  if (entry != nullptr) {
    const Type type = entry->type();
    if (type != Type::kList && type != Type::kSet && type != Type::kZSet) {
      return Error(errors::kWrongType);
    }
    // A set has no order of its own: where it would be kept, it gets one.
    if (!request.sorts && type == Type::kSet && (request.target || ctx.in_script())) {
      request.sorts = request.alphabetic = true;
      request.by.reset();
    }
    Load(*entry, request, &elements);
  }
  if (request.sorts) {
    if (Status sorted = SortElements(ctx, request, &elements); !sorted.ok()) return sorted;
  }
  const Slice slice = SliceOf(request, elements.size());
  const auto wanted = std::span<const Element>(elements).subspan(slice.first, slice.count);
  if (request.target) return Store(ctx, request, wanted);
  Answer(ctx, request, wanted);
  return Ok();
}

Status Sort(CommandContext& ctx) { return SortKey(ctx, true); }
Status SortRo(CommandContext& ctx) { return SortKey(ctx, false); }

// Calls visit(position of the option's word, its argument) for the options that have one.
template <class Visit>
void ForEachOption(std::span<const std::string_view> args, Visit visit) {
  for (size_t i = 2; i + 1 < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "LIMIT")) {
      i += 2;
    } else if (EqualsIgnoreCase(args[i], "BY") || EqualsIgnoreCase(args[i], "GET") ||
               EqualsIgnoreCase(args[i], kStoreWord)) {
      visit(i);
      ++i;
    }
  }
}

void FindTarget(std::span<const std::string_view> args, std::vector<int>* positions) {
  int target = 0;
  ForEachOption(args, [&](size_t at) {
    if (EqualsIgnoreCase(args[at], kStoreWord)) target = static_cast<int>(at) + 1;
  });
  if (target != 0) positions->push_back(target);
}

bool NamesKeysByPattern(std::span<const std::string_view> args) {
  bool names_keys = false;
  ForEachOption(args, [&](size_t at) {
    names_keys = names_keys || (!EqualsIgnoreCase(args[at], kStoreWord) &&
                                SortPattern(args[at + 1]).names_keys());
  });
  return names_keys;
}

constexpr KeySpec kByPattern = UnknownKeys(
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the "
    "content of the key we sort",
    KeyFlag::kRO | KeyFlag::kAccess);
constexpr KeySpec kTarget = UnknownKeys(
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear "
    "anywhere "
    "in the argument array",
    KeyFlag::kOW | KeyFlag::kUpdate);

constexpr CommandSpec kCommands[] = {
    {.name = "sort",
     .syntax = "key [BY by-pattern:pattern] [LIMIT offset:int count:int] [GET get-pattern:pattern "
               "...] [order: ASC | DESC] [sorting: ALPHA] [STORE destination:key]",
     .summary = "Sorts the elements in a list, a set, or a sorted set, optionally storing the "
                "result.",
     .complexity = "O(N+M*log(M)) where N is the number of elements in the list or set to sort, "
                   "and M the number of returned elements. When the elements are not sorted, "
                   "complexity is O(N).",
     .since = "1.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kWrite | Flag::kDenyOom | Flag::kDangerous,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess), kByPattern, kTarget},
     .find_keys = FindTarget,
     .names_other_keys = NamesKeysByPattern,
     .handler = Sort,
     .categories = "-@keyspace @set @sortedset @list"},
    {.name = "sort_ro",
     .syntax = "key [BY by-pattern:pattern] [LIMIT offset:int count:int] [GET get-pattern:pattern "
               "...] [order: ASC | DESC] [sorting: ALPHA]",
     .summary = "Returns the sorted elements of a list, a set, or a sorted set.",
     .complexity = "O(N+M*log(M)) where N is the number of elements in the list or set to sort, "
                   "and M the number of returned elements. When the elements are not sorted, "
                   "complexity is O(N).",
     .since = "7.0.0",
     .group = Group::kGeneric,
     .flags = Flag::kReadOnly | Flag::kDangerous,
     .keys = {Key(1, KeyFlag::kRO | KeyFlag::kAccess), kByPattern},
     .names_other_keys = NamesKeysByPattern,
     .handler = SortRo,
     .categories = "-@keyspace @set @sortedset @list"},
};

}  // namespace

std::span<const CommandSpec> SortCommands() { return kCommands; }

}  // namespace larder
