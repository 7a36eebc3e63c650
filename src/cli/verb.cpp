#include "verb.hpp"

#include <CLI/CLI.hpp>

namespace nas::cli {

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::among(const std::vector<std::string>& names) {
  option_->check(CLI::IsMember(names));
  return *this;
}

Option& Option::among_numbers(const std::vector<int>& numbers) {
  option_->check(CLI::IsMember(numbers));
  return *this;
}

Option& Option::range(std::int64_t min, std::int64_t max) {
  option_->check(CLI::Range(min, max));
  return *this;
}

Option& Option::range_of_reals(double min, double max) {
  option_->check(CLI::Range(min, max));
  return *this;
}

Option& Option::shows_default() {
  option_->capture_default_str();
  return *this;
}

Option& Option::one_value_each() {
  option_->allow_extra_args(false);
  return *this;
}

Option& Option::count(int min, int max) {
  option_->expected(min, max);
  return *this;
}

Option& Option::separated_by(char separator) {
  option_->delimiter(separator);
  return *this;
}

Option& Option::needs(const Option& other) {
  option_->needs(other.option_);
  return *this;
}

Option& Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Option& Option::environment(const std::string& variable) {
  option_->envname(variable);
  return *this;
}

Verb::Verb(CLI::App& program, const std::string& name, const std::string& help)
    : app_(program.add_subcommand(name, help)) {}

Option Verb::option(const std::string& name, std::string& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}
Option Verb::option(const std::string& name, std::int64_t& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}
Option Verb::option(const std::string& name, std::uint32_t& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}
Option Verb::option(const std::string& name, std::uint64_t& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}
Option Verb::option(const std::string& name, double& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}
Option Verb::option(const std::string& name, std::vector<std::string>& value,
                    const std::string& help) {
  return Option(app_->add_option(name, value, help));
}
Option Verb::option(const std::string& name, std::vector<std::int64_t>& value,
                    const std::string& help) {
  return Option(app_->add_option(name, value, help));
}
Option Verb::option(const std::string& name, std::vector<double>& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}

Option Verb::flag(const std::string& name, bool& value, const std::string& help) {
  return Option(app_->add_flag(name, value, help));
}

Option Verb::flag_against(const std::string& name, bool& value, const std::string& help) {
  return Option(app_->add_flag_callback(
      name, [&value] { value = false; }, help));
}

Verb Verb::one_of(const std::string& name) {
  CLI::Option_group* group = app_->add_option_group(name);
  group->require_option(1);
  return Verb(group);
}

void Verb::footer(const std::string& text) { app_->footer(text); }

void Verb::callback(const std::function<void()>& chosen) { app_->callback(chosen); }

}  // namespace nas::cli
