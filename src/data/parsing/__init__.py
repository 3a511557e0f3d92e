"""Text to checked records: header, values as exporters write them, lines that are wrong, and data frames."""
