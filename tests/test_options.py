"""A session's numbers are read before anything is sent."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from mjnb.errors import SetupError
from mjnb.gateways import dialect, names
from mjnb.gateways.base import Limits
from mjnb.modes import MODES
from mjnb.session.options import read_limits, read_prices, read_timeout

APIXO = dialect("apixo")


@pytest.mark.parametrize("given", [np.int64(60), 60, 60.0, Decimal(60), np.float32(60)])
def test_a_patience_is_any_number(given):
    """Whole, broken, decimal and numpy's numbers are all seconds."""
    assert read_timeout(given) == 60.0


def test_a_patience_by_speed():
    """Speeds may be spelled as anywhere else."""
    assert read_timeout({"Fast": 60, "relax": np.int64(900)}) == {"fast": 60.0, "relaxed": 900.0}
    assert read_timeout(None) is None


@pytest.mark.parametrize(
    "given", ["60", 0, -1, float("nan"), float("inf"), True, {"fsat": 60}, {"fast": "60"}, [60]]
)
def test_what_is_no_patience(given):
    """Anything else is refused when the session is made, not when a task has been paid."""
    with pytest.raises(SetupError, match="timeout"):
        read_timeout(given)


def test_prices_by_mode_and_speed():
    """Modes, modes on request, speeds, and both together have prices."""
    prices = {
        "vary": 0.05,
        "fast": Decimal("0.08"),
        "upscale turbo": 0.3,
        "reroll": 0,
        "relax": np.float64(0.02),
    }
    assert read_prices(prices, APIXO) == {
        "vary": 0.05, "fast": 0.08, "upscale turbo": 0.3, "reroll": 0.0, "relaxed": 0.02
    }  # fmt: skip
    assert read_prices(None, APIXO) == {}


@pytest.mark.parametrize(
    "given",
    [
        {"fast": -1},
        {"fast": float("nan")},
        {"fast": "0.1"},
        {"fast": None},
        {"fast": True},
        {"fats": 0.1},
        {"imagine": 0.2},
        {"txt-to-imge fast": 0.05},
        {"vary fats": 0.05},
        {"fast vary": 0.05},
        {"midjourney@imagine fast": 0.05},
        {"midjourney@imagin": 0.05},
    ],
)
def test_what_is_no_price(given):
    """A price that is none, and a name that no request has, are refused: the user's price would not hold."""
    with pytest.raises(SetupError, match="prices"):
        read_prices(given, APIXO)


def test_prices_that_are_no_table():
    """One number for everything is no table of prices, and is refused with an example of one."""
    with pytest.raises(SetupError, match=r"prices=0.05: US dollars by mode or speed, such as"):
        read_prices(0.05, APIXO)


@pytest.mark.parametrize("gateway", names())
def test_one_table_of_prices_serves_every_gateway(gateway):
    """Modes and billing keys that only other gateways have are taken, so that a notebook can change its gateway."""
    prices = {
        **dict.fromkeys(MODES, 0.05),
        "outpaint": 0.0,
        "video fast": 0.4,
        "midjourney@imagine-v7-fast": 0.06,
    }
    assert read_prices(prices, dialect(gateway)) == prices


def test_a_misspelt_mode_is_met_with_the_nearest():
    """A price for a mode that nobody has says which one is nearly that, with a speed beside it or without."""
    for key in ("txt-to-image", "txt-to-image fast"):
        with pytest.raises(SetupError, match="Did you mean 'text-to-image'"):
            read_prices({key: 0.05}, APIXO)


def test_limits():
    """A user's own number of tasks is taken as it is; of the documented one a tenth is left free."""
    documented = Limits(per_minute=10_000, at_once=1000)
    assert read_limits(documented, None, None) == Limits(10_000, 900)
    assert read_limits(documented, 60, np.int64(2)) == Limits(60, 2)
    for wrong in (0, -1, True, 1.5, "5"):
        with pytest.raises(SetupError, match="concurrency"):
            read_limits(documented, None, wrong)
