"""The fault matrix: four clean shops, one slip at a time, and the one root each slip must be found as.

Two shops are recorded in real Chromium (``tests.storefront``); the two here, `decoded_shop` and `woo_shop`, are rows of
logs in the shapes their exporters document. A fault is a small function that edits a launch; a case names the fault
and the roots it must leave, and nothing else may be one.
"""
