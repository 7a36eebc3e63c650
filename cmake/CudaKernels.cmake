# The CUDA language, if NAS_WITH_CUDA is on and an nvcc that matches the wheel's CUDA 13.0 is found: a
# toolkit on this machine, or the nvidia-cuda-nvcc wheels beside torch. Sets NAS_CUDA_KERNELS.
set(NAS_CUDA_KERNELS OFF)
if(NOT NAS_WITH_CUDA)
  return()
endif()

function(nas_nvcc_matches result nvcc)
  execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE version ERROR_QUIET)
  if(NOT version MATCHES "release 13\\.0")
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# 8.6 and 8.9 run what is compiled for 8.0. The last architecture also as PTX, which newer GPUs compile when they load it.
set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_RUNTIME_LIBRARY None)  # torch's libcudart is linked: two CUDA runtimes in one process clash

find_program(NAS_NVCC nvcc VALIDATOR nas_nvcc_matches
             PATHS $ENV{CUDA_HOME}/bin /usr/local/cuda-13.0/bin /usr/local/cuda/bin ${NAS_WHEEL_CUDA}/bin)
if(NOT NAS_NVCC)
  message(FATAL_ERROR "NAS_WITH_CUDA is on, but no nvcc 13.0 was found on this machine or in ${NAS_WHEEL_CUDA}. "
                      "Run scripts/setup, or use the preset cpu.")
endif()
set(CMAKE_CUDA_COMPILER ${NAS_NVCC})
if(NAS_NVCC MATCHES "^${NAS_WHEEL_CUDA}/")
  set(CMAKE_CUDA_FLAGS "-L${NAS_WHEEL_CUDA}/lib")  # nvcc looks in lib64, which the wheels do not have
endif()
set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
enable_language(CUDA)
# CMake 3.25 does not know that nvcc 13 can.
set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
set(NAS_CUDA_KERNELS ON)
message(STATUS "CUDA kernels: ${NAS_NVCC} for ${CMAKE_CUDA_ARCHITECTURES}")
