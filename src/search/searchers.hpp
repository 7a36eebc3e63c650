#pragma once

#include <nlohmann/json.hpp>
#include <utility>

#include "nas/config/fields.hpp"
#include "nas/search/searcher.hpp"

namespace nas::search {

SearcherFactory enumerate_factory();
SearcherFactory local_search_factory();
SearcherFactory random_factory();
SearcherFactory regularized_evolution_factory();

/// Reads and checks a searcher's options from their one declaration, `describe(Fields&, Options&)`,
/// and returns them with defaults filled in.
template <class Options>
auto option_reader() {
  return [](const Json& given, const JsonPositions& positions, const std::string& pointer) {
    Options options;
    return config::read_fields(given, positions, pointer,
                               [&](config::Fields& fields) { describe(fields, options); });
  };
}

/// The struct behind options that option_reader has returned.
template <class Options>
Options options_from(const Json& json) {
  Options options;
  config::read_fields(json, JsonPositions("search.options"), "",
                      [&](config::Fields& fields) { describe(fields, options); });
  return options;
}

}  // namespace nas::search
