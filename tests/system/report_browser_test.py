"""Reports in a browser without a network: every chart drawn, filters that filter, 5,000 trials at once."""
import json
import sqlite3
import unittest

from browser import CHROMIUM, Browser
from program import StudyTest

DRAWN = "document.body?.dataset.chartsDrawn !== undefined"
ROWS = "[...document.querySelectorAll('.rows tr.trial')].map((row) => [...row.cells].map((cell) => cell.textContent))"
HOSTILE = "</script><script>window.hostile = 1</script><img src=x onerror='window.hostile = 1'>"


@unittest.skipUnless(CHROMIUM, "chromium is not there")
class ReportBrowserTest(StudyTest):
    def browser(self):
        browser = Browser(self.folder)
        self.addCleanup(browser.close)
        return browser

    def search(self, name="study", **changes):
        study = self.folder / name
        self.succeed("search", "--config", self.config(**changes), "--study", study, timeout=900)
        return study

    def assert_clean(self, browser, path):
        self.assertEqual(browser.problems, [])
        self.assertEqual(browser.requests, [path.resolve().as_uri()])

    def test_every_chart_is_drawn(self):
        study = self.search(budget__trials=60)
        path = study / "report.html"
        self.succeed("report", study)
        browser = self.browser()
        browser.open(path, DRAWN)
        self.assertEqual(browser.evaluate("document.querySelectorAll('.chart svg, .chart canvas').length"),
                         browser.evaluate("document.querySelectorAll('.chart').length"))
        self.assertGreaterEqual(browser.evaluate("document.querySelectorAll('.chart svg, .chart canvas').length"), 9)
        sizes = browser.evaluate("[...document.querySelectorAll('.chart')].map((chart) => [chart.clientWidth, chart.clientHeight])")
        self.assertTrue(all(width > 500 and height > 60 for width, height in sizes), sizes)
        self.assertTrue(browser.evaluate("document.querySelector('.drawing svg') !== null"))
        # Another cost is drawn in the same place.
        browser.evaluate("(() => { const s = document.querySelector('#costs select'); s.selectedIndex = 1; s.dispatchEvent(new Event('change')); })()")
        name = browser.evaluate("document.querySelector('#costs select').selectedOptions[0].textContent")
        browser.wait(f"document.querySelector('#costs .chart').textContent.includes({json.dumps(name)})")
        self.assert_clean(browser, path)

    def test_filters_and_sorting(self):
        study = self.search(budget__trials=60)
        path = study / "report.html"
        self.succeed("report", study)
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        browser = self.browser()
        browser.open(path, DRAWN)
        count = "document.querySelector('.filters [role=status]').textContent"
        self.assertEqual(browser.evaluate(count), "60 of 60 trials")

        complete = [trial for trial in trials if trial["state"] == "COMPLETE"]
        browser.evaluate("document.querySelectorAll('.trials .filters [type=checkbox]').forEach((box) => box.value !== 'COMPLETE' && box.click())")
        self.assertEqual(browser.evaluate(count), f"{len(complete)} of 60 trials")
        self.assertEqual({row[1] for row in browser.evaluate(ROWS)}, {"COMPLETE"})

        browser.evaluate("document.querySelectorAll('.rows th')[3].click()")
        values = sorted(trial["values"][0] for trial in complete)
        shown = [float(row[3]) for row in browser.evaluate(ROWS)]
        self.assertEqual(shown, [float(f"{value:.6g}") for value in values[:len(shown)]])
        browser.evaluate("document.querySelectorAll('.rows th')[3].click()")
        self.assertEqual(float(browser.evaluate(ROWS)[0][3]), float(f"{values[-1]:.6g}"))

        def fill(selector, text):
            browser.evaluate(f"(() => {{ const field = document.querySelector({json.dumps(selector)}); field.value = {json.dumps(text)}; "
                             "field.dispatchEvent(new Event('input')); })()")

        middle = values[len(values) // 2]
        fill("[aria-label=high]", repr(middle))
        self.assertEqual(browser.evaluate(count), f"{sum(value <= middle for value in values)} of 60 trials")
        fill("[aria-label=high]", "")
        fill("[type=search]", complete[-1]["hash"][:8])
        self.assertIn(str(complete[-1]["number"]), [row[0] for row in browser.evaluate(ROWS)])
        browser.evaluate("document.querySelector('.rows tr.trial').click()")
        self.assertIn("params", browser.evaluate("document.querySelector('.detail').textContent"))
        fill("[type=search]", "no trial has this")
        self.assertEqual(browser.evaluate(ROWS), [])
        self.assert_clean(browser, path)

    def test_texts_of_a_study_stay_texts(self):
        study = self.search(budget__trials=40)
        self.rename(study, HOSTILE)
        self.succeed("report", study)
        browser = self.browser()
        browser.open(study / "report.html", DRAWN)
        self.assertEqual(browser.evaluate("document.querySelector('h1').textContent"), HOSTILE)
        self.assertIn("window.hostile", browser.evaluate("document.querySelector('#outcomes').textContent"))
        self.assertIsNone(browser.evaluate("window.hostile ?? null"))
        self.assertEqual(browser.evaluate("document.images.length"), 0)
        self.assert_clean(browser, study / "report.html")

    def test_comparison(self):
        studies = [self.search(f"study-{seed}", seed=seed) for seed in (1, 2, 3)]
        path = self.folder / "comparison.html"
        self.succeed("compare", *studies, "--output", path)
        browser = self.browser()
        browser.open(path, DRAWN)
        charts = "document.querySelectorAll('.chart svg, .chart canvas').length"
        self.assertEqual(browser.evaluate(charts), 6)
        self.assertIn("seed", browser.evaluate("document.querySelector('#configuration').textContent"))
        self.assertIn("hurdle 1", browser.evaluate("document.querySelector('#hurdles').textContent"))
        # The whole report of the second study, once, when it is opened.
        browser.evaluate("document.querySelectorAll('#studies > details')[1].open = true")
        browser.wait(f"{charts} > 12 && document.querySelectorAll('#studies .chart:empty').length === 0")
        whole = browser.evaluate("document.querySelectorAll('#studies .whole')[1].textContent")
        for title in ("Lineage of the winner", "Importance of choices", "Hurdles survived", "Why trials failed", "Trials"):
            self.assertIn(title, whole)
        parts = browser.evaluate("document.querySelectorAll('#studies .part').length")
        browser.evaluate("document.querySelectorAll('#studies > details')[1].open = false")
        browser.evaluate("document.querySelectorAll('#studies > details')[1].open = true")
        self.assertEqual(browser.evaluate("document.querySelectorAll('#studies .part').length"), parts)
        self.assertEqual(browser.evaluate("document.querySelectorAll('#studies .whole')[0].childElementCount"), 0)
        self.assert_clean(browser, path)

    def test_5000_trials(self):
        study = self.search(budget__trials=5000, search={"name": "random", "parallelism": 4, "options": {}}, verify__top=0)
        path = study / "report.html"
        self.succeed("report", study)
        browser = self.browser()
        browser.open(path, DRAWN)
        milliseconds = browser.evaluate("performance.getEntriesByName('drawn')[0].startTime")
        print(f"5,000 trials: {path.stat().st_size / 1e6:.1f} MB, every chart drawn {milliseconds:.0f} ms after navigation")
        self.assertEqual(browser.evaluate("document.querySelector('.filters [role=status]').textContent"), "5,000 of 5,000 trials")
        # Only the rows in sight are in the page, wherever it is scrolled to.
        self.assertLess(browser.evaluate("document.querySelectorAll('.rows tr.trial').length"), 60)
        browser.evaluate("document.querySelector('.rows').scrollTop = 1e9")
        browser.wait("[...document.querySelectorAll('.rows tr.trial')].some((row) => row.cells[0].textContent === '4999')")
        self.assertLess(browser.evaluate("document.querySelectorAll('.rows tr.trial').length"), 60)
        self.assert_clean(browser, path)

    def rename(self, study, name):
        """Puts a text where a user or a failing library may have put one: the study's name, a trial's detail."""
        with sqlite3.connect(study / "study.db") as database:
            database.execute("update studies set study_name = ?", (name,))
            trial, = database.execute("select trial_id from trials where state <> 'COMPLETE' limit 1").fetchone()
            database.execute("delete from trial_user_attributes where trial_id = ? and key = 'nas:detail'", (trial,))
            database.execute("insert into trial_user_attributes (trial_id, key, value_json) values (?, 'nas:detail', ?)",
                             (trial, json.dumps(name)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
