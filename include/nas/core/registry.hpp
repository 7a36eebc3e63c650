#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nas/core/error.hpp"

namespace nas {

/// An ordered table of named entries, filled by one explicit list (never by static
/// initialisers, which a linker drops from a static library). Passed in, so tests add fakes.
template <class T>
class Registry {
 public:
  /// `kind` names what is registered in messages, e.g. "searcher".
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  /// Throws Error(kInternal) when the name is taken.
  void add(std::string name, T entry) {
    if (find(name) != nullptr) {
      throw Error(ErrorKind::kInternal, kind_ + " \"" + name + "\" is registered twice");
    }
    names_.push_back(std::move(name));
    entries_.push_back(std::move(entry));
  }
  [[nodiscard]] const T* find(const std::string& name) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return &entries_[i];
    }
    return nullptr;
  }
  /// Throws Error(kConfig) that lists the known names and the nearest one.
  [[nodiscard]] const T& at(const std::string& name) const {
    if (const T* entry = find(name)) return *entry;
    std::string message = "unknown " + kind_ + " \"" + name + "\"";
    const std::string near = nearest_name(name, names_.data(), names_.size());
    if (!near.empty()) message += ", did you mean \"" + near + "\"?";
    message += " (known: ";
    for (std::size_t i = 0; i < names_.size(); ++i) message += (i ? ", " : "") + names_[i];
    throw Error(ErrorKind::kConfig, message + ")");
  }
  /// Names in the order of registration.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::string kind_;
  std::vector<std::string> names_;
  std::vector<T> entries_;
};

}  // namespace nas
