#include "nas/store/event_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "nas/core/log.hpp"
#include "store/crc32c.hpp"
#include "store/protobuf.hpp"

namespace nas::store {
namespace {

// Numbers of fields: tensorboard/compat/proto/{event,summary,tensor,types}.proto and
// tensorboard/plugins/hparams/plugin_data.proto.

constexpr std::string_view kPrefix = "events.out.tfevents.";

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

ProtobufMessage event_at(std::int64_t step) {
  ProtobufMessage event;
  event.real64(1, seconds_since_1970());
  event.integer(2, static_cast<std::uint64_t>(step));
  return event;
}

/// TFRecord's checksum: CRC-32C, rotated and shifted so that a checksum of checksums is one too.
void append_masked_checksum(std::string& record, std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  const std::uint32_t masked = ((crc >> 15U) | (crc << 17U)) + 0xA282EAD8U;
  append_little_endian(record, masked, 4);
}

/// Length, its checksum, the bytes, their checksum.
std::string record_of(std::string_view bytes) {
  std::string record;
  append_little_endian(record, bytes.size(), 8);
  append_masked_checksum(record, std::string(record));
  record += bytes;
  append_masked_checksum(record, bytes);
  return record;
}

/// google.protobuf.Value
ProtobufMessage value_of(const Json& json) {
  ProtobufMessage value;
  if (json.is_boolean()) return value.integer(4, json.get<bool>() ? 1 : 0);
  if (json.is_number()) return value.real64(2, json.get<double>());
  return value.text(3, json.is_string() ? json.get<std::string>() : json.dump());
}

/// An event of the hparams plugin, whose data is beside a tensor that means nothing.
std::string hparams_event(std::string_view tag, const ProtobufMessage& data) {
  ProtobufMessage plugin;
  plugin.text(1, "hparams").text(2, data.bytes());
  ProtobufMessage size;
  size.integer(1, 1);
  ProtobufMessage shape;
  shape.message(2, size);
  ProtobufMessage tensor;  // one float32, 0
  tensor.integer(1, 1).message(2, shape).text(5, std::string(4, '\0'));
  ProtobufMessage metadata;
  metadata.message(1, plugin);
  ProtobufMessage value;
  value.text(1, tag).message(9, metadata).message(8, tensor);
  ProtobufMessage summary;
  summary.message(1, value);
  return event_at(0).message(5, summary).bytes();
}

std::string session_start_event(const EventFile::Hparams& hparams) {
  ProtobufMessage start;
  for (const auto& [name, value] : hparams) {
    ProtobufMessage entry;
    entry.text(1, name).message(2, value_of(value));
    start.message(1, entry);
  }
  start.real64(5, seconds_since_1970());
  ProtobufMessage data;
  return hparams_event("_hparams_/session_start_info", data.message(3, start));
}

std::string session_end_event(space::TrialState state) {
  constexpr std::uint64_t kSuccess = 1;
  constexpr std::uint64_t kFailure = 2;
  ProtobufMessage end;
  end.integer(1, state == space::TrialState::kFail ? kFailure : kSuccess);
  end.real64(2, seconds_since_1970());
  ProtobufMessage data;
  return hparams_event("_hparams_/session_end_info", data.message(4, end));
}

/// A name after those of all event files in the folder: TensorBoard reads them in that order.
std::string next_name(const std::string& folder) {
  auto second = static_cast<std::int64_t>(seconds_since_1970());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const std::int64_t taken = std::atoll(name.c_str() + kPrefix.size());
    second = std::max(second, taken + 1);
  }
  return std::string(kPrefix) + std::to_string(second) + ".nas";
}

}  // namespace

EventFile::EventFile(std::string folder, Hparams hparams)
    : folder_(std::move(folder)), hparams_(std::move(hparams)) {}

EventFile::~EventFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void EventFile::scalar(const std::string& tag, std::int64_t step, double value) {
  if (descriptor_ < 0) open(step);
  if (descriptor_ < 0) return;
  ProtobufMessage point;
  point.text(1, tag).real32(2, static_cast<float>(value));
  ProtobufMessage summary;
  summary.message(1, point);
  write(event_at(step).message(5, summary).bytes());
}

void EventFile::finish(space::TrialState state) {
  if (descriptor_ >= 0 && !hparams_.empty()) write(session_end_event(state));
}

void EventFile::open(std::int64_t first_step) {
  if (given_up_) return;
  try {
    std::filesystem::create_directories(folder_);
    const std::string path = folder_ + "/" + next_name(folder_);
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  } catch (const std::filesystem::filesystem_error& error) {
    give_up(error.code().message());
    return;
  }
  if (descriptor_ < 0) {
    give_up(std::generic_category().message(errno));
    return;
  }
  write(event_at(0).text(3, "brain.Event:2").bytes());
  constexpr std::uint64_t kStart = 1;
  ProtobufMessage session;
  session.integer(1, kStart);
  write(event_at(first_step).message(7, session).bytes());
  if (!hparams_.empty()) write(session_start_event(hparams_));
}

void EventFile::write(const std::string& event) {
  if (descriptor_ < 0) return;
  const std::string record = record_of(event);
  // One call, so that a reader of a running study meets whole records.
  const ssize_t written = ::write(descriptor_, record.data(), record.size());
  if (written == static_cast<ssize_t>(record.size())) return;
  give_up(std::generic_category().message(written < 0 ? errno : ENOSPC));
}

void EventFile::give_up(const std::string& reason) {
  given_up_ = true;
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  log_warning_once("TensorBoard's event files cannot be written (" + reason +
                   "); the work goes on without them");
}

}  // namespace nas::store
