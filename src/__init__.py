"""Network intrusion detection with LSTMs on KDD Cup 99."""
