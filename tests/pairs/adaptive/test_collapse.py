import numpy as np
import pytest

from statefolio.pairs.adaptive.collapse import (
    GAIN,
    MEASUREMENT,
    OWN_INPUT,
    PERSISTENCE,
    REASONS,
    SOUND,
    START,
    describe,
    find_collapse,
)

SOUND_PASS = {
    "persistence": 0.9,
    "observation_variance": 0.5,
    "residual_variance": 0.4,
    "price_variance": 20.0,
    "spread_variance": 2.0,
    "noise_share": 0.3,
    "start_share": 0.2,
}


def collapse_of(**changed):
    return find_collapse(*(SOUND_PASS | changed).values())


def test_a_sound_pass():
    assert collapse_of() == SOUND
    assert collapse_of(persistence=-0.999) == SOUND


@pytest.mark.parametrize(
    ("reason", "sound", "collapsed"),
    [
        (PERSISTENCE, {"persistence": 0.999999}, {"persistence": 1.0}),
        (PERSISTENCE, {}, {"persistence": -1.2}),
        (PERSISTENCE, {}, {"persistence": np.nan}),
        (MEASUREMENT, {"observation_variance": 2.1e-9}, {"observation_variance": 1.9e-9}),
        (MEASUREMENT, {"residual_variance": 2.1e-9}, {"residual_variance": 1.9e-9}),
        (GAIN, {"noise_share": 1.1e-8}, {"noise_share": 0.9e-8}),
        (OWN_INPUT, {"spread_variance": 0.9e10 * 0.4}, {"spread_variance": 1.1e10 * 0.4}),
        (START, {"start_share": 1.1e-10}, {"start_share": 0.9e-10}),
        (START, {}, {"start_share": np.nan}),
    ],
)
def test_each_way_has_its_threshold_and_its_sentence(reason, sound, collapsed):
    assert collapse_of(**sound) == SOUND
    assert collapse_of(**collapsed) == reason
    description = describe(reason, **(SOUND_PASS | collapsed))
    assert len(description) > 40
    assert REASONS[reason]


def test_the_sentence_has_the_numbers():
    description = describe(MEASUREMENT, **(SOUND_PASS | {"residual_variance": 2e-15}))
    assert "from 0.5 to 2e-15, 1e-16 of the price's variance 20" in description
