"""From the files of conf/ to checked objects."""
