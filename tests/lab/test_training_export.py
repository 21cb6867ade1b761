# SPDX-License-Identifier: GPL-3.0-or-later
"""What is exported computes what was trained."""

import numpy as np
import pytest
from keras import Input, Model, layers

from models import SMALL
from requinto_lab.networks import weights
from requinto_lab.training.export import DepthToSpace, lower


def test_a_lowered_network_answers_as_it_did():
    unet, _ = weights.build_networks(SMALL)
    rng = np.random.default_rng(3)
    for variable in unet.trainable_variables:  # those that begin at zero too
        variable.assign_add(0.1 * rng.standard_normal(variable.shape))
    lowered = lower(unet)
    kinds = {type(layer) for layer in lowered.layers}
    assert DepthToSpace in kinds and layers.Conv2DTranspose not in kinds
    assert (
        lowered.count_params() > unet.count_params()
    )  # a bias for each of four points
    for n_columns in (16, 48):
        shape = (2, n_columns, SMALL.spectra.n_bands, SMALL.n_views)
        inputs = {
            "mixture": rng.random(shape, np.float32),
            "embedding": rng.standard_normal((2, SMALL.unet.reference_size)),
        }
        expected = unet.predict(inputs, verbose=0)
        assert np.ptp(expected) > 0.1
        np.testing.assert_allclose(
            lowered.predict(inputs, verbose=0), expected, atol=1e-5
        )


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (2, 1), (4, 2)])
def test_windows_that_overlap_stay(size, stride):
    given = Input((8, 8, 3))
    network = Model(given, layers.Conv2DTranspose(2, size, stride)(given))
    assert lower(network).layers[-1] is network.layers[-1]
