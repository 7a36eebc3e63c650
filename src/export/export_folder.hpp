#pragma once

#include <string>

namespace nas::exporting {

/// A folder that is written under a temporary name beside its place and takes that place in one
/// step, so that there is the old export or the new one. Removed unless published.
class ExportFolder {
 public:
  /// Makes the temporary folder. Throws Error(kUsage) when `place` is a file, or a folder with
  /// anything in it that an export does not hold; Error(kIo).
  explicit ExportFolder(const std::string& place);
  ~ExportFolder();
  ExportFolder(const ExportFolder&) = delete;
  ExportFolder& operator=(const ExportFolder&) = delete;

  /// Where files are written until publish().
  [[nodiscard]] const std::string& path() const { return temporary_; }

  /// Puts the folder in its place; an earlier export there is removed. Throws Error(kIo).
  void publish();

 private:
  std::string place_;
  std::string temporary_;
};

}  // namespace nas::exporting
