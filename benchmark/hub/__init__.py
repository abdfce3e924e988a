"""Datasets, runs and scores in repositories of the Hugging Face Hub. Start: push.py and pull.py.

In: a folder, or the name of a repository. Out: commits to that repository, or a folder whose every byte was checked.
"""
