"""Data, no logic: code tables and field map (later drugs, factors, weights), read by gateway.terminology."""
