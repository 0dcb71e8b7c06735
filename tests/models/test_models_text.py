"""Models of sequences: shapes, counts, what may be seen, decoding, and toy tasks learned in seconds."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from dlkit import data
from dlkit.models import GPT, LanguageModel, MultiHeadAttention, Seq2Seq, Transformer, attend
from dlkit.models.attention import causal_mask
from dlkit.models.decoding import beam, greedy
from dlkit.models.gpt import Config, decay_groups, generate
from dlkit.models.recurrent import detach, sample
from dlkit.models.sampling import draw
from dlkit.models.transformer import positions

SMALL = Config(vocabulary=11, context=8, layers=2, heads=2, width=8)
PAIRS = [
    lambda: Seq2Seq(9, 7, width=8, attention="additive"),
    lambda: Seq2Seq(9, 7, width=8, attention="dot"),
    lambda: Transformer(9, 7, width=8, heads=2, dropout=0.0),
]
pairs = pytest.mark.parametrize("make", PAIRS, ids=["additive", "dot", "transformer"])


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def linear(before: int, after: int) -> int:
    return before * after + after


def tokens(*shape: int, low: int = 1, high: int = 9, seed: int = 0) -> torch.Tensor:
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(seed))


def spread(model: nn.Module, seed: int = 0) -> Any:
    """Weights large enough that everything depends on everything."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype) / 2)
    return model.eval()


def test_parameters_of_gpt2() -> None:
    with torch.device("meta"):
        model = GPT(Config())
    width = 768
    block = 4 * linear(width, width) + linear(width, 4 * width) + linear(4 * width, width) + 4 * width
    assert count(model) == (50257 + 1024) * width + 12 * block + 2 * width == 124_439_808


def test_parameters_of_the_others() -> None:
    attention, mlp, norm = 4 * linear(16, 16), linear(16, 64) + linear(64, 16), 2 * 16
    encoder, decoder = attention + mlp + 2 * norm, 2 * attention + mlp + 3 * norm
    assert count(Transformer(9, 7, width=16, layers=3)) == (9 + 7) * 16 + 3 * (encoder + decoder) + 2 * norm + linear(16, 7)

    def gates(number: int, before: int, after: int) -> int:
        return number * (linear(before, after) + linear(after, after))

    assert count(LanguageModel(9, width=16, layers=2)) == 9 * 16 + 2 * gates(3, 16, 16) + linear(16, 9)
    assert count(LanguageModel(9, width=16, cell="lstm")) == 9 * 16 + gates(4, 16, 16) + linear(16, 9)
    dot = (9 + 7) * 16 + 2 * gates(3, 16, 8) + linear(16, 16) + 16 * 16 + gates(3, 32, 16) + linear(48, 7)
    # A GRU cell's input is wider than its state.
    dot += 3 * (linear(32, 16) + linear(16, 16)) - gates(3, 32, 16)
    assert count(Seq2Seq(9, 7, width=16, attention="dot")) == dot
    assert count(Seq2Seq(9, 7, width=16)) == dot + linear(16, 16) + 16


@pytest.mark.parametrize("kind", ["none", "causal", "mask"])
def test_attention_is_that_of_torch(kind: str) -> None:
    """With the same weights, and with keys of another length."""
    torch.manual_seed(0)
    layer, other = MultiHeadAttention(12, heads=3).double(), nn.MultiheadAttention(12, 3, batch_first=True, dtype=torch.float64)
    parts = (layer.q, layer.k, layer.v)
    weight, bias = torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])
    other.load_state_dict({"in_proj_weight": weight, "in_proj_bias": bias, "out_proj.weight": layer.o.weight, "out_proj.bias": layer.o.bias})
    x, memory = (torch.randn(2, steps, 12, dtype=torch.float64) for steps in (5, 7))
    seen = torch.tensor([[True] * 7, [True] * 3 + [False] * 4])
    found, (wanted, _) = {
        "none": lambda: (layer(x, memory), other(x, memory, memory)),
        "causal": lambda: (layer(x, causal=True), other(x, x, x, attn_mask=~causal_mask(5, 5))),
        "mask": lambda: (layer(x, memory, mask=seen[:, None, None]), other(x, memory, memory, key_padding_mask=~seen)),
    }[kind]()
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("kind", ["none", "causal", "mask"])
def test_attention_is_what_can_be_read(kind: str) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, steps, 4, dtype=torch.float64) for steps in (5, 5, 5))
    mask = {"none": None, "causal": causal_mask(5, 5), "mask": torch.rand(2, 1, 5, 5) < 0.5}[kind]
    if kind == "mask" and mask is not None:
        mask[..., 0] = True
    torch.testing.assert_close(attend(q, k, v, mask), functional.scaled_dot_product_attention(q, k, v, mask))
    layer = MultiHeadAttention(12, heads=3).double()
    x = torch.randn(2, 5, 12, dtype=torch.float64)
    heads = [layer.split(part(x)) for part in (layer.q, layer.k, layer.v)]
    wanted = layer.o(torch.cat([*attend(*heads, mask).unbind(1)], -1))
    torch.testing.assert_close(layer(x, causal=True) if kind == "causal" else layer(x, mask=mask), wanted)


def test_nothing_looks_ahead() -> None:
    """The gradient of what a position gives, with respect to later ones, is exactly zero, and to earlier ones is not."""
    gpt, transformer = spread(GPT(SMALL)), spread(Transformer(9, 11, width=8, heads=2))
    recurrent = spread(LanguageModel(11, width=8))
    source = tokens(2, 5)
    cases = [
        (gpt, gpt.tokens, gpt),
        (transformer, transformer.target, lambda target: transformer(source, target)),
        (recurrent, recurrent.embedding, lambda read: recurrent(read)[0]),
    ]
    for model, embedding, run in cases:
        seen: list[torch.Tensor] = []
        hook = embedding.register_forward_hook(lambda module, args, out, seen=seen: seen.append(out))
        out = run(tokens(2, 6))
        hook.remove()
        for at in range(6):
            (gradient,) = torch.autograd.grad(out[:, at].square().sum(), seen[0], retain_graph=True)
            assert (gradient[:, at + 1 :] == 0).all(), type(model)
            assert (gradient[:, : at + 1].abs().amax(-1) > 0).all(), type(model)


@pairs
def test_padding_is_not_seen(make: Any) -> None:
    model = spread(make().double())
    source, target = tokens(2, 4), tokens(2, 3, high=7)
    longer = torch.cat([source, torch.zeros(2, 3, dtype=torch.int64)], 1)
    torch.testing.assert_close(model(longer, target), model(source, target), rtol=1e-12, atol=1e-12)
    assert not torch.allclose(model(torch.cat([source, tokens(2, 3, seed=1)], 1), target), model(source, target))


def test_order_matters_to_attention() -> None:
    """Attention alone sees a set: the positions are waves, the first the fastest."""
    model, source, target = spread(Transformer(9, 9, width=8, heads=2)), tokens(1, 4), tokens(1, 3)
    assert not torch.allclose(model(source.flip(1), target), model(source, target))
    waves = positions(50, 6)
    for at in (1, 49):
        assert waves[at, [0, 3]].tolist() == pytest.approx([math.sin(at), math.cos(at)], abs=1e-5)
    assert waves[49, [2, 5]].tolist() == pytest.approx([math.sin(49 / 10_000 ** (4 / 6)), math.cos(49 / 10_000 ** (4 / 6))], abs=1e-5)


@pairs
def test_teacher_forcing_is_stepping(make: Any) -> None:
    model = spread(make().double())
    source, target = tokens(2, 4), tokens(2, 3, high=7)
    state = model.start(source)
    for at, wanted in enumerate(model(source, target).unbind(1)):
        logits, state = model.step(target[:, : at + 1], state)
        torch.testing.assert_close(logits, wanted, rtol=1e-12, atol=1e-12)


@pairs
def test_a_beam_of_one_is_greedy(make: Any) -> None:
    for seed in range(5):
        model, source = spread(make(), seed), tokens(6, 4, seed=seed)
        assert torch.equal(beam(model, source, 1, 2, 10, width=1)[0], greedy(model, source, 1, 2, 10))


@pairs
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_wide_beam_finds_the_best_of_all(make: Any, penalty: float) -> None:
    """Every sequence of at most three tokens is scored."""
    torch.manual_seed(0)
    model, source, end = make().double().eval(), tokens(2, 4), 2
    found, scores = beam(model, source, 1, end, 3, width=7**3, penalty=penalty)
    said = [list(each) for each in product(range(7), repeat=3)]
    lengths = [each.index(end) + 1 if end in each else 3 for each in said]
    written = torch.tensor(said)
    given = torch.cat([torch.ones(len(said), 1, dtype=torch.int64), written[:, :-1]], 1)
    for row in range(2):
        logs = model(source[row].expand(len(said), -1), given).log_softmax(-1).gather(2, written[:, :, None])[:, :, 0]
        # What stands after the end is padding.
        whole = [n for n, length in enumerate(lengths) if not any(said[n][length:])]
        values = {n: logs[n, : lengths[n]].sum().item() / lengths[n] ** penalty for n in whole}
        best = max(values, key=lambda n: values[n])
        assert scores[row].item() == pytest.approx(values[best], rel=1e-10)
        assert found[row].tolist() == said[best][: found.shape[1]]


def test_decoding_ends() -> None:
    """At the end for each, and early where all have ended."""

    class Script:
        pad = 0

        def start(self, source: torch.Tensor) -> tuple[torch.Tensor]:
            return (source,)

        def step(self, written: torch.Tensor, state: tuple[torch.Tensor]) -> tuple[torch.Tensor, tuple[torch.Tensor]]:
            return functional.one_hot(state[0][:, written.shape[1] - 1], 9) * 50.0, state

    source = torch.tensor([[5, 2, 7, 7], [6, 7, 2, 7]])
    wanted = [[5, 2, 0], [6, 7, 2]]
    assert greedy(Script(), source, 1, 2, 4).tolist() == wanted
    assert beam(Script(), source, 1, 2, 4, width=3)[0].tolist() == wanted
    with pytest.raises(ValueError, match="width is 0"):
        beam(Script(), source, 1, 2, 4, width=0)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_generation_from_a_cache_is_the_same(temperature: float) -> None:
    """Also beyond the context, where the window moves."""
    model, begun = spread(GPT(SMALL).double()), tokens(3, 2)
    results = [generate(model, begun, 12, temperature, generator=torch.Generator().manual_seed(4), cached=cached) for cached in (True, False)]
    assert torch.equal(*results)
    assert results[0].shape == (3, 14)
    assert torch.equal(results[0][:, :2], begun)
    wanted, generator = begun, torch.Generator().manual_seed(4)
    for _ in range(12):
        wanted = torch.cat([wanted, draw(model(wanted[:, -8:])[:, -1], temperature, generator=generator)[:, None]], 1)
    assert torch.equal(results[0], wanted)


def test_a_cache_gives_the_same_logits() -> None:
    from dlkit.models.attention import Cache

    model, read = spread(GPT(SMALL).double()), tokens(3, 8)
    caches = [Cache(), Cache()]
    pieces = torch.cat([model(piece, caches) for piece in read.split([3, 1, 4], 1)], 1)
    torch.testing.assert_close(pieces, model(read), rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match="9 positions, and the context has 8"):
        model(read[:, :1], caches)


def test_a_text_is_read_in_pieces() -> None:
    for cell in ("gru", "lstm", "rnn"):
        model = spread(LanguageModel(11, width=8, layers=2, cell=cell).double())
        read, state, pieces = tokens(3, 7), None, []
        for piece in read.split([2, 4, 1], 1):
            logits, state = model(piece, state)
            state = detach(state)
            pieces.append(logits)
        torch.testing.assert_close(torch.cat(pieces, 1), model(read)[0], rtol=1e-12, atol=1e-12)
        gone_on = sample(model, read, 3, temperature=0)
        assert gone_on[:, 7].tolist() == model(read)[0][:, -1].argmax(-1).tolist()
        assert gone_on[:, 9].tolist() == model(gone_on[:, :9])[0][:, -1].argmax(-1).tolist()


def test_modes_are_left_as_they_were() -> None:
    for model, go_on in ((GPT(SMALL), generate), (LanguageModel(11), sample)):
        for training in (True, False):
            model.train(training)
            go_on(model, tokens(1, 2), 1)  # type: ignore[operator]
            assert model.training == training
        with pytest.raises(ValueError, match="at least one for each sequence"):
            go_on(model, tokens(1, 0), 1)  # type: ignore[operator]


def test_draws_follow_the_probabilities() -> None:
    logits = torch.tensor([[0.1, 0.2, 0.3, 0.4]]).log().expand(20_000, 4)
    generator = torch.Generator().manual_seed(0)

    def shares(**options: Any) -> list[float]:
        return (torch.bincount(draw(logits, generator=generator, **options), minlength=4) / 20_000).tolist()

    assert shares() == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.02)
    assert shares(top_k=2) == pytest.approx([0, 0, 3 / 7, 4 / 7], abs=0.02)
    assert shares(temperature=0.5) == pytest.approx([1 / 30, 4 / 30, 9 / 30, 16 / 30], abs=0.02)
    assert shares(temperature=0) == [0, 0, 0, 1]
    for options, said in (({"temperature": -1.0}, "temperature is -1"), ({"top_k": 0}, "top_k is 0")):
        with pytest.raises(ValueError, match=said):
            draw(logits, **options)


def test_weights_at_the_start() -> None:
    torch.manual_seed(0)
    model = GPT(Config(vocabulary=100, context=32, layers=8, heads=2, width=128))
    assert model.tokens.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert model.blocks[0].attention.q.weight.std().item() == pytest.approx(0.02, rel=0.05)
    for added in (model.blocks[3].attention.o, model.blocks[3].mlp.down):
        assert added.weight.std().item() == pytest.approx(0.02 / 4, rel=0.05)
    assert not any(parameter.any() for name, parameter in model.named_parameters() if name.endswith("bias"))
    loss = functional.cross_entropy(model(tokens(4, 32, high=100)).flatten(0, 1), tokens(4, 32, high=100, seed=1).flatten())
    assert loss.item() == pytest.approx(4.605, abs=0.1), "log 100: it knows nothing yet"


def test_what_decays() -> None:
    model = GPT(SMALL)
    model.norm.requires_grad_(False)
    decayed, kept = decay_groups(model, 0.3)
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.3, 0.0)
    names = {parameter: name for name, parameter in model.named_parameters()}
    assert all(names[p].endswith("weight") and "norm" not in names[p] for p in decayed["params"])
    assert all(names[p].endswith("bias") or "norm" in names[p] for p in kept["params"])
    assert len(decayed["params"]) + len(kept["params"]) == len(names) - 2


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MultiHeadAttention(8, heads=3), "3 heads do not divide a width of 8"),
        (lambda: MultiHeadAttention(8, 2)(torch.zeros(1, 3, 8), mask=causal_mask(3, 3), causal=True), "mask & causal_mask"),
        (lambda: LanguageModel(5, cell="grue"), "'gru', 'lstm', 'rnn'"),
        (lambda: Seq2Seq(5, 5, attention="sum"), "'sum'"),
        (lambda: Seq2Seq(5, 5, width=7), "width is 7"),
    ],
)
def test_what_cannot_be_built(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def learn(model: nn.Module, loss: Any, steps: int, rate: float) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for step in range(steps):
        optimizer.zero_grad()
        loss(torch.Generator().manual_seed(step)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()


@pairs
def test_each_learns_to_turn_a_sequence_round(make: Any) -> None:
    torch.manual_seed(0)
    kind, size = make(), 8
    model = Transformer(size, size, 32, 2, 1, dropout=0.0) if isinstance(kind, Transformer) else Seq2Seq(
        size, size, 32, "dot" if kind.attention.query is None else "additive"
    )  # fmt: skip

    def loss(generator: torch.Generator) -> torch.Tensor:
        source = torch.randint(3, size, (64, 3), generator=generator)
        target = torch.cat([torch.ones(64, 1, dtype=torch.int64), source.flip(1), torch.full((64, 1), 2)], 1)
        return functional.cross_entropy(model(source, target[:, :-1]).flatten(0, 1), target[:, 1:].flatten())

    learn(model, loss, 100, 0.01)
    asked = tokens(100, 3, low=3, high=size, seed=10_000)
    for said in (greedy(model, asked, 1, 2, 5), beam(model, asked, 1, 2, 5, width=3)[0]):
        wanted = torch.cat([asked.flip(1), torch.full((100, 1), 2)], 1)
        assert (said[:, :4] == wanted).float().mean() > 0.95


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_recurrent_models_learn_to_copy(cell: str) -> None:
    torch.manual_seed(0)
    inputs, targets = data.copying(4000, length=2, delay=3, symbols=4)
    model = LanguageModel(6, width=32, cell=cell)

    def loss(generator: torch.Generator) -> torch.Tensor:
        part = torch.randint(3900, (64,), generator=generator)
        return functional.cross_entropy(model(inputs[part])[0].flatten(0, 1), targets[part].flatten())

    learn(model, loss, 200, 0.01)
    with torch.no_grad():
        said = model(inputs[3900:])[0].argmax(-1)
    assert (said == targets[3900:])[:, -2:].float().mean() > 0.95


def test_a_gpt_learns_to_copy() -> None:
    """Symbols, a blank, the signal, then the symbols again, which it writes from the cache."""
    torch.manual_seed(0)
    inputs, targets = data.copying(2000, length=3, delay=2, symbols=4)
    text = torch.cat([inputs[:, :5], targets[:, -3:]], 1)
    model = GPT(Config(vocabulary=6, context=8, layers=2, heads=2, width=32))

    def loss(generator: torch.Generator) -> torch.Tensor:
        part = text[torch.randint(1900, (64,), generator=generator)]
        return functional.cross_entropy(model(part[:, :-1])[:, 4:].flatten(0, 1), part[:, 5:].flatten())

    learn(model, loss, 150, 0.01)
    assert (generate(model, text[1900:, :5], 3, temperature=0) == text[1900:])[:, 5:].float().mean() > 0.95


@pytest.mark.parametrize(
    ("model", "run"),
    [
        (GPT(SMALL), lambda model, read: model(read)),
        (GPT(SMALL), lambda model, read: generate(model, read, 6, temperature=0)),
        (Transformer(9, 9, width=8, heads=2), lambda model, read: model(read, read)),
        (LanguageModel(9, width=8, cell="lstm"), lambda model, read: sample(model, read, 6, temperature=0)),
    ],
    ids=["gpt", "generate", "transformer", "sample"],
)
def test_all_is_made_where_the_tokens_are(model: nn.Module, run: Any) -> None:
    """A tensor made on the CPU would not meet one on another device; `meta` is one that every machine has."""
    assert run(model.to("meta"), torch.ones(2, 4, dtype=torch.int64, device="meta")).is_meta
