"""<summary>

Written by nas <version>. The architecture is the code below: a class for each different layer and a line for each
node of its program, with the node as nas writes it behind it. With torch alone:

    model = load_model()                        # the weights beside this file
    logits = model(torch.zeros(1, 16, dtype=torch.long))

With transformers, AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True) gives NasForCausalLM. There
is no cache of keys and values: generate() runs the whole text again for every new token.
"""
from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import torch
from torch import Tensor, nn

try:
    from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
    from transformers.modeling_outputs import CausalLMOutput
except ImportError:  # NasModel and load_model need torch alone
    PreTrainedModel = None

# <definitions>


def read_safetensors(path) -> dict[str, Tensor]:
    """Float32 tensors by name: 8 bytes of the header's length, a JSON header, the tensors' bytes."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name} is {entry['dtype']}, not F32")
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def load_model(folder=Path(__file__).parent) -> NasModel:
    """The trained model of a folder, on the CPU, without transformers."""
    tensors = read_safetensors(Path(folder) / "model.safetensors")
    model = NasModel()
    model.load_state_dict({name.removeprefix("model."): tensor for name, tensor in tensors.items()})
    return model.eval()


if PreTrainedModel is not None:

    class NasConfig(PretrainedConfig):
        """Describes the model; the sizes are part of the code above, changing them here changes nothing."""

        model_type = "nas"

    class NasForCausalLM(PreTrainedModel, GenerationMixin):
        """NasModel with a loss, for transformers."""

        config_class = NasConfig
        base_model_prefix = "model"

        def __init__(self, config):
            super().__init__(config)
            self.model = NasModel()
            self.post_init()

        def _init_weights(self, module):
            """The constructors drew the first values already."""

        def get_input_embeddings(self):
            return self.model.embedding

        def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **kwargs):
            return {"input_ids": input_ids, "attention_mask": attention_mask}

        def forward(
            self,
            input_ids,
            attention_mask=None,
            labels=None,
            use_cache=None,
            output_attentions=None,
            output_hidden_states=None,
            return_dict=None,
        ):
            """Logits [batch, seq, vocab]; with labels (shifted here, -100 is left out) the mean loss in nats.

            Every row is one text. Padding may stand behind it, where no earlier token sees it, not before it.
            """
            if use_cache or output_attentions or output_hidden_states:
                raise ValueError("this model has no cache and gives out neither attentions nor hidden states")
            if attention_mask is not None and (attention_mask[:, 1:] > attention_mask[:, :-1]).any():
                raise ValueError("padding before the text would be read as text: pad behind it")
            logits = self.model(input_ids)
            loss = None
            if labels is not None:
                targets = labels[:, 1:].to(logits.device).flatten()
                loss = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), targets)
            output = CausalLMOutput(loss=loss, logits=logits)
            return output.to_tuple() if return_dict is False else output
