"""The parts of the classifier: the chain, the network and its training, the looks at many texts."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from conftest import records
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.arrays import ranges
from cleaner.intervals import Intervals
from cleaner.model.chain import ENDS, FOLLOWS, LABELS, STARTS, best_spans, labels_of, marginals
from cleaner.model.clean_text import CLASSES, CleanText, frequencies, slots
from cleaner.model.decoding import best_gain
from cleaner.model.features import columns, hashed_features
from cleaner.model.network import BLOCK, REACH, Network, laid_out
from cleaner.model.passages import around, first_look, whole
from cleaner.model.screen import SCREEN_SIZE, ScreenWeights, loud_tokens, loudness, screen_features
from cleaner.model.segments import variants
from cleaner.model.store import default_folder, load
from cleaner.model.whole import whole_ends
from cleaner.rules import RuleSet, compile_rules
from cleaner.training.fit_tagger import Sequence, TaggerTrainer

RULES = RuleSet.from_compiled(compile_rules())
CLEAN = CleanText(np.zeros(1 << 8, np.uint8), np.zeros(1 << 8, np.uint8), np.zeros((1 << 8, 4), np.int8))
TEXTS = [record["text"] for kind in ("infected", "honest") for record in records(kind)[:12]]


def random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def paths(length: int) -> list[tuple[int, ...]]:
    """Every allowed sequence of labels."""
    return [
        path
        for path in product(range(LABELS), repeat=length)
        if STARTS[path[0]] and ENDS[path[-1]] and all(FOLLOWS[a, b] for a, b in pairwise(path))
    ]


def worth_of(path: tuple[int, ...], emissions: np.ndarray, steps: np.ndarray) -> float:
    return float(sum(emissions[t, label] for t, label in enumerate(path)) + sum(steps[a, b] for a, b in pairwise(path)))


@pytest.mark.parametrize("lengths", [(1, 2), (3, 5), (4, 4)])
def test_marginals_and_best_spans_agree_with_trying_every_path(lengths: tuple[int, int]) -> None:
    emissions, steps = random(1, 2, max(lengths), LABELS), random(2, LABELS, LABELS)
    found = marginals(emissions, np.array(lengths), steps)
    spans = best_spans(emissions, np.array(lengths), steps)
    for row, length in enumerate(lengths):
        scored = {path: worth_of(path, emissions[row], steps) for path in paths(length)}
        total = np.logaddexp.reduce(list(scored.values()))
        expected = np.zeros((max(lengths), LABELS))
        for path, value in scored.items():
            expected[range(length), path] += np.exp(value - total)
        assert found[row] == pytest.approx(expected, abs=1e-4)
        best = max(scored, key=scored.__getitem__)
        assert labels_of(spans[row], length).tolist() == list(best)


def test_long_texts_without_doubt_have_marginals_too() -> None:
    emissions = random(20, 2, 700, LABELS) * 40
    lengths = np.array([700, 300])
    found = marginals(emissions, lengths, random(21, LABELS, LABELS))
    assert found[0].sum(axis=1) == pytest.approx(np.ones(700), abs=1e-4)
    assert found[1, :300].sum(axis=1) == pytest.approx(np.ones(300), abs=1e-4)
    assert not found[1, 300:].any()


def test_the_slope_of_the_loss_is_that_of_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = TaggerTrainer(bits=6, width=4, layers=3)
    trainer.output = random(3, 5, LABELS + 1)
    features = np.random.default_rng(4).integers(0, 64, (9, 5)).astype(np.int32)
    wanted = random(5, 9, LABELS + 1)

    def loss() -> float:
        rows, inside = laid_out(features, np.array([0, 6]))
        network = Network(trainer.embeddings, 1.0, trainer.kernels, trainer.biases, trainer.output)  # type: ignore[arg-type]
        return float((network.emissions(rows, inside)[inside].astype(np.float64) * wanted).sum())

    rows, inside = laid_out(features, np.array([0, 6]))
    slope = np.zeros((len(rows), LABELS + 1), dtype=np.float32)
    slope[inside] = wanted
    found: dict[str, np.ndarray] = {}
    monkeypatch.setattr(trainer, "_move", lambda name, value, rate: found.update({name: value}))
    monkeypatch.setattr(trainer, "_move_embeddings", lambda features, back, rate: None)
    states, active = trainer._forward(rows, inside)
    trainer._update(rows, inside, states, active, slope, np.zeros((LABELS, LABELS), np.float32), 0.0)
    for name in ("kernels", "biases", "output"):
        array = getattr(trainer, name)
        for at in np.random.default_rng(6).integers(0, array.size, 12):
            old, step = array.flat[at], np.float32(1e-3)
            array.flat[at] = old + step
            above = loss()
            array.flat[at] = old - step
            below = loss()
            array.flat[at] = old
            assert found[name].flat[at] == pytest.approx((above - below) / (2 * step), rel=0.03, abs=0.1)


def test_training_learns_what_can_be_learnt() -> None:
    rng = np.random.default_rng(7)
    trainer = TaggerTrainer(bits=8, width=8, layers=2, rate=2e-2)
    errors = []
    for _ in range(60):
        batch = []
        for _ in range(16):
            words = rng.integers(10, 200, (12, 12)).astype(np.int32)
            first = int(rng.integers(0, 9))
            words[first : first + 3] = 5
            batch.append(Sequence(words, ((first, first + 3),), words.T))
        errors.append(trainer.step(batch))
    assert np.mean(errors[-5:]) < 0.15 * errors[0]


def network(seed: int) -> Network:
    width = 8
    embeddings = np.random.default_rng(seed).integers(-60, 60, (1 << 8, width)).astype(np.int8)
    kernels = random(seed, 5, 3, width, width) * np.float32(0.2)
    return Network(embeddings, 0.01, kernels, random(seed, 5, width), random(seed, 9, 5))


def test_a_text_has_the_same_scores_alone_and_among_many() -> None:
    tagger = network(8)
    features = np.random.default_rng(9).integers(0, 256, (3 * BLOCK, 12)).astype(np.int32)
    first = np.array([0, 5, 900, 1000, 2500])
    rows, inside = laid_out(features, first)
    together = tagger.emissions(rows, inside)[inside]
    for begin, end in pairwise([*first.tolist(), len(features)]):
        rows, inside = laid_out(features[begin:end], np.array([0]))
        assert tagger.emissions(rows, inside)[inside] == pytest.approx(together[begin:end], abs=1e-4)


def test_what_is_far_off_does_not_count() -> None:
    tagger = network(10)
    features = np.random.default_rng(11).integers(0, 256, (100, 12)).astype(np.int32)
    rows, inside = laid_out(features, np.array([0]))
    before = tagger.emissions(rows, inside)[inside]
    features[50] += 1
    rows, inside = laid_out(features % 256, np.array([0]))
    changed = np.flatnonzero(np.abs(tagger.emissions(rows, inside)[inside] - before).max(axis=1) > 1e-6)
    assert changed.min() >= 50 - REACH
    assert changed.max() <= 50 + REACH
    assert changed.size > REACH


def test_texts_look_the_same_alone_and_among_many() -> None:
    together = first_look(TEXTS, RULES, CLEAN)
    seen = columns(whole(together), CLEAN)
    features = hashed_features(seen, 16)
    screen = ScreenWeights(np.random.default_rng(12).integers(-99, 99, SCREEN_SIZE).astype(np.int8), 0.03, 0.0)
    loud = loudness(together, screen)
    done = 0
    for number, text in enumerate(TEXTS):
        alone = first_look([text], RULES, CLEAN)
        own = hashed_features(columns(whole(alone), CLEAN), 16)
        begin, end = int(together.first[number]), int(together.last[number])
        assert (own == features[done : done + end - begin]).all()
        assert loudness(alone, screen)[alone.first[0] : alone.last[0]] == pytest.approx(loud[begin:end])
        done += end - begin
    assert done == len(features)


def test_where_there_is_no_level_every_token_of_a_text_is_loud_and_nothing_between_texts() -> None:
    batch = first_look(TEXTS, RULES, CLEAN)
    screen = ScreenWeights(np.zeros(SCREEN_SIZE, dtype=np.int8), 1.0, -np.inf)
    assert loud_tokens(batch, screen).tolist() == ranges(batch.first, batch.last - batch.first).tolist()


def test_every_feature_of_the_first_look_has_a_weight() -> None:
    features = screen_features(first_look(TEXTS, RULES, CLEAN).glance)
    assert features.min() >= 0
    assert features.max() < SCREEN_SIZE
    assert all(a.max() < b.min() for a, b in pairwise(features))


def test_what_was_never_counted_is_seldom_taken_for_known() -> None:
    keys = np.random.default_rng(13).integers(0, 2**64, 40_000, dtype=np.uint64)
    known, unknown = keys[:20_000], keys[20_000:]
    classes = (np.arange(known.size) % (CLASSES - 1) + 1).astype(np.uint8)
    clean = CleanText(frequencies(known, classes, 1 << 15), CLEAN.pairs, CLEAN.topics)
    found = clean.rarity(known)
    assert (clean.rarity(unknown) > 0).mean() < 0.03
    assert (found[classes == CLASSES - 1] == CLASSES - 1).mean() > 0.9
    assert (found == classes).mean() > 0.7
    assert (found[found > 0] >= classes[found > 0]).all()


def test_words_that_stand_elsewhere_in_a_text_recur() -> None:
    texts = ["trạm y tế mở cửa, trạm y tế đóng cửa, trạm nghỉ", "trạm bơm"]
    batch = first_look(texts, RULES, CLEAN)
    text, seen = batch.view.folded, batch.glance.recurs
    tokens = batch.view.tokens
    words = [
        [text.text(int(tokens.starts[n]), int(tokens.ends[n])) for n in range(first, last)]
        for first, last in zip(batch.first.tolist(), batch.last.tolist(), strict=True)
    ]
    for first, own in zip(batch.first.tolist(), words, strict=True):
        wanted = np.array([min(own.count(word) - 1, 3) for word in own])
        assert (seen[first : first + len(own)] >= wanted).all()
        assert (seen[first : first + len(own)] == wanted).mean() > 0.8


def test_a_word_fits_the_topic_of_the_rest_or_does_not() -> None:
    topics = np.zeros((1 << 16, 2), np.int8)
    for word, vector in (("lúa", (99, 0)), ("ruộng", (90, 10)), ("bóng", (0, 99))):
        tokens = first_look([word], RULES, CLEAN)
        topics[slots(tokens.glance.word[tokens.first[0] : tokens.last[0]], len(topics))] = vector
    clean = CleanText(CLEAN.words, CLEAN.pairs, topics)
    fields = "ruộng lúa " * 30
    fit = {}
    for word in ("lúa", "bóng", "mây"):
        batch = first_look([fields + word + " " + fields], RULES, clean)
        seen = columns(whole(batch), clean)
        fit[word] = int(seen.fit[60]), int(seen.fit_around[60])
    assert fit["lúa"][0] == 9
    assert fit["bóng"][0] < 5
    assert fit["mây"][0] == 10
    assert fit["bóng"][1] <= fit["lúa"][1]


@given(st.lists(st.integers(0, 4000), max_size=20), st.lists(st.sampled_from(TEXTS), max_size=4))
@settings(max_examples=60, deadline=None)
def test_passages_are_the_loud_tokens_with_their_context(loud: list[int], texts: list[str]) -> None:
    batch = first_look(["", *texts, " \n "], RULES, CLEAN)
    size = len(batch.view.tokens)
    at = np.unique(np.array([number for number in loud if number < size], dtype=np.int64))
    passages = around(batch, at, 8)
    wanted = {
        token
        for number in at.tolist()
        for first, last in zip(batch.first.tolist(), batch.last.tolist(), strict=True)
        if first <= number < last
        for token in range(max(first, number - 8), min(last, number + 8 + 1))
    }
    assert passages.number.tolist() == sorted(wanted)
    text = batch.view.folded
    for token, number in enumerate(passages.number.tolist()):
        own, full = passages.tokens, batch.view.tokens
        word = passages.folded.text(int(own.starts[token]), int(own.ends[token]))
        assert word == text.text(int(full.starts[number]), int(full.ends[number]))


def test_no_hope_reaches_from_one_passage_into_another() -> None:
    batch = first_look(["một hai ba", "bốn năm sáu"], RULES, CLEAN)
    passages = whole(batch)
    emissions = np.zeros((6, LABELS), dtype=np.float32)
    emissions[:, 0] = 5
    emissions[2, 1] = emissions[3, 3] = 50
    steps = np.zeros((LABELS, LABELS), dtype=np.float32)
    assert best_gain(passages, emissions, steps).max() < 0
    emissions[4, 3] = 50
    emissions[3, 1] = 50
    assert best_gain(passages, emissions, steps)[3:5].min() > 0
    assert best_gain(passages, emissions, steps)[:3].max() < 0


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        pytest.param("rút tiền phí [1],2% trong ngày", ["1,2%"], id="within a number"),
        pytest.param("tỷ lệ [1 ăn 99].5. Sáng thứ hai", ["1 ăn 99.5"], id="up to the end of the number"),
        pytest.param("gửi 99 [88]. 5 người tới dự", ["88"], id="the end of a sentence"),
        pytest.param("gửi [kèo 88], 5 người tới dự", ["kèo 88"], id="a comma"),
        pytest.param("xe [vay nóng],5 tấn", ["vay nóng"], id="after a word"),
        pytest.param("[phí 1][,2%] là rẻ", ["phí 1", ",2%"], id="another begins there"),
        pytest.param("ở khoa [🎰 nổ hũ ▶]\ufe0f ngoại trú", ["🎰 nổ hũ ▶\ufe0f"], id="an emoji of two characters"),
        pytest.param("gọi số [kèo 1]\ufe0f\u20e3 để đặt lịch", ["kèo 1\ufe0f\u20e3"], id="a key cap"),
        pytest.param("chị [lô đề 👍]🏽 đã về", ["lô đề 👍🏽"], id="the colour of a skin"),
        pytest.param("chị [lô đề 👍]👩 đã về", ["lô đề 👍"], id="another emoji"),
        pytest.param("không có gì", [], id="none"),
    ],
)
def test_numbers_and_emojis_are_cut_whole(text: str, whole: list[str]) -> None:
    spans: list[tuple[int, int]] = []
    while "[" in text:
        start, end = text.index("["), text.index("]") - 1
        text = text.replace("[", "", 1).replace("]", "", 1)
        spans.append((start, end))
    ends = whole_ends(spans, text, Intervals(()))
    assert [text[start:end] for (start, _), end in zip(spans, ends, strict=True)] == whole


AD = "Gửi xe thoải mái. Bể nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay chị Mười cả đêm. Chợ họp sớm."


@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        pytest.param(AD, "Bể nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay", None, id="a third is left"),
        pytest.param(
            AD,
            "Bể nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay chị Mười",
            "Bể nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay chị Mười cả đêm.",
            id="two words are left",
        ),
        pytest.param(AD, "nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay chị Mười", None, id="inside it"),
        pytest.param(AD, "Bể nước ngọt, vay", None, id="a short one"),
        pytest.param(
            AD,
            "thoải mái. Bể nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay chị Mười",
            "thoải mái. Bể nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay chị Mười cả đêm.",
            id="the end of one and most of the next",
        ),
        pytest.param(
            AD.replace("cả đêm", "Anh Tư"),
            "Bể nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay chị Mười",
            None,
            id="a new beginning",
        ),
        pytest.param(
            AD.replace(" cả đêm", ": 8 giờ"),
            "Bể nước ngọt, vay nóng trong ngày, giữ giấy tờ, gọi ngay chị Mười",
            None,
            id="behind a colon",
        ),
        pytest.param(
            "先到先得。正品高仿手表全国发货支持验货货到付款现在下单立减。菜市场很早开门。",
            "正品高仿手表全国发货支持验货货到付款现在下单",
            "正品高仿手表全国发货支持验货货到付款现在下单立减。",
            id="Chinese",
        ),
    ],
)
def test_the_rest_of_a_sentence_goes_with_it(text: str, found: str, whole: str | None) -> None:
    start = text.index(found)
    end = start + len(found)
    for protected, becomes in ((Intervals(()), whole or found), (Intervals([(end + 1, end + 2)]), found)):
        (last,) = whole_ends([(start, end)], text, protected)
        assert text[start:last] == becomes


def test_boundaries_move_by_a_few_words_to_ends_of_lines_and_by_a_sentence() -> None:
    text = "Chợ họp từ sáng sớm. Vay ngay hôm nay. Duyệt trong năm phút. Hàng rau\nđông nhất là dãy cuối."
    classifier = load(default_folder()).classifier
    batch = classifier.look([text])
    tagged = classifier.read(whole(batch))
    tokens, folded = tagged.passages.tokens, tagged.passages.folded
    words = [folded.text(a, b) for a, b in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)]
    last = words.index("phút") + 2
    for at, begins in (("duyệt", {"chợ", "vay", "duyệt"}), ("trong", {"chợ", "duyệt", "trong"})):
        found = variants(tagged, (words.index(at), last), reach=0)
        assert {words[first] for first, _ in found} == begins
        assert {words[end - 1] for _, end in found} == {".", "rau"}
        assert len(found) == 6
