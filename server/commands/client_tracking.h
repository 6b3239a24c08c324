// CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR: client-side caching (client_side_caching.h).
#pragma once

#include "server/command.h"

namespace larder {

Status Track(CommandContext& ctx);
Status Caching(CommandContext& ctx);
Status TrackingInfo(CommandContext& ctx);
Status GetRedirect(CommandContext& ctx);

}  // namespace larder
