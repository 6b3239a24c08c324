#include "server/commands/client_tracking.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "server/client_side_caching.h"
#include "server/command_context.h"

namespace larder {
namespace {

struct TrackingOptions {
  ClientTracking wanted;
  std::vector<std::string_view> prefixes;  // as they were given
};

Status ReadRedirect(CommandContext& ctx, ClientTracking* wanted) {
  if (wanted->redirect != 0) return Error(errors::kTrackingTwoRedirects);
  const int64_t id = ctx.args.NextInt();
  if (ctx.args.failed()) return ctx.args.status();
  wanted->redirect = static_cast<uint64_t>(id);
  if (ctx.engine.clients.Find(wanted->redirect) == nullptr) {
    return Error(errors::kTrackingRedirectMissing);
  }
  return Ok();
}

Status ReadOptions(CommandContext& ctx, TrackingOptions* options) {
  ClientTracking& wanted = options->wanted;
  while (ctx.args.HasMore()) {
    const bool has_value = ctx.args.remaining() >= 2;
    if (has_value && ctx.args.Match("REDIRECT")) {
      if (Status read = ReadRedirect(ctx, &wanted); !read.ok()) return read;
    } else if (has_value && ctx.args.Match("PREFIX")) {
      options->prefixes.push_back(ctx.args.Next());
    } else if (ctx.args.Match("BCAST")) {
      wanted.broadcast = true;
    } else if (ctx.args.Match("OPTIN")) {
      wanted.opt_in = true;
    } else if (ctx.args.Match("OPTOUT")) {
      wanted.opt_out = true;
    } else if (ctx.args.Match("NOLOOP")) {
      wanted.no_loop = true;
    } else {
      return Error(errors::kSyntax);
    }
  }
  return Ok();
}

// Whether the modes fit each other, and what the client is in.
Status CheckModes(const ClientTracking* now, const TrackingOptions& options) {
  const ClientTracking& wanted = options.wanted;
  if (!wanted.broadcast && !options.prefixes.empty()) return Error(errors::kTrackingPrefixMode);
  if (now != nullptr && now->broadcast != wanted.broadcast) {
    return Error(errors::kTrackingBroadcastSwitch);
  }
  if (wanted.broadcast && (wanted.opt_in || wanted.opt_out)) {
    return Error(errors::kTrackingBroadcastOptions);
  }
  if (wanted.opt_in && wanted.opt_out) return Error(errors::kTrackingBothOptions);
  if (now != nullptr && ((wanted.opt_in && now->opt_out) || (wanted.opt_out && now->opt_in))) {
    return Error(errors::kTrackingOptionSwitch);
  }
  return Ok();
}

bool Overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

// Finds the first prefix that overlaps with one that the client has, or with one given behind it.
// Only the few that are allowed in all are ever compared.
Status CheckPrefixes(const std::vector<std::string>& existing,
                     const std::vector<std::string_view>& given) {
  size_t bytes = 0;
  for (const std::string& prefix : existing) bytes += prefix.size();
  for (const std::string_view prefix : given) bytes += prefix.size();
  if (existing.size() + given.size() > kTrackingPrefixesMax || bytes > kTrackingPrefixBytesMax) {
    return Error(errors::kTrackingTooManyPrefixes);
  }
  for (size_t i = 0; i < given.size(); ++i) {
    for (const std::string& prefix : existing) {
      if (Overlap(given[i], prefix)) {
        return Error(errors::TrackingOverlap(given[i], "an existing", prefix));
      }
    }
    for (size_t j = i + 1; j < given.size(); ++j) {
      if (Overlap(given[i], given[j])) {
        return Error(errors::TrackingOverlap(given[i], "another provided", given[j]));
      }
    }
  }
  return Ok();
}

std::vector<std::string> SortedPrefixes(const Session& session) {
  std::vector<std::string> prefixes;
  if (session.tracking == nullptr) return prefixes;
  prefixes.assign(session.tracking->prefixes.begin(), session.tracking->prefixes.end());
  std::sort(prefixes.begin(), prefixes.end());
  return prefixes;
}

Status TurnOn(CommandContext& ctx, TrackingOptions& options) {
  const ClientTracking* const now = ctx.session.tracking.get();
  if (Status fits = CheckModes(now, options); !fits.ok()) return fits;
  if (options.wanted.broadcast) {
    const Status fits = CheckPrefixes(SortedPrefixes(ctx.session), options.prefixes);
    if (!fits.ok()) return fits;
    options.wanted.prefixes.insert(options.prefixes.begin(), options.prefixes.end());
    if (options.prefixes.empty()) options.wanted.prefixes.emplace("");  // all keys
  }
  StartTracking(ctx.engine, ctx.session, options.wanted);
  return Ok();
}

}  // namespace

Status Track(CommandContext& ctx) {
  const std::string_view word = ctx.args.Next();
  TrackingOptions options;
  if (Status read = ReadOptions(ctx, &options); !read.ok()) return read;
  if (EqualsIgnoreCase(word, "on")) {
    if (Status on = TurnOn(ctx, options); !on.ok()) return on;
  } else if (EqualsIgnoreCase(word, "off")) {
    StopTracking(ctx.engine, ctx.session);
  } else {
    return Error(errors::kSyntax);
  }
  ctx.reply.Ok();
  return Ok();
}

Status Caching(CommandContext& ctx) {
  ClientTracking* const tracking = ctx.session.tracking.get();
  if (tracking == nullptr) return Error(errors::kCachingWithoutTracking);
  if (ctx.args.Match("YES")) {
    if (!tracking->opt_in) return Error(errors::kCachingYesWithoutOptIn);
  } else if (ctx.args.Match("NO")) {
    if (!tracking->opt_out) return Error(errors::kCachingNoWithoutOptOut);
  } else {
    return Error(errors::kSyntax);
  }
  tracking->caching_given = true;
  ctx.reply.Ok();
  return Ok();
}

Status TrackingInfo(CommandContext& ctx) {
  const ClientTracking* const tracking = ctx.session.tracking.get();
  std::vector<std::string_view> flags{tracking == nullptr ? "off" : "on"};
  const auto add = [&flags](bool on, std::string_view flag) {
    if (on) flags.push_back(flag);
  };
  if (tracking != nullptr) {
    add(tracking->broadcast, "bcast");
    add(tracking->opt_in, "optin");
    add(tracking->opt_in && tracking->caching_given, "caching-yes");
    add(tracking->opt_out, "optout");
    add(tracking->opt_out && tracking->caching_given, "caching-no");
    add(tracking->no_loop, "noloop");
    add(tracking->redirect_broken, "broken_redirect");
  }
  ctx.reply.Map(3);
  ctx.reply.Bulk("flags");
  ctx.reply.Set(static_cast<int64_t>(flags.size()));
  for (const std::string_view flag : flags) ctx.reply.Bulk(flag);
  ctx.reply.Bulk("redirect");
  ctx.reply.Integer(tracking == nullptr ? -1 : static_cast<int64_t>(tracking->redirect));
  ctx.reply.Bulk("prefixes");
  const std::vector<std::string> prefixes = SortedPrefixes(ctx.session);
  ctx.reply.Array(static_cast<int64_t>(prefixes.size()));
  for (const std::string& prefix : prefixes) ctx.reply.Bulk(prefix);
  return Ok();
}

Status GetRedirect(CommandContext& ctx) {
  const ClientTracking* const tracking = ctx.session.tracking.get();
  ctx.reply.Integer(tracking == nullptr ? -1 : static_cast<int64_t>(tracking->redirect));
  return Ok();
}

}  // namespace larder
