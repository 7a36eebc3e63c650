#include "nn/initialise.hpp"

#include "nas/core/philox.hpp"
#include "nas/ops/normal.hpp"

namespace nas::nn {

void draw_initial_values(const at::Tensor& values, const InitialValues& rule, std::uint64_t seed,
                         std::uint32_t repeat, std::string_view path) {
  if (rule.std == 0 && rule.mean.size() == 1) {
    values.fill_(rule.mean[0]);
    return;
  }
  ops::fill_normal(values, {rule.std, rule.mean},
                   {seed, Purpose::kInitialisation, subject_of_path(repeat, path), 0});
}

}  // namespace nas::nn
