"""Sound, graphs, ratings, words and batches: the facts in the catalogue, and that batches resume."""

from __future__ import annotations

import copy
import pickle
from collections import Counter

import pytest
import torch
from datasets import need

from dlkit.data import DataError, audio, batches, graphs, ratings, tokens, words
from dlkit.train import Loop


def test_sound() -> None:
    need("fsdd")
    train, test = audio.spoken_digits(), audio.spoken_digits("test")
    assert torch.bincount(train.labels).tolist() == [270] * 10
    assert torch.bincount(test.labels).tolist() == [30] * 10
    assert train.names == test.names == ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
    assert torch.bincount(train.speakers).tolist() == [450] * 6
    waves = train.waves + test.waves
    seconds = [len(wave) / train.rate for wave in waves]
    assert (round(min(seconds), 2), round(max(seconds), 2), round(sum(seconds) / 3000, 2)) == (0.14, 2.28, 0.44)
    assert all(wave.abs().max() <= 1 for wave in waves)


def test_cora() -> None:
    need("cora")
    graph = graphs.cora()
    assert graph.features.shape == (2708, 1433)
    assert torch.bincount(graph.labels).tolist() == [351, 217, 418, 818, 426, 298, 180]
    assert (graph.train.sum(), graph.val.sum(), graph.test.sum()) == (140, 500, 1000)
    assert graph.edges.shape == (2, 10556)  # of 10,858 entries: without repetitions and loops
    assert torch.equal(graph.adjacency(), graph.adjacency().T)
    assert torch.bincount(graph.labels[graph.train]).tolist() == [20] * 7
    assert set(graph.features.unique().tolist()) == {0.0, 1.0}


def test_a_pickle_that_would_run_something_is_refused() -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("ran",)

    with pytest.raises(DataError, match=r"asks for __builtin__\.print"):
        graphs._unpickle(pickle.dumps(Evil(), protocol=2))


def test_the_karate_club() -> None:
    graph = graphs.karate_club()
    assert (len(graph), graph.edges.shape[1], graph.labels.bincount().tolist()) == (34, 156, [17, 17])
    assert graph.labels[graph.train].tolist() == [0, 1]


def test_ratings() -> None:
    need("movielens-latest-small")
    held = ratings.movielens()
    assert (len(held), len(held.users.unique()), len(held.items.unique()), len(held.titles)) == (100836, 610, 9724, 9724)
    assert (held.stars.min(), held.stars.max()) == (0.5, 5.0)
    assert held.titles[0] == "Toy Story (1995)"
    assert held.genres[0] == ("Adventure", "Animation", "Children", "Comedy", "Fantasy")


def test_vectors_and_questions() -> None:
    """1,942 of the 3,006 questions that the vectors cover are answered right."""
    need("glove-50d-5k", "word-tests")
    vectors = words.glove()
    assert vectors.vectors.shape == (5050, 50)
    assert vectors.vectors.isfinite().all()
    assert vectors["the"][:3].tolist() == pytest.approx([0.418, 0.24968, -0.41242])
    kinds = words.analogies()
    questions = [tuple(word.lower() for word in question) for kind in kinds.values() for question in kind]
    assert (len(kinds), len(questions)) == (14, 19544)
    covered = torch.tensor([[vectors.numbers[word] for word in question] for question in questions if all(word in vectors for word in question)])
    assert len(covered) == 3006
    unit = torch.nn.functional.normalize(vectors.vectors)
    queen = unit @ (unit[vectors.numbers["king"]] - unit[vectors.numbers["man"]] + unit[vectors.numbers["woman"]])
    assert [vectors.words[n] for n in queen.topk(2).indices] == ["king", "queen"]  # the question's own word, then the answer
    a, b, c, d = covered.T
    scores = torch.nn.functional.normalize(unit[b] - unit[a] + unit[c]) @ unit.T
    scores.scatter_(1, covered[:, :3], -2.0)
    assert abs(int((scores.argmax(1) == d).sum()) - 1942) <= 2  # ties in the last bit


def test_similarities() -> None:
    need("word-tests")
    assert (len(words.similarities()), words.similarities()[0]) == (353, ("love", "sex", 6.77))
    assert (len(words.similarities("simlex999")), words.similarities("simlex999")[0]) == (999, ("old", "new", 1.58))


def test_batches_hold_every_example_once_in_an_order_that_changes() -> None:
    x, y = torch.arange(103), torch.arange(103) * 2
    held = batches.Batches(x, y, batch_size=10, shuffle=True, seed=3)
    orders = []
    for _ in range(2):
        found = list(held)
        assert [len(a) for a, _ in found] == [10] * 10 + [3]
        assert all(torch.equal(2 * a, b) for a, b in found)
        orders.append(torch.cat([a for a, _ in found]).tolist())
        assert Counter(orders[-1]) == Counter(x.tolist())
    assert orders[0] != orders[1]
    again = batches.Batches(x, y, batch_size=10, shuffle=True, seed=3)
    assert [torch.cat([a for a, _ in again]).tolist() for _ in range(2)] == orders


@pytest.mark.parametrize("stop", [0, 1, 7, 10, 11, 15, 22])
def test_batches_go_on_where_they_stood(stop: int) -> None:
    def stream(held: batches.Batches):  # type: ignore[no-untyped-def]
        while True:
            yield from (batch.tolist() for (batch,) in held)

    whole = batches.Batches(torch.arange(103), batch_size=10, shuffle=True)
    seen = stream(whole)
    expected = [next(seen) for _ in range(40)]
    broken = batches.Batches(torch.arange(103), batch_size=10, shuffle=True)
    seen = stream(broken)
    first = [next(seen) for _ in range(stop)]
    resumed = batches.Batches(torch.arange(103), batch_size=10, shuffle=True)
    resumed.load_state_dict(broken.state_dict())
    seen = stream(resumed)
    assert first + [next(seen) for _ in range(40 - stop)] == expected


def test_a_look_at_the_first_batch_takes_none_from_the_next_pass() -> None:
    held = batches.Batches(torch.arange(103), batch_size=10, shuffle=True)
    (first,) = next(iter(held))
    whole = [batch.tolist() for (batch,) in held]
    assert sorted(number for batch in whole for number in batch) == list(range(103))
    assert whole[0] != first.tolist(), "a pass that is broken off was an epoch, too"
    held.set_epoch(0)
    assert next(iter(held))[0].tolist() == first.tolist()


def test_a_resumed_loop_gets_the_batches_of_the_unbroken_one() -> None:
    def made() -> tuple[Loop, batches.Batches]:
        net = torch.nn.Linear(1, 1)
        return Loop(net, torch.optim.SGD(net.parameters(), lr=0.1), device="cpu"), batches.Batches(torch.arange(53), batch_size=10, shuffle=True)

    loop, held = made()
    seen = []
    for _ in loop.epochs(5):
        for (batch,) in loop.batches(held):
            seen.append(batch.tolist())
            if len(seen) == 20:  # in the fourth epoch
                state, generators = copy.deepcopy((loop.state_dict(), loop.random_state()))
    again, held = made()
    again.load_state_dict(state)
    again.load_random_state(generators)
    assert [batch.tolist() for _ in again.epochs(5) for (batch,) in again.batches(held)] == seen[20:]
    assert len(seen) == 30


def test_batches_on_another_device_stand_where_they_stood() -> None:
    held = batches.Batches(torch.arange(7), batch_size=2, shuffle=True, seed=4)
    held.set_epoch(3)
    assert [batch.tolist() for (batch,) in held.to("cpu")] == [batch.tolist() for (batch,) in held]


def test_a_text_that_is_too_short_for_a_batch_is_an_error() -> None:
    assert len(list(tokens.windows(range(9), length=4, batch_size=2))) == 1
    with pytest.raises(ValueError, match="8 tokens give no batch of 2 rows and 4 tokens"):
        next(tokens.windows(range(8), length=4, batch_size=2))


def test_a_vocabulary_may_be_kept_small() -> None:
    texts = [tokens.tokenize("To be or not to be"), ["not"]]
    assert tokens.Vocabulary(texts, min_count=2).tokens[4:] == ["be", "not", "to"]
    held = tokens.Vocabulary(texts, max_size=5)
    assert (len(held), held.encode(["be", "not"])) == (5, [4, held.unk])
    assert [held.tokens[number] for number in (held.pad, held.unk, held.bos, held.eos)] == ["<pad>", "<unk>", "<bos>", "<eos>"]


def test_batches_refuse_what_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"of one length are wanted, not of \[2, 3\]"):
        batches.Batches(torch.arange(2), torch.arange(3), batch_size=1)
    with pytest.raises(ValueError, match="at least 1"):
        batches.Batches(torch.arange(2), batch_size=0)


def test_buckets_hold_sequences_of_like_length() -> None:
    draw = torch.Generator().manual_seed(1)
    lengths = torch.randint(1, 50, (1003,), generator=draw).tolist()
    found = batches.buckets(lengths, 32, shuffle=True)
    assert sorted(number for batch in found for number in batch) == list(range(1003))
    assert sorted(map(len, found)) == [11, *[32] * 31]
    padding = sum(max(lengths[n] for n in batch) * len(batch) - sum(lengths[n] for n in batch) for batch in found)
    assert padding < 0.04 * sum(lengths)  # 0.9 in batches drawn at random
    assert found == batches.buckets(lengths, 32, shuffle=True)
    other = batches.buckets(lengths, 32, shuffle=True, seed=1)
    assert {frozenset(batch) for batch in found} != {frozenset(batch) for batch in other}
    starts = [lengths[batch[0]] for batch in found]
    assert starts != sorted(starts)
    assert batches.buckets([], 4) == []
    with pytest.raises(ValueError, match="at least 1"):
        batches.buckets([1], 0)


def test_buckets_are_a_batch_sampler_for_torch() -> None:
    texts = [[1] * n for n in (3, 1, 2, 5)]
    batched = torch.utils.data.DataLoader(texts, batch_sampler=batches.buckets([3, 1, 2, 5], 2), collate_fn=tokens.pad)
    assert [lengths.tolist() for _, lengths in batched] == [[1, 2], [3, 5]]
