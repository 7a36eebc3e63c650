"""scripts/check_layers.py against small trees. usage: check_layers_test.py SCRIPTS-FOLDER"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(sys.argv.pop(1)) / "check_layers.py"


class CheckLayers(unittest.TestCase):
    def run_on(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text + "\n")
            done = subprocess.run([SCRIPT, folder], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def assert_refused(self, name, text, reason):
        status, output = self.run_on({"src/core/fine.cpp": "#include <vector>", name: text})
        self.assertEqual(status, 1, output)
        self.assertIn(reason, output)
        self.assertIn(f"{name}:1", output)
        self.assertEqual(len(output.splitlines()), 1)

    def test_accepts_what_the_table_allows(self):
        status, output = self.run_on({
            "include/nas/space/a.hpp": "#include <nas/core/error.hpp>\n#include <nlohmann/json_fwd.hpp>",
            "src/space/a.cpp": '#include "nas/space/a.hpp"\n#include "space/private.hpp"\n#include <nlohmann/json.hpp>',
            "src/nn/a.cpp": "#include <torch/torch.h>\n#include <nas/ops/a.hpp>",
            "tests/nn/a_test.cpp": '#include <nas/nn/a.hpp>\n#include "nn/private.hpp"\n#include "support/b.hpp"',
            "tests/support/b.hpp": "#include <nas/run/a.hpp>",
        })
        self.assertEqual((status, output), (0, ""))

    def test_refuses_a_module_further_up(self):
        self.assert_refused("src/space/a.cpp", "#include <nas/search/a.hpp>", "space may include only: core config")
        self.assert_refused("src/core/a.cpp", '#  include "nas/space/a.hpp"', "core may include only: nothing")
        self.assert_refused("tests/search/a_test.cpp", "#include <nas/store/study.hpp>", "search may include only")
        self.assert_refused("src/ops/a.cu", "#include <nas/nn/a.hpp>", "ops may include only: core")

    def test_headers_of_values_pass_everywhere_and_include_only_core(self):
        values = "include/nas/export/export_facts.hpp"
        status, output = self.run_on({
            values: "#include <nas/core/json.hpp>\n#include <string>",
            "include/nas/run/a.hpp": '#include "nas/export/export_facts.hpp"',
        })
        self.assertEqual((status, output), (0, ""))
        self.assert_refused(values, "#include <nas/nn/model.hpp>", "a header of values includes only core")
        self.assert_refused("src/run/a.cpp", "#include <nas/export/hf_export.hpp>", "run may include only")

    def test_refuses_an_unknown_module(self):
        self.assert_refused("src/cli/a.cpp", "#include <nas/utils/a.hpp>", "there is no module utils")

    def test_refuses_a_private_header_of_another_module(self):
        self.assert_refused("src/run/a.cpp", '#include "train/steps.hpp"', "a private header of train")

    def test_refuses_torch_in_a_torch_free_module(self):
        for header in ("torch/torch.h", "ATen/core/Tensor.h", "c10/util/Half.h"):
            self.assert_refused("src/store/a.cpp", f"#include <{header}>", "store is free of LibTorch")
            self.assert_refused("tests/report/a_test.cpp", f"#include <{header}>", "report is free of LibTorch")

    def test_refuses_a_heavy_public_header(self):
        for header in ("torch/torch.h", "nlohmann/json.hpp", "spdlog/spdlog.h", "CLI/CLI.hpp"):
            self.assert_refused("include/nas/nn/a.hpp", f"#include <{header}>", "too heavy")


if __name__ == "__main__":
    unittest.main()
