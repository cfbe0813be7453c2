"""The command `continuity`. Each command opens the registry, calls one flow and prints what came of it.

With `--json` every command prints one JSON document on the standard output and nothing else there. It ends with 0
when all is well, 1 when something outside failed or was refused, 2 when the input was at fault.
"""

from __future__ import annotations

import sys

import typer

from registry import logs
from registry.cli import (
    alerting,
    asking,
    attending,
    auditing,
    carding,
    deciding,
    demo,
    erasing,
    evaluating,
    forecasting,
    importing,
    keeping,
    laddering,
    linking,
    naming,
    organising,
    placing,
    redressing,
    serving,
    training,
    vaulting,
    verifying,
    witnessing,
)
from registry.cli.running import end, unwritten
from registry.errors import RegistryError

_HELP = """
Carry a child's immunization and schooling across borders.

Records of national systems come in through adapters, are matched to persons, and leave only as
signed summaries that the family allowed.

**Begin with** `continuity demo`: it runs the whole job on sample data and says how to go on.

The settings are environment variables: REGISTRY_STATE (folder of the embedded database and the key
file), REGISTRY_DATABASE_URL (any PostgreSQL from 15 on instead), REGISTRY_ISSUER, REGISTRY_COUNTRY.
Organisations act with their key: `--key` or CONTINUITY_KEY.
"""

app = typer.Typer(
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serving.serve)
app.command("migrate")(serving.migrate)
app.command("import")(importing.import_files)
app.command("convert")(importing.convert)
app.command("match")(importing.match_people)
app.command("held-twice")(importing.held_twice)
app.command("ask")(asking.ask)
app.command("verify")(verifying.verify)
app.command("link")(linking.link)
app.command("decide")(evaluating.decide)
app.command("forecast")(forecasting.forecast)
evaluating.app.command("forecast")(forecasting.evaluate)
app.command("train-names")(naming.train_names)
app.command("train-matching")(training.train_matching)
app.command("placement")(placing.place)
app.add_typer(laddering.app, name="ladders")
app.add_typer(evaluating.app, name="evaluate")
app.command("erase")(erasing.erase)
app.command("correct")(redressing.correct)
app.command("paper")(redressing.paper)
app.add_typer(carding.app, name="card")
app.add_typer(deciding.app, name="consent")
app.add_typer(redressing.app, name="rights")
app.add_typer(redressing.ombudsperson, name="ombudsperson")
app.add_typer(auditing.app, name="audit")
app.add_typer(alerting.app, name="alert")
app.add_typer(attending.app, name="attendance")
app.add_typer(keeping.app, name="keys")
app.add_typer(vaulting.app, name="vault")
app.add_typer(organising.app, name="organisation")
app.add_typer(organising.reviews, name="review")
app.add_typer(witnessing.app, name="witness")


def main() -> None:
    """Run the command line; an error of ours ends it with what, where and what to do."""
    logs.configure(quiet=True)
    try:
        app()
    except RegistryError as error:
        end(error)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
    except OSError as error:
        unwritten(error)
