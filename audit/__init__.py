"""Joins browser pixels, server events and shop orders, and answers Stop or Go with the rows that prove it."""
