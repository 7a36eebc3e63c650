#pragma once

#include <string_view>

/// The text of the files in src/export/python, by name.
namespace nas::exporting::python_files {

extern const std::string_view kCheckFolder;
extern const std::string_view kExportOnnx;
/// With the marks "<summary>", "<version>" and the line "# <definitions>".
extern const std::string_view kModeling;
extern const std::string_view kTokenizationBytes;
extern const std::string_view kTokenizationSentencePiece;

}  // namespace nas::exporting::python_files
