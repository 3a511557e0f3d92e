"""Checked objects from the files of conf/."""
