"""Page of an audit of data."""
