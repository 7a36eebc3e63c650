#include "searchers.hpp"

namespace nas::search {
namespace {

class RandomSearcher final : public Searcher {
 public:
  explicit RandomSearcher(SearcherContext context) : context_(std::move(context)) {}

  bool draw(const History&, std::int64_t number, std::uint32_t attempt,
            space::Candidate& candidate) const override {
    candidate.sample = context_.space->sample(
        {context_.seed, Purpose::kSampling, static_cast<std::uint64_t>(number), attempt});
    candidate.origin = "random";
    return true;
  }

 private:
  SearcherContext context_;
};

struct RandomOptions {};

void describe(config::Fields&, RandomOptions&) {}

}  // namespace

SearcherFactory random_factory() {
  SearcherFactory factory;
  factory.help = "independent uniform samples of the space";
  factory.source = "baseline";
  factory.options = config::declare_options<RandomOptions>();
  factory.refuses = [](const space::Space&) { return std::string(); };
  factory.make = [](const SearcherContext& context) {
    return std::make_unique<RandomSearcher>(context);
  };
  return factory;
}

}  // namespace nas::search
