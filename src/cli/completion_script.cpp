#include "completion_script.hpp"

namespace nas::cli {
namespace {

/// One word of any of the three shells.
std::string in_quotes(const std::string& text, const char* inner_quote = "'\\''") {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += inner_quote;
    } else {
      word += c == '\n' ? ' ' : c;
    }
  }
  return word + "'";
}

std::string joined(const std::vector<std::string>& words, const std::string& separator = " ") {
  std::string text;
  for (const std::string& word : words) {
    if (!word.empty()) text += (text.empty() ? "" : separator) + word;
  }
  return text;
}

std::vector<std::string> option_names(const CompletedVerb& verb) {
  std::vector<std::string> names;
  for (const CompletedArgument& argument : verb.arguments) {
    if (argument.is_positional) continue;
    names.insert(names.end(), argument.names.begin(), argument.names.end());
  }
  return names;
}

constexpr const char* kBashHead = R"(# bash completion of nas, made by `nas completion bash`.
_nas_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }
_nas_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); }
_nas() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} verb='' i
  COMPREPLY=()
  # `=` is a word of its own: --format=js is three words.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' && COMP_CWORD -ge 2 ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in -*) ;; *) verb=${COMP_WORDS[i]}; break ;; esac
  done
)";

std::string bash_values(const CompletedVerb& verb) {
  std::string cases;
  for (const CompletedArgument& argument : verb.arguments) {
    if (argument.is_positional || argument.value == CompletedValue::kNone) continue;
    std::vector<std::string> patterns;
    patterns.reserve(argument.names.size());
    for (const std::string& name : argument.names) {
      patterns.push_back(in_quotes(verb.name + ":" + name));
    }
    cases += "    " + joined(patterns, "|") + ") ";
    if (argument.value == CompletedValue::kChoice) {
      cases += "_nas_words " + in_quotes(joined(argument.choices)) + "; ";
    } else if (argument.value == CompletedValue::kPath) {
      cases += "_nas_files; ";
    }
    cases += "return ;;\n";
  }
  return cases;
}

/// What stands in the verb's positional places: choices, else files.
std::string bash_places(const CompletedVerb& verb) {
  for (const CompletedArgument& argument : verb.arguments) {
    if (!argument.is_positional) continue;
    if (argument.value == CompletedValue::kChoice) {
      return "_nas_words " + in_quotes(joined(argument.choices)) + " ";
    }
    if (argument.value == CompletedValue::kPath) return "_nas_files ";
  }
  return "";
}

std::string bash_script(const CompletedProgram& program) {
  std::vector<std::string> verbs;
  std::string values = bash_values(program.itself);
  std::string options;
  std::string places;
  for (const CompletedVerb& verb : program.verbs) {
    verbs.push_back(verb.name);
    values += bash_values(verb);
    options +=
        "      " + verb.name + ") _nas_words " +
        in_quotes(joined({joined(option_names(verb)), joined(option_names(program.itself))})) +
        " ;;\n";
    places += "    " + verb.name + ") " + bash_places(verb) + ";;\n";
  }
  std::string script = kBashHead;
  script += "  case $verb:$previous in\n";
  return script + values + "  esac\n  if [[ $current == -* ]]; then\n    case $verb in\n" +
         options + "      *) _nas_words " + in_quotes(joined(option_names(program.itself))) +
         " ;;\n    esac\n    return\n  fi\n  case $verb in\n    '') _nas_words " +
         in_quotes(joined(verbs)) + " ;;\n" + places + "  esac\n}\ncomplete -F _nas nas\n";
}

/// A text inside a specification of _arguments or _describe.
std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zsh_value(const CompletedArgument& argument) {
  switch (argument.value) {
    case CompletedValue::kChoice:
      return ":value:(" + joined(argument.choices) + ")";
    case CompletedValue::kPath:
      return ":path:_files";
    case CompletedValue::kOther:
      return ":value: ";
    case CompletedValue::kNone:
      break;
  }
  return "";
}

std::string zsh_specifications(const CompletedVerb& verb) {
  std::string text;
  for (const CompletedArgument& argument : verb.arguments) {
    if (argument.is_positional) {
      text += " " + in_quotes((argument.repeats ? "*" : "") + zsh_value(argument));
      continue;
    }
    for (const std::string& name : argument.names) {
      text +=
          " " + in_quotes("*" + name + "[" + zsh_text(argument.help) + "]" + zsh_value(argument));
    }
  }
  return text;
}

std::string zsh_script(const CompletedProgram& program) {
  std::string verbs;
  std::string cases;
  for (const CompletedVerb& verb : program.verbs) {
    verbs += " " + in_quotes(zsh_text(verb.name) + ":" + zsh_text(verb.help));
    cases += "        " + verb.name + ") _arguments" + zsh_specifications(verb) +
             zsh_specifications(program.itself) + " ;;\n";
  }
  return "#compdef nas\n# zsh completion of nas, made by `nas completion zsh`.\n_nas() {\n"
         "  local state\n  local -a line verbs\n  typeset -A opt_args\n  _arguments -C" +
         zsh_specifications(program.itself) +
         " '1:verb:->verb' '*::argument:->argument' && return\n  case $state in\n    verb)\n"
         "      verbs=(" +
         verbs + ")\n      _describe verb verbs ;;\n    argument)\n      case $line[1] in\n" +
         cases +
         "      esac ;;\n  esac\n}\n"
         "if [[ ${funcstack[1]} == _nas ]]; then _nas \"$@\"; else compdef _nas nas; fi\n";
}

std::string fish_option(const CompletedArgument& argument) {
  std::string line;
  for (const std::string& name : argument.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (argument.value == CompletedValue::kChoice) {
    line += " -x -a " + in_quotes(joined(argument.choices), "\\'");
  } else if (argument.value == CompletedValue::kPath) {
    line += " -r -F";
  } else if (argument.value == CompletedValue::kOther) {
    line += " -x";
  }
  return line + " -d " + in_quotes(argument.help, "\\'");
}

std::string fish_verb(const CompletedVerb& verb) {
  const std::string begin = "complete -c nas -n '__fish_seen_subcommand_from " + verb.name + "'";
  std::string lines;
  for (const CompletedArgument& argument : verb.arguments) {
    if (!argument.is_positional) {
      lines += begin + fish_option(argument) + "\n";
    } else if (argument.value == CompletedValue::kChoice) {
      lines += begin + " -a " + in_quotes(joined(argument.choices), "\\'") + "\n";
    } else if (argument.value == CompletedValue::kPath) {
      lines += begin + " -F\n";
    }
  }
  return lines;
}

std::string fish_script(const CompletedProgram& program) {
  std::string script =
      "# fish completion of nas, made by `nas completion fish`.\ncomplete -c nas -f\n";
  for (const CompletedArgument& argument : program.itself.arguments) {
    script += "complete -c nas" + fish_option(argument) + "\n";
  }
  for (const CompletedVerb& verb : program.verbs) {
    script += "complete -c nas -n __fish_use_subcommand -a " + verb.name + " -d " +
              in_quotes(verb.help, "\\'") + "\n" + fish_verb(verb);
  }
  return script;
}

}  // namespace

const std::vector<CompletionShell>& completion_shells() {
  static const std::vector<CompletionShell> shells = {
      {"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
  return shells;
}

}  // namespace nas::cli
