# Compiler flags of own code, as the interface target nas_options. Every target gets the same flags, which
# the shared precompiled header requires.
add_library(nas_options INTERFACE)

set(warnings -Wall -Wextra -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # std::string operator+ sets -Wrestrict off at -O2 (GCC bug 105651); the others look through inlined
  # library code and are not reliable in GCC 12.
  list(APPEND warnings -Wno-restrict -Wno-error=maybe-uninitialized -Wno-error=array-bounds
       -Wno-error=stringop-overflow -Wno-error=stringop-overread)
endif()
if(NAS_WERROR)
  list(PREPEND warnings -Werror)
endif()
target_compile_options(nas_options INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${warnings}>")

# A fused multiply-add rounds once instead of twice: the same source must give the same bits everywhere.
target_compile_options(nas_options INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>")

# Messages name files as src/core/..., wherever the checkout is.
target_compile_options(nas_options INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=>")

if(NAS_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "NAS_FUZZ needs clang (preset fuzz), not ${CMAKE_CXX_COMPILER_ID}")
  endif()
  set(NAS_SANITIZE "address,undefined")
  target_compile_options(nas_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NAS_SANITIZE)
  # No vptr check (part of undefined): SOCI's library hides the type information that it refers to.
  target_compile_options(nas_options INTERFACE
      "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${NAS_SANITIZE};-fno-sanitize=vptr;-fno-omit-frame-pointer>")
  target_link_options(nas_options INTERFACE -fsanitize=${NAS_SANITIZE})
endif()

find_program(NAS_CCACHE ccache)
if(NAS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without the sloppiness ccache refuses every file that uses a precompiled header; the base folder lets clones share.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      ${NAS_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${launcher})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(nas_options INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>")
  endif()
endif()
