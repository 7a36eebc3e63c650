# Precompiled headers, each shared by all targets of a kind: what is in one, no source reads again.
# A header whose constants run code at start-up (CLI11) does not belong here: every user would compile them.
# Sources still include what they use; clang-tidy and nas_header_check compile without any of this.

# nas_precompile(<name> HEADERS <header>... [DEPENDS <target>...]): a target that others reuse the header of.
function(nas_precompile name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;DEPENDS")
  add_library(${name} STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(${name} PRIVATE nas_options ${arg_DEPENDS})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

# Compiling a test takes longer than running it.
set(NAS_TEST_OPTIONS "$<$<CONFIG:Release>:-O0>")
set(standard_headers <algorithm> <functional> <map> <memory> <optional> <span> <sstream> <string> <vector>)
nas_precompile(nas_light_pch
  HEADERS ${standard_headers} <nlohmann/json.hpp>
  DEPENDS nlohmann_json::nlohmann_json)
set(test_headers <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
nas_precompile(nas_test_pch
  HEADERS ${standard_headers} ${test_headers}
  DEPENDS GTest::gmock GTest::gtest nlohmann_json::nlohmann_json)
target_compile_options(nas_test_pch PRIVATE ${NAS_TEST_OPTIONS})
if(NOT NAS_TORCH_FREE)
  # torch/torch.h would be twice as large, and a source that reads it takes three times as long, for a namespace that
  # nothing here uses.
  nas_precompile(nas_torch_core_pch HEADERS <ATen/core/Tensor.h> DEPENDS nas_torch)
  nas_precompile(nas_torch_pch
    HEADERS ${standard_headers} <ATen/ATen.h> <nlohmann/json.hpp>
    DEPENDS nas_torch nlohmann_json::nlohmann_json)
  nas_precompile(nas_torch_test_pch
    HEADERS ${standard_headers} <ATen/ATen.h> ${test_headers}
    DEPENDS nas_torch GTest::gmock GTest::gtest nlohmann_json::nlohmann_json)
  target_compile_options(nas_torch_test_pch PRIVATE ${NAS_TEST_OPTIONS})
endif()
