"""optuna-dashboard, with nothing written by us, shows a study in a browser."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import unittest
import urllib.request

from program import StudyTest


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


class DashboardTest(StudyTest):
    def test_browser_sees_the_trials(self):
        python = os.environ.get("NAS_OPTUNA_PYTHON")
        browser = shutil.which("chromium")
        if not python or not browser:
            self.lack("NAS_OPTUNA_PYTHON (a Python with optuna-dashboard) or chromium is not there")
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(), "--study", study)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        port = free_port()
        dashboard = subprocess.Popen(
            [pathlib.Path(python).parent / "optuna-dashboard", f"sqlite:///{study}/study.db", "--port", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(dashboard.wait)
        self.addCleanup(dashboard.terminate)
        address = f"http://127.0.0.1:{port}"
        for _ in range(150):
            try:
                studies = json.load(urllib.request.urlopen(f"{address}/api/studies", timeout=5))
                break
            except OSError:
                time.sleep(0.2)
        else:
            self.fail("the dashboard did not start")
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
