"""Checks of the data themselves: copies, labels, columns, order, values and classes. Each gives findings."""
