"""scripts/setup with Debian's package tools, venv and pip replaced by ones that record what they were asked.
usage: setup_test.py SCRIPTS-FOLDER"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(sys.argv.pop(1))
DPKG_QUERY = '#!/bin/sh\nfor p in $(cat "$RECORD/installed"); do echo "$p installed"; done\n'
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$RECORD/calls"
[ ! -e "$RECORD/apt-fails" ] || exit 100
case "$*" in *install*) for p in "$@"; do echo "$p"; done >> "$RECORD/installed" ;; esac
"""
PYTHON = """#!/bin/sh
case "$*" in
  *version_info\\ \\<*) [ ! -e "$RECORD/old-python" ] || exit 1 ;;
  "-m venv "*)
    echo venv >> "$RECORD/calls"
    sleep 0.2
    mkdir -p "$3/bin" "$3/lib/python3.11/site-packages"
    printf '#!/bin/sh\\necho "pip $*" >> "$RECORD/calls"\\n[ ! -e "$RECORD/pip-fails" ]\\n' > "$3/bin/python"
    chmod +x "$3/bin/python"
    exit ;;
esac
exec {python} "$@"
"""
NVCC = '#!/bin/sh\necho "Cuda compilation tools, release 13.0, V13.0.88"\n'


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        for name in ("scripts", "bin", "record", "cache"):
            (self.root / name).mkdir()
        shutil.copy(SCRIPTS / "setup", self.root / "scripts/setup")
        for name in ("torch", "nvcc", "optuna", "hf", "report"):
            (self.root / f"scripts/requirements-{name}.txt").write_text(f"{name}==1\n")
        (self.root / "record/installed").write_text("")
        (self.root / "record/calls").write_text("")
        self.add_tool("dpkg-query", DPKG_QUERY)
        self.add_tool("apt-get", APT_GET)
        self.add_tool("nvcc", NVCC)
        self.add_tool("g++", "#!/bin/sh\n")
        self.add_tool("python3", PYTHON.format(python=sys.executable))
        self.add_tool("id", "#!/bin/sh\necho 0\n")
        self.environment = {"PATH": f"{self.root}/bin:/usr/bin:/bin", "RECORD": f"{self.root}/record",
                            "XDG_CACHE_HOME": f"{self.root}/cache", "HOME": str(self.root)}

    def add_tool(self, name, text):
        (self.root / "bin" / name).write_text(text)
        (self.root / "bin" / name).chmod(0o755)

    def command(self, *arguments):
        return [self.root / "scripts/setup", *arguments]

    def setup(self, *arguments, **environment):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={**self.environment, **environment})
        return done.returncode, done.stdout, done.stderr

    def calls(self):
        return (self.root / "record/calls").read_text().splitlines()

    def test_installs_what_is_missing_and_says_so_before(self):
        (self.root / "record/installed").write_text("cmake ninja-build\n")
        status, output, messages = self.setup()
        self.assertEqual((status, output), (0, ""), messages)
        line = next(line for line in messages.splitlines() if "installing Debian packages" in line)
        self.assertIn(" libsoci-dev ", line)
        self.assertNotIn(" cmake ", line + " ")
        self.assertNotIn("clang", line)
        self.assertEqual([call.split()[4] for call in self.calls() if call.startswith("apt-get")], ["update", "install"])

    def test_does_nothing_the_second_time(self):
        self.assertEqual(self.setup("--for", "tests")[0], 0)
        before = self.calls()
        self.assertEqual(self.setup("--for", "tests"), (0, "", ""))
        self.assertEqual(self.calls(), before)

    def test_without_root_and_sudo_it_lists_the_packages(self):
        self.add_tool("id", "#!/bin/sh\necho 1000\n")
        for tool in ("bash", "readlink", "dirname", "awk", "grep", "cat", "sha256sum", "sh"):
            os.symlink(shutil.which(tool), self.root / "bin" / tool)
        status, _, messages = self.setup(PATH=f"{self.root}/bin")
        self.assertEqual(status, 1)
        self.assertRegex(messages, "not root and no sudo; as root, run: apt-get install cmake .*libxxhash-dev")
        self.assertEqual(self.calls(), [])

    def test_with_sudo_it_uses_it(self):
        self.add_tool("id", "#!/bin/sh\necho 1000\n")
        self.add_tool("sudo", '#!/bin/sh\necho "sudo $*" >> "$RECORD/calls"\n[ "$1" = -n ] && shift\nexec "$@"\n')
        self.assertEqual(self.setup()[0], 0)
        self.assertTrue(any(call.startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get") for call in self.calls()))

    def test_a_failing_apt_is_an_error(self):
        (self.root / "record/apt-fails").write_text("")
        status, _, messages = self.setup()
        self.assertEqual(status, 1)
        self.assertIn("apt-get failed; missing packages: cmake", messages)

    def test_an_old_python_is_refused(self):
        (self.root / "record/old-python").write_text("")
        status, _, messages = self.setup()
        self.assertEqual(status, 1)
        self.assertIn("Python 3.10 or newer is needed", messages)

    def test_a_half_made_environment_is_made_again(self):
        self.assertEqual(self.setup()[0], 0)
        env = pathlib.Path(self.setup("--print-python-env")[1].strip())
        (env / ".torch").unlink()
        (env / "left-over").write_text("")
        self.assertEqual(self.setup()[0], 0)
        self.assertFalse((env / "left-over").exists())
        self.assertTrue((env / ".torch").exists())

    def test_a_failing_pip_is_an_error_and_is_tried_again(self):
        (self.root / "record/pip-fails").write_text("")
        status, _, messages = self.setup()
        self.assertEqual(status, 1)
        self.assertIn("pip failed", messages)
        (self.root / "record/pip-fails").unlink()
        self.assertEqual(self.setup()[0], 0)
        self.assertEqual(self.setup(), (0, "", ""))

    def test_makes_the_chart_library(self):
        library = pathlib.Path(self.setup("--print-chart-library")[1].strip())
        self.assertFalse(library.exists())
        self.assertEqual(self.setup()[0], 0)
        self.assertTrue(library.exists())
        self.assertTrue(any("javascript_bundle" in call for call in self.calls()))

    def test_other_pins_are_another_environment(self):
        first = self.setup("--print-python-env")[1]
        (self.root / "scripts/requirements-torch.txt").write_text("torch==9.9.9\n")
        self.assertNotEqual(self.setup("--print-python-env")[1], first)

    def test_two_at_once_make_each_environment_once(self):
        self.setup()
        shutil.rmtree(self.root / "cache")
        (self.root / "record/calls").write_text("")
        both = [subprocess.Popen(self.command(), env=self.environment, stderr=subprocess.PIPE) for _ in range(2)]
        self.assertEqual([process.communicate() and process.returncode for process in both], [0, 0])
        self.assertEqual(self.calls().count("venv"), 2)  # torch's and the report's

    def test_nvcc_wheels_only_without_a_toolkit(self):
        self.assertNotIn("nvcc==1", self.setup()[2])
        env = pathlib.Path(self.setup("--print-python-env")[1].strip())
        self.assertFalse((env / ".nvcc").exists())
        self.add_tool("nvcc", NVCC.replace("13.0", "12.4"))
        if pathlib.Path("/usr/local/cuda/bin/nvcc").exists() or pathlib.Path("/usr/local/cuda-13.0").exists():
            self.skipTest("this machine has a CUDA toolkit")
        self.assertIn("nvcc==1", self.setup()[2])
        self.assertTrue((env / ".nvcc").exists())

    def test_transformers_only_for_full_and_with_the_torch_that_is_there(self):
        self.assertEqual(self.setup("--for", "tests")[0], 0)
        env = pathlib.Path(self.setup("--print-hf-env")[1].strip())
        self.assertFalse(env.exists())
        self.assertEqual(self.setup("--for", "full")[0], 0)
        torch = self.setup("--print-python-env")[1].strip()
        (link,) = env.glob("lib/python3*/site-packages/torch.pth")
        self.assertEqual(link.read_text(), f"{torch}/lib/python3.11/site-packages\n")
        self.assertEqual(self.setup("--for", "full"), (0, "", ""))

    def test_jobs(self):
        self.assertEqual(self.setup("--print-jobs", NAS_JOBS="7")[1], "7\n")
        self.assertGreaterEqual(int(self.setup("--print-jobs")[1]), 1)
        self.assertLessEqual(int(self.setup("--print-jobs")[1]), os.cpu_count())

    def test_a_wrong_argument_shows_the_usage(self):
        status, _, messages = self.setup("--for", "nothing")
        self.assertEqual(status, 2)
        self.assertIn("usage: scripts/setup", messages)


if __name__ == "__main__":
    unittest.main()
