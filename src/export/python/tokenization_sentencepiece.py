"""The tokenizer of a nas model on SentencePiece pieces (byte-pair encoding, pip install sentencepiece)."""
import re
import shutil
from pathlib import Path

import sentencepiece
from transformers import PreTrainedTokenizer

# What SentencePiece would change: its own space, NUL, and bytes that are no UTF-8 (lone surrogates in a str, as
# Python's "surrogateescape" has it). These are spelled in byte pieces.
ESCAPED = re.compile("([\u2581\0\udc80-\udcff])")


class NasTokenizer(PreTrainedTokenizer):
    """Lossless: decode(encode(text)) == text. There are no special tokens.

    decode() shows bytes that are no UTF-8 as U+FFFD, decode_bytes() gives them as they are. Texts above 256 KiB are
    encoded in parts by nas, at line ends, and in one here: there the ids may differ, not what they stand for.
    """

    vocab_files_names = {"vocab_file": "tokenizer.model"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(self, vocab_file, **kwargs):
        self.vocab_file = vocab_file
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(vocab_file))
        super().__init__(**kwargs)

    @property
    def vocab_size(self):
        return self.pieces.get_piece_size()

    def get_vocab(self):
        return {self.pieces.id_to_piece(index): index for index in range(self.vocab_size)}

    def _tokenize(self, text, **kwargs):
        tokens = []
        for part in ESCAPED.split(text):
            if ESCAPED.fullmatch(part):
                tokens += [f"<0x{byte:02X}>" for byte in part.encode("utf-8", "surrogateescape")]
            elif part:
                tokens += self.pieces.encode(part, out_type=str)
        return tokens

    def _convert_token_to_id(self, token):
        return self.pieces.piece_to_id(token)

    def _convert_id_to_token(self, index):
        return self.pieces.id_to_piece(index)

    def convert_tokens_to_string(self, tokens):
        return self._bytes_of(tokens).decode("utf-8", "replace")

    def decode_bytes(self, token_ids):
        return self._bytes_of([self.pieces.id_to_piece(int(index)) for index in token_ids])

    def _bytes_of(self, tokens):
        text = b""
        for token in tokens:
            index = self.pieces.piece_to_id(token)
            if self.pieces.is_byte(index):
                text += bytes([int(token[3:5], 16)])
            elif not self.pieces.is_unknown(index):
                text += token.replace("\u2581", " ").encode("utf-8")
        return text

    def save_vocabulary(self, save_directory, filename_prefix=None):
        name = (filename_prefix + "-" if filename_prefix else "") + "tokenizer.model"
        target = Path(save_directory) / name
        if target.resolve() != Path(self.vocab_file).resolve():
            shutil.copyfile(self.vocab_file, target)
        return (str(target),)
