"""The targets of the fuzzing on their stored seeds, without Atheris; and that a defect would show.

python tools/fuzz.py json --seconds 600      # a long run; needs `pip install fashion-nn[fuzz]`
"""

import random

import fuzz_targets
import pytest
from fuzz_targets import SEEDS, TARGETS

from fashion_nn.core import strict_json

ALL = sorted(SEEDS.glob("*/*"))


@pytest.mark.parametrize("seed", ALL, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_stored_seed_is_read_or_refused(seed):
    TARGETS[seed.parent.name](seed.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_seeds_and_takes_what_is_near_them(target):
    seeds = [path.read_bytes() for path in ALL if path.parent.name == target]
    assert len(seeds) > 2
    assert sum(map(len, seeds)) < 10_000
    rng = random.Random(0)
    for _ in range(200):
        content = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        TARGETS[target](bytes(content))


def test_a_defect_would_be_seen(monkeypatch):
    monkeypatch.setattr(strict_json, "parse", lambda content: {"a": 1})
    with pytest.raises(AssertionError):
        fuzz_targets.fuzz_json(b'{"a": 2}')

    def broken(content):
        raise strict_json.JsonError("two\nlines")

    monkeypatch.setattr(strict_json, "parse", broken)
    with pytest.raises(AssertionError, match="two"):
        fuzz_targets.fuzz_json(b"{}")
