"""OBJ and its material libraries: a copy in UTF-8, with verified textures. Start: obj.py."""
