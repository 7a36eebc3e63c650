# LibTorch from the PyPI wheel, as target nas::torch. The wheel's own find_package(Torch) demands a CUDA
# toolkit; the folders of the wheel hold everything that compiling and linking need.
set(NAS_TORCH_VERSION 2.11.0)
set(NAS_PYTHON_ENV "$ENV{NAS_PYTHON_ENV}" CACHE PATH "Python environment that holds torch==${NAS_TORCH_VERSION}")
if(NOT NAS_PYTHON_ENV)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/setup --print-python-env
                  OUTPUT_VARIABLE env_path OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(NAS_PYTHON_ENV "${env_path}" CACHE PATH "" FORCE)
endif()

file(GLOB site_packages ${NAS_PYTHON_ENV}/lib/python3*/site-packages)
if(NOT EXISTS "${site_packages}/torch/version.py")
  message(FATAL_ERROR "No torch in NAS_PYTHON_ENV='${NAS_PYTHON_ENV}'. Run scripts/setup, or set it to a Python "
                      "environment with torch==${NAS_TORCH_VERSION}.")
endif()
file(STRINGS ${site_packages}/torch/version.py version_line REGEX "^__version__")
if(NOT version_line MATCHES "'${NAS_TORCH_VERSION}[+']")
  message(FATAL_ERROR "NAS_PYTHON_ENV='${NAS_PYTHON_ENV}' holds ${version_line}; torch ${NAS_TORCH_VERSION} is needed")
endif()
set(NAS_SITE_PACKAGES ${site_packages})
set(NAS_WHEEL_CUDA ${site_packages}/nvidia/cu13)

add_library(nas_torch INTERFACE)
add_library(nas::torch ALIAS nas_torch)

# Searched last: the wheel carries fmt 12, and Debian's spdlog does not compile in a file that sees it first.
foreach(folder torch/include torch/include/torch/csrc/api/include nvidia/cu13/include)
  target_compile_options(nas_torch INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-idirafter${site_packages}/${folder}>")
endforeach()
target_compile_definitions(nas_torch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)

# Nothing in own code names a symbol of libtorch_cuda, which nas_ops loads where there is a driver (nas/ops/cuda.hpp).
target_link_options(nas_torch INTERFACE "LINKER:--no-as-needed" "LINKER:--allow-shlib-undefined")
# libstdc++ comes first: the wheel's libraries export parts of an older one (std::filesystem), and calls from own code
# that end there crash.
set(torch_lib ${site_packages}/torch/lib)
target_link_libraries(nas_torch INTERFACE
    stdc++ ${torch_lib}/libtorch_cpu.so ${torch_lib}/libc10.so ${torch_lib}/libc10_cuda.so
    ${NAS_WHEEL_CUDA}/lib/libcudart.so.13 ${CMAKE_DL_LIBS} Threads::Threads)
file(GLOB rpaths LIST_DIRECTORIES true ${site_packages}/nvidia/*/lib)
foreach(folder ${torch_lib} ${rpaths})
  target_link_options(nas_torch INTERFACE "LINKER:-rpath,${folder}")
endforeach()
