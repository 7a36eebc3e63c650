#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "data/corpus.hpp"
#include "nas/core/error.hpp"

namespace nas::data {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& corpus, const std::string& why) {
  throw Error(ErrorKind::kData, "data.corpus = \"" + corpus + "\": " + why);
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

CorpusFile describe_file(std::string name, std::string path, const struct stat& status) {
  CorpusFile file;
  file.name = std::move(name);
  file.path = std::move(path);
  file.size = static_cast<std::uint64_t>(status.st_size);
  file.modified_ns = nanoseconds(status.st_mtim);
  file.changed_ns = nanoseconds(status.st_ctim);
  return file;
}

bool has_extension(const std::string& name, const std::vector<std::string>& extensions) {
  if (extensions.empty()) return true;
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const std::string& extension) { return name.ends_with(extension); });
}

/// Collects the files below a folder; remembers folders by device and inode, so that a link to a
/// parent ends there.
class FolderWalk {
 public:
  explicit FolderWalk(const std::vector<std::string>& extensions) : extensions_(extensions) {}

  void visit(const fs::path& folder, const std::string& prefix, const struct stat& status) {
    if (!seen_.emplace(status.st_dev, status.st_ino).second) return;
    for (const std::string& name : sorted_names(folder)) {
      const std::string path = (folder / name).string();
      struct stat entry {};
      if (::stat(path.c_str(), &entry) != 0) continue;  // a dangling link, or deleted just now
      if (S_ISDIR(entry.st_mode)) {
        visit(path, prefix + name + "/", entry);
      } else if (S_ISREG(entry.st_mode) && has_extension(name, extensions_)) {
        files_.push_back(describe_file(prefix + name, path, entry));
      }
    }
  }

  [[nodiscard]] std::vector<CorpusFile> take() {
    std::sort(files_.begin(), files_.end(),
              [](const CorpusFile& a, const CorpusFile& b) { return a.name < b.name; });
    return std::move(files_);
  }

 private:
  static std::vector<std::string> sorted_names(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      std::string name = entries->path().filename().string();
      if (!name.starts_with('.')) names.push_back(std::move(name));
    }
    if (error) {
      throw Error(ErrorKind::kIo, "cannot list " + folder.string() + ": " + error.message());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const std::vector<std::string>& extensions_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  std::vector<CorpusFile> files_;
};

CorpusListing list_folder(const config::DataConfig& data, const std::string& folder,
                          const std::vector<std::string>& extensions, const struct stat& status) {
  FolderWalk walk(extensions);
  walk.visit(folder, "", status);
  CorpusListing listing{data.corpus, folder, walk.take()};
  if (!listing.files.empty()) return listing;
  std::string why = "no files in the folder " + folder;
  if (!extensions.empty()) {
    why += " end in";
    for (const std::string& extension : extensions) {
      why += (&extension == extensions.data() ? " " : ", ") + extension;
    }
  }
  refuse(data.corpus, why);
}

CorpusListing list_python(const config::DataConfig& data) {
  const char* given = std::getenv("NAS_PYTHON_CORPUS");
  const std::string folder = given != nullptr ? given : NAS_PYTHON_CORPUS_FOLDER;
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    refuse(data.corpus, "the Python source of PyTorch is not in " + folder +
                            ", where it was when nas was built (build again, or set "
                            "NAS_PYTHON_CORPUS to a folder of .py files)");
  }
  return list_folder(data, folder, {".py"}, status);
}

}  // namespace

CorpusListing list_corpus(const config::DataConfig& data) {
  if (data.corpus == "python") return list_python(data);
  struct stat status {};
  if (::stat(data.corpus.c_str(), &status) != 0) {
    const int reason = errno;
    if (reason != ENOENT && reason != ENOTDIR) {
      throw Error(ErrorKind::kIo,
                  "cannot read " + data.corpus + ": " + std::generic_category().message(reason));
    }
    refuse(data.corpus,
           "no such file or folder (allowed: \"python\", a text file, a folder of text files)");
  }
  if (S_ISDIR(status.st_mode)) return list_folder(data, data.corpus, data.extensions, status);
  if (!S_ISREG(status.st_mode)) refuse(data.corpus, "is neither a file nor a folder");
  const std::string name = fs::path(data.corpus).filename().string();
  return {data.corpus, "", {describe_file(name, data.corpus, status)}};
}

Hash128 listing_hash(const CorpusListing& listing) {
  StreamingHash hash;
  hash.add(listing.folder);
  for (const CorpusFile& file : listing.files) {
    hash.add(file.path);
    hash.add("", 1);  // ends the path: "a" + "bc" is not "ab" + "c"
    const std::int64_t numbers[3] = {static_cast<std::int64_t>(file.size), file.modified_ns,
                                     file.changed_ns};
    hash.add(numbers, sizeof numbers);
  }
  return hash.value();
}

}  // namespace nas::data
