"""The module docstrings are the specification of each number; here they are held to it."""

import doctest
import importlib
import pkgutil

import pytest

from gateway.model import identifiers

MODULES = sorted(module.name for module in pkgutil.iter_modules(identifiers.__path__))
NUMBERS = ["dea", "ncpdp_id", "ndc", "npi"]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_hold(name: str) -> None:
    module = importlib.import_module(f"{identifiers.__name__}.{name}")
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    result = doctest.testmod(module, optionflags=flags)
    assert result.failed == 0
    assert result.attempted > 0 or name not in NUMBERS


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_has_the_same_verbs(name: str) -> None:
    module = getattr(identifiers, name)
    for verb in ("compact", "validate", "is_valid", "format"):
        assert callable(getattr(module, verb))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "nonsense", ["", " ", "-", "--", "²³", "٣" * 10, "٣" * 7, "0" * 200, "\x00", "é" * 9, "1-2-3"]
)
def test_nonsense_is_invalid_and_breaks_nothing(name: str, nonsense: str) -> None:
    module = getattr(identifiers, name)
    assert module.is_valid(nonsense) is False
    with pytest.raises(identifiers.ValidationError) as caught:
        module.validate(nonsense)
    assert str(caught.value).endswith(".")
    module.format(nonsense)


def test_exceptions_are_one_family_of_value_errors() -> None:
    assert issubclass(identifiers.ValidationError, ValueError)
    assert issubclass(identifiers.InvalidLength, identifiers.InvalidFormat)
    for kind in (identifiers.InvalidFormat, identifiers.InvalidChecksum, identifiers.InvalidComponent):
        assert issubclass(kind, identifiers.ValidationError)
        assert str(kind()) == kind.message
        assert str(kind("Said when raised.")) == "Said when raised."
