"""lossscan schema: the JSON Schema of the report or of the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lossscan import api
from lossscan.commands.kit.options import one_of
from lossscan.commands.kit.output import write
from lossscan.installation import SCHEMAS


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="|".join(SCHEMAS),
            help="Which schema to print.",
            autocompletion=one_of(lambda: SCHEMAS),
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the schema to this file."),
    ] = None,
) -> int:
    """Print the JSON Schema of the report or of the settings file.

    lossscan schema report
    lossscan schema settings -o lossscan.schema.json
    """
    write(api.schema(name), output)
    return 0
