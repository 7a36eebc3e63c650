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

/// The struct behind options that SearcherFactory::options has read.
template <class Options>
Options options_from(const Json& json) {
  Options options;
  config::read_fields(json, JsonPositions("search.options"), "",
                      [&](config::Fields& fields) { describe(fields, options); });
  return options;
}

}  // namespace nas::search
