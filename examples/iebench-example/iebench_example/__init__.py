"""A method, a probe and a factor for iebench."""
