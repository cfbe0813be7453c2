"""The archive as sheets: tables whose columns have roles, every cell accounted for as it is read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.oneroster.export import Export
from adapters.sdk import build, readers
from adapters.sdk.ledger import Ledger, shown
from adapters.sdk.mapping import Rule
from registry.errors import Unreadable

_ALIKE = 0.9  # two names so alike differ by a letter or two; "grandmotherName" and "grandfatherName" reach 0.87
_PACK = "pack all CSV files of the export, with users.csv and enrollments.csv, into one zip archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row: the words of its cells by role, and its place."""

    words: Mapping[str, str]
    where: str

    def word(self, role: str) -> str:
        return self.words.get(role, "")

    def words_of(self, role: str) -> list[str]:
        """A cell that holds a list, separated by commas."""
        return [word.strip() for word in self.word(role).split(",") if word.strip()]

    @property
    def is_deleted(self) -> bool:
        return self.word("status").casefold() == "tobedeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file of the archive whose header is understood."""

    name: str
    columns: tuple[str, ...]
    rules: tuple[Rule | None, ...]
    rows: tuple[readers.Row, ...]
    ledger: Ledger

    def place(self, row: readers.Row) -> str:
        return f"{self.name} line {row.line}"

    def rows_that_fit(self) -> Iterator[readers.Row]:
        """The rows as wide as the header; the others are set aside with a finding."""
        for row in self.rows:
            if not any(cell.strip() for cell in row.cells[len(self.columns) :]) and (
                len(row.cells) >= len(self.columns)
            ):
                yield row
            else:
                self.leave_out(row, "set aside, see the findings")
                self.ledger.error("ragged-row", self.place(row), _WIDTH, "quote cells that contain commas")

    def word(self, row: readers.Row, role: str) -> str:
        """The cell of a role, without accounting for it."""
        for cell, rule in zip(row.cells, self.rules, strict=False):
            if rule and rule.role == role:
                return build.clean(cell)
        return ""

    def take(self, row: readers.Row) -> Record:
        """The row as a record; its cells are mapped, ignored or unknown as their columns say."""
        words: dict[str, str] = {}
        for column, cell, rule in zip(self.columns, row.cells, self.rules, strict=False):
            if not cell.strip():
                continue
            field = f"{self.name}:{shown(column)}"
            if rule is None:
                self.ledger.unknown(field)
            elif rule.reason:
                self.ledger.ignored(field, rule.reason)
            else:
                self.ledger.mapped(field)
                words[rule.role] = build.clean(cell)
        return Record(words=words, where=self.place(row))

    def leave_out(self, row: readers.Row, reason: str) -> None:
        """Every cell of the row is ignored."""
        beyond = ("(beyond the header)",) * max(0, len(row.cells) - len(self.columns))
        for column, cell in zip((*self.columns, *beyond), row.cells, strict=False):
            if cell.strip():
                self.ledger.ignored(f"{self.name}:{shown(column)}", reason)


_WIDTH = "the row has another number of cells than the header has columns; it was set aside"


def sheets(body: bytes, export: Export, ledger: Ledger) -> dict[str, Sheet]:
    """The files of the archive by role. Raises Unreadable when it is not such an archive, naming the file."""
    found: dict[str, Sheet] = {}
    for name, content in _members(body).items():
        base, rule = _base(name), _file_rule(name, export)
        if rule is None:
            ledger.unknown(shown(base))
        elif rule.reason:
            ledger.ignored(shown(base), rule.reason)
        elif rule.role in found:
            raise Unreadable("the archive holds two files of one kind", where=shown(base), remedy=_PACK)
        else:
            found[rule.role] = _sheet(f"{rule.code}.csv", content, export.columns[rule.role], ledger)
    if "users" not in found and "enrolments" not in found:
        raise Unreadable("the archive holds neither users.csv nor enrollments.csv", remedy=_PACK)
    for role in ("users", "demographics", "classes", "sessions", "orgs", "enrolments"):
        if role not in found:
            ledger.warn("missing-file", "", f"the archive holds no file of {role}", _PACK)
    return found


def leaves(body: bytes, export: Export) -> int:
    """How many values the archive holds: the cells of files that are read, and one for each other file."""
    total = 0
    for name, content in _members(body).items():
        rule = _file_rule(name, export)
        rows = readers.csv_table(content).rows if rule and rule.role else ()
        total += sum(bool(cell.strip()) for row in rows for cell in row.cells) if rule and rule.role else 1
    return total


def _members(body: bytes) -> dict[str, bytes]:
    readers.not_empty(body)
    if not body.startswith(b"PK") and b"sourcedid" in body[:4096].lower():
        raise Unreadable("this is one CSV file of a OneRoster export, which needs the others too", remedy=_PACK)
    members = readers.zip_members(body)
    if "[Content_Types].xml" in members:
        raise Unreadable("this is an Office document, not an archive of CSV files", remedy="export CSV instead")
    return {name: content for name, content in members.items() if not _is_litter(name)}


def _is_litter(name: str) -> bool:
    """Files that packing programs leave behind."""
    return name.startswith("__MACOSX/") or _base(name).startswith(".") or _base(name) in ("Thumbs.db", "desktop.ini")


def _base(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]


def _file_rule(name: str, export: Export) -> Rule | None:
    base = _base(name).casefold()
    return export.files.get(base.removesuffix(".csv")) if base.endswith(".csv") else None


def _sheet(name: str, content: bytes, rules: Mapping[str, Rule], ledger: Ledger) -> Sheet:
    try:
        table = readers.csv_table(content)
    except Unreadable as problem:
        where = f"{name} {problem.where}".strip()
        raise Unreadable(problem.what, where=where, remedy=problem.remedy) from None
    if table.delimiter != ",":
        ledger.inform("guessed-delimiter", f"{name} line 1", "the columns are not separated by commas")
    matched = tuple(_matched(table.columns, rules, name, ledger))
    if not any(rule and rule.role == "id" for rule in matched):
        raise Unreadable("no column `sourcedId` was recognised", where=f"{name} line 1", remedy=_HEADER)
    return Sheet(name=name, columns=table.columns, rules=matched, rows=table.rows, ledger=ledger)


_HEADER = "the first line must name the columns as OneRoster 1.1 does"


def _matched(columns: tuple[str, ...], rules: Mapping[str, Rule], name: str, ledger: Ledger) -> Iterator[Rule | None]:
    """The rule of each column: as written, else without regard to case and signs, else nearly so spelled."""
    exact = {rules[column].code: column for column in reversed(columns) if column in rules}
    taken: set[str] = set()
    for number, column in enumerate(columns, 1):
        rule = rules.get(column)
        if rule is None:
            rule = _guessed(column, rules)
            if rule and rule.role and (rule.code in exact or rule.code in taken):
                rule = None
            if rule:
                ledger.inform("guessed-header", f"{name} line 1, column {number}", f"taken as `{rule.code}`")
        elif rule.role and rule.code in taken:
            ledger.warn("repeated-header", f"{name} line 1, column {number}", f"`{rule.code}` stands twice", _FIRST)
            rule = Rule(code=rule.code, reason="a second column of the same meaning", options={})
        if rule and rule.role:
            taken.add(rule.code)
        yield rule


_FIRST = "the first column was taken"


def _guessed(column: str, rules: Mapping[str, Rule]) -> Rule | None:
    plain = {_plain(spelling): rule for spelling, rule in reversed(list(rules.items()))}
    wanted = _plain(column)
    if wanted in plain:
        return plain[wanted]
    # The first letter must agree: "otherName" is not "motherName".
    candidates = [name for name in plain if name[:1] == wanted[:1]] if len(wanted) >= 6 else []
    near = difflib.get_close_matches(wanted, candidates, n=1, cutoff=_ALIKE)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold().removeprefix("metadata."))
