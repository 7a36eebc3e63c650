#pragma once

#include <functional>
#include <string>

#include "nas/space/architecture.hpp"
#include "space/json_reader.hpp"

namespace nas::space {

/// Receives the JSON pointer of a faulty value in the architecture's file and what is wrong with it
/// ("= 3 must divide model_dim = 64").
using ReportFault = std::function<void(const std::string& pointer, const std::string& fault)>;

/// Everything that makes an architecture unusable: what require_valid throws about.
void report_faults(const Architecture& architecture, const ReportFault& report);

}  // namespace nas::space
