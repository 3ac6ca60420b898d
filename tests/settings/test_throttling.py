"""Throttling as it is set: off where nothing is said."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from genkan.cli import main
from genkan.settings import SettingsRefused, sandbox_settings
from genkan.settings.node import node_settings
from genkan.settings.values import throttling

NODE = {
    "GENKAN_BASE_URL": "https://sso.example.com",
    "GENKAN_DATABASE": "sqlite:/nowhere/genkan.sqlite",
    "GENKAN_KEY": "k",
}


def test_what_is_not_said_is_off() -> None:
    assert sandbox_settings(environment={}).throttling == "off"
    assert node_settings(environment=NODE).throttling == "off"


def test_a_sandbox_takes_it_from_its_environment_and_an_option_wins() -> None:
    environment = {"GENKAN_THROTTLING": "aws"}
    assert sandbox_settings(environment=environment).throttling == "aws"
    assert sandbox_settings(environment=environment, throttling="off").throttling == "off"
    assert sandbox_settings(environment={}, throttling="aws").throttling == "aws"


def test_a_node_takes_it_from_its_file_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "genkan.toml"
    file.write_text('throttling = "aws"\n')
    assert node_settings(file, NODE).throttling == "aws"
    assert node_settings(file, {**NODE, "GENKAN_THROTTLING": "off"}).throttling == "off"


@pytest.mark.parametrize("value", ["on", "AWS", "20", "true", "aws\noff", ""])
def test_what_is_neither_is_refused_in_a_line(value: str) -> None:
    with pytest.raises(SettingsRefused) as caught:
        throttling("throttling", value)
    assert str(caught.value) == "throttling must be off or aws"


@pytest.mark.parametrize("value", ["on", "aws2"])
def test_a_bad_value_names_where_it_was_given(value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"^GENKAN_THROTTLING must be off or aws$"):
        sandbox_settings(environment={"GENKAN_THROTTLING": value})
    with pytest.raises(SettingsRefused, match=r"^throttling must be off or aws$"):
        node_settings(environment={**NODE, "GENKAN_THROTTLING": value})
    arguments = ["up", "--data-dir", str(tmp_path / "data"), "--throttling", value]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    assert done.output == "Error: --throttling must be off or aws\n"
    assert not (tmp_path / "data").exists()
