"""A child on the command line: options for each thing a desk may know, or a JSON file with the same names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from registry.cli.running import read_json
from registry.errors import BadInput
from registry.flows import question
from registry.flows.question import Description

Given = Annotated[str, typer.Option(help="The child's own name, in any script.")]
Family = Annotated[str, typer.Option(help="Family name.")]
Father = Annotated[str, typer.Option(help="The father's own name.")]
Grandfather = Annotated[str, typer.Option(help="The paternal grandfather's own name.")]
Mother = Annotated[str, typer.Option(help="The mother's name.")]
Birth = Annotated[str, typer.Option(help="2014, 2014-05 or 2014-05-31.")]
Sex = Annotated[str, typer.Option(help="male, female, other or unknown.")]
Village = Annotated[str, typer.Option(help="Village or town.")]
Phone = Annotated[str, typer.Option(help="A phone number of the family.")]
PersonFile = Annotated[
    Path | None,
    typer.Option("--person", help="JSON file with these fields instead (keeps names out of the shell's history)."),
]


def described(
    given: Given = "",
    family: Family = "",
    father: Father = "",
    grandfather: Grandfather = "",
    mother: Mother = "",
    birth: Birth = "",
    sex: Sex = "unknown",
    village: Village = "",
    phone: Phone = "",
    person: PersonFile = None,
) -> Description:
    """The child of the options, or of the file: for `gathering`."""
    if person is not None:
        return question.read(_values(person))
    options = {
        **{"given": given, "family": family, "father": father, "grandfather": grandfather, "mother": mother},
        **{"birth": birth, "sex": sex, "village": village, "phone": phone},
    }
    return question.read({name: value for name, value in options.items() if value})


def _values(file: Path) -> dict[str, Any]:
    values = read_json(file)
    if not isinstance(values, dict):
        raise BadInput("the file of the person holds a JSON object", where=str(file))
    return cast("dict[str, Any]", values)
