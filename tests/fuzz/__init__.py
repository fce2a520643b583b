"""Hostile input by the thousand: changed evidence through the Python that reads files, and through the SQL that decodes it."""
