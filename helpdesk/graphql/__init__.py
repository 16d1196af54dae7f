"""The one horizontal sheet: the public schema over the rooms. Ids in, one call, payload out; no rules."""
