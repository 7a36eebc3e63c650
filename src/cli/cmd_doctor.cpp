#include <sys/statvfs.h>
#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <thread>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/units.hpp"
#include "nas/data/dataset.hpp"
#include "nas/ops/cuda.hpp"
#include "nas/run/version.hpp"

namespace nas::cli {
namespace {

void print_devices() {
  const int devices = ops::cuda_device_count();
  if (devices == 0) {
    std::cout << "gpu         none: trainings run on the CPU in fp32\n";
    return;
  }
  for (int i = 0; i < devices; ++i) {
    const ops::CudaDevice device = ops::cuda_device(i);
    std::cout << "gpu         cuda:" << i << " " << device.name << ", "
              << format_bytes(static_cast<double>(device.total_bytes)) << ", compute capability "
              << device.major << "." << device.minor << "\n";
  }
}

void print_folder(const char* label, const std::string& path) {
  std::string existing = path;
  while (!existing.empty() && !std::filesystem::exists(existing)) {
    existing = std::filesystem::path(existing).parent_path().string();
  }
  struct statvfs facts {};
  std::cout << label << path;
  if (statvfs(existing.empty() ? "." : existing.c_str(), &facts) == 0) {
    std::cout << ", "
              << format_bytes(static_cast<double>(facts.f_bavail) *
                              static_cast<double>(facts.f_frsize))
              << " free";
  }
  const std::string network = network_file_system(existing.empty() ? "." : existing);
  if (!network.empty()) std::cout << ", on " << network << ": SQLite studies cannot live here";
  std::cout << "\n";
}

void print_corpus() {
  config::DataConfig data;
  try {
    const auto dataset = data::Dataset::load(data, 64, data::default_cache_folder());
    std::cout << "corpus      python: " << dataset->description() << "\n";
  } catch (const Error& error) {
    std::cout << "corpus      python: not usable: " << error.what() << "\n";
  }
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
  CLI::App* verb =
      program.add_subcommand("doctor", "what this machine has, what falls back and why");
  verb->callback([&action] {
    action = [] {
      std::cout << "nas         " << run::kVersion << "\n"
                << "torch       " << TORCH_VERSION << ", CPU kernels " << at::get_cpu_capability()
                << "\n"
                << "cores       " << std::thread::hardware_concurrency() << "\n";
      print_devices();
      print_folder("studies     ", std::filesystem::absolute("runs").string());
      print_folder("cache       ", data::default_cache_folder());
      print_corpus();
      return 0;
    };
  });
}

}  // namespace nas::cli
