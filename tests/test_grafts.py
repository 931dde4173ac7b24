"""Honest words where they do not belong, to learn from."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.model.chain import LABELS
from cleaner.training.examples import Hosts, Mix, draw
from cleaner.training.fit_tagger import Sequence, TaggerTrainer
from cleaner.training.grafts import grafted
from cleaner.training.material import Material

RIVER = (
    "Sáng nay tổ vớt bèo ra sông từ lúc trời còn mờ. Nước rút gần một mét so với tuần trước, lộ cả bậc đá cũ. "
    "Ông Hợi bảo phải chờ con nước lên mới kéo được xà lan vào bến."
)
LIBRARY = (
    "Thư viện phường mở cửa đến tám giờ tối trong mùa thi. Cô thủ thư xếp thêm hai dãy bàn dưới gốc bàng, "
    "treo đèn có chụp cho đỡ chói. Ai mượn quá ba cuốn thì ghi phiếu màu xanh."
)
KITCHEN = "厨房在二楼的尽头。早上六点，师傅们开始和面，把昨晚泡好的豆子磨成浆。窗外下着小雨，蒸汽很快就糊住了玻璃。"
GARDEN = "园子里的南瓜今年结得晚。老人把藤蔓绑在竹架上，每天傍晚提两桶水来浇。孩子们放学以后在旁边写作业。"


@given(st.integers(0, 10_000), st.sampled_from(["vi", "zh"]))
def test_without_its_spans_and_the_blank_behind_each_a_text_is_its_host(seed: int, lang: str) -> None:
    host, donor = (RIVER, LIBRARY) if lang == "vi" else (KITCHEN, GARDEN)
    sample = grafted(host, donor, lang, random.Random(seed))
    assert sample.clean == host
    rest, done = "", 0
    for span in sample.spans:
        assert span.start < span.end
        rest += sample.text[done : span.start]
        done = span.end
    rest += sample.text[done:]
    assert "".join(rest.split()) == "".join(host.split())


@pytest.mark.parametrize(("host", "donor", "lang"), [(RIVER, LIBRARY, "vi"), (KITCHEN, GARDEN, "zh")])
def test_the_words_are_those_of_the_other_text(host: str, donor: str, lang: str) -> None:
    samples = [grafted(host, donor, lang, random.Random(seed)) for seed in range(100)]
    quotes = [sample.text[span.start : span.end] for sample in samples for span in sample.spans]
    assert len(quotes) > 100
    found = sum(quote.lower() in donor.lower() for quote in quotes)  # others have lost their marks
    assert found > 0.85 * len(quotes)
    assert len({len(quote) for quote in quotes}) > 10


def test_a_text_that_is_too_short_stays_as_it_is() -> None:
    assert grafted("Mưa.", LIBRARY, "vi", random.Random(1)).spans == ()


def test_their_share_is_that_of_the_mix() -> None:
    hosts = Hosts(Material("vi", ads=[("Mua ngay", "seo")], keywords=[("vay nóng", "loan")]), (), (RIVER, LIBRARY), ())
    mix = Mix(infected=0.0, decorated=0.0, traps=0.0, pages=0.0, unknown=0.0, grafts=0.3)
    samples = draw(hosts, mix, 400, seed=3)
    assert 90 < sum(sample.style == "graft" for sample in samples) < 150


def test_they_teach_where_something_does_not_belong_and_nothing_of_spam() -> None:
    rng = np.random.default_rng(7)
    trainer = TaggerTrainer(bits=8, width=8, layers=2, rate=2e-2)
    before = trainer.transitions.copy(), trainer.output[:, :LABELS].copy()
    for _ in range(60):
        batch = []
        for _ in range(16):
            words = rng.integers(10, 200, (12, 12)).astype(np.int32)
            first = int(rng.integers(0, 9))
            words[first : first + 3] = 5
            batch.append(Sequence(words, ((first, first + 3),), words.T, is_graft=True))
        trainer.step(batch)
    assert np.array_equal(trainer.transitions, before[0])
    assert np.array_equal(trainer.output[:, :LABELS], before[1])
    words = np.full((12, 12), 100, dtype=np.int32)
    words[4:7] = 5
    scores = trainer.finished().emissions(words, np.ones(12, dtype=bool))[:, LABELS]
    assert scores[4:7].min() > 1
    assert np.delete(scores, (4, 5, 6)).max() < -1
