#include <sys/statvfs.h>

#include <filesystem>
#include <iostream>
#include <thread>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/units.hpp"
#include "nas/run/engine.hpp"
#include "nas/run/version.hpp"

namespace nas::cli {
namespace {

void print_devices() {
  const std::vector<run::Gpu> gpus = run::engine().gpus();
  if (gpus.empty()) {
    std::cout << "gpu         none: trainings run on the CPU in fp32\n";
    return;
  }
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    const run::Gpu& gpu = gpus[i];
    std::cout << "gpu         cuda:" << i << " " << gpu.name << ", "
              << format_bytes(static_cast<double>(gpu.total_bytes)) << ", compute capability "
              << gpu.major << "." << gpu.minor << "\n";
    if (!gpu.why_no_kernels.empty()) {
      std::cout << "            no kernels of nas, LibTorch's operations instead: "
                << gpu.why_no_kernels << "\n";
    }
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
    std::cout << "corpus      python: " << run::engine().describe_corpus(data) << "\n";
  } catch (const Error& error) {
    std::cout << "corpus      python: not usable: " << error.what() << "\n";
  }
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
  Verb verb(program, "doctor", "what this machine has, what falls back and why");
  verb.callback([&action] {
    action = [] {
      const run::Engine& engine = run::engine();
      std::cout << "nas         " << run::kVersion << "\n"
                << "torch       " << engine.torch_version() << ", CPU kernels "
                << engine.cpu_capability() << "\n"
                << "cores       " << std::thread::hardware_concurrency() << "\n";
      print_devices();
      print_folder("studies     ", std::filesystem::absolute("runs").string());
      print_folder("cache       ", engine.cache_folder());
      print_corpus();
      return 0;
    };
  });
}

}  // namespace nas::cli
