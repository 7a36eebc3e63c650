#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
class Option;
}  // namespace CLI

namespace nas::cli {

inline constexpr std::int64_t kAnyNumber = 1'000'000'000;  ///< the largest of a range without end

/// What is declared of one option or argument. CLI11 stays behind this door: its headers cost each
/// source that reads them five seconds of compilation.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  // Each returns *this.
  Option& required();
  Option& among(const std::vector<std::string>& names);
  Option& among_numbers(const std::vector<int>& numbers);
  Option& range(std::int64_t min, std::int64_t max);
  Option& range_of_reals(double min, double max);
  Option& shows_default();
  /// Each occurrence takes one value, so that an argument may follow.
  Option& one_value_each();
  Option& count(int min, int max);
  /// One occurrence holds several values with this between them.
  Option& separated_by(char separator);
  Option& needs(const Option& other);
  Option& excludes(const Option& other);
  /// Variable that stands for it where it is not given.
  Option& environment(const std::string& variable);

 private:
  CLI::Option* option_;
};

/// A verb, or a group of its options of which exactly one is wanted.
class Verb {
 public:
  Verb(CLI::App& program, const std::string& name, const std::string& help);

  Option option(const std::string& name, std::string& value, const std::string& help);
  Option option(const std::string& name, std::int64_t& value, const std::string& help);
  Option option(const std::string& name, std::uint32_t& value, const std::string& help);
  Option option(const std::string& name, std::uint64_t& value, const std::string& help);
  Option option(const std::string& name, double& value, const std::string& help);
  Option option(const std::string& name, std::vector<std::string>& value, const std::string& help);
  Option option(const std::string& name, std::vector<std::int64_t>& value, const std::string& help);
  Option option(const std::string& name, std::vector<double>& value, const std::string& help);
  Option flag(const std::string& name, bool& value, const std::string& help);
  /// Clears the value when given.
  Option flag_against(const std::string& name, bool& value, const std::string& help);
  /// A group of options of which exactly one must be given.
  Verb one_of(const std::string& name);
  void footer(const std::string& text);
  /// Called when the verb is chosen, after its options were read.
  void callback(const std::function<void()>& chosen);

 private:
  explicit Verb(CLI::App* app) : app_(app) {}
  CLI::App* app_;
};

}  // namespace nas::cli
