"""What is wrong with a YAML file is said in our words, in each language."""

from __future__ import annotations

import pytest
import yaml

from lossscan.errors import Unusable, reason_of
from lossscan.sources import safe_yaml

FAULTS = {
    "a: b: c": "yaml_colon",
    "a: 1\n b: 2": "yaml_colon",
    "a:\n\tb: 1": "yaml_character",
    "a: @x": "yaml_character",
    "a: *x": "yaml_alias",
    "a: 'b\nc: 1": "yaml_quote",
    "a: [1\nb: 2": "yaml_bracket",
    "a: {b: 1": "yaml_bracket",
    "a:\n  b: 1\n c: 2": "yaml_indent",
    "- a\nb: 1": "yaml_indent",
    "a: 'it's'": "yaml_indent",
    "a: b\nc": "yaml_key",
    "a: !!python/object:x y": "yaml_tag",
    'a: "\\q"': "yaml_escape",
}


def _fault(text: str) -> Unusable:
    with pytest.raises(Unusable) as caught:
        safe_yaml.load_yaml(text)
    return caught.value


@pytest.mark.parametrize(("text", "key"), FAULTS.items())
def test_common_faults_have_words_of_our_own(text: str, key: str):
    """A library's English says little, and nothing to a reader of Chinese."""
    message = _fault(text).message
    assert message.key == "yaml_at"
    assert message.values["said"].key == key


@pytest.mark.parametrize("value", ["!!timestamp never", "!!bool maybe", "!!int {}"])
def test_a_value_that_is_not_what_its_tag_says_has_words_of_our_own(value: str):
    """The library breaks over it: what Python says then is about the library."""
    assert "NoneType" not in str(_fault(f"a: {value}"))
    assert _fault(f"a: {value}").message.key in ("yaml_value", "yaml_at")


@pytest.mark.parametrize(("text", "key"), FAULTS.items())
def test_the_parser_in_python_says_the_same(text: str, key: str):
    """PyYAML comes without its part in C where that could not be built."""
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.load(text, Loader=yaml.SafeLoader)
    said = safe_yaml.broken(caught.value).message.values["said"]
    assert said.key == key


def test_another_fault_is_named_as_one_of_yaml():
    """What the library says is in brackets then."""
    said = reason_of(_fault("a: |x\n b")).say("zh")
    assert said == "第 1 行第 5 列：YAML 语法错误（did not find expected comment or line break）"
