#include "worker_messages.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "nas/space/outcome_json.hpp"
#include "nas/space/text.hpp"

namespace nas::engine {
namespace {

constexpr int kOneLine = -1;
constexpr bool kAsciiOnly = false;

/// In the order of ErrorKind.
constexpr std::array<const char*, 9> kErrorKinds = {
    "usage", "config", "data", "device", "io", "infeasible", "failures", "study", "internal"};

/// In the order of LogLevel.
constexpr std::array<const char*, 4> kLogLevels = {"debug", "info", "warning", "error"};

template <class Enum, std::size_t Count>
Enum enum_from(const std::array<const char*, Count>& names, const Json& json) {
  const auto name = json.get<std::string>();
  const auto* const found = std::find(names.begin(), names.end(), name);
  NAS_ASSERT(found != names.end());
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string message_line(const Json& message) {
  try {
    return message.dump();
  } catch (const Json::type_error& fault) {
    throw Error(ErrorKind::kUsage,
                std::string("a name that is no UTF-8 cannot be passed to the process of a "
                            "device; name one device, or rename it: ") +
                    fault.what());
  }
}

std::string lenient_message_line(const Json& message) {
  return message.dump(kOneLine, ' ', kAsciiOnly, Json::error_handler_t::replace);
}

Json message_from_line(const std::string& line) {
  try {
    return parse_stored_json(line, "a message between processes");
  } catch (const Error& fault) {
    throw Error(ErrorKind::kInternal, fault.what());
  }
}

Json request_to_json(const run::EvaluationRequest& request) {
  Json bars = Json::array();
  for (const double bar : request.hurdle_bars) bars.push_back(space::number_to_json(bar));
  return {{"architecture", to_json(*request.architecture)},
          {"repeat", request.repeat},
          {"folder", request.folder},
          {"hurdle_bars", std::move(bars)},
          {"wants_scalars", static_cast<bool>(request.on_scalar)}};
}

ReceivedRequest request_from_json(const Json& json) {
  ReceivedRequest received;
  received.architecture =
      space::architecture_from_json(json.at("architecture"), JsonPositions("a request"));
  received.request.repeat = json.at("repeat").get<std::uint32_t>();
  received.request.folder = json.at("folder").get<std::string>();
  for (const Json& bar : json.at("hurdle_bars")) {
    received.request.hurdle_bars.push_back(space::number_from_json(bar));
  }
  received.wants_scalars = json.at("wants_scalars").get<bool>();
  return received;
}

Json result_to_json(const run::EvaluationResult& result) {
  return {{"outcome", space::outcome_to_json(result.outcome)}, {"extra", *result.extra}};
}

run::EvaluationResult result_from_json(const Json& json) {
  return {space::outcome_from_json(json.at("outcome")), JsonValue(json.at("extra"))};
}

Json error_to_json(const std::exception_ptr& failure) {
  const auto described = [](ErrorKind kind, const std::string& message) {
    return Json{{"kind", kErrorKinds.at(static_cast<std::size_t>(kind))}, {"message", message}};
  };
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return described(error.kind(), error.what());
  } catch (const std::exception& error) {
    return described(ErrorKind::kInternal, "internal error: " + std::string(error.what()));
  } catch (...) {
    return described(ErrorKind::kInternal, "internal error of an unknown kind");
  }
}

Error error_from_json(const Json& json) {
  return {enum_from<ErrorKind>(kErrorKinds, json.at("kind")),
          json.at("message").get<std::string>()};
}

Json log_to_json(LogLevel level, std::string_view message, bool once) {
  return {{"log",
           {{"level", kLogLevels.at(static_cast<std::size_t>(level))},
            {"message", message},
            {"once", once}}}};
}

void log_from_json(const Json& json) {
  const auto message = json.at("message").get<std::string>();
  if (json.at("once").get<bool>()) {
    log_warning_once(message);
  } else {
    log(enum_from<LogLevel>(kLogLevels, json.at("level")), message);
  }
}

}  // namespace nas::engine
