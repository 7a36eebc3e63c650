#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nas::cli {

/// What `nas bench search` is asked for.
struct BenchSearchOptions {
  std::vector<std::string> configs;    ///< paths or shipped names
  std::vector<std::string> overrides;  ///< a.b=v
  std::string study;                   ///< folder that keeps the studies; empty: none is kept
  std::vector<std::int64_t> workers;   ///< a measurement with each; none: one with as many as fit
  std::int64_t warm_up = 4;            ///< trials that are trained before each measurement
  std::string format = "table";        ///< or "json"
};

/// Runs the searches of configurations, without verification, and prints how many candidates they
/// train in an hour; the exit code. Throws Error as run::run_search, and Error(kUsage) for a folder
/// that holds a study already.
[[nodiscard]] int bench_search(const BenchSearchOptions& options);

}  // namespace nas::cli
