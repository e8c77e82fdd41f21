# baosim_test(NAME <name> SOURCES <files> LIBS <targets>): a GoogleTest program, every TEST of which
# CTest runs in a process of its own (SystemC allows one simulation per process).
if(BAOSIM_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

function(baosim_test)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;LIBS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_LIBS} GTest::gmock GTest::gtest GTest::gtest_main)
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_definitions(${ARG_NAME} PRIVATE BAOSIM_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                             BAOSIM_PROGRAM="${CMAKE_BINARY_DIR}/bin/baosim")
  gtest_discover_tests(${ARG_NAME} TEST_PREFIX "${ARG_NAME}." DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT 300)
endfunction()
