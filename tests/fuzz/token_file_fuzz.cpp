#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "data/token_file.hpp"
#include "nas/core/error.hpp"

namespace {

/// Reads every token: all must lie in the bytes and in the vocabulary.
void check_view(const nas::data::TokenFileView& view) {
  for (const nas::data::Part part : {nas::data::Part::kTrain, nas::data::Part::kValidation}) {
    const nas::data::TokenSpan& tokens = view.part(part);
    for (std::int64_t i = 0; i < tokens.count; ++i) {
      const std::int64_t token = tokens.at(i);
      NAS_ASSERT(token >= 0 && token < view.vocab_size);
    }
  }
  for (const nas::data::DocumentSpan& documents :
       {view.train_documents, view.validation_documents}) {
    for (std::int64_t i = 0; i < documents.count; ++i) {
      NAS_ASSERT(documents.at(i) >= (i == 0 ? 0 : documents.at(i - 1) + 1));
      NAS_ASSERT(documents.first_after(documents.at(i)) == i + 1);
    }
  }
  std::size_t zeros = 0;
  for (const char c : view.tokenizer) zeros += static_cast<std::size_t>(c == '\0');
  NAS_ASSERT(zeros <= view.tokenizer.size());
}

void check_bytes(std::span<const std::byte> bytes) {
  try {
    check_view(nas::data::view_token_file(bytes, "fuzz.tokens"));
  } catch (const nas::Error& error) {
    const bool is_plain = std::string_view(error.what()).starts_with("fuzz.tokens: ");
    if (error.kind() != nas::ErrorKind::kData || !is_plain) throw;
  }
}

}  // namespace

/// Any bytes are a token file whose tokens can all be read, or an Error(kData) with a message. The
/// first byte decides whether the checksums are made right first, so that lengths are reached.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto* first = reinterpret_cast<const std::byte*>(data + 1);
  std::vector<std::byte> bytes(first, first + size - 1);
  if (data[0] % 4 != 0) nas::data::seal_token_file(bytes);
  check_bytes(bytes);
  return 0;
}
