import base64
import zlib

import numpy as np
import pytest

from statefolio.report.encoding import MISSING, STEPS, compress_text, dates_to_draw, encode_asset, encode_panel


def unpacked(text, n_factors, n_series, n_dates):
    """Decode the format as its description defines it."""
    raw = zlib.decompress(base64.b64decode(text))
    ranges = np.frombuffer(raw, "<f4", 2 * n_factors).reshape(n_factors, 2).astype(float)
    planes = np.frombuffer(raw, np.uint8, offset=8 * n_factors).astype(int)
    half = len(planes) // 2
    steps = (planes[:half] + 256 * planes[half:]).reshape(n_factors, n_series, n_dates)
    codes = np.cumsum(steps, axis=-1) % 65536
    span = (ranges[:, 1] - ranges[:, 0])[:, None]
    values = np.empty(codes.shape)
    for s in range(n_series):
        bottom, width = (0.0, 2 * span) if s == 1 else (ranges[:, :1] - span, 3 * span)
        values[:, s] = np.where(codes[:, s] == MISSING, np.nan, bottom + codes[:, s] / STEPS * width)
    return ranges, values


@pytest.mark.parametrize("with_other", [False, True])
def test_decoded_values_equal_the_encoded_ones_within_a_pixel(with_other):
    rng = np.random.default_rng(1)
    mean = np.cumsum(rng.normal(0, 0.02, (3, 400)), axis=1) * np.array([[1.0], [1e-5], [1e6]])
    error = np.full((3, 400), 0.05) * np.array([[1.0], [1e-5], [1e6]])
    mean[:, :7], error[:, :7], mean[1, 200] = np.nan, np.nan, np.nan
    other = mean[:, ::-1].copy() if with_other else None
    ranges, values = unpacked(encode_asset(mean, error, other), 3, 3 if with_other else 2, 400)
    hair = np.diff(ranges)[:, 0, None] / 1000
    for s, original in enumerate([mean, error, other] if with_other else [mean, error]):
        np.testing.assert_array_equal(np.isnan(values[:, s]), np.isnan(original))
        assert (np.nan_to_num(np.abs(values[:, s] - original)) <= hair).all()


def test_values_far_outside_the_axis_do_not_reduce_precision():
    mean, error = np.zeros((1, 300)), np.full((1, 300), 0.1)
    mean[0, :3], error[0, :3] = 1e6, 1e6
    mean[0, 3:] = np.linspace(-1, 1, 297)
    _, values = unpacked(encode_asset(mean, error, None), 1, 2, 300)
    np.testing.assert_allclose(values[0, 0, 3:], mean[0, 3:], atol=2e-3)


def test_dates_to_draw_keep_the_last_date_and_bound_the_page():
    assert dates_to_draw(300, 60) == (pytest.approx(np.arange(300)), 1)
    keep, every = dates_to_draw(2520, 500 * 7 * 3)
    assert every == 5
    assert keep[-1] == 2519
    assert set(np.diff(keep)) == {5}
    keep, _ = dates_to_draw(50_000, 5_000 * 20 * 3)
    assert len(keep) * 300_000 <= 6_100_000


def test_a_panel_is_encoded_asset_by_asset(model, rolling):
    keep = np.arange(1, 600, 2)
    packed = list(encode_panel(model, rolling, keep))
    assert len(packed) == 5
    _, values = unpacked(packed[3], 4, 3, 300)
    kept = model.loadings_["filtered"].isel(asset=3, date=keep).sel(factor="factor 2")
    np.testing.assert_allclose(values[1, 0], kept, atol=5e-3)


def test_a_text_is_compressed_without_loss():
    assert zlib.decompress(base64.b64decode(compress_text("é < script"))).decode() == "é < script"
