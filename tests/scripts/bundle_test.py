"""scripts/bundle on programs that say what they see, in a checkout whose set-up and build do nothing; torch is a folder
that looks like it. usage: bundle_test.py SCRIPTS-FOLDER"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(sys.argv.pop(1))
PROGRAM = """#include <cstdlib>
#include <iostream>
extern "C" int shipped();
extern "C" int of_torch();
int main(int argc, char** argv) {
  std::cout << shipped() + of_torch() << "\\n";
  for (const char* name : {"LD_LIBRARY_PATH", "NAS_PYTHON_CORPUS"}) std::cout << std::getenv(name) << "\\n";
  for (int i = 1; i < argc; ++i) std::cout << "<" << argv[i] << ">";
}
"""
REQUIREMENTS = "torch==2.11.0\n"


class Bundle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = root = pathlib.Path(cls.folder.name).resolve() / "checkout"
        for name in ("scripts", "configs", "docs", "build/release/bin", "build/release/share/nas", "libraries"):
            (root / name).mkdir(parents=True)
        for name in ("bundle", "bundle-launcher"):
            shutil.copy(SCRIPTS / name, root / "scripts" / name)
        for name in ("setup", "build"):
            (root / "scripts" / name).write_text("#!/bin/sh\n")
            (root / "scripts" / name).chmod(0o755)
        for name in ("README.md", "LICENSE", "CHANGELOG.md", "docs/space.md", "configs/primer.json",
                     "build/release/share/nas/vega.js"):
            (root / name).write_text(name)
        (root / "scripts/requirements-torch.txt").write_text(REQUIREMENTS)
        cls.environment = root.parent / "environment"
        cls.make_torch(cls.environment, "2.11.0+cu130")
        cls.compile()
        (root / "build/release/.env").write_text(f"{cls.environment}\n")

    @classmethod
    def make_torch(cls, environment, version):
        torch = environment / "lib/python3/site-packages/torch"
        for folder in (torch / "lib", torch.parent / "nvidia/cu13/lib", environment / "bin"):
            folder.mkdir(parents=True)
        (torch / "__init__.py").write_text("raise SystemExit('imported')")
        (torch / "version.py").write_text(f"__version__ = '{version}'\n")
        (torch / "lib/libtorch_cuda.so").write_text("")
        python = environment / "bin/python3"
        python.write_text(f'#!/bin/sh\nPYTHONPATH={torch.parent} exec {sys.executable} "$@"\n')
        python.chmod(0o755)
        return torch

    @classmethod
    def compile(cls):
        torch_lib = cls.environment / "lib/python3/site-packages/torch/lib"
        own_lib = cls.root / "libraries"
        source = cls.root / "program.cpp"
        for folder, name, value in ((own_lib, "shipped", 40), (torch_lib, "of_torch", 2)):
            source.write_text(f'extern "C" int {name}() {{ return {value}; }}\n')
            subprocess.run(["g++", "-g", "-shared", "-fPIC", source, "-o", folder / f"lib{name}.so",
                            f"-Wl,-soname,lib{name}.so"], check=True)
        source.write_text(PROGRAM)
        program = cls.root / "build/release/bin/nas"
        subprocess.run(["g++", "-g", source, "-o", program, f"-L{own_lib}", "-lshipped", f"-L{torch_lib}", "-lof_torch",
                        f"-Wl,-rpath,{own_lib}", f"-Wl,-rpath,{torch_lib}"], check=True)
        for other in ("nas-engine", "nas-sentencepiece"):
            shutil.copy(program, program.parent / other)

    def bundle(self, output):
        return subprocess.run([self.root / "scripts/bundle", output], capture_output=True, text=True)

    def make(self):
        output = pathlib.Path(self.folder.name) / self.id().rsplit(".", 1)[1]
        done = self.bundle(output)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\d+\.\d\d MB; .* torch 2\.11 ")
        return output

    def launch(self, bundle, environment, *arguments):
        return subprocess.run([bundle / "nas", *arguments], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "NAS_PYTHON_ENV": str(environment)})

    def test_holds_what_runs_elsewhere_and_nothing_of_torch(self):
        bundle = self.make()
        libraries = {path.name for path in (bundle / "lib").iterdir()}
        self.assertLessEqual({"libshipped.so", "libstdc++.so.6"}, libraries)
        for name in libraries:
            self.assertNotRegex(name, r"of_torch|^libc\.so|^libm\.so|^ld-linux")
        for name in ("share/nas/configs/primer.json", "share/nas/vega.js", "docs/space.md", "README.md", "LICENSE",
                     "bin/nas-engine", "bin/nas-sentencepiece"):
            self.assertTrue((bundle / name).is_file(), name)
        sections = subprocess.run(["readelf", "-S", bundle / "bin/nas"], capture_output=True, text=True).stdout
        self.assertNotIn(".debug_info", sections)

    def test_finds_the_torch_of_another_machine(self):
        bundle = self.make()
        elsewhere = pathlib.Path(self.folder.name) / "elsewhere"
        torch = self.make_torch(elsewhere, "2.11.1")
        shutil.copy(self.environment / "lib/python3/site-packages/torch/lib/libof_torch.so", torch / "lib")
        moved = bundle.rename(pathlib.Path(self.folder.name) / "moved here")
        link = pathlib.Path(self.folder.name) / "nas-link"
        link.symlink_to(moved / "nas")
        os.rename(self.root / "libraries", self.root / "libraries-gone")
        self.addCleanup(os.rename, self.root / "libraries-gone", self.root / "libraries")
        done = subprocess.run([link, "a b", "c"], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "NAS_PYTHON_ENV": str(elsewhere)})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        answer, path, corpus, arguments = done.stdout.split("\n")
        self.assertEqual((answer, arguments), ("42", "<a b><c>"))
        self.assertEqual(path.split(":")[:2], [str(moved.resolve() / "lib"), str(torch / "lib")])
        self.assertEqual(pathlib.Path(path.split(":")[2]).resolve(), torch.parent / "nvidia/cu13/lib")
        self.assertEqual(corpus, str(torch))

    def test_says_what_is_wrong_with_a_torch(self):
        bundle = self.make()
        old = pathlib.Path(self.folder.name) / "old"
        self.make_torch(old, "2.10.0")
        cpu = pathlib.Path(self.folder.name) / "cpu"
        (self.make_torch(cpu, "2.11.0+cpu") / "lib/libtorch_cuda.so").unlink()
        for environment, said in ((old, "is torch 2.10.0; 2.11 is needed"), (cpu, "without CUDA"),
                                  (pathlib.Path("/nowhere"), "there is no /nowhere/bin/python3")):
            done = self.launch(bundle, environment)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(said, done.stderr)

    def test_replaces_a_bundle_and_nothing_else(self):
        bundle = self.make()
        (bundle / "lib/old.so").write_text("")
        self.assertEqual(self.bundle(bundle).returncode, 0)
        self.assertFalse((bundle / "lib/old.so").exists())
        other = pathlib.Path(self.folder.name) / "other"
        other.mkdir()
        (other / "mine").write_text("")
        done = self.bundle(other)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no bundle", done.stderr)
        self.assertEqual(os.listdir(other), ["mine"])

    def test_refuses_to_be_too_large(self):
        large = self.root / "docs/large"
        with open(large, "wb") as file:
            file.truncate(61_000_000)
        self.addCleanup(large.unlink)
        output = pathlib.Path(self.folder.name) / "large"
        done = self.bundle(output)
        self.assertEqual(done.returncode, 1)
        self.assertIn("more than the 60000000 allowed", done.stderr)
        self.assertIn("docs/large", done.stderr)
        self.assertEqual([p.name for p in output.parent.glob("large*")], [])


if __name__ == "__main__":
    unittest.main()
