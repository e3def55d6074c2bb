"""What the command line says of providers and modes is what the model's side does."""

from __future__ import annotations

from typing import get_args

import pytest

from extractor.cli import options
from extractor.cli.providers import MODES, PROVIDERS, Provider
from extractor.errors import MissingKeyError
from extractor.files.inputs import InputFormat
from extractor.files.writers import SUFFIXES
from extractor.llm import client, endpoint

NAMED = [provider for provider in PROVIDERS if "/" in provider.name]


def test_every_provider_and_every_mode_is_listed() -> None:
    assert {provider.name.partition("/")[0] for provider in NAMED} == set(endpoint.PROVIDERS)
    assert set(MODES) == set(client.MODES) == set(get_args(options.Mode))


def test_the_choices_of_options_are_those_of_the_code_behind_them() -> None:
    assert get_args(options.InputFormat) == get_args(InputFormat)
    assert {"table", *SUFFIXES.values()} == set(get_args(options.Format))


@pytest.mark.parametrize("provider", NAMED, ids=lambda provider: provider.name)
def test_what_is_said_to_be_needed_is_needed_and_is_enough(provider: Provider) -> None:
    needed = {variable.name: "http://localhost:1" for variable in provider.variables if variable.required}
    assert endpoint.endpoint_of(provider.name, environ=needed).model
    for missing in needed:
        left = {name: value for name, value in needed.items() if name != missing}
        with pytest.raises(MissingKeyError) as caught:
            endpoint.endpoint_of(provider.name, environ=left)
        assert missing in f"{caught.value} {caught.value.hint}"
