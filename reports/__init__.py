"""The packet: rows become one frozen view model, and the view model becomes HTML, JSON, text and tables."""
