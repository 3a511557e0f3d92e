"""What a detector is worth: metrics, confusion matrices, curves, pictures."""
