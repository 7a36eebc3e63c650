"""The tokenizer of a nas model on bytes: a token for each byte, its number is the byte."""
from transformers import PreTrainedTokenizer


class NasTokenizer(PreTrainedTokenizer):
    """UTF-8 bytes of any text, so decode(encode(text)) == text. There are no special tokens.

    A byte that is no UTF-8 is a lone surrogate in a str, as Python's "surrogateescape" has it; decode() shows such
    bytes as U+FFFD, decode_bytes() gives them as they are.
    """

    vocab_files_names = {}
    model_input_names = ["input_ids", "attention_mask"]

    @property
    def vocab_size(self):
        return 256

    def get_vocab(self):
        return {chr(byte): byte for byte in range(256)}

    def _tokenize(self, text, **kwargs):
        return [chr(byte) for byte in text.encode("utf-8", "surrogateescape")]

    def _convert_token_to_id(self, token):
        return ord(token)

    def _convert_id_to_token(self, index):
        return chr(index)

    def convert_tokens_to_string(self, tokens):
        return bytes(map(ord, tokens)).decode("utf-8", "replace")

    def decode_bytes(self, token_ids):
        return bytes(token_ids)

    def save_vocabulary(self, save_directory, filename_prefix=None):
        return ()
