"""Data, no logic: code tables, field map, drugs, matching weights, synthetic names. Read by `gateway.terminology`."""
