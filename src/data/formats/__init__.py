"""Files as people have them, opened as text: packed, in UTF-16, with other separators, Parquet and Arrow."""
