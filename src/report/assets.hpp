#pragma once

#include <array>
#include <string_view>

/// The files of assets/, put into the program when it is built (cmake/EmbedFiles.cmake).
namespace nas::report::assets {

extern const std::string_view kPage;
extern const std::string_view kStyle;
/// In the order in which they run.
extern const std::array<std::string_view, 9> kScripts;

}  // namespace nas::report::assets
