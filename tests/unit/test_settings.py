from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import SettingsError, load_settings, load_state


def test_defaults() -> None:
    settings = load_settings(environ={})
    assert settings.server.url == "http://127.0.0.1:8080"
    assert settings.store_url().startswith("sqlite:///")
    assert settings.security.token_lifetime == 300


def test_file_then_environment_then_overrides(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[server]\nport = 9000\nthreads = 7\n[home]\nstate = "CT"\n')
    environ = {"PMPBRIDGE__SERVER__PORT": "9001", "PMPBRIDGE__ADAPTERS__DISABLED": "soap, ncpdp"}
    settings = load_settings(file, environ=environ, overrides={"server": {"threads": 2}})
    assert (settings.server.port, settings.server.threads) == (9001, 2)
    assert settings.adapters.disabled == ("soap", "ncpdp")


def test_file_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[server]\nport = 9000\n")
    assert load_settings(environ={"PMPBRIDGE_CONFIG": str(file)}).server.port == 9000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nprot = 1\n", "prot"),
        ('[server]\nport = "eighty"\n', r"server\.port"),
        ("[security]\ntoken_lifetime = 301\n", "token_lifetime: expected 1 to 300"),
        ("[server]\nworkers = 2\n", "ephemeral.url"),
        ("server = \n", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=says):
        load_settings(file, environ={})


def test_a_wrong_number_in_the_environment_is_named() -> None:
    with pytest.raises(SettingsError, match="PMPBRIDGE__SERVER__PORT"):
        load_settings(environ={"PMPBRIDGE__SERVER__PORT": "many"})


def test_connecticut() -> None:
    state = load_state("CT")
    assert state.hidden_ingredients == ("naloxone",)
    assert any("(860) 713-6073" in line for line in state.disclaimers)


def test_no_such_state() -> None:
    with pytest.raises(SettingsError, match=r"ZZ\.toml: cannot be read"):
        load_state("ZZ")
