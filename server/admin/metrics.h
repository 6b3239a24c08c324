// /metrics: the figures in Prometheus's text format
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
//
// Written here and not by prometheus-cpp: the counters are the workers' own, and its serializer
// takes a tree of its own objects, which would have to be built from them at each scrape: more code
// than the few lines that a family of the format takes.
#pragma once

#include <string>
#include <vector>

#include "server/admin/figures.h"

namespace larder::admin {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string MetricsText(const Figures& figures, const std::vector<NamespaceFigures>& namespaces,
                        const TickClock& ticks);

}  // namespace larder::admin
