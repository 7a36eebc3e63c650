#include "searchers.hpp"

namespace nas::search {

Registry<SearcherFactory> builtin_searchers() {
  Registry<SearcherFactory> table("searcher");
  table.add("enumerate", enumerate_factory());
  table.add("local_search", local_search_factory());
  table.add("random", random_factory());
  table.add("regularized_evolution", regularized_evolution_factory());
  return table;
}

}  // namespace nas::search
