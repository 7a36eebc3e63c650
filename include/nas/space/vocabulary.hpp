#pragma once

#include <string>
#include <vector>

namespace nas::space {

/// A named set of primitives for the `vocabulary` of an evolving program. What a name stands for
/// never changes, so that a configuration means the same study in every version.
struct VocabularyGroup {
  std::string name;
  std::string help;
  std::vector<std::string> primitives;  ///< alphabetical
};

/// One of the names of So et al. 2021 (arXiv:2109.08668) and how it is written here.
struct PrimerOperation {
  std::string name;       ///< "RED MEAN"
  std::string primitive;  ///< "reduce"
  std::string fields;     ///< "op=mean"; empty: none, or those that evolution draws
};

/// "causal", "primer".
[[nodiscard]] const std::vector<VocabularyGroup>& vocabulary_groups();
[[nodiscard]] const VocabularyGroup* find_vocabulary_group(const std::string& name);

/// The 39 operations of Primer's vocabulary. A reduction over time is reduce_time besides.
[[nodiscard]] const std::vector<PrimerOperation>& primer_operations();

}  // namespace nas::space
