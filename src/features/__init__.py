"""From checked records to what a model reads: encoding, scaling, reducers."""
