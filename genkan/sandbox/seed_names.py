"""Who and what a seed's references mean: accounts by alias, name, id or unit.

Owns walking a document's units and finding accounts in it. Leaves reporting to `seed_checks`;
writing and export find accounts here too, so that all agree.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from genkan.sandbox.document import Account, Assignment, Organization, SeedDocument, Unit
from genkan.sandbox.document_people import Member
from genkan.sandbox.seed_mistakes import Found, Guesses, Path, Unread
from genkan.sandbox.seed_rules import shown


@dataclass(slots=True, kw_only=True)
class PlacedUnit:
    """A unit, where it is written and where it stands. `parent` is None below the root."""

    unit: Unit
    path: Path
    parent: "PlacedUnit | None"

    @property
    def depth(self) -> int:
        """1 below the root."""
        return 1 + (self.parent.depth if self.parent else 0)

    @property
    def full_name(self) -> str:
        """`Workloads/Production`."""
        above = f"{self.parent.full_name}/" if self.parent else ""
        return above + self.unit.name


@dataclass(slots=True, kw_only=True)
class PlacedAccount:
    """An account, where it is written and where it stands; `unit` is None in the root."""

    account: Account
    path: Path
    unit: PlacedUnit | None

    @property
    def units(self) -> Iterator[PlacedUnit]:
        """The units it stands in, from the innermost."""
        unit = self.unit
        while unit is not None:
            yield unit
            unit = unit.parent


class Ambiguous(LookupError):
    """A reference means nothing, or several; the message says so."""


class Unknown(Ambiguous):
    """A reference means nothing; what is said of it is only made when it is asked for."""

    def __init__(self, said: Callable[[], str]) -> None:
        super().__init__()
        self._said = said

    def __str__(self) -> str:
        return self._said()


@dataclass(slots=True)
class Names:
    """The accounts and units of an organization. `accounts` begins with the management account.

    `incomplete`: some name could not be read, so what seems unknown may be that one.
    """

    accounts: list[PlacedAccount] = field(default_factory=list)
    units: list[PlacedUnit] = field(default_factory=list)
    incomplete: bool = False
    _by_id: dict[str, int] = field(default_factory=dict)
    _accounts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _units: dict[str, list[PlacedUnit]] = field(default_factory=lambda: defaultdict(list))
    _full: dict[str, list[PlacedUnit]] = field(default_factory=lambda: defaultdict(list))
    _inside: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _unknown_account: Guesses = field(default_factory=lambda: Guesses("account"))
    _unknown_unit: Guesses = field(default_factory=lambda: Guesses("unit"))

    @property
    def root_id(self) -> str:
        """The root that the ids of units name; an empty text where no unit has an id."""
        return next((f"r-{one.unit.id.split('-')[1]}" for one in self.units if one.unit.id), "")

    def account(self, reference: str) -> int:
        """The index of the account that an alias, a name or an id means; `Ambiguous` otherwise."""
        if reference in self._by_id:
            return self._by_id[reference]
        found = self._accounts.get(reference, [])
        if len(found) == 1:
            return found[0]
        if found:
            raise Ambiguous(
                f"{shown(reference)} means {len(found)} accounts; write the alias or the id"
            )
        known = chain(self._accounts, self._by_id)
        raise Unknown(lambda: self._unknown_account.unknown(reference, known))

    def check(self, path: Path, reference: str) -> Found:
        """What is wrong with a reference to one account."""
        if not reference:
            return
        try:
            self.account(reference)
        except Ambiguous as ambiguous:
            yield from self.lost(path, ambiguous)

    def lost(self, path: Path, ambiguous: Ambiguous) -> Found:
        """The words for a reference that does not mean one thing, unless that could not be read."""
        if not (isinstance(ambiguous, Unknown) and self.incomplete):
            yield path, str(ambiguous)

    def inside(self, reference: str) -> list[int]:
        """The indexes of the accounts in a unit and below it; `Ambiguous` when none is meant."""
        found = self._full.get(reference) or self._units.get(reference, [])
        if not found:
            known = chain(self._units, self._full)
            raise Unknown(lambda: self._unknown_unit.unknown(reference, known))
        if len(found) > 1:
            names = ", ".join(shown(unit.full_name) for unit in found)
            raise Ambiguous(f"{shown(reference)} may be {names}; write it in full")
        return self._inside[id(found[0])]

    def targets(self, assignment: Assignment) -> list[int]:
        """The indexes of an assignment's accounts, each once, in the organization's order."""
        if assignment.accounts == "all":
            return list(range(len(self.accounts)))
        found = {self.account(reference) for reference in assignment.accounts}
        for reference in assignment.units:
            found.update(self.inside(reference))
        return sorted(found)

    def word_for(self, index: int) -> str:
        """The first word of an account that means no other."""
        account = self.accounts[index].account
        for reference in (account.alias, account.name, account.id):
            try:
                if reference and self.account(reference) == index:
                    return reference
            except Ambiguous:
                continue
        raise Ambiguous(f"no word means the account {account.name} alone")

    def add(self, account: Account, path: Path, unit: PlacedUnit | None) -> None:
        index = len(self.accounts)
        placed = PlacedAccount(account=account, path=path, unit=unit)
        self.accounts.append(placed)
        self._heed(account.alias, account.name, account.id)
        if account.id:
            self._by_id.setdefault(account.id, index)
        for reference in {account.alias, account.name} - {""}:
            self._accounts[reference].append(index)
        for above in placed.units:
            self._inside[id(above)].append(index)

    def _heed(self, *texts: str) -> None:
        self.incomplete |= any(isinstance(text, Unread) for text in texts)

    def add_unit(self, unit: PlacedUnit) -> None:
        self.units.append(unit)
        self._heed(unit.unit.name)
        self._units[unit.unit.name].append(unit)
        self._full[unit.full_name].append(unit)


def names_of(document: SeedDocument) -> Names:
    """Every account and unit of a document, outer before inner."""
    names = Names()
    whole: Organization = document.organization
    names.add(whole.management_account, ("organization", "management_account"), None)
    _walk(names, whole.accounts, whole.units, ("organization",), None)
    return names


def _walk(
    names: Names,
    accounts: Sequence[Account],
    units: Sequence[Unit],
    path: Path,
    parent: PlacedUnit | None,
) -> None:
    for index, account in enumerate(accounts):
        names.add(account, (*path, "accounts", index), parent)
    for index, unit in enumerate(units):
        placed = PlacedUnit(unit=unit, path=(*path, "units", index), parent=parent)
        names.add_unit(placed)
        _walk(names, unit.accounts, unit.units, placed.path, placed)


def member_name(member: str | Member) -> str:
    """The user's name of an entry of `members`."""
    return member if isinstance(member, str) else member.user
