# Run after a GoogleTest executable is linked: lists its tests and writes one ctest entry for each test or, with
# BY_SUITE, for each suite (loading LibTorch costs half a second a process). A suite named Gpu... is labelled gpu, one
# named Slow... slow, every other one LABELS.
# In: EXECUTABLE, OUTPUT, PREFIX, LABELS (comma-separated), BY_SUITE.
execute_process(COMMAND ${EXECUTABLE} --gtest_list_tests
                OUTPUT_VARIABLE listing RESULT_VARIABLE status ERROR_VARIABLE errors TIMEOUT 300)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${EXECUTABLE} --gtest_list_tests: ${status}\n${errors}")
endif()
string(REPLACE "," ";" LABELS "${LABELS}")
string(REPLACE ";" "\\;" listing "${listing}")
string(REPLACE "\n" ";" lines "${listing}")

set(script "")
function(add_entry name filter)
  set(properties "LABELS [==[${labels}]==]")
  if(NOT BY_SUITE)  # one skipped test does not make its suite skipped
    string(APPEND properties " SKIP_REGULAR_EXPRESSION [==[\\[  SKIPPED \\]]==]")
  endif()
  string(APPEND script
         "add_test([==[${PREFIX}.${name}]==] [==[${EXECUTABLE}]==] [==[--gtest_filter=${filter}]==])\n"
         "set_tests_properties([==[${PREFIX}.${name}]==] PROPERTIES ${properties})\n")
  set(script "${script}" PARENT_SCOPE)
endfunction()

set(suite "")
foreach(line IN LISTS lines)
  string(REGEX REPLACE " +#.*$" "" line "${line}")
  if(line MATCHES "^([^ ]+)\\.$")
    set(suite ${CMAKE_MATCH_1})
    set(labels "${LABELS}")
    if(suite MATCHES "(^|/)Gpu")
      set(labels gpu)
    elseif(suite MATCHES "(^|/)Slow")
      set(labels slow)
    endif()
    if(BY_SUITE)
      add_entry("${suite}" "${suite}.*")
    endif()
  elseif(line MATCHES "^  ([^ ]+)$" AND NOT BY_SUITE)
    add_entry("${suite}.${CMAKE_MATCH_1}" "${suite}.${CMAKE_MATCH_1}")
  endif()
endforeach()
file(WRITE ${OUTPUT} "${script}")
