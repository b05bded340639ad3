"""`docs/mapping.md` out of `mappings/fields.toml`: where each format carries each field, and what it loses."""

from __future__ import annotations

from gateway.terminology import Field, FieldMap, codes

_HEAD = """# Where each format carries each field

Written by `pmpbridge mapping` from `mappings/fields.toml`; a test holds the two together. A row is a field of a
dispensation in the canonical model. A dash: the format has no place for it, and an answer that held the fact states
its loss. In the last columns stand formats in which dispensations are reported only.
"""


def mapping_page(field_map: FieldMap) -> str:
    """The page, in Markdown."""
    columns = tuple(format for format in field_map.columns if format not in field_map.same)
    rows = ["| field | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    rows += [_row(field, columns) for field in field_map.fields]
    rows += [f"\n{one} has its fields where {other} has them." for one, other in field_map.same.items()]
    tables = sorted({f.table for f in field_map.fields if f.table})
    lost = [line for table in tables for line in _values_lost(table, field_map)]
    values = "\n## Values that a format has no code for\n\n" + "\n".join(lost) + "\n" if lost else ""
    return _HEAD + "\n" + "\n".join(rows) + "\n" + _conditions(field_map) + values


def _conditions(field_map: FieldMap) -> str:
    lines = [
        f"- {format}, `{field.name}`: {condition}"
        for field in field_map.fields
        for format, condition in field.conditional.items()
        if format not in field_map.same
    ]
    lines += [
        f"- {format}, `{field.name}`: up to {most}"
        for field in field_map.fields
        for format, most in field.most.items()
        if format not in field_map.same
    ]
    return "\n## Carried in some records and not in others\n\n" + "\n".join(lines) + "\n" if lines else ""


def _row(field: Field, formats: tuple[str, ...]) -> str:
    cells = ["-" if field.is_none(f) else f"`{field.paths[f]}`" for f in formats]
    return f"| `{field.name}` | " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values_lost(table: str, field_map: FieldMap) -> list[str]:
    (field, *_) = [f for f in field_map.fields if f.table == table]
    lines = []
    for format in field_map.columns:
        if field.is_none(format) or format in field_map.same:
            continue
        missing = [v for v in codes(table) if not codes(table).carries(v, field.column[format])]
        if missing:
            lines.append(f"- {format}, {table}: {', '.join(missing)}")
    return lines
