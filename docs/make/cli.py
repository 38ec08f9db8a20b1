"""The command line as pages: each verb with its arguments and options, as the code has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from typer.main import get_command

from docs.make.markdown import page, prose, said, table
from lossscan.commands import _app, verbs
from lossscan.commands.kit.shape import spelled
from lossscan.model import FAILED, FOUND, PASSED
from lossscan.words.help import helped

FOLDERS: Final[Mapping[str, str]] = {"en": "cli.md", "zh": "zh/cli.md"}
STATUSES = (
    (PASSED, "no finding that counts reaches `--fail-on`"),
    (FOUND, "at least one does; what a baseline knows or the settings suppress does not count"),
    (
        FAILED,
        (
            "lossscan could not run: bad arguments, no log, an unreadable log, an invalid settings "
            "file. One line on stderr names the file, the position and the fix; with `--verbose`, "
            "an unrecognized log is followed by every format tried. In `batch`, such a run is a "
            "row of its own, and the others are still analyzed"
        ),
    ),
    (130, "Ctrl-C"),
)
VARIABLES = (
    ("`COLUMNS`", "width of the output; otherwise that of the terminal, otherwise 100"),
    ("`NO_COLOR`, `TERM=dumb`", "no colors; there are none in a pipe or a file either"),
    ("`FORCE_COLOR`", "colors in a pipe, too; `NO_COLOR` takes precedence"),
    (
        "`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`",
        (
            "the first that is set decides the language unless `--lang` or the settings do: "
            "Chinese where it begins with `zh`, else English"
        ),
    ),
)
_STREAMS = (
    "Results go to standard output, and nothing else does; errors, `--verbose` and a spinner (only"
    " on a\nterminal, after a second) go to standard error."
)
_CHINESE: Final[Mapping[str, str]] = {  # of the texts above; those of the verbs are in the help
    "Command line": "命令行",
    "[中文](zh/cli.md)": "[English](../cli.md)",
    "verb": "子命令",
    "does": "作用",
    "option of lossscan itself": "lossscan 本身的选项",
    "argument, option": "参数、选项",
    "meaning": "含义",
    "Exit status": "退出码",
    "status": "退出码",
    "Environment": "环境变量",
    "variable": "变量",
    " Default: `{}`.": "默认：`{}`。",
    _STREAMS: (
        "结果写到标准输出，此外标准输出没有别的内容；错误信息、`--verbose` 的内容和等待提示"
        "（仅在终端，一秒之后出现）写到标准错误。"
    ),
    STATUSES[0][1]: "计入退出码的结论都没有达到 `--fail-on`",
    STATUSES[1][1]: "至少有一条达到；基线中已有的和设置文件抑制的不计入",
    STATUSES[2][1]: (
        "无法完成工作：参数有误、没有日志、日志读不了、设置文件有误。标准错误用一行说明文件、"
        "位置和解决办法；遇到无法识别的日志，加上 `--verbose` 会列出尝试过的每种格式。"
        "`batch` 中这样的运行单独占一行，其余照常分析"
    ),
    STATUSES[3][1]: "被 Ctrl-C 中断",
    VARIABLES[0][1]: "输出宽度；未设置时取终端宽度，没有终端时为 100",
    VARIABLES[1][1]: "不使用颜色；输出到管道或文件时本来就没有颜色",
    VARIABLES[2][1]: "输出到管道时也使用颜色；`NO_COLOR` 优先",
    VARIABLES[3][1]: (
        "没有指定 `--lang` 且设置文件没有写 `lang` 时，由其中第一个已设置的变量决定语言："
        "以 `zh` 开头为中文，否则为英文"
    ),
}
_say = partial(said, _CHINESE)


def cli_pages() -> dict[str, str]:
    """Both pages by their path below docs/, with a heading for each verb."""
    return {name: page(_parts(lang)) for lang, name in FOLDERS.items()}


def each_verb(group: Any) -> list[tuple[str, Any]]:
    """The name and the command of each verb."""
    return [(name, group.get_command(None, name)) for name in verbs()]


def _parts(lang: str) -> Iterator[str]:
    group: Any = get_command(_app())
    yield f"# {_say('Command line', lang)}"
    yield _say("[中文](zh/cli.md)", lang)
    yield _helped(group.help, lang)
    listed = ((f"[{name}](#{name})", _helped(each.help, lang)) for name, each in each_verb(group))
    yield _table(("verb", "does"), listed, lang)
    yield _options("option of lossscan itself", group.params, lang)
    for name, command in each_verb(group):
        yield from _verb(name, command, lang)
    yield f"## {_say('Exit status', lang)}"
    statuses = ((f"**{number}**", _say(text, lang)) for number, text in STATUSES)
    yield _table(("status", "meaning"), statuses, lang)
    yield _say(_STREAMS, lang)
    yield f"## {_say('Environment', lang)}"
    variables = ((name, _say(text, lang)) for name, text in VARIABLES)
    yield _table(("variable", "meaning"), variables, lang)


def _verb(name: str, command: Any, lang: str) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(["lossscan", name, "[OPTIONS]", *(p.metavar for p in arguments)])
    yield f"## {name}"
    yield _helped(command.help, lang)
    yield f"    {usage}"
    yield f"```sh\n{command.epilog}\n```"
    yield _options("argument, option", command.params, lang)


def _options(heading: str, parameters: Sequence[Any], lang: str) -> str:
    return _table((heading, "meaning"), (_row(each, lang) for each in parameters), lang)


def _row(parameter: Any, lang: str) -> tuple[str, str]:
    """An argument by its placeholder, an option with its own; a default that is a word is named."""
    shown = spelled(parameter.metavar) or ""
    if parameter.param_type_name == "option":
        shown = " ".join(filter(None, (", ".join(parameter.opts), shown)))
    named = isinstance(parameter.default, str)
    default = _say(" Default: `{}`.", lang).format(parameter.default) if named else ""
    return f"`{shown}`".replace("|", r"\|"), _helped(parameter.help, lang) + default


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], lang: str) -> str:
    return table([_say(each, lang) for each in header], rows)


def _helped(text: str, lang: str) -> str:
    return prose(helped(text, lang))
