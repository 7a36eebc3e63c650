# Debian's libraries as targets. Those without a CMake configuration become imported targets here.
find_package(Threads REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

# nas_import_library(<target> LIBRARY <name> [HEADER <file>] [DEPENDS <target>...])
# Imports lib<name>, found together with <file>, as <target>.
function(nas_import_library target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LIBRARY;HEADER" "DEPENDS")
  find_library(NAS_LIBRARY_${target} NAMES ${arg_LIBRARY} REQUIRED)
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${NAS_LIBRARY_${target}})
  if(arg_HEADER)
    find_path(NAS_INCLUDE_${target} NAMES ${arg_HEADER} REQUIRED)
    target_include_directories(${target} SYSTEM INTERFACE ${NAS_INCLUDE_${target}})
  endif()
  target_link_libraries(${target} INTERFACE ${arg_DEPENDS})
endfunction()

nas_import_library(sqlite3 LIBRARY sqlite3 HEADER sqlite3.h)
nas_import_library(soci_core LIBRARY soci_core HEADER soci/soci.h DEPENDS ${CMAKE_DL_LIBS} Threads::Threads)
nas_import_library(soci_sqlite3 LIBRARY soci_sqlite3 HEADER soci/sqlite3/soci-sqlite3.h
                   DEPENDS soci_core sqlite3)
nas_import_library(nas_xxhash LIBRARY xxhash HEADER xxhash.h)
if(NOT NAS_TORCH_FREE)
  nas_import_library(nas_sentencepiece_core LIBRARY sentencepiece HEADER sentencepiece_processor.h)
  nas_import_library(nas_sentencepiece LIBRARY sentencepiece_train HEADER sentencepiece_trainer.h
                     DEPENDS nas_sentencepiece_core)
endif()
