"""Propose the config of a data set from a file, and check a schema against one."""
