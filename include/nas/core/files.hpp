#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nas {

/// A durable operation: after it, a crash must leave something a later run understands.
/// Each one is counted; tests make the process die (SIGKILL itself) just before the k-th, or make
/// the k-th fail with "No space left on device", through the environment variables
/// NAS_TEST_DIE_AT=k and NAS_TEST_FAIL_AT=k. `what` names the operation in messages.
/// Throws Error(kIo) when this operation was told to fail.
void durable_operation(std::string_view what);

/// Durable operations counted so far in this process.
[[nodiscard]] std::uint64_t durable_operations();

/// Writes a whole file so that after a crash there is the old content or the new, never a torn
/// one: temporary name in the same folder, write, fsync, rename, fsync of the folder.
/// Throws Error(kIo) with the path and the system's reason; the temporary file is removed.
void write_file_atomically(const std::string& path, std::string_view content);

/// The same for content that arrives in pieces: `write` is called with a sink for bytes.
void write_file_atomically(
    const std::string& path,
    const std::function<void(const std::function<void(const void*, std::size_t)>&)>& write);

/// Whole content. Throws Error(kIo) with the path and the system's reason.
[[nodiscard]] std::string read_file(const std::string& path);

/// Makes names added to a folder (by a rename, say) survive a power cut: fsync of the folder, one
/// durable operation. Throws Error(kIo).
void sync_folder(const std::string& folder);

/// Makes a folder and its parents, fsyncing each new one's parent. Throws Error(kIo).
void make_folders(const std::string& path);

/// Holds an exclusive advisory lock (flock) on a file, made when missing, until destroyed.
class FileLock {
 public:
  /// Tries once. Throws Error(kStudy) `busy_message` when another process holds it, Error(kIo)
  /// when the file cannot be made.
  FileLock(const std::string& path, const std::string& busy_message);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

/// A read-only memory map of a whole file.
class MappedFile {
 public:
  /// Throws Error(kIo) naming the file. An empty file maps to size 0.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  [[nodiscard]] const std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The name of the network file system a path lies on ("nfs", "cifs", "lustre", ...), or empty.
/// Tests inject one through NAS_TEST_FILE_SYSTEM.
[[nodiscard]] std::string network_file_system(const std::string& path);

}  // namespace nas
