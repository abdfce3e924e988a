"""What `iebench sweep` trains and scores for a table."""
