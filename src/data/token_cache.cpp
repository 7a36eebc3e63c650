#include "data/token_cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "data/token_building.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"

namespace nas::data {
namespace {

constexpr std::string_view kManifestStart = "nas token manifest 1\n";

/// Waits for an exclusive lock (flock) on a file and holds it until destroyed.
class WaitingLock {
 public:
  explicit WaitingLock(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) fail(path);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    if (errno == EWOULDBLOCK) log_info("waiting for another process that makes " + path);
    while (::flock(descriptor_, LOCK_EX) != 0) {
      if (errno != EINTR) fail(path);
    }
  }
  ~WaitingLock() { ::close(descriptor_); }
  WaitingLock(const WaitingLock&) = delete;
  WaitingLock& operator=(const WaitingLock&) = delete;

 private:
  [[noreturn]] void fail(const std::string& path) const {
    const int reason = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    throw Error(ErrorKind::kIo,
                "cannot lock " + path + ": " + std::generic_category().message(reason));
  }

  int descriptor_;
};

/// What decides a token file beside the documents of the corpus.
std::string settings_text(const config::DataConfig& data) {
  return "tokens " + std::to_string(kTokenFileVersion) + " " + data.tokenizer.kind + " " +
         std::to_string(data.tokenizer.vocab_size) + " " + data.document_separator + "\n";
}

std::string manifest_path(const std::string& folder, const config::DataConfig& data,
                          const CorpusListing& listing) {
  const std::string settings = settings_text(data) + format_exact(data.validation_share) + " " +
                               std::to_string(data.max_bytes) + " " + listing_hash(listing).hex();
  return folder + "/" + hash_text(settings).hex() + ".manifest";
}

/// The survey's hash already covers split and cap.
std::string tokens_path(const std::string& folder, const config::DataConfig& data,
                        const CorpusSurvey& survey) {
  const std::string settings = settings_text(data) + survey.content_hash.hex();
  return folder + "/" + hash_text(settings).hex() + ".tokens";
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

/// Name of the token file that a manifest leads to, empty when there is no (whole) manifest.
std::string tokens_of_manifest(const std::string& path) {
  if (!exists(path)) return "";
  const std::string text = read_file(path);
  if (!text.starts_with(kManifestStart) || !text.ends_with(".tokens\n")) return "";
  const std::string name =
      text.substr(kManifestStart.size(), text.size() - kManifestStart.size() - 1);
  return name.find('/') == std::string::npos ? name : "";
}

/// A file changed moments ago may change again without a new time: such a listing says nothing.
/// File systems that keep whole seconds only show no nanoseconds.
bool is_settled(const CorpusListing& listing, std::int64_t now_ns) {
  constexpr std::int64_t kFine = 50'000'000;
  constexpr std::int64_t kCoarse = 2'000'000'000;
  for (const CorpusFile& file : listing.files) {
    for (const std::int64_t time : {file.modified_ns, file.changed_ns}) {
      if (now_ns - time < (time % 1'000'000'000 == 0 ? kCoarse : kFine)) return false;
    }
  }
  return true;
}

std::int64_t clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Opens a file of the cache; nothing when it is missing or damaged.
std::unique_ptr<const TokenFile> open_cached(const std::string& path) {
  if (!exists(path)) return nullptr;
  try {
    return std::make_unique<const TokenFile>(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData) throw;
    log_warning(std::string(error.what()) + "; it is made again");
    return nullptr;
  }
}

}  // namespace

std::unique_ptr<const TokenFile> open_or_make_tokens(const config::DataConfig& data,
                                                     const std::string& cache_folder) {
  const std::int64_t listed_at = clock_ns();
  const CorpusListing listing = list_corpus(data);
  const std::string manifest = manifest_path(cache_folder, data, listing);
  if (const std::string name = tokens_of_manifest(manifest); !name.empty()) {
    if (auto tokens = open_cached(cache_folder + "/" + name)) return tokens;
  }
  make_folders(cache_folder);
  const CorpusSurvey survey = survey_corpus(listing, data);
  const std::string path = tokens_path(cache_folder, data, survey);
  const WaitingLock lock(path + ".lock");
  std::unique_ptr<const TokenFile> tokens = open_cached(path);
  if (!tokens) {
    write_token_file(path, build_tokens(listing, survey, data));
    tokens = std::make_unique<const TokenFile>(path);
  }
  if (is_settled(listing, listed_at)) {
    write_file_atomically(manifest, std::string(kManifestStart) +
                                        std::filesystem::path(path).filename().string() + "\n");
  }
  return tokens;
}

}  // namespace nas::data
