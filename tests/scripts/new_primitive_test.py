"""scripts/new-primitive in a copy of the sources that it edits. usage: new_primitive_test.py SCRIPTS-FOLDER"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1)).parent


class NewPrimitive(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        for name in ("scripts", "src/space", "src/nn"):
            shutil.copytree(ROOT / name, self.root / name)
        shutil.copy(ROOT / ".clang-format", self.root)

    def run_script(self, *arguments):
        return subprocess.run([self.root / "scripts/new-primitive", *arguments], capture_output=True, text=True)

    def names_in(self, path, pattern):
        return re.findall(pattern, (self.root / path).read_text(), re.MULTILINE)

    def test_adds_a_primitive_to_tables_and_sources(self):
        # Names that come first, in the middle, and after a name of which they are the beginning's continuation.
        for name in ("aaa", "erf", "matmul_q", "zeta"):
            done = self.run_script(name, "y = f x", 'somebody "2026"')
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for module, suffix in (("space", "spec"), ("nn", "impl")):
                table = f"src/{module}/primitives/builtin.cpp"
                declared = self.names_in(table, rf"^Primitive\w+ (\w+)_{suffix}\(\);")
                listed = self.names_in(table, rf"^ +(\w+)_{suffix}\(\),")
                self.assertIn(name, declared)
                self.assertEqual(declared, listed)
                self.assertEqual(listed, sorted(listed))
                self.assertEqual(len(listed), len(set(listed)))
                self.assertIn(name, self.names_in(f"src/{module}/CMakeLists.txt", r"^ +primitives/(\w+)\.cpp"))

    def test_what_it_writes_compiles(self):
        self.assertEqual(self.run_script("erf", 'y = "erf" x', "somebody").returncode, 0)
        for name in ("erf", "builtin"):
            done = subprocess.run(["c++", "-std=c++20", "-fsyntax-only", "-Wall", "-Werror", f"-I{ROOT}/include",
                                   f"-I{self.root}/src", self.root / f"src/space/primitives/{name}.cpp"],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_refuses_a_name_that_exists_or_is_none(self):
        for name, reason in (("gelu", "gelu exists"), ("GeLU", "snake_case"), ("a b", "snake_case")):
            before = (self.root / "src/space/primitives/builtin.cpp").read_text()
            done = self.run_script(name, "y = x", "somebody")
            self.assertEqual(done.returncode, 1)
            self.assertIn(reason, done.stderr)
            self.assertEqual((self.root / "src/space/primitives/builtin.cpp").read_text(), before)


if __name__ == "__main__":
    unittest.main()
