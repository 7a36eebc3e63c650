#include "nas/run/schema.hpp"

#include <nlohmann/json.hpp>

#include "nas/config/run_config.hpp"
#include "nas/run/evaluator.hpp"
#include "nas/search/searcher.hpp"
#include "nas/space/space_schema.hpp"

namespace nas::run {
namespace {

/// The schema of a part with the help that the configuration's own declaration has for it.
void fill_in(Json& properties, const char* key, Json schema) {
  schema["description"] = properties.at(key).at("description");
  properties[key] = std::move(schema);
}

/// "options" by the searcher that "name" chooses.
void add_searchers(Json& search) {
  const Registry<search::SearcherFactory>& searchers = search::builtin_searchers();
  const auto chosen_when_absent =
      search.at("properties").at("name").at("default").get<std::string>();
  search["properties"]["name"]["examples"] = searchers.names();
  search["allOf"] = Json::array();
  for (const std::string& name : searchers.names()) {
    Json condition{{"properties", {{"name", {{"const", name}}}}}};
    if (name != chosen_when_absent) condition["required"] = {"name"};
    const Json options = searchers.at(name).options.schema();
    search["allOf"].push_back(
        {{"if", condition}, {"then", {{"properties", {{"options", options}}}}}});
  }
}

}  // namespace

Json whole_schema() {
  Json schema = config::config_schema();
  Json& properties = schema["properties"];
  fill_in(properties, "space", space::space_schema());
  fill_in(properties, "synthetic", builtin_evaluators().at("synthetic").options.schema());
  add_searchers(properties["search"]);
  return schema;
}

}  // namespace nas::run
