"""TensorBoard event files of a study, read by a reader of our own from the formats' definitions.

With NAS_TENSORBOARD_PYTHON naming a Python that has the package tensorboard, its own reader must see the same curves.
"""
import collections
import json
import os
import signal
import struct
import subprocess
import unittest

from program import StudyTest, tiny_text, tiny_training


def crc32c(data):
    """Castagnoli's CRC bit by bit, the slow and obvious way."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        (length_crc,) = struct.unpack_from("<I", data, at + 8)
        assert length_crc == masked(data[at:at + 8]), f"checksum of the length at {at}"
        body = data[at + 12:at + 12 + length]
        (body_crc,) = struct.unpack_from("<I", data, at + 12 + length)
        assert len(body) == length and body_crc == masked(body), f"checksum of the record at {at}"
        yield body
        at += 16 + length


def fields(data):
    """Field number -> values of a protobuf message."""
    found = collections.defaultdict(list)
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    while at < len(data):
        tag = varint()
        wire = tag & 7
        if wire == 0:
            value = varint()
        else:
            length = {1: 8, 5: 4}.get(wire) or varint()
            value = data[at:at + length]
            assert len(value) == length
            at += length
            if wire == 1:
                (value,) = struct.unpack("<d", value)
            elif wire == 5:
                (value,) = struct.unpack("<f", value)
        found[tag >> 3].append(value)
    return found


def hparams_of(value):
    """The plugin's data of a summary value, or None."""
    if 9 not in value:
        return None
    plugin = fields(fields(value[9][0])[1][0])
    assert plugin[1] == [b"hparams"]
    assert fields(value[8][0])[1] == [1], "the tensor is one float32"
    return fields(plugin[2][0])


class Run:
    """The events of one folder as TensorBoard understands them."""

    def __init__(self, folder):
        self.curves = collections.defaultdict(dict)
        self.hparams = {}
        self.ended = []
        self.files = sorted(folder.iterdir())
        for path in self.files:
            self.read(path.read_bytes())

    def read(self, data):
        for number, body in enumerate(records(data)):
            event = fields(body)
            step = event[2][0] if 2 in event else 0
            assert event[1][0] > 1.6e9, "wall time"
            if number == 0:
                assert event[3] == [b"brain.Event:2"]
            if 7 in event and fields(event[7][0])[1] == [1]:  # a session starts
                for curve in self.curves.values():
                    for later in [old for old in curve if old >= step]:
                        del curve[later]
            if 5 in event:
                for value in fields(event[5][0])[1]:
                    self.value(fields(value), step)

    def value(self, value, step):
        tag = value[1][0].decode()
        data = hparams_of(value)
        if data is None:
            assert step not in self.curves[tag], f"{tag} twice at step {step}"
            self.curves[tag][step] = value[2][0]
        elif tag == "_hparams_/session_start_info":
            for entry in fields(data[3][0])[1]:
                name, setting = fields(entry)[1][0].decode(), fields(fields(entry)[2][0])
                self.hparams[name] = next(iter(setting.values()))[0]
        else:
            assert tag == "_hparams_/session_end_info", tag
            self.ended.append(fields(data[4][0])[1][0])


class TensorboardTest(StudyTest):
    def tiny(self, **changes):
        tiny_text(self.folder / "corpus.txt")
        config = tiny_training(self.folder / "corpus.txt")
        config["training"]["eval_every"] = 5
        return self.config(config, **changes)

    def runs(self, study):
        return {path.name: Run(path) for path in (study / "tensorboard").iterdir()}

    def test_curves_are_the_studys(self):
        study = self.folder / "study"
        self.succeed("search", "--config", self.tiny(), "--study", study)
        runs = self.runs(study)
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        seen = collections.Counter()
        for step_values in self.facts(study)["intermediate"]:
            number, step, value = step_values
            if f"trial-{number}" in runs:  # a duplicate trains nothing
                self.assertAlmostEqual(runs[f"trial-{number}"].curves["val_bpb"][step], value, places=5)
                seen["intermediate"] += 1
        for trial in trials:
            run = runs.get(f"trial-{trial['number']}")
            if run is None:
                continue
            seen["trials"] += 1
            self.assertEqual(run.ended, [2 if trial["state"] == "FAIL" else 1])
            self.assertIn(run.hparams["inner_dim"], (16, 32))
            if trial["state"] == "COMPLETE":
                self.assertAlmostEqual(run.curves["val_bpb"][12], trial["values"][0], places=5)
                self.assertEqual(sorted(run.curves["train_loss"]), list(range(1, 13)))
                self.assertEqual(set(run.curves), {"train_loss", "learning_rate", "steps_per_second",
                                                   "val_bpb", "val_loss"})
                for step, rate in run.curves["learning_rate"].items():
                    self.assertGreater(rate, 0, step)
        self.assertGreater(seen["intermediate"], 5)
        self.assertGreater(seen["trials"], 5)
        self.read_with_tensorboard(study, runs)

    def read_with_tensorboard(self, study, runs):
        python = os.environ.get("NAS_TENSORBOARD_PYTHON")
        if not python:
            return
        script = (
            "import json, sys\n"
            "from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer\n"
            "events = EventMultiplexer(size_guidance={'scalars': 0}).AddRunsFromDirectory(sys.argv[1])\n"
            "events.Reload()\n"
            "print(json.dumps({run: {tag: {e.step: e.value for e in events.Scalars(run, tag)}\n"
            "                        for tag in tags['scalars']} for run, tags in events.Runs().items()}))\n")
        found = subprocess.run([python, "-c", script, str(study / "tensorboard")], check=True,
                               capture_output=True, text=True).stdout
        for name, curves in json.loads(found).items():
            for tag, curve in curves.items():
                self.assertEqual({int(step): value for step, value in curve.items()}, runs[name].curves[tag])

    def test_a_killed_training_has_one_curve(self):
        config = self.tiny(training__checkpoint_every=3, budget__trials=1, verify__top=0)
        whole, killed = self.folder / "whole", self.folder / "killed"
        self.succeed("search", "--config", config, "--study", whole)
        command = ["search", "--config", config, "--study", killed]
        for passage in (5, 2, 4):  # dies in training step 5, then 5 again, then 7
            process = self.start(*command, environment={"NAS_TEST_DIE_IN": f"train:{passage}"})
            process.communicate(timeout=300)
            self.assertEqual(process.returncode, -signal.SIGKILL)
            command = ["resume", killed]
        self.succeed(*command)
        expected, found = self.runs(whole)["trial-0"], self.runs(killed)["trial-0"]
        self.assertGreater(len(found.files), 2)
        for tag in ("train_loss", "val_bpb", "val_loss", "learning_rate"):
            self.assertEqual(found.curves[tag], expected.curves[tag], tag)
        self.assertEqual(found.ended, [1])
        self.assert_same(self.facts(whole), killed)
        self.read_with_tensorboard(killed, self.runs(killed))

    def test_it_can_be_switched_off_and_changes_nothing(self):
        on, off = self.folder / "on", self.folder / "off"
        config = self.tiny()
        self.succeed("search", "--config", config, "--study", on)
        self.succeed("search", "--config", config, "--study", off, "--set", "training.tensorboard=false")
        self.assertFalse((off / "tensorboard").exists())
        self.assert_same(self.facts(on), off)
        # It may change on resume.
        self.succeed("resume", off, "--set", "training.tensorboard=true", "--set", "budget.trials=10")

    def test_a_folder_that_cannot_be_written_fails_no_trial(self):
        study = self.folder / "study"
        config = self.config()
        self.succeed("search", "--config", config, "--study", study)
        blocked = self.folder / "blocked"
        blocked.mkdir()
        (blocked / "tensorboard").write_text("in the way")
        result = self.succeed("search", "--config", config, "--study", blocked)
        self.assertEqual(result.stderr.count("TensorBoard's event files cannot be written"), 1, result.stderr)
        self.assert_same(self.facts(study), blocked)


if __name__ == "__main__":
    unittest.main(verbosity=2)
