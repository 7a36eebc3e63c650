#pragma once

#include <string>

#include "nas/export/export_report.hpp"
#include "nas/run/engine.hpp"

namespace nas::cli {

/// What `nas export` says of an export: what was written, compared and left out.
[[nodiscard]] std::string export_text(const run::TrainedWeights& weights,
                                      const exporting::ExportReport& report);
/// The line about the validation loss.
[[nodiscard]] std::string loss_text(const exporting::ValidationLoss& loss);
/// The line about how to load what was exported.
[[nodiscard]] std::string usage_text(const run::TrainedWeights& weights,
                                     const exporting::ExportReport& report);

}  // namespace nas::cli
