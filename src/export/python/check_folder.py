"""Runs an exported folder on tokens and prints how far its logits are from the expected ones, as JSON.

usage: check_folder.py FOLDER CASES [no-transformers]

CASES is a safetensors file of float32: tokens.<i> and logits.<i>, and sample.text (bytes) with sample.ids.
"""
import json
import math
import os
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
sys.dont_write_bytecode = True
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"


def difference(found, expected):
    """Largest difference over the largest expected value, or 1; entries that are both NaN are equal."""
    same = (found == expected) | (found.isnan() & expected.isnan())
    apart = (found - expected).abs().nan_to_num(nan=math.inf).masked_fill(same, 0.0)
    scale = expected.abs().nan_to_num(nan=0.0, posinf=0.0).max().clamp(min=1.0)
    return (apart.max() / scale).item()


def worst_of(model, cases):
    worst = 0.0
    count = sum(name.startswith("tokens.") for name in cases)
    for i in range(count):
        with torch.no_grad():
            worst = max(worst, difference(model(cases[f"tokens.{i}"].long()), cases[f"logits.{i}"]))
    return worst


def with_transformers(folder, cases):
    """The same through transformers, and the tokenizer's ids of a sample text. Raises what fails there."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True).eval()
    found = {"transformers_difference": worst_of(lambda tokens: model(tokens).logits, cases), "tokenizer": ""}
    sample = bytes(int(byte) for byte in cases["sample.text"]).decode("utf-8")
    ids = [int(index) for index in cases["sample.ids"]]
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
    except ImportError as error:
        return {**found, "tokenizer_missing": " ".join(str(error).split())}
    if tokenizer(sample)["input_ids"] != ids:
        found["tokenizer"] = "the tokenizer gives other ids than nas"
    elif tokenizer.decode(ids) != sample:
        found["tokenizer"] = "the tokenizer's text of its ids is another"
    return found


def main():
    folder, cases_path = sys.argv[1:3]
    sys.path.insert(0, folder)
    if "no-transformers" in sys.argv[3:]:
        sys.modules["transformers"] = None
    import modeling_nas

    cases = modeling_nas.read_safetensors(cases_path)
    found = {"torch": torch.__version__, "transformers": "", "difference": worst_of(modeling_nas.load_model(), cases)}
    if modeling_nas.PreTrainedModel is not None:
        import transformers

        found["transformers"] = transformers.__version__
        found.update(with_transformers(folder, cases))
    print(json.dumps(found))


if __name__ == "__main__":
    try:
        import torch
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        sys.exit(0)
    with tempfile.TemporaryDirectory() as modules:
        os.environ["HF_HOME"] = modules
        os.environ["HF_MODULES_CACHE"] = modules
        main()
