#include "searchers.hpp"

namespace nas::search {

const Registry<SearcherFactory>& builtin_searchers() {
  static const Registry<SearcherFactory> table = [] {
    Registry<SearcherFactory> made("searcher");
    made.add("enumerate", enumerate_factory());
    made.add("local_search", local_search_factory());
    made.add("random", random_factory());
    made.add("regularized_evolution", regularized_evolution_factory());
    return made;
  }();
  return table;
}

}  // namespace nas::search
