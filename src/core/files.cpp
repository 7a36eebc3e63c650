#include "nas/core/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/system_error.hpp"
#include "nas/core/error.hpp"

namespace nas {
namespace detail {

Error io_error(const std::string& action, const std::string& path, int error_number) {
  return Error(ErrorKind::kIo, "cannot " + action + " " + path + ": " +
                                   std::generic_category().message(error_number));
}

int Descriptor::close() {
  if (value_ < 0) return 0;
  const int result = ::close(value_);
  value_ = -1;
  return result;
}

}  // namespace detail

namespace {

using detail::Descriptor;
using detail::io_error;

std::atomic<std::uint64_t>& operation_count() {
  static std::atomic<std::uint64_t> count{0};
  return count;
}

/// The k of an environment variable, 0 when it is not set to a number.
std::uint64_t injected_at(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return 0;
  std::uint64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, value);
  return error == std::errc() && rest == end ? value : 0;
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

void write_all(int descriptor, const std::string& path, const void* data, std::size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::write(descriptor, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw io_error("write", path, errno);
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
}

/// Opens the temporary file of a target, alone: writers of one target (threads or processes)
/// take turns on its lock, so a fixed name is safe and what a crash left behind is written over.
void open_temporary(Descriptor& file, const std::string& temporary, const std::string& path) {
  while (true) {
    file.reset(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    if (file.get() < 0) throw io_error("write", path, errno);
    while (::flock(file.get(), LOCK_EX) != 0 && errno == EINTR) continue;
    struct stat held {};
    struct stat named {};
    if (::fstat(file.get(), &held) != 0) throw io_error("write", path, errno);
    // Another writer may have renamed this very file while we waited for its lock.
    const bool same = ::stat(temporary.c_str(), &named) == 0 && named.st_ino == held.st_ino &&
                      named.st_dev == held.st_dev;
    if (!same) continue;
    if (::ftruncate(file.get(), 0) != 0) throw io_error("write", path, errno);
    return;
  }
}

using Sink = std::function<void(const void*, std::size_t)>;
using Writer = std::function<void(const Sink&)>;

/// Devices and pipes (`/dev/stdout`, `/dev/full`) are written in place: a rename would replace
/// them by a file.
void write_in_place(const std::string& path, const Writer& write) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) throw io_error("write", path, errno);
  durable_operation("write " + path);
  write([&](const void* data, std::size_t size) { write_all(file.get(), path, data, size); });
  if (file.close() != 0) throw io_error("write", path, errno);
}

void write_and_rename(const std::string& path, const Writer& write) {
  const std::string temporary = path + ".tmp";
  Descriptor file(-1);
  open_temporary(file, temporary, path);
  try {
    durable_operation("write " + path);
    write([&](const void* data, std::size_t size) { write_all(file.get(), path, data, size); });
    durable_operation("sync " + path);
    if (::fsync(file.get()) != 0) throw io_error("sync", path, errno);
    durable_operation("rename to " + path);
    // The lock is held until after the rename: the next writer must not open this file.
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw io_error("write", path, errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  if (file.close() != 0) throw io_error("write", path, errno);
  sync_folder(folder_of(path));
}

}  // namespace

void durable_operation(std::string_view what) {
  const std::uint64_t k = ++operation_count();
  if (k == injected_at("NAS_TEST_DIE_AT")) {
    static_cast<void>(std::raise(SIGKILL));
  }
  if (k == injected_at("NAS_TEST_FAIL_AT")) {
    throw Error(ErrorKind::kIo,
                "cannot " + std::string(what) + ": " + std::generic_category().message(ENOSPC));
  }
}

std::uint64_t durable_operations() { return operation_count(); }

void sync_folder(const std::string& folder) {
  durable_operation("sync folder " + folder);
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) throw io_error("sync folder", folder, errno);
  // Some file systems cannot sync a folder; they answer EINVAL and there is nothing to do.
  if (::fsync(descriptor.get()) != 0 && errno != EINVAL) {
    throw io_error("sync folder", folder, errno);
  }
}

void write_file_atomically(const std::string& path, std::string_view content) {
  write_file_atomically(path, [&](const Sink& sink) { sink(content.data(), content.size()); });
}

void write_file_atomically(const std::string& path, const Writer& write) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) throw io_error("write", path, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    write_in_place(path, write);
    return;
  }
  std::error_code ignored;
  const bool is_link = exists && std::filesystem::is_symlink(path, ignored);
  const std::string target = is_link ? std::filesystem::canonical(path, ignored).string() : "";
  write_and_rename(target.empty() ? path : target, write);
}

std::string read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw io_error("read", path, errno);
  std::string content;
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && status.st_size > 0) {
    content.reserve(static_cast<std::size_t>(status.st_size));
  }
  char block[65536];
  while (true) {
    const ssize_t count = ::read(file.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw io_error("read", path, errno);
    if (count == 0) return content;
    content.append(block, static_cast<std::size_t>(count));
  }
}

void make_folders(const std::string& path) {
  if (path.empty()) return;
  std::filesystem::path so_far;
  for (const std::filesystem::path& part : std::filesystem::path(path)) {
    if (part.empty()) continue;
    so_far /= part;
    struct stat status {};
    if (::stat(so_far.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
    durable_operation("make folder " + so_far.string());
    // Another process may make the same folder at the same moment.
    if (::mkdir(so_far.c_str(), 0777) != 0) {
      const int reason = errno;
      const bool there = ::stat(so_far.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
      if (!there) throw io_error("make folder", so_far.string(), reason);
    }
    sync_folder(folder_of(so_far.string()));
  }
}

FileLock::FileLock(const std::string& path, const std::string& busy_message)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw io_error("lock", path, errno);
  while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    if (reason == EINTR) continue;
    ::close(descriptor_);
    if (reason == EWOULDBLOCK) throw Error(ErrorKind::kStudy, busy_message);
    throw io_error("lock", path, reason);
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

MappedFile::MappedFile(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw io_error("read", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw io_error("read", path, errno);
  if (S_ISDIR(status.st_mode)) throw io_error("read", path, EISDIR);
  if (status.st_size == 0) return;
  const std::size_t size = static_cast<std::size_t>(status.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) throw io_error("map", path, errno);
  data_ = static_cast<const std::byte*>(address);
  size_ = size;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace nas
