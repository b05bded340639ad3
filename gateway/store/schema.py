"""The record's tables.

Every table that grows with the population has the person key first in its primary key, so that one person's rows lie
together and on one shard. Two index tables cannot: `blocking` and `fill` answer questions that are asked before it is
known who the person is, so they begin with what is known then. Every look-up is two single-shard reads: blocking key
-> person keys, person key -> history. Those two tables have no foreign keys, because their rows and the rows they
point to lie on different shards. The index of birth dates serves searches by plain facts; with
many shards each of them is asked.

`drug`, `prescriber` and `dispenser` are snapshots named by the digest of their content: never changed, small
beside the rest, the same on every shard (Citus: reference tables; CockroachDB: global tables), and safe to keep in
memory.

`product` and `product_load` are the lists of drug products that an operator has loaded. They do not grow with the
population, and belong on every shard like the snapshots. A list counts once its row in `product_load` says so.

The last four tables say who has reported which days. They grow with dispensers and days (a dispenser has two rows or
three for each day it reports of), not with the population, name no patient, and are keyed by the dispenser: the hash
of what `fill_key` names it by. Their rows are facts that a unit of intake adds where they are not there yet, so that
units that run side by side do not wait for a common counter.

Nothing is ever updated but `fill`, which is an index, `moved_to` of an appearance, `product_load`, and the list
`expected_dispenser`, which is replaced as a whole: a dispensation has revisions, a person has appearances. Where an
operator moves an appearance to another person, its dispensations are copied there with all their revisions; a last
revision with status `moved` stays behind and says where they are. Quantities are decimal text, because a float would
change them; JSON holds only what no query reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from gateway.database import Migrations, UtcDateTime

MOVED = "moved"
"""The status of a dispensation's last revision where it is no longer."""

MIGRATIONS = Migrations(Path(__file__).parent / "migrations", version_table="store_version")

metadata = MetaData()


def _table(name: str, *parts: Column[Any] | ForeignKeyConstraint) -> Table:
    # SQLite: rows in the order of the primary key, so that one person's history is one stretch of the file.
    return Table(name, metadata, *parts, sqlite_with_rowid=False)


def _person_key(*constraint: ForeignKey) -> Column[int]:
    return Column("person_key", BigInteger, *constraint, primary_key=True, autoincrement=False)


def _name() -> list[Column[Any]]:
    return [
        Column("family", Text),  # NULL: no name
        Column("given", Text),  # JSON
        Column("name_prefix", Text),
        Column("name_suffix", Text),
        Column("name_use", Text),
    ]


def _address() -> list[Column[Any]]:
    return [
        Column("address_lines", Text),  # JSON; NULL: no address
        Column("city", Text),
        Column("address_state", Text),
        Column("postal_code", Text),
        Column("country", Text),
    ]


def _licence() -> list[Column[Any]]:
    return [Column("licence_number", Text), Column("licence_state", Text)]  # number NULL: no licence


def _digest(name: str = "digest", *, primary_key: bool = True) -> Column[bytes]:
    return Column(name, LargeBinary(16), primary_key=primary_key, nullable=False)


# --- people ---------------------------------------------------------------------------------------------------

person = _table(
    "person",
    _person_key(),
    Column("recorded_at", UtcDateTime, nullable=False),
)

appearance = _table(
    "appearance",
    _person_key(ForeignKey("person.person_key")),
    Column("appearance", Integer, primary_key=True, autoincrement=False),
    _digest(primary_key=False),  # of everything a dispenser reported, identifiers by their fingerprints
    *_name(),
    Column("other_names", Text),  # JSON
    Column("birth_date", Date, index=True),
    Column("sex", Text, nullable=False),
    *_address(),
    Column("other_addresses", Text),  # JSON
    Column("phones", Text),  # JSON
    Column("species", Text, nullable=False),
    Column("owner", Text),  # JSON
    Column("deceased", Date),
    Column(
        "moved_to", BigInteger
    ),  # the person whose it is now, and who knows it by another number; NULL: it is here
)

identifier = _table(
    "identifier",
    _person_key(),
    Column("appearance", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("of_owner", Boolean, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("issuer", Text),
    ForeignKeyConstraint(["person_key", "appearance"], ["appearance.person_key", "appearance.appearance"]),
)

blocking = _table(
    "blocking",
    Column("block_key", BigInteger, primary_key=True, autoincrement=False),
    _person_key(),
)

link = _table(
    "link",  # every move twice, once for each of the two persons
    _person_key(),
    Column("link_no", Integer, primary_key=True, autoincrement=False),
    Column("other_key", BigInteger, nullable=False),
    Column("other_no", Integer, nullable=False),
    Column("leaves", Boolean, nullable=False),  # True: this is the person whom the appearances left
    Column("action", Text, nullable=False),
    Column("joins", Boolean, nullable=False),
    Column("appearances", Text, nullable=False),  # JSON: pairs of the number here and the number there
    Column("dispensations", Integer, nullable=False),
    Column(
        "highest", Integer, nullable=False
    ),  # number of an appearance, of the person moved to, after the move
    Column("undoes", Text),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# --- what is referred to --------------------------------------------------------------------------------------

drug = _table(
    "drug",
    _digest(),
    Column("name", Text),
    Column("ndc11", Text),
    Column("rxcui", Text),
    Column("ingredients", Text),  # JSON
    Column("dose_form", Text),
    Column("route", Text),
    Column("schedule", Text),
    Column("drug_class", Text, nullable=False),
)

prescriber = _table(
    "prescriber",
    _digest(),
    *_name(),
    Column("npi", Text),
    Column("dea", Text),
    Column("dea_suffix", Text),
    *_licence(),
    *_address(),
    Column("phone", Text),
    Column("kind", Text, nullable=False),
)

dispenser = _table(
    "dispenser",
    _digest(),
    Column("name", Text),
    Column("npi", Text),
    Column("dea", Text),
    Column("ncpdp_id", Text),
    *_licence(),
    *_address(),
    Column("phone", Text),
    Column("kind", Text, nullable=False),
)

# --- dispensations --------------------------------------------------------------------------------------------

dispensation = _table(
    "dispensation",
    _person_key(),
    Column("dispensation_no", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),
    Column("appearance", Integer, nullable=False),
    Column("rx_number", Text, nullable=False),
    Column("written", Date),
    Column("filled", Date, nullable=False),
    Column("sold", Date),
    Column("fill_number", Integer, nullable=False),
    Column("refills_authorised", Integer),
    Column("quantity", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("days_supply", Integer, nullable=False),
    Column("partial_fill", Integer, nullable=False),
    Column("payment", Text),
    Column("rx_origin", Text),
    Column("treatment_type", Text),
    Column("diagnosis", Text),
    Column("compound", Text),  # JSON
    Column("drug", LargeBinary(16), ForeignKey("drug.digest"), nullable=False),
    Column("prescriber", LargeBinary(16), ForeignKey("prescriber.digest"), nullable=False),
    Column("dispenser", LargeBinary(16), ForeignKey("dispenser.digest"), nullable=False),
    Column("source_state", Text, nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("report", LargeBinary(16)),  # fingerprint of the report that made this revision
    # where the dispensation went with this revision (status MOVED), or came from; NULL: it stayed
    Column("moved_key", BigInteger),
    Column("moved_no", Integer),
    ForeignKeyConstraint(["person_key", "appearance"], ["appearance.person_key", "appearance.appearance"]),
)

fill = _table(
    "fill",
    Column("fill_key", LargeBinary(16), primary_key=True),
    Column("person_key", BigInteger, nullable=False),
    Column("dispensation_no", Integer, nullable=False),
)

# --- drug products as loaded --------------------------------------------------------------------------------------

product = _table(
    "product",
    Column("system", Text, primary_key=True),  # ndc, rxcui
    Column("code", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("load_no", Integer, primary_key=True, autoincrement=False),
    Column("name", Text),
    Column("ndc11", Text),
    Column("rxcui", Text),
    Column("ingredients", Text),  # JSON
    Column("dose_form", Text),
    Column("route", Text),
    Column("schedule", Text),
    Column("drug_class", Text, nullable=False),
)

product_load = _table(
    "product_load",
    Column("source", Text, primary_key=True),
    Column("load_no", Integer, primary_key=True, autoincrement=False),
    Column("rank", Integer, nullable=False),
    Column("files", Text, nullable=False),  # JSON
    Column("products", Integer, nullable=False),
    Column("loaded_at", UtcDateTime),  # NULL: not in force yet
)

# --- who writes ---------------------------------------------------------------------------------------------------

turn = _table("turn", Column("nobody", Integer, primary_key=True))
"""Has no rows. On PostgreSQL it is locked by who takes in or moves dispensations, alone or with others."""

# --- who has reported -----------------------------------------------------------------------------------------


def _dispenser_key() -> Column[bytes]:
    return Column("dispenser_key", LargeBinary(16), primary_key=True)


reporter = _table("reporter", _dispenser_key())

contact = _table(  # a day on which a dispenser has sent something that was accepted
    "contact",
    _dispenser_key(),
    Column("received_on", Date, primary_key=True),
    Column("received_at", UtcDateTime, nullable=False),  # the first of that day
    Column(
        "dispenser", LargeBinary(16), ForeignKey("dispenser.digest"), nullable=False
    ),  # as it named itself
)

covered = (
    _table(  # a day with dispensations, or the period of a zero report; the end first, to find the last one
        "covered",
        _dispenser_key(),
        Column("last", Date, primary_key=True),
        Column("first", Date, primary_key=True),
        Column("is_zero", Boolean, primary_key=True),
        Column("received_at", UtcDateTime, nullable=False),  # when it was first told
    )
)

expected_dispenser = _table(
    "expected_dispenser",
    _dispenser_key(),
    Column("ncpdp_id", Text),
    Column("npi", Text),
    Column("dea", Text),
    Column("name", Text),
    Column("kind", Text, nullable=False),
    Column("schedule", Text),  # NULL: as the state's rules have it for the kind
    Column("since", Date, nullable=False),
    Column("exempt", Boolean, nullable=False),
    Column("closed", Date),
)
