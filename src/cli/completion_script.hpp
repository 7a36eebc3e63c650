#pragma once

#include <string>
#include <vector>

namespace nas::cli {

/// What may follow an option, or stand at a positional argument's place.
enum class CompletedValue { kNone, kChoice, kPath, kOther };

/// An option or positional argument as shells complete it.
struct CompletedArgument {
  std::vector<std::string> names;  ///< with their dashes; of a positional argument, its name
  std::string help;
  bool is_positional = false;
  bool repeats = false;
  CompletedValue value = CompletedValue::kNone;
  std::vector<std::string> choices;  ///< of kChoice
};

struct CompletedVerb {
  std::string name;
  std::string help;
  std::vector<CompletedArgument> arguments;
};

struct CompletedProgram {
  CompletedVerb itself;  ///< its options may stand before and after the verb
  std::vector<CompletedVerb> verbs;
};

struct CompletionShell {
  const char* name;
  /// A script that this shell sources.
  std::string (*script)(const CompletedProgram& program);
};

/// bash, zsh, fish.
[[nodiscard]] const std::vector<CompletionShell>& completion_shells();

}  // namespace nas::cli
