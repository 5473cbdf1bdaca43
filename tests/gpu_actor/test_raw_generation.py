"""Raw generation and its two commands, on the demonstration model."""

import json
from pathlib import Path

import numpy as np
import pytest

from actors.messages.generation import Sampling
from gpu_actor.executor import ModelExecutor
from gpu_actor.raw_generation import RawGeneration, most_likely
from gpu_actor.troubles import RawPromptError
from supervisor import cli
from tests.gpu_actor.agreement import PROMPTS, compare
from tests.gpu_actor.expanded_model import expand_model
from tests.gpu_actor.llama_cpp import LlamaCpp

GREEDY = Sampling(temperature=0.0, repetition_penalty=1.0, max_tokens=12)


@pytest.fixture
def raw(exact: ModelExecutor) -> RawGeneration:
    return RawGeneration(exact.decoder, exact.table, exact.tokenizer, chunk=128)


def test_each_step_agrees_with_llama_cpp_on_plain_numbers(
    raw: RawGeneration, model_file: Path, tmp_path: Path
) -> None:
    plain = expand_model(model_file, tmp_path / "plain.gguf")
    oracle = LlamaCpp(plain)
    for prompt in (PROMPTS[0], PROMPTS[4]):
        found = compare(raw, oracle, prompt, steps=10)
        assert found.steps >= 5
        assert found.same == found.steps
        assert found.apart < 0.05
    plain.unlink()


def test_names_of_special_tokens_in_the_prompt_become_them(raw: RawGeneration) -> None:
    ids = raw.encode("<|im_start|>user\nHello<|im_end|>\n")
    assert ids[0] == raw.tokenizer.specials["<|im_start|>"]
    assert raw.tokenizer.specials["<|im_end|>"] in ids


def test_the_same_prompt_gives_the_same_tokens_in_any_chunks(raw: RawGeneration) -> None:
    ids = raw.encode(PROMPTS[4])
    whole = raw.generate(ids, GREEDY)
    pieces = RawGeneration(raw.decoder, raw.table, raw.tokenizer, chunk=7).generate(ids, GREEDY)
    assert pieces == whole
    assert whole.text == raw.tokenizer.decode(whole.tokens)
    assert whole.prompt_tokens == len(ids)


def test_a_prompt_that_cannot_be_is_refused(raw: RawGeneration) -> None:
    with pytest.raises(RawPromptError, match="empty"):
        raw.encode("")
    with pytest.raises(RawPromptError, match="context holds"):
        raw.encode("word " * 600)


def test_the_most_likely_come_first_and_their_probabilities_are_of_the_whole(raw: RawGeneration) -> None:
    logits = raw.logits(raw.encode(PROMPTS[0]))
    top = most_likely(logits, 5, raw.tokenizer)
    assert top[0].id == int(np.argmax(logits))
    assert [each.logprob for each in top] == sorted((each.logprob for each in top), reverse=True)
    whole = most_likely(logits, len(logits), raw.tokenizer)
    assert sum(np.exp(each.logprob) for each in whole) == pytest.approx(1.0)


def test_the_commands_print_one_json_object(
    model_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("<|im_start|>user\nName three fruits.<|im_end|>\n<|im_start|>assistant\n")
    common = ["--model", str(model_file), "--prompt-file", str(prompt), "--data", str(tmp_path), "--json"]
    assert (
        cli.main(["engine", "generate", *common, "--greedy", "--max-tokens", "4", "--numerics", "fast"]) == 0
    )
    made = json.loads(capsys.readouterr().out)
    assert len(made["tokens"]) == 4
    assert made["text"]
    assert made["numerics"] == "fast"
    assert cli.main(["engine", "logits", *common, "--top", "3"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["top"][0]["id"] == made["tokens"][0]
    assert len(found["top"]) == 3
    assert found["numerics"] == "exact"


def test_a_prompt_file_that_cannot_be_read_is_a_mistake_in_the_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name, words in (("missing", "cannot be read"), ("bytes", "no UTF-8 text")):
        call = ["engine", "logits", "--prompt-file", str(tmp_path / name), "--data", str(tmp_path)]
        assert cli.main(call) == 2
        assert words in capsys.readouterr().err
