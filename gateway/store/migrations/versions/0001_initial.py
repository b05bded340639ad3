"""The first schema: people and their appearances, dispensations and their revisions, what they refer to.

Revision: 0001. Why the tables are keyed as they are stands in `gateway.store.schema`.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, those first that others refer to."""
    _people()
    _referred_to()
    _dispensations()


def _people() -> None:
    op.create_table(
        "person",
        Column("person_key", BigInteger, autoincrement=False, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("person_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "appearance",
        Column("person_key", BigInteger, nullable=False),
        Column("appearance", Integer, nullable=False),
        Column("digest", LargeBinary(16), nullable=False),
        *_name(),
        Column("other_names", Text),
        Column("birth_date", Date),
        Column("sex", Text, nullable=False),
        *_address(),
        Column("other_addresses", Text),
        Column("phones", Text),
        Column("species", Text, nullable=False),
        Column("owner", Text),
        Column("deceased", Date),
        PrimaryKeyConstraint("person_key", "appearance"),
        ForeignKeyConstraint(["person_key"], ["person.person_key"]),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identifier",
        Column("person_key", BigInteger, nullable=False),
        Column("appearance", Integer, nullable=False),
        Column("position", Integer, nullable=False),
        Column("of_owner", Boolean, nullable=False),
        Column("kind", Text, nullable=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        Column("issuer", Text),
        PrimaryKeyConstraint("person_key", "appearance", "position"),
        ForeignKeyConstraint(
            ["person_key", "appearance"], ["appearance.person_key", "appearance.appearance"]
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "blocking",
        Column("block_key", BigInteger, nullable=False),
        Column("person_key", BigInteger, nullable=False),
        PrimaryKeyConstraint("block_key", "person_key"),
        sqlite_with_rowid=False,
    )


def _referred_to() -> None:
    op.create_table(
        "drug",
        Column("digest", LargeBinary(16), nullable=False),
        Column("name", Text),
        Column("ndc11", Text),
        Column("rxcui", Text),
        Column("ingredients", Text),
        Column("dose_form", Text),
        Column("route", Text),
        Column("schedule", Text),
        Column("drug_class", Text, nullable=False),
        PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "prescriber",
        Column("digest", LargeBinary(16), nullable=False),
        *_name(),
        Column("npi", Text),
        Column("dea", Text),
        Column("dea_suffix", Text),
        *_licence_address_phone_kind(),
        PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dispenser",
        Column("digest", LargeBinary(16), nullable=False),
        Column("name", Text),
        Column("npi", Text),
        Column("dea", Text),
        Column("ncpdp_id", Text),
        *_licence_address_phone_kind(),
        PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )


def _dispensations() -> None:
    op.create_table(
        "dispensation",
        Column("person_key", BigInteger, nullable=False),
        Column("dispensation_no", Integer, nullable=False),
        Column("revision", Integer, nullable=False),
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
        Column("compound", Text),
        Column("drug", LargeBinary(16), nullable=False),
        Column("prescriber", LargeBinary(16), nullable=False),
        Column("dispenser", LargeBinary(16), nullable=False),
        Column("source_state", Text, nullable=False),
        Column("reported_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("person_key", "dispensation_no", "revision"),
        ForeignKeyConstraint(
            ["person_key", "appearance"], ["appearance.person_key", "appearance.appearance"]
        ),
        ForeignKeyConstraint(["drug"], ["drug.digest"]),
        ForeignKeyConstraint(["prescriber"], ["prescriber.digest"]),
        ForeignKeyConstraint(["dispenser"], ["dispenser.digest"]),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fill",
        Column("fill_key", LargeBinary(16), nullable=False),
        Column("person_key", BigInteger, nullable=False),
        Column("dispensation_no", Integer, nullable=False),
        PrimaryKeyConstraint("fill_key"),
        sqlite_with_rowid=False,
    )


def _name() -> list[Column[object]]:
    return [Column(name, Text) for name in ("family", "given", "name_prefix", "name_suffix", "name_use")]


def _address() -> list[Column[object]]:
    return [
        Column(name, Text) for name in ("address_lines", "city", "address_state", "postal_code", "country")
    ]


def _licence_address_phone_kind() -> list[Column[object]]:
    return [
        Column("licence_number", Text),
        Column("licence_state", Text),
        *_address(),
        Column("phone", Text),
        Column("kind", Text, nullable=False),
    ]
