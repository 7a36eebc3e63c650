"""optuna-dashboard and TensorBoard, with nothing written by us, show a study."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import unittest
import urllib.request

from program import StudyTest, tiny_text, tiny_training


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


class DashboardTest(StudyTest):
    def serve(self, command):
        """Starts a server and waits until it answers; its address."""
        port = free_port()
        server = subprocess.Popen([*map(str, command), "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(address, timeout=5)
                return address
            except OSError:
                time.sleep(0.2)
        return self.fail(f"{command[0]} did not start")

    def read(self, address):
        return json.load(urllib.request.urlopen(address, timeout=30))

    def test_browser_sees_the_trials(self):
        python = os.environ.get("NAS_OPTUNA_PYTHON")
        browser = shutil.which("chromium")
        if not python or not browser:
            self.lack("NAS_OPTUNA_PYTHON (a Python with optuna-dashboard) or chromium is not there")
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(), "--study", study)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        address = self.serve([pathlib.Path(python).parent / "optuna-dashboard", f"sqlite:///{study}/study.db"])
        studies = self.read(f"{address}/api/studies")
        summary, = studies["study_summaries"]
        self.assertEqual(summary["study_name"], "synthetic")
        page = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--window-size=1400,2000",
             f"--user-data-dir={self.folder}/browser", "--dump-dom",
             f"{address}/dashboard/studies/{summary['study_id']}/trials?numbers={best['number']}"],
            capture_output=True, text=True, timeout=120).stdout
        self.assertIn(f"Trial {best['number']}", page)
        self.assertIn("Trial 0", page)
        self.assertIn("inner_dim", page)
        self.assertIn("nas:hash", page)

    def test_tensorboard_shows_the_curves(self):
        python = os.environ.get("NAS_TENSORBOARD_PYTHON")
        if not python:
            self.lack("NAS_TENSORBOARD_PYTHON (a Python with tensorboard) is not there")
        tiny_text(self.folder / "corpus.txt")
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(tiny_training(self.folder / "corpus.txt")), "--study", study)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        address = self.serve([pathlib.Path(python).parent / "tensorboard", "--logdir", study / "tensorboard"])
        run = f"trial-{best['number']}"
        for _ in range(100):  # it reads the files beside serving
            if run in self.read(f"{address}/data/runs"):
                break
            time.sleep(0.2)
        curve = self.read(f"{address}/data/plugin/scalars/scalars?tag=val_bpb&run={run}")
        (_, step, value), = [point for point in curve if point[1] == 12]
        self.assertEqual(step, 12)
        self.assertAlmostEqual(value, best["values"][0], places=5)
        self.assertIn("inner_dim", json.dumps(self.read(f"{address}/data/plugin/hparams/experiment?request=%7B%7D")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
